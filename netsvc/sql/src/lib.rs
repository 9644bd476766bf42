//! A small SQL engine: it reads statements, keeps tables in memory within bounds, and answers queries. It knows
//! nothing of a wire or of a product's wording: what goes wrong is a [`Fault`], which a service puts into the words
//! and numbers of its server.
//!
//! What is written by strangers is bounded everywhere: length and nesting of a statement, rows that a query visits,
//! rows and bytes that a world keeps.

mod ast;
mod casts;
mod catalogue;
mod define;
mod definitions;
mod dialect;
mod evaluate;
mod execute;
mod expressions;
mod fault;
mod functions;
mod index;
mod into;
mod lexer;
mod lexer_postgres;
mod lexer_tsql;
mod machine;
mod number;
mod parse;
mod parse_postgres;
mod parse_tsql;
mod pattern;
mod schema;
mod select;
mod session;
mod settings;
mod statements;
mod value;
mod work;
mod world;

pub use dialect::Dialect;
pub use fault::Fault;
pub use parse_tsql::batch;
pub use schema::{Column, Kind, Table};
pub use session::{Answer, Facts, Field, Made, Rows, Session};
pub use statements::split;
pub use value::Value;
pub use world::{Database, World};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Nothing;

    impl Facts for Nothing {
        fn variable(&self, _: &str) -> Option<Value> {
            None
        }
        fn variables(&self) -> Vec<(String, Value)> {
            Vec::new()
        }
        fn fact(&self, _: &str) -> Option<Value> {
            None
        }
        fn file(&self, _: &[u8]) -> Option<Vec<u8>> {
            None
        }
        fn now(&self) -> (i64, i64) {
            (0, 0)
        }
        fn show(&self, _: &str) -> Option<(Vec<&'static str>, Vec<Vec<Value>>)> {
            None
        }
        fn random(&mut self) -> f64 {
            0.5
        }
        fn engine(&self) -> String {
            String::new()
        }
    }

    fn run(text: &str) -> Result<Answer, Fault> {
        Session::default().run(&mut World::default(), &mut Nothing, text, &[])
    }

    #[test]
    fn what_nests_or_goes_on_too_far_is_refused() {
        for text in [
            format!("select {}1{}", "(".repeat(5000), ")".repeat(5000)),
            format!("select 1{}", "+1".repeat(100_000)),
            format!("select {}1", "not ".repeat(5000)),
            format!("select {}'a'", "_utf8 ".repeat(150_000)),
            format!("select {}1{}", "(select ".repeat(2000), ")".repeat(2000)),
        ] {
            assert!(matches!(run(&text), Err(Fault::Syntax { .. })));
        }
        assert!(run(&format!("select 1 in ({}1)", "1,".repeat(5000))).is_ok());
    }

    proptest! {
        #[test]
        fn no_statement_panics(text in "(select|insert into t values|create table|show|'|\\(|\\)|,|@a|1|\\*| ){0,12}") {
            let _ = run(&text);
        }
    }
}
