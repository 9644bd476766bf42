//! The tree of an awk program.

use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub(super) enum Expression {
    Number(f64),
    Text(String),
    Regex(String),
    Variable(String),
    Element(String, Vec<Expression>),
    Field(Box<Expression>),
    Assign(Box<Expression>, Option<char>, Box<Expression>),
    Step(Box<Expression>, f64, bool),
    Binary(&'static str, Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    Minus(Box<Expression>),
    Conditional(Box<Expression>, Box<Expression>, Box<Expression>),
    Call(String, Vec<Expression>),
    In(Box<Expression>, String),
    /// `getline`: where from, and where to if not into the record.
    Getline(Source, Option<Box<Expression>>),
}

/// Where a line comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// What the program reads.
    Main,
    /// The file that this names.
    File(Box<Expression>),
    /// What this command prints.
    Command(Box<Expression>),
}

#[derive(Clone, Debug)]
pub(super) enum Statement {
    Print(Vec<Expression>, bool, Option<(String, Expression)>),
    Expression(Expression),
    If(Expression, Vec<Statement>, Vec<Statement>),
    While(Expression, Vec<Statement>, bool),
    For(Option<Expression>, Option<Expression>, Option<Expression>, Vec<Statement>),
    ForIn(String, String, Vec<Statement>),
    Next,
    NextFile,
    Return(Option<Expression>),
    Exit(Option<Expression>),
    Break,
    Continue,
    Delete(String, Vec<Expression>),
}

#[derive(Clone, Debug)]
pub(super) enum Selector {
    Begin,
    End,
    Always,
    Match(Expression),
    Range(Expression, Expression),
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) selector: Selector,
    pub(super) body: Vec<Statement>,
}

/// A function of the program's own.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) parameters: Vec<String>,
    pub(super) body: Vec<Statement>,
}

/// A whole program.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub(super) rules: Vec<Rule>,
    pub(super) functions: BTreeMap<String, Function>,
}
