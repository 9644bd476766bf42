//! What only Transact-SQL writes: batches, TOP, names of up to four parts, conversions, hints.

use crate::{
    ast::{Call, Expression, Item, Name, Query},
    dialect::Dialect,
    lexer::{Placed, Token},
    lexer_tsql,
    parse::{Parser, Read},
    value::Value,
};

/// Words that begin a statement wherever they stand outside of parentheses.
const BEGINS: &[&str] = &[
    "exec",
    "execute",
    "use",
    "declare",
    "print",
    "waitfor",
    "reconfigure",
    "raiserror",
    "if",
    "shutdown",
    "go",
];
/// Words after which a SELECT belongs to what stands before it.
const CONTINUED: &[&str] = &["union", "all", "as", "except", "intersect", "if", "exists", "explain"];
/// Words that have no parentheses and are functions.
const BARE: &[&str] = &["system_user", "session_user", "user", "current_user", "current_timestamp"];
/// Schemas whose tables are the same in each database.
const SCHEMAS: &[&str] = &["sys", "information_schema"];

/// The statements of a batch, which nothing needs to separate.
pub fn batch(text: &str) -> Vec<&str> {
    let words = lexer_tsql::tokens(text);
    let (mut parts, mut from, mut depth, mut first) = (Vec::new(), 0, 0_usize, 0);
    for (at, placed) in words.iter().enumerate() {
        match &placed.token {
            Token::Symbol("(") => depth += 1,
            Token::Symbol(")") => depth = depth.saturating_sub(1),
            Token::Symbol(";") if depth == 0 => {
                parts.push(text.get(from..placed.at).unwrap_or_default());
                (from, first) = (placed.end, at + 1);
            }
            Token::Word(word, false) if depth == 0 && first < at && begins(word, &words, first, at) => {
                parts.push(text.get(from..placed.at).unwrap_or_default());
                (from, first) = (placed.at, at);
            }
            _ => {}
        }
    }
    parts.push(text.get(from..).unwrap_or_default());
    parts.retain(|part| !lexer_tsql::tokens(part).is_empty());
    parts
}

fn is(token: Option<&Placed>, word: &str) -> bool {
    matches!(token.map(|placed| &placed.token), Some(Token::Word(own, false)) if own.eq_ignore_ascii_case(word))
}

/// Whether the word at `at` begins a statement, where the one before it began at `first`.
fn begins(word: &str, words: &[Placed], first: usize, at: usize) -> bool {
    let word = word.to_lowercase();
    let leads = |lead: &str| is(words.get(first), lead);
    // The body of what is defined is part of the definition, as what IF holds is part of it.
    let bodies = ["procedure", "proc", "trigger", "function", "view"];
    let defines = leads("create") || leads("alter");
    let whole = leads("if") || defines && bodies.iter().any(|body| is(words.get(first + 1), body));
    let before = at.checked_sub(1).and_then(|at| words.get(at));
    if whole || matches!(before.map(|placed| &placed.token), Some(Token::Symbol("." | "," | "="))) {
        return false;
    }
    let given = leads("grant") || leads("deny") || leads("revoke");
    // What is inserted stands there already.
    let sources = ["values", "select", "exec", "execute"];
    let between = words.get(first..at).unwrap_or_default();
    let inserts =
        leads("insert") && !between.iter().any(|placed| sources.iter().any(|word| is(Some(placed), word)));
    match word.as_str() {
        "exec" | "execute" => !inserts && !given,
        word if BEGINS.contains(&word) => !is(before, "with"),
        "select" => !inserts && !given && !CONTINUED.iter().any(|word| is(before, word)),
        "insert" | "delete" | "drop" | "truncate" | "backup" | "create" | "alter" => {
            !given && !leads("alter")
        }
        "update" => !given && !is(before, "for"),
        "set" => !leads("update") && !leads("alter"),
        _ => false,
    }
}

