//! What a client has just written, on nodes that are a moment behind each other.

use futures_util::future::join_all;
use mysql_async::prelude::Queryable as _;
use serde_json::json;
use xtask_host::cluster::Arrangement;

use super::{Form, form, ground};

const CLIENTS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_answered_with_the_value_that_it_has_just_written() {
    let Some(ground) = ground().await else { return };
    let app = ground.app(Arrangement::ThreeWriters).start();
    let rounds = if form() == Some(Form::Long) { 200 } else { 50 };
    let users = join_all((0..CLIENTS).map(|_| app.user())).await;
    let clients = users.iter().map(|user| async move {
        let mut older = Vec::new();
        for round in 0..rounds {
            let name = format!("name {round}");
            let changed = user.update(&json!({ "name": name })).await;
            let answered = changed.expect(200).json()["name"].clone();
            if answered != json!(name) {
                older.push((name, answered));
            }
        }
        older
    });
    let older: Vec<_> = join_all(clients).await.concat();
    assert_eq!(older, [], "of {}", CLIENTS * rounds);
    // What was answered is what is stored.
    let last = format!("name {}", rounds - 1);
    for mut conn in ground.conns().await {
        for user in &users {
            let sql = "SELECT name FROM `user` WHERE id = ?";
            let name: Option<String> = conn.exec_first(sql, (user.id,)).await.expect("a name");
            assert_eq!(name.as_ref(), Some(&last));
        }
    }
}
