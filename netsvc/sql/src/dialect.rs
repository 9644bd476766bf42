//! Whose SQL it is.

/// The server whose language statements are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// MySQL and MariaDB.
    #[default]
    Mysql,
    /// PostgreSQL.
    Postgres,
    /// SQL Server: Transact-SQL.
    Tsql,
}

/// Words that end a name without AS in Transact-SQL, beside those of all.
const RESERVED_TSQL: &[&str] = &[
    "except",
    "fetch",
    "full",
    "intersect",
    "with",
    "top",
    "option",
    "outer",
    "apply",
    "exec",
    "execute",
    "declare",
    "go",
    "if",
    "begin",
    "update",
    "delete",
    "insert",
    "create",
    "drop",
    "alter",
    "waitfor",
    "print",
    "use",
];

/// Words that end a name without AS in PostgreSQL, beside those of all.
const RESERVED: &[&str] = &[
    "except",
    "fetch",
    "full",
    "ilike",
    "intersect",
    "isnull",
    "lateral",
    "notnull",
    "operator",
    "over",
    "returning",
    "similar",
    "window",
    "with",
    "all",
    "any",
    "array",
];

impl Dialect {
    /// Whether `word` cannot be a name unless it is quoted.
    pub(crate) fn reserves(self, word: &str) -> bool {
        let list = match self {
            Dialect::Mysql => return false,
            Dialect::Postgres => RESERVED,
            Dialect::Tsql => RESERVED_TSQL,
        };
        list.iter().any(|known| word.eq_ignore_ascii_case(known))
    }
}
