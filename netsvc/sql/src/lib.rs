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
mod texts;
mod value;
mod work;
mod world;

pub use dialect::Dialect;
pub use fault::Fault;
pub use parse_tsql::batch;
pub use schema::{Column, Kind, Table};
pub use session::{Answer, Facts, Field, Made, Rows, Session};
pub use statements::split;
pub use texts::replaced;
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

    #[test]
    fn no_statement_makes_more_than_there_is_memory_for() {
        let (long, full) = ("repeat('a',1000000)", || Err(Fault::Full("statement".to_owned())));
        let many = [long; 1000].join(",");
        for text in [
            format!("select concat({many})"),
            format!("select 1 in ({many})"),
            format!("select {many}"),
            format!("select '{0}' like '{0}b'", "%a".repeat(100_000)),
            format!("select locate('{0}b','{0}')", "a".repeat(200_000)),
            format!("select 1 {}", "union all select repeat('a',1000000) ".repeat(500)),
        ] {
            assert_eq!(run(&text), full(), "{text:.60}");
        }
        let mut session = Session { dialect: Dialect::Tsql, ..Session::default() };
        session.assign("a", Value::text("x".repeat(1 << 20)));
        let sum = format!("select @a{}", "+@a".repeat(190));
        assert_eq!(session.run(&mut World::default(), &mut Nothing, &sum, &[]), full());
        let rows = |text: &str| match run(text) {
            Ok(Answer::Rows(rows)) => rows.rows,
            other => panic!("{other:?}"),
        };
        assert_eq!(rows(&format!("select replace({long},'a',{long})")), [[Value::Null]]);
        assert_eq!(rows(&format!("select concat_ws({long}{})", ",''".repeat(10_000))), [[Value::Null]]);
        let short = rows("select replace('abca','a','xy'), concat_ws('-','a',null,'b')");
        assert_eq!(short, [[Value::text("xybcxy"), Value::text("a-b")]]);
    }

    proptest! {
        #[test]
        fn no_statement_panics(text in "(select|insert into t values|create table|show|'|\\(|\\)|,|@a|1|\\*| ){0,12}") {
            let _ = run(&text);
        }
    }
}