impl Parser<'_> {
    /// Whether the statement is Transact-SQL's.
    pub(crate) fn is_tsql(&self) -> bool {
        self.dialect == Dialect::Tsql
    }

    /// `TOP n`, if it comes next.
    pub(crate) fn top(&mut self) -> Read<Option<usize>> {
        if !self.is_tsql() || !self.word("top") {
            return Ok(None);
        }
        let closed = self.mark("(");
        let count = self.natural()?;
        if closed {
            self.expect_mark(")")?;
        }
        let percent = self.word("percent");
        if self.word("with") {
            self.expect("ties")?;
        }
        Ok(Some(count).filter(|_| !percent))
    }

    /// A table by up to four names: what stands before the schema is the database, and schemas of the system are one.
    pub(crate) fn table_of_schema(&mut self) -> Read<Name> {
        let mut parts = vec![self.name()?];
        while self.mark(".") {
            // Nothing between two points is the usual schema.
            let empty = matches!(self.peek(), Some(Token::Symbol(".")));
            parts.push(if empty { "dbo".to_owned() } else { self.any_name()? });
        }
        if 4 < parts.len() {
            return Err(self.wrong());
        }
        let table = parts.pop().unwrap_or_default();
        let schema = parts.pop().unwrap_or_default().to_lowercase();
        if SCHEMAS.contains(&schema.as_str()) {
            return Ok((Some(schema), table));
        }
        Ok((parts.pop(), table))
    }

    /// Hints behind a table: `WITH (NOLOCK)`, `(NOLOCK)`.
    pub(crate) fn hints(&mut self) -> Read<()> {
        if !self.is_tsql() {
            return Ok(());
        }
        let told = self.is("with") && matches!(self.ahead(1), Some(Token::Symbol("(")));
        let bare = matches!(self.peek(), Some(Token::Symbol("(")))
            && matches!(self.ahead(1), Some(Token::Word(word, _)) if word.eq_ignore_ascii_case("nolock"));
        if !told && !bare {
            return Ok(());
        }
        self.at += if told { 2 } else { 1 };
        while !self.mark(")") {
            if self.done() {
                return Err(self.wrong());
            }
            self.skip();
        }
        Ok(())
    }

    /// What follows the order of rows: `OFFSET n ROWS FETCH NEXT m ROWS ONLY`.
    pub(crate) fn pages(&mut self, query: &mut Query) -> Read<()> {
        if self.word("offset") {
            let skipped = self.natural()?;
            let _ = self.word("rows") || self.word("row");
            let mut count = usize::MAX;
            if self.word("fetch") {
                let _ = self.word("next") || self.word("first");
                count = self.natural()?;
                let _ = self.word("rows") || self.word("row");
                self.expect("only")?;
            }
            query.limit = Some((skipped, count));
        }
        Ok(())
    }

    /// `@name = expression` and `name = expression` in what a SELECT shows.
    pub(crate) fn assigned_item(&mut self) -> Read<Option<Item>> {
        if !self.is_tsql() || !matches!(self.ahead(1), Some(Token::Symbol("="))) {
            return Ok(None);
        }
        match self.peek().cloned() {
            Some(Token::Variable(1, name)) => {
                self.at += 2;
                let value = Box::new(self.expression()?);
                Ok(Some(Item::One(Expression::Assigned(name.to_lowercase(), value), String::new())))
            }
            Some(Token::Word(name, _)) => {
                self.at += 2;
                Ok(Some(Item::One(self.expression()?, name)))
            }
            _ => Ok(None),
        }
    }

    /// A function without parentheses, or CONVERT with its type in front.
    pub(crate) fn tsql_word(&mut self, lower: &str, call: bool) -> Read<Option<Expression>> {
        if BARE.contains(&lower) && !call {
            self.skip();
            return Ok(Some(Expression::Call(Call::plain(None, lower.to_owned(), Vec::new()))));
        }
        if !call || !matches!(lower, "convert" | "try_convert" | "cast" | "try_cast") {
            return Ok(None);
        }
        self.at += 2;
        let first = lower.ends_with("convert");
        let mut kind = if first { self.kind()? } else { String::new() };
        if first {
            self.expect_mark(",")?;
        }
        let value = self.expression()?;
        if first {
            if self.mark(",") {
                self.expression()?;
            }
        } else {
            self.expect("as")?;
            kind = self.kind()?;
        }
        self.expect_mark(")")?;
        let name = if lower.starts_with("try") { "try_cast" } else { "cast" };
        let arguments = vec![value, Expression::Literal(Value::text(kind))];
        Ok(Some(Expression::Call(Call::plain(None, name.to_owned(), arguments))))
    }

    /// A type with its bounds, as written, in small letters.
    fn kind(&mut self) -> Read<String> {
        let mut kind = self.any_name()?.to_lowercase();
        if self.mark("(") {
            let mut bounds = Vec::new();
            while !self.mark(")") {
                match self.peek().cloned() {
                    Some(Token::Number(bound) | Token::Word(bound, false)) => bounds.push(bound),
                    Some(Token::Symbol(",")) => {}
                    _ => return Err(self.wrong()),
                }
                self.skip();
            }
            kind = format!("{kind}({})", bounds.join(","));
        }
        Ok(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_of_a_batch_need_nothing_between_them() {
        for (text, expected) in [
            ("select 1 select 2", vec!["select 1 ", "select 2"]),
            (
                "use master; select name from sys.databases where a in (select 1)",
                vec!["use master", " select name from sys.databases where a in (select 1)"],
            ),
            (
                "exec sp_configure 'show advanced options',1;RECONFIGURE;exec sp_configure 'xp_cmdshell', 1 \
                 reconfigure",
                vec![
                    "exec sp_configure 'show advanced options',1",
                    "RECONFIGURE",
                    "exec sp_configure 'xp_cmdshell', 1 ",
                    "reconfigure",
                ],
            ),
            ("insert into t select 1 union all select 2", vec!["insert into t select 1 union all select 2"]),
            ("insert into #t exec xp_cmdshell 'x'", vec!["insert into #t exec xp_cmdshell 'x'"]),
            (
                "update t set a = 1 where b = 2 delete from t",
                vec!["update t set a = 1 where b = 2 ", "delete from t"],
            ),
            (
                "create table t (a int) insert into t values (1)",
                vec!["create table t (a int) ", "insert into t values (1)"],
            ),
            ("insert into t values (1) select 2", vec!["insert into t values (1) ", "select 2"]),
            ("create proc p as select 1 select 2", vec!["create proc p as select 1 select 2"]),
            ("-- nothing\n", vec![]),
        ] {
            assert_eq!(batch(text), expected, "{text}");
        }
    }
}
