//! Statements as they are built.

use crate::{schema::Column, value::Value};

/// An expression.
#[derive(Clone, Debug)]
pub(crate) enum Expression {
    Literal(Value),
    /// A column: database, table, name.
    Column(Option<String>, Option<String>, String),
    /// `@name` or `@@name`.
    Variable(bool, String),
    /// `@name := value`.
    Assigned(String, Box<Expression>),
    Unary(&'static str, Box<Expression>),
    Binary(&'static str, Box<Expression>, Box<Expression>),
    /// A function: database, name, arguments, DISTINCT or a star.
    Call(Call),
    /// CASE: operand, branches, otherwise.
    Case(Option<Box<Expression>>, Vec<(Expression, Expression)>, Option<Box<Expression>>),
    In(Box<Expression>, Vec<Expression>, bool),
    InQuery(Box<Expression>, Box<Query>, bool),
    Between(Box<Expression>, Box<Expression>, Box<Expression>, bool),
    Like(Box<Expression>, Box<Expression>, bool),
    Regular(Box<Expression>, Box<Expression>, bool),
    IsNull(Box<Expression>, bool),
    Query(Box<Query>),
    Exists(Box<Query>),
    Row(Vec<Expression>),
    Parameter(usize),
    /// A value turned into one of a type.
    Cast(Box<Expression>, String),
    /// The rows of a query as an array.
    Array(Box<Query>),
    /// The value that an INSERT would have put.
    Interval(Box<Expression>, String),
}

/// A call of a function.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub database: Option<String>,
    pub name: String,
    pub arguments: Vec<Expression>,
    pub distinct: bool,
    pub star: bool,
    /// GROUP_CONCAT.
    pub separator: Option<String>,
}

/// What a SELECT shows.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// `*` or `table.*`.
    Star(Option<String>),
    /// An expression and its name.
    One(Expression, String),
}

/// Where rows come from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Database, table, alias.
    Table(Option<String>, String, Option<String>),
    Query(Box<Query>, String),
}

/// How a source joins those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    Inner,
    Left,
    Right,
}

/// A SELECT without what a union has in common.
#[derive(Clone, Debug, Default)]
pub(crate) struct Select {
    pub distinct: bool,
    pub items: Vec<Item>,
    pub from: Vec<(Join, Source, Option<Expression>)>,
    pub filter: Option<Expression>,
    pub groups: Vec<Expression>,
    pub having: Option<Expression>,
    /// A query in parentheses, which stands for the whole select.
    pub nested: Option<Box<Query>>,
    /// A file to write: name.
    pub into: Option<Vec<u8>>,
}

/// A query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    pub selects: Vec<Select>,
    /// Whether the select of the same index keeps what the ones before it have.
    pub all: Vec<bool>,
    pub order: Vec<(Expression, bool)>,
    pub limit: Option<(usize, usize)>,
}

/// A statement.
#[derive(Clone, Debug)]
pub(crate) enum Statement {
    Query(Query),
    /// Table, columns, rows or a query, REPLACE or IGNORE, ON DUPLICATE KEY UPDATE.
    Insert(Insert),
    Update(Name, Vec<(String, Expression)>, Option<Expression>, Option<usize>),
    Delete(Name, Option<Expression>, Option<usize>),
    CreateDatabase(String, bool),
    CreateTable(Name, Vec<Column>, bool, Option<Query>),
    DropDatabase(String, bool),
    DropTables(Vec<Name>, bool),
    AddColumn(Name, Column),
    DropColumn(Name, String),
    Rename(Name, Name),
    Truncate(Name),
    Use(String),
    Show(Show),
    Explain(Query),
    Describe(Name),
    Set(Vec<(bool, String, Expression)>),
    Prepare(String, Expression),
    Execute(String, Vec<String>),
    Deallocate(String),
    Library(String),
    /// What is acknowledged and changes nothing.
    Nothing,
    /// What is denied: the privilege.
    Denied(&'static str),
}

/// Database and table.
pub(crate) type Name = (Option<String>, String);

#[derive(Clone, Debug)]
pub(crate) struct Insert {
    pub table: Name,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Option<Expression>>>,
    pub query: Option<Query>,
    pub replace: bool,
    pub ignore: bool,
    pub update: Vec<(String, Expression)>,
}

/// What SHOW shows, with the pattern or condition.
#[derive(Clone, Debug)]
pub(crate) struct Show {
    /// `databases`, `tables`, `columns`, `variables`, …
    pub what: String,
    pub full: bool,
    /// Of the server, not of the session.
    pub global: bool,
    pub from: Option<Name>,
    pub like: Option<Vec<u8>>,
    pub filter: Option<Expression>,
}
