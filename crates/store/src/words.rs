//! The words of events: FTS5 on SQLite, FULLTEXT on MySQL. Both see the same small texts
//! ([`decnet_model::words`]), so that both find the same.

use crate::{
    database::{Statement, Tx},
    dialect::Dialect,
    error::Error,
    row::Value,
};
use decnet_model::words::Query;

/// Most events of one statement.
const CHUNK: usize = 100;

/// Column that says which event it is.
pub(crate) fn key(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "event_words.rowid",
        Dialect::MySql => "event_words.event",
    }
}

/// Condition that finds the events with all words of a question, and its value.
pub(crate) fn condition(dialect: Dialect, query: &Query) -> (&'static str, String) {
    let words = query.words().iter();
    match dialect {
        Dialect::Sqlite => {
            let words = words.map(|wanted| format!("{}{}", wanted.word, if wanted.open { "*" } else { "" }));
            ("event_words MATCH ?", words.collect::<Vec<_>>().join(" AND "))
        }
        Dialect::MySql => {
            let words = words.map(|wanted| format!("+{}{}", wanted.word, if wanted.open { "*" } else { "" }));
            ("MATCH (event_words.words) AGAINST (? IN BOOLEAN MODE)", words.collect::<Vec<_>>().join(" "))
        }
    }
}

pub(crate) async fn write(tx: &mut Tx, texts: &[(i64, String)]) -> Result<(), Error> {
    let into = match tx.dialect() {
        Dialect::Sqlite => "INSERT INTO event_words (rowid, words) VALUES ",
        Dialect::MySql => "INSERT INTO event_words (event, words) VALUES ",
    };
    for chunk in texts.chunks(CHUNK) {
        let places = vec!["(?,?)"; chunk.len()].join(",");
        let values = chunk.iter().flat_map(|(event, words)| [Value::from(*event), words.as_str().into()]);
        let statement = Statement::new("store words", format!("{into}{places}")).bind_all(values);
        tx.execute(if chunk.len() == CHUNK { statement } else { statement.once() }).await?;
    }
    Ok(())
}

/// Statements that forget all words.
pub(crate) fn emptying(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Sqlite => &["INSERT INTO event_words (event_words) VALUES ('delete-all')"],
        Dialect::MySql => &["DELETE FROM event_words"],
    }
}
