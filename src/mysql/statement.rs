//! SQL statements, and the macros that build them from SQL with named arguments.
//!
//! SQL text is `&'static str`, so it comes from the source of this program. Everything else is
//! written into it as the literal of a [`Value`](super::Value).

use super::Sql;

/// A complete SQL statement and its purpose. Built with [`statement!`](crate::statement).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    purpose: &'static str,
    sql: Sql,
}

impl Statement {
    /// Creates a statement. The purpose is for the log, for example "finding a user by id".
    #[must_use]
    pub fn new(purpose: &'static str, sql: impl Into<Sql>) -> Self {
        let sql = sql.into();
        Self { purpose, sql }
    }

    /// The purpose of the statement, for the log.
    #[must_use]
    pub fn purpose(&self) -> &'static str {
        self.purpose
    }

    /// The SQL text that is sent to the server.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.sql.0
    }
}

/// Builds an [`Sql`] from SQL text and an argument for each `:name` in it. Write an argument as
/// `name`, for the variable of that name, or as `name = expression`. Arguments are of any type that
/// converts into a [`Value`](crate::mysql::Value), or `&Sql`.
///
/// A name without an argument, or an argument without a name, does not compile:
///
/// ```compile_fail
/// gatehouse::sql!("`id` = :id");
/// ```
///
/// ```compile_fail
/// gatehouse::sql!("`id` = 7", id = 7_i64);
/// ```
///
/// A name inside quotes would end them:
///
/// ```compile_fail
/// gatehouse::sql!("`name` = ':name'", name = "Ada");
/// ```
#[macro_export]
macro_rules! sql {
    ($text:expr $(, $name:ident $(= $argument:expr)?)* $(,)?) => {
        const { $crate::mysql::Template::new($text, &[$(stringify!($name)),*]) }
            .fill(&[$($crate::sql!(@argument $name $(, $argument)?)),*])
    };
    (@argument $name:ident) => { $crate::mysql::Argument::from($name) };
    (@argument $name:ident, $argument:expr) => { $crate::mysql::Argument::from($argument) };
}

/// Builds a [`Statement`] from its purpose and the arguments of [`sql!`](crate::sql).
///
/// ```
/// use gatehouse::statement;
///
/// let email = "a@b.example";
/// let statement = statement!(
///     "finding users",
///     "SELECT `id` FROM `user` WHERE `email` = :email AND `id` > :least",
///     email,
///     least = 7_i64,
/// );
/// assert_eq!(
///     statement.as_str(),
///     "SELECT `id` FROM `user` WHERE `email` = _utf8mb4 X'6140622E6578616D706C65' AND `id` > 7",
/// );
/// ```
///
/// SQL text made at run time does not compile:
///
/// ```compile_fail
/// let input = String::from("1 OR 1=1");
/// gatehouse::statement!("finding users", &input);
/// ```
///
/// ```compile_fail
/// let input = String::from("1 OR 1=1");
/// gatehouse::mysql::Statement::new("finding users", &*input);
/// ```
#[macro_export]
macro_rules! statement {
    ($purpose:expr, $($sql:tt)+) => {
        $crate::mysql::Statement::new($purpose, $crate::sql!($($sql)+))
    };
}
