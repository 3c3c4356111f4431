//! Parses statements with a tokenizer, so that strings, quoted names and comments are not mistaken
//! for SQL keywords or semicolons.

use sqlparser::dialect::MySqlDialect;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

/// The reason for refusing a statement: an error message for the Worker.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) &'static str);

const MULTI: Refusal =
    Refusal("Hyperdrive does not currently support MySQL multi-statement queries");
const PREPARED: Refusal =
    Refusal("Hyperdrive does not currently support MySQL prepared statements");
const USE: Refusal = Refusal("Hyperdrive does not currently support MySQL USE statements");
const UNREADABLE: Refusal = Refusal("Hyperdrive could not parse the query");

/// Words that keep a query from being cached, wherever they stand: Hyperdrive's documentation says
/// that it searches the text, comments and strings included. It lists `PostgreSQL`'s functions;
/// these are MySQL's equivalents.
const VOLATILE: [&str; 24] = [
    "NOW(",
    "CURDATE(",
    "CURTIME(",
    "SYSDATE(",
    "CURRENT_TIMESTAMP",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "LOCALTIME",
    "UTC_DATE",
    "UTC_TIME",
    "UNIX_TIMESTAMP()",
    "RAND(",
    "UUID",
    "LAST_INSERT_ID(",
    "CONNECTION_ID(",
    "ROW_COUNT(",
    "FOUND_ROWS(",
    "GET_LOCK(",
    "RELEASE_LOCK(",
    "SLEEP(",
    "@",
    "FOR UPDATE",
    "FOR SHARE",
    "LOCK IN SHARE MODE",
];

/// An accepted statement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    /// The statement with `?` in place of every literal, which is safe to log.
    pub(crate) shape: String,
    /// True if its result may come from the cache.
    pub(crate) cacheable: bool,
}

impl Statement {
    /// Parses the text of a query, and refuses it if Hyperdrive would.
    pub(crate) fn read(sql: &str) -> Result<Self, Refusal> {
        let dialect = MySqlDialect {};
        let tokens = Tokenizer::new(&dialect, sql)
            .tokenize()
            .map_err(|_| UNREADABLE)?;
        // The tokenizer reads the SQL inside a comment that MySQL executes (`/*! ... */`), but
        // skips one that only MariaDB executes (`/*M! ... */`).
        if tokens.iter().any(is_doubtful) {
            return Err(UNREADABLE);
        }
        let mut words = tokens
            .iter()
            .filter(|token| !matches!(token, Token::Whitespace(_)));
        let statement: Vec<_> = words
            .by_ref()
            .take_while(|token| **token != Token::SemiColon)
            .collect();
        if words.any(|token| *token != Token::SemiColon) {
            return Err(MULTI);
        }
        match word(statement.first()).as_deref() {
            Some("PREPARE" | "EXECUTE" | "DEALLOCATE") => return Err(PREPARED),
            // DROP PREPARE is a synonym of DEALLOCATE PREPARE.
            Some("DROP") if word(statement.get(1)).as_deref() == Some("PREPARE") => {
                return Err(PREPARED);
            }
            Some("USE") => return Err(USE),
            _ => {}
        }
        let text = sql.to_ascii_uppercase();
        let cacheable = word(statement.first()).as_deref() == Some("SELECT")
            && !VOLATILE.iter().any(|word| text.contains(word));
        let shape: Vec<_> = statement.into_iter().map(shape).collect();
        Ok(Self {
            shape: shape.join(" "),
            cacheable,
        })
    }
}

/// Returns true for a comment whose text a server may execute: `/*M! ... */`, which MariaDB
/// executes, and `--` before a non-ASCII character, which only the tokenizer takes for white space.
fn is_doubtful(token: &Token) -> bool {
    match token {
        Token::Whitespace(Whitespace::SingleLineComment { prefix, comment }) => {
            prefix == "--" && !comment.starts_with(|c: char| c.is_ascii())
        }
        Token::Whitespace(Whitespace::MultiLineComment(text)) => text.starts_with("M!"),
        _ => false,
    }
}

/// The word in upper case, or `None` if the token is not an unquoted word.
fn word(token: Option<&&Token>) -> Option<String> {
    match token? {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_ascii_uppercase()),
        _ => None,
    }
}

fn shape(token: &Token) -> String {
    match token {
        Token::Word(word) if !word.value.starts_with(|c: char| c.is_ascii_digit()) => {
            token.to_string()
        }
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::HexStringLiteral(_)
        | Token::NationalStringLiteral(_) => "?".to_owned(),
        token
            if token.to_string().chars().all(|c| c.is_ascii_punctuation())
                && token.to_string().len() < 4 =>
        {
            token.to_string()
        }
        _ => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(sql: &str) -> Option<&'static str> {
        Statement::read(sql).err().map(|refusal| refusal.0)
    }

    #[test]
    fn one_statement_passes_with_or_without_its_semicolon() {
        for sql in [
            "SELECT 1",
            "SELECT 1;",
            " select 1 ; ; ",
            "SHOW tables;",
            "BEGIN",
            "-- USE x\nSELECT 1",
        ] {
            assert_eq!(refused(sql), None, "{sql}");
        }
    }

    #[test]
    fn a_semicolon_in_a_string_a_name_or_a_comment_ends_nothing() {
        for sql in [
            "SELECT '; SELECT 2'",
            "SELECT \"a;b\"",
            "SELECT `a;b` FROM t",
            "SELECT 1 /* ; x */",
            "SELECT 1 -- ; x",
            "SELECT 'it''s; \\'; x'",
        ] {
            assert_eq!(refused(sql), None, "{sql}");
        }
    }

    #[test]
    fn what_production_refuses_is_refused_in_its_words() {
        for (sql, message) in [
            ("SELECT 1; SELECT 2", MULTI.0),
            ("SELECT ';'; DROP TABLE t", MULTI.0),
            ("PREPARE s FROM 'SELECT 1'", PREPARED.0),
            ("/* x */ execute s", PREPARED.0),
            ("DEALLOCATE PREPARE s", PREPARED.0),
            ("DROP PREPARE s", PREPARED.0),
            ("USE other", USE.0),
            ("\n-- x\nuse other", USE.0),
            ("SELECT 'unfinished", UNREADABLE.0),
            ("SELECT 1 /*! ; SELECT 2 */", MULTI.0),
            ("SELECT 1 /*M! ; SELECT 2 */", UNREADABLE.0),
            ("SELECT 1 --\u{a0}; SELECT 2", UNREADABLE.0),
        ] {
            assert_eq!(refused(sql), Some(message), "{sql}");
        }
    }

    #[test]
    fn a_shape_holds_no_literal() {
        let sql = "SELECT `id` FROM `user` WHERE `email` IN (_utf8mb4 X'736563', 'secret', 42) AND n = 1.5";
        let shape = Statement::read(sql).unwrap().shape;
        assert_eq!(
            shape,
            "SELECT `id` FROM `user` WHERE `email` IN ( _utf8mb4 ? , ? , ? ) AND n = ?"
        );
    }

    #[test]
    fn only_reads_without_volatile_words_may_be_cached() {
        let cacheable = |sql| Statement::read(sql).unwrap().cacheable;
        assert!(cacheable("SELECT * FROM t WHERE x = 'now'"));
        for sql in [
            "SELECT NOW()",
            "SELECT 'now()'",
            "SELECT * FROM t FOR UPDATE",
            "INSERT INTO t VALUES (1)",
            "SELECT LAST_INSERT_ID()",
        ] {
            assert!(!cacheable(sql), "{sql}");
        }
    }
}
