//! What a statement runs on: its session, the world, the rows at hand, and the work done so far.

use crate::{
    Fault, Value,
    ast::{Expression, Query},
    schema::Kind,
    session::{Facts, Rows, Session},
    world::World,
};

/// Most rows that a statement visits, and most calls of functions that it makes.
const VISITS: usize = 400_000;
/// Most bytes of values that a statement makes: one call makes a mebibyte of a word, and there is one for each row.
const HELD: usize = 64 << 20;
/// Pairs of a byte of a text and one of a pattern that cost as much as a visit.
const PAIRS: usize = 1024;

/// A column of the rows at hand.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub database: String,
    /// Name of the table in the statement.
    pub table: String,
    pub name: String,
    pub kind: Kind,
}

/// The rows at hand, and those of the queries around.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub columns: &'a [Bound],
    pub row: &'a [Value],
    /// The rows that aggregates see; `None` where there may be none.
    pub group: Option<&'a [Vec<Value>]>,
    pub outer: Option<&'a Scope<'a>>,
}

/// Expressions hold queries and queries hold expressions; each reaches the other through these two.
#[derive(Clone, Copy)]
pub(crate) struct Engine {
    pub value: fn(&mut Machine<'_>, &Expression, Option<&Scope<'_>>) -> Result<Value, Fault>,
    pub query: fn(&mut Machine<'_>, &Query, Option<&Scope<'_>>) -> Result<Rows, Fault>,
}

/// What a statement runs on.
pub(crate) struct Machine<'a> {
    pub session: &'a mut Session,
    pub world: &'a World,
    pub facts: &'a mut dyn Facts,
    pub parameters: &'a [Value],
    pub clause: &'static str,
    pub engine: Engine,
}

impl Machine<'_> {
    /// Counts work; a statement that does too much fails as one that is too large.
    pub(crate) fn visit(&mut self) -> Result<(), Fault> {
        self.visits(1)
    }

    fn visits(&mut self, count: usize) -> Result<(), Fault> {
        self.session.visits = self.session.visits.saturating_add(count);
        if VISITS < self.session.visits { Err(Fault::Full("statement".to_owned())) } else { Ok(()) }
    }

    /// Counts bytes of values that were made.
    pub(crate) fn hold(&mut self, bytes: usize) -> Result<(), Fault> {
        self.session.held = self.session.held.saturating_add(bytes);
        if HELD < self.session.held { Err(Fault::Full("statement".to_owned())) } else { Ok(()) }
    }

    /// Counts the search for one text in another, which looks at each pair of their bytes at the worst.
    pub(crate) fn search(&mut self, text: &Value, pattern: &Value) -> Result<(), Fault> {
        self.visits(text.length().saturating_mul(pattern.length()) / PAIRS)
    }

    /// The value of `expression`.
    pub(crate) fn value(
        &mut self,
        expression: &Expression,
        scope: Option<&Scope<'_>>,
    ) -> Result<Value, Fault> {
        (self.engine.value)(self, expression, scope)
    }

    /// The result of `query`.
    pub(crate) fn query(&mut self, query: &Query, scope: Option<&Scope<'_>>) -> Result<Rows, Fault> {
        (self.engine.query)(self, query, scope)
    }

    /// The server's clock as a value of a column.
    pub(crate) fn now(&self) -> Value {
        let form = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        let moment = time::OffsetDateTime::from_unix_timestamp(self.facts.now().1).ok();
        moment.and_then(|moment| moment.format(form).ok()).map_or(Value::Null, Value::text)
    }
}
