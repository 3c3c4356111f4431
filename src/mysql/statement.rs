//! Statements, and the macros that make them out of SQL with named arguments.
//!
//! SQL is `&'static str`, so it comes from this program's source; everything else is written into
//! it as the literal of a [`Value`](super::Value).

use super::Sql;

/// One SQL statement, ready to be sent, and what it is for. [`statement!`](crate::statement) makes
/// one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    purpose: &'static str,
    sql: Sql,
}

impl Statement {
    /// A statement of SQL. The purpose is for the log: "finding a user by id".
    #[must_use]
    pub fn new(purpose: &'static str, sql: impl Into<Sql>) -> Self {
        let sql = sql.into();
        Self { purpose, sql }
    }

    /// What it is for.
    #[must_use]
    pub fn purpose(&self) -> &'static str {
        self.purpose
    }

    /// The statement as it goes to the server.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.sql.0
    }
}

/// Makes an [`Sql`]: text, and an argument for each `:name` in it. An argument is `name` for the
/// variable of that name, or `name = expression`; it is a [`Value`](crate::mysql::Value) or a `&Sql`.
///
/// Names and arguments are compared when this is compiled:
///
/// ```compile_fail
/// gatehouse::sql!("`id` = :id");
/// ```
///
/// ```compile_fail
/// gatehouse::sql!("`id` = 7", id = 7_i64);
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

/// Makes a [`Statement`]: its purpose, and the rest as for [`sql!`](crate::sql).
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
/// Text that was made at run time is no SQL:
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
