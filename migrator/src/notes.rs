//! Notes on an old `user` table: what it cannot hold. No migration alters it, so its owner is told.

use mysql_async::{Conn, prelude::Queryable as _};

use crate::Error;
use crate::database::place;

/// The characters of a new hash at most costs, and the most that it can have: with two digits of
/// passes.
const HASH: u64 = 97;
const LONGEST_HASH: u64 = 98;
/// The most characters that an e-mail can have (RFC 5321) and that a name may.
const LENGTHS: [(&str, u64); 3] = [("email", 254), ("name", 50), ("username", 50)];

/// A column of text.
struct Column {
    name: String,
    kind: String,
    length: u64,
    character_set: String,
}

/// Says what the `user` table cannot hold, one line each; nothing where there is no table.
///
/// # Errors
/// When the database does not answer.
pub async fn notes(conn: &mut Conn) -> Result<Vec<String>, Error> {
    let place = place(conn);
    let told = tell(conn).await;
    told.map_err(|error| error.at(&place))
}

/// The columns of `user` that hold text of ours.
async fn columns(conn: &mut Conn) -> Result<Vec<Column>, Error> {
    let rows: Vec<(String, String, Option<u64>, Option<String>)> = conn
        .query(
            "SELECT COLUMN_NAME, COLUMN_TYPE, CHARACTER_MAXIMUM_LENGTH, CHARACTER_SET_NAME \
             FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'user' \
             AND COLUMN_NAME IN ('email', 'password', 'name', 'username') ORDER BY ORDINAL_POSITION",
        )
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(name, kind, length, character_set)| {
            Some(Column {
                name: name.to_lowercase(),
                kind,
                length: length?,
                // A binary column holds every byte.
                character_set: character_set.unwrap_or_else(|| "utf8mb4".to_owned()),
            })
        })
        .collect())
}

async fn tell(conn: &mut Conn) -> Result<Vec<String>, Error> {
    let columns = columns(conn).await?;
    let mut notes = Vec::new();
    for column in &columns {
        let Column {
            name, kind, length, ..
        } = column;
        if name == "password" && *length < HASH {
            notes.push(format!(
                "`user`.`password` is {kind} and a hash has up to {LONGEST_HASH} characters: nobody can \
                 register, no old hash is replaced and /ready is 503 until it is VARCHAR(255)"
            ));
        } else if name == "password" && *length < LONGEST_HASH {
            notes.push(format!(
                "`user`.`password` is {kind}: too short for a hash when ARGON2_ITERATIONS has two digits"
            ));
        }
        let needed = LENGTHS.iter().find(|(other, _)| other == name);
        if let Some((_, needed)) = needed.filter(|(_, needed)| length < needed) {
            notes.push(format!(
                "`user`.`{name}` is {kind}: what is longer is refused (422), up to {needed} characters could be"
            ));
        }
    }
    notes.extend(character_sets(&columns));
    if !columns.is_empty() && !email_is_unique(conn).await? {
        notes.push(
            "`user`.`email` has no unique key: registrations at the same time can make two accounts of \
             one e-mail"
                .to_owned(),
        );
    }
    Ok(notes)
}

/// Whether a unique key has the e-mail and no other column.
async fn email_is_unique(conn: &mut Conn) -> Result<bool, Error> {
    let keys: Vec<String> = conn
        .query(
            "SELECT INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() \
             AND TABLE_NAME = 'user' AND NON_UNIQUE = 0 GROUP BY INDEX_NAME \
             HAVING COUNT(*) = 1 AND LOWER(MAX(COLUMN_NAME)) = 'email'",
        )
        .await?;
    Ok(!keys.is_empty())
}

/// The line about characters that names cannot have. E-mails and hashes are ASCII.
fn character_sets(columns: &[Column]) -> Option<String> {
    let narrow: Vec<_> = columns
        .iter()
        .filter(|column| matches!(&*column.name, "name" | "username"))
        .filter(|column| {
            !matches!(
                &*column.character_set,
                "utf8mb4" | "utf16" | "utf16le" | "utf32"
            )
        })
        .map(|column| {
            let held = match &*column.character_set {
                "utf8" | "utf8mb3" | "ucs2" => "no emoji and nothing else beyond U+FFFF",
                _ => "no emoji and only some scripts",
            };
            let (name, set) = (&column.name, &column.character_set);
            format!("`user`.`{name}` is {set} and holds {held}")
        })
        .collect();
    let list = narrow.join("; ");
    (!narrow.is_empty()).then(|| format!("{list}: a name with other characters is refused (422)"))
}
