//! `GET /me`, and what every protected route does with tokens.

use mysql_async::prelude::Queryable as _;
use serde_json::Value;

use crate::support::database::Database;
use crate::support::{App, Reaches, SECRET_KEY};

#[tokio::test]
async fn me_is_the_user_of_the_token() {
    let user = App::shared().user().await;
    let me = user.me().await.expect(200).json();
    assert_eq!(
        (me["id"].as_i64(), me["email"].as_str()),
        (Some(user.id), Some(user.email.as_str()))
    );
    assert_eq!(
        me.as_object().expect("an object").len(),
        5,
        "and never the password"
    );
}

#[tokio::test]
async fn a_time_of_noughts_is_none() {
    let user = App::shared().user().await;
    let mut conn = Database::shared().conn().await;
    let lax = "SET SESSION sql_mode = ''";
    conn.query_drop(lax).await.expect("a mode");
    let sql = "UPDATE `user` SET updated_at = '0000-00-00 00:00:00' WHERE id = ?";
    conn.exec_drop(sql, (user.id,)).await.expect("an update");
    let me = App::shared().me(&user.token).await.expect(200).json();
    assert_eq!(me["updated_at"], Value::Null);
}

#[tokio::test]
async fn without_a_token_the_challenge_is_bare() {
    for request in [
        App::shared().request("GET", "/me"),
        App::shared()
            .request("PATCH", "/user/update")
            .json(&serde_json::json!({})),
    ] {
        let answer = request.send().await.problem(401, "missing_token");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test]
async fn a_token_that_is_no_good_is_challenged_with_the_reason_of_the_standard() {
    let user = App::shared().user().await;
    let parts: Vec<_> = user.token.split('.').collect();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
    for token in [
        "x".to_owned(),
        String::new(),
        "...".to_owned(),
        format!("{}=", user.token),
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.{}.{}", parts[0], parts[1], parts[2], parts[2]),
        format!("{}.{}.{}", parts[1], parts[0], parts[2]),
        "x".repeat(5000),
    ] {
        let answer = App::shared().me(&token).await.problem(401, "invalid_token");
        assert_eq!(
            answer.header("www-authenticate"),
            "Bearer error=\"invalid_token\"",
            "{token}"
        );
    }
}

#[tokio::test]
async fn a_token_changed_in_any_one_byte_is_refused() {
    let user = App::shared().user().await;
    for place in 0..user.token.len() {
        let mut bytes = user.token.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let token = String::from_utf8(bytes).expect("ASCII");
        App::shared().me(&token).await.problem(401, "invalid_token");
    }
}

#[tokio::test]
async fn a_token_of_another_key_or_issuer_is_refused() {
    let user = App::shared().user().await;
    let other_key = App::with()
        .variable("SECRET_KEY", &SECRET_KEY.replace('0', "9"))
        .start();
    other_key
        .me(&user.token)
        .await
        .problem(401, "invalid_token");
    let other_issuer = App::with().variable("TOKEN_ISSUER", "elsewhere").start();
    other_issuer
        .me(&user.token)
        .await
        .problem(401, "invalid_token");
    let same = App::with().start();
    same.me(&user.token).await.expect(200);
}

#[tokio::test]
async fn the_token_of_a_user_who_is_gone_is_refused() {
    let user = App::shared().user().await;
    Database::shared()
        .execute("DELETE FROM `user` WHERE id = ?", user.id)
        .await;
    let answer = user.me().await.problem(401, "invalid_token");
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer error=\"invalid_token\""
    );
}

#[tokio::test]
async fn only_one_authorization_header_of_the_bearer_scheme_is_read() {
    let user = App::shared().user().await;
    let me = || App::shared().request("GET", "/me");
    me().header("authorization", &format!("bearer {}", user.token))
        .send()
        .await
        .expect(200);
    me().header("authorization", &format!("Basic {}", user.token))
        .send()
        .await
        .problem(401, "missing_token");
    me().header("authorization", &format!("BEARER   {}  ", user.token))
        .send()
        .await
        .expect(200);
    for malformed in [
        format!("Bearer\t{}", user.token),
        format!("Bearer {0}, Bearer {0}", user.token),
        format!("Bearer {} x", user.token),
        format!("Bearer token={}", user.token),
    ] {
        me().header("authorization", &malformed)
            .send()
            .await
            .problem(401, "invalid_token");
    }
    me().header("authorization", "Bearer")
        .send()
        .await
        .problem(401, "invalid_token");
    me().header("cookie", &format!("access_token={}", user.token))
        .send()
        .await
        .problem(401, "missing_token");
    me().header("x-access-token", &user.token)
        .send()
        .await
        .problem(401, "missing_token");
    let query = format!("/me?access_token={}", user.token);
    App::shared()
        .get(&query)
        .await
        .problem(401, "missing_token");
}

#[tokio::test]
async fn two_authorization_headers_are_refused_though_both_are_good() {
    let user = App::shared().user().await;
    let bearer = format!("Bearer {}", user.token);
    for second in [&*bearer, "Basic eDp5", ""] {
        let twice = App::shared()
            .request("GET", "/me")
            .header("authorization", &bearer)
            .header("authorization", second);
        twice.send().await.problem(401, "invalid_token");
    }
}

#[tokio::test]
async fn a_token_anywhere_but_in_the_authorization_header_is_none() {
    let user = App::shared().user().await;
    for header in [
        "x-access-token",
        "x-authorization",
        "proxy-authorization",
        "token",
    ] {
        for value in [user.token.clone(), format!("Bearer {}", user.token)] {
            let request = App::shared().request("GET", "/me").header(header, &value);
            request.send().await.problem(401, "missing_token");
        }
    }
    for body in [
        serde_json::json!({ "access_token": user.token, "token": user.token }).to_string(),
        format!("access_token={}", user.token),
    ] {
        let request = App::shared().request("PATCH", "/user/update").body(body);
        request.send().await.problem(401, "missing_token");
    }
}

#[tokio::test]
async fn a_bad_token_is_refused_before_the_database_is_asked() {
    let unreachable = App::with().reaches(Reaches::Nothing).start();
    unreachable.me("x.y.z").await.problem(401, "invalid_token");
    unreachable.get("/me").await.problem(401, "missing_token");
}
