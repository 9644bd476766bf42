//! Reads statements other than queries.

use crate::{
    Fault,
    ast::{Expression, Insert, Show, Statement},
    definitions::{alter, create, drop_it, rest},
    dialect::Dialect,
    lexer::Token,
    parse::{Parser, Read, words},
    value::Value,
};

/// The statements of a text that several of them stand in, without what separates them.
pub fn split(text: &str, dialect: Dialect) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut from = 0;
    for placed in words(text, dialect) {
        if placed.token == Token::Symbol(";") {
            parts.push(text.get(from..placed.at).unwrap_or_default());
            from = placed.end;
        }
    }
    parts.push(text.get(from..).unwrap_or_default());
    let full = |part: &&str| !words(part, dialect).is_empty();
    let kept: Vec<&str> = parts.iter().copied().filter(full).collect();
    if kept.is_empty() { vec![text] } else { kept }
}

/// A statement, and how many parameters it has.
pub(crate) fn parse(text: &str, dialect: Dialect) -> Read<(Statement, usize)> {
    let mut parser = Parser::new(text, dialect)?;
    if parser.done() {
        return Err(Fault::Empty);
    }
    let statement = statement(&mut parser)?;
    let _ = parser.mark(";");
    if !parser.done() {
        return Err(parser.wrong());
    }
    Ok((statement, parser.parameters))
}

fn statement(parser: &mut Parser<'_>) -> Read<Statement> {
    let Some(Token::Word(word, false)) = parser.peek().cloned() else {
        return match parser.peek() {
            Some(Token::Symbol("(")) => parser.query().map(Statement::Query),
            _ => Err(parser.wrong()),
        };
    };
    let word = word.to_lowercase();
    if let Some(statement) = small(parser, &word)? {
        return Ok(statement);
    }
    match word.as_str() {
        "insert" | "replace" => insert(parser, word == "replace").map(Statement::Insert),
        "update" => update(parser),
        "delete" => delete(parser),
        "create" => create(parser),
        "drop" => drop_it(parser),
        "alter" => alter(parser),
        "truncate" => {
            let _ = parser.word("table");
            parser.table_name().map(Statement::Truncate)
        }
        "rename" => {
            parser.expect("table")?;
            let from = parser.table_name()?;
            parser.expect("to")?;
            Ok(Statement::Rename(from, parser.table_name()?))
        }
        "use" => parser.name().map(Statement::Use),
        "show" => show(parser),
        "set" => set(parser),
        "do" => {
            parser.expression()?;
            Ok(Statement::Nothing)
        }
        "prepare" => {
            let name = parser.name()?;
            parser.expect("from")?;
            Ok(Statement::Prepare(name, parser.expression()?))
        }
        "execute" => execute(parser),
        "deallocate" => {
            parser.expect("prepare")?;
            parser.name().map(Statement::Deallocate)
        }
        _ if parser.is("select") => parser.query().map(Statement::Explain),
        _ => parser.table_name().map(Statement::Describe),
    }
}

impl Show {
    fn of(what: &str) -> Self {
        Show { what: what.to_owned(), full: false, global: false, from: None, like: None, filter: None }
    }
}

fn insert(parser: &mut Parser<'_>, replace: bool) -> Read<Insert> {
    let ignore = parser.word("ignore");
    let _ = parser.word("low_priority") || parser.word("delayed");
    let _ = parser.word("into");
    let mut insert = Insert {
        table: parser.table_name()?,
        columns: Vec::new(),
        rows: Vec::new(),
        query: None,
        replace,
        ignore,
        update: Vec::new(),
    };
    if parser.word("set") {
        let pairs = assignments(parser)?;
        insert.columns = pairs.iter().map(|(name, _)| name.clone()).collect();
        insert.rows.push(pairs.into_iter().map(|(_, value)| Some(value)).collect());
        return Ok(insert);
    }
    if parser.mark("(") && !parser.mark(")") {
        loop {
            insert.columns.push(parser.name()?);
            if parser.mark(")") {
                break;
            }
            parser.expect_mark(",")?;
        }
    }
    if parser.is("select") {
        insert.query = Some(parser.query()?);
    } else {
        if !parser.word("values") {
            parser.expect("value")?;
        }
        loop {
            parser.expect_mark("(")?;
            let mut row = Vec::new();
            while !parser.mark(")") {
                if !row.is_empty() {
                    parser.expect_mark(",")?;
                }
                row.push(if parser.word("default") { None } else { Some(parser.expression()?) });
            }
            insert.rows.push(row);
            if !parser.mark(",") {
                break;
            }
        }
    }
    behind_insert(parser, &mut insert)?;
    Ok(insert)
}

/// ON DUPLICATE KEY UPDATE; ON CONFLICT, which keeps rows that are there, and RETURNING, which is not followed.
fn behind_insert(parser: &mut Parser<'_>, insert: &mut Insert) -> Read<()> {
    if parser.is_postgres() {
        insert.ignore = parser.is("on");
        if parser.is("on") || parser.is("returning") {
            rest(parser);
        }
    } else if parser.word("on") {
        for word in ["duplicate", "key", "update"] {
            parser.expect(word)?;
        }
        insert.update = assignments(parser)?;
    }
    Ok(())
}

fn assignments(parser: &mut Parser<'_>) -> Read<Vec<(String, Expression)>> {
    let mut pairs = Vec::new();
    loop {
        let (table, column) = parser.table_name()?;
        let _ = table;
        parser.expect_mark("=")?;
        pairs.push((column, parser.expression()?));
        if !parser.mark(",") {
            return Ok(pairs);
        }
    }
}

fn ending(parser: &mut Parser<'_>) -> Read<(Option<Expression>, Option<usize>)> {
    let filter = if parser.word("where") { Some(parser.expression()?) } else { None };
    if parser.word("order") {
        parser.expect("by")?;
        parser.expression()?;
        let _ = parser.word("desc") || parser.word("asc");
    }
    let limit = if parser.word("limit") { Some(parser.natural()?) } else { None };
    Ok((filter, limit))
}

fn update(parser: &mut Parser<'_>) -> Read<Statement> {
    let _ = parser.word("ignore") || parser.word("low_priority");
    let table = parser.table_name()?;
    parser.expect("set")?;
    let pairs = assignments(parser)?;
    let (filter, limit) = ending(parser)?;
    Ok(Statement::Update(table, pairs, filter, limit))
}

fn delete(parser: &mut Parser<'_>) -> Read<Statement> {
    parser.expect("from")?;
    let table = parser.table_name()?;
    let (filter, limit) = ending(parser)?;
    Ok(Statement::Delete(table, filter, limit))
}

fn execute(parser: &mut Parser<'_>) -> Read<Statement> {
    let name = parser.name()?;
    let mut variables = Vec::new();
    if parser.word("using") {
        loop {
            match parser.expression()? {
                Expression::Variable(false, name) => variables.push(name),
                _ => return Err(parser.wrong()),
            }
            if !parser.mark(",") {
                break;
            }
        }
    }
    Ok(Statement::Execute(name, variables))
}

fn set(parser: &mut Parser<'_>) -> Read<Statement> {
    if parser.word("names") {
        return names(parser);
    }
    if parser.word("character") || parser.word("password") || parser.word("transaction") {
        rest(parser);
        return Ok(Statement::Nothing);
    }
    let mut list = Vec::new();
    loop {
        let global = parser.word("global");
        let _ = global || parser.word("session") || parser.word("local");
        let (system, name) = match parser.peek().cloned() {
            Some(Token::Variable(signs, name)) => {
                parser.skip();
                (signs == 2, name.to_lowercase())
            }
            Some(Token::Word(..)) => {
                if parser.word("transaction") {
                    rest(parser);
                    return Ok(Statement::Nothing);
                }
                let name = parser.name()?.to_lowercase();
                (true, if global { format!("global.{name}") } else { name })
            }
            _ => return Err(parser.wrong()),
        };
        if !parser.mark(":=") {
            parser.expect_mark("=")?;
        }
        let word = ["on", "off", "default", "binary"].iter().find(|word| parser.word(word));
        let value = match word {
            Some(word) => Expression::Literal(Value::text(word.to_uppercase())),
            None => parser.expression()?,
        };
        list.push((system, name, value));
        if !parser.mark(",") {
            return Ok(Statement::Set(list));
        }
    }
}

/// SET NAMES: what the client's texts are written in.
fn names(parser: &mut Parser<'_>) -> Read<Statement> {
    if parser.word("default") {
        return Ok(Statement::Nothing);
    }
    let set = match parser.peek() {
        Some(Token::Text(_) | Token::Bytes(_)) => String::from_utf8_lossy(&parser.text()?).into_owned(),
        _ => parser.name()?,
    };
    let collation = match parser.word("collate") {
        true if matches!(parser.peek(), Some(Token::Text(_) | Token::Bytes(_))) => {
            Some(String::from_utf8_lossy(&parser.text()?).into_owned())
        }
        true => Some(parser.name()?),
        false => None,
    };
    let value = |text: &str| Expression::Literal(Value::text(text.to_lowercase()));
    let variables = ["character_set_client", "character_set_connection", "character_set_results"];
    let mut list: Vec<(bool, String, Expression)> =
        variables.iter().map(|name| (true, (*name).to_owned(), value(&set))).collect();
    if let Some(collation) = collation {
        list.push((true, "collation_connection".to_owned(), value(&collation)));
    }
    Ok(Statement::Set(list))
}

fn show(parser: &mut Parser<'_>) -> Read<Statement> {
    let full = parser.word("full");
    let global = parser.word("global");
    let _ = global || parser.word("session") || parser.word("extended");
    let known = [
        "databases",
        "schemas",
        "tables",
        "columns",
        "fields",
        "variables",
        "status",
        "grants",
        "processlist",
        "warnings",
        "errors",
        "index",
        "indexes",
        "keys",
        "engines",
        "plugins",
        "privileges",
        "collation",
        "triggers",
        "events",
        "open",
    ];
    let mut show = Show::of("");
    if parser.word("create") {
        return show_create(parser);
    }
    if parser.word("table") {
        parser.expect("status")?;
        show.what = "table status".to_owned();
    } else if parser.word("character") {
        parser.expect("set")?;
        show.what = "character set".to_owned();
    } else if parser.word("function") || parser.word("procedure") {
        rest(parser);
        show.what = "routines".to_owned();
        return Ok(Statement::Show(show));
    } else if parser.word("master") || parser.word("slave") || parser.word("binary") {
        show.what = if parser.word("status") { "master status" } else { "nothing" }.to_owned();
        rest(parser);
        return Ok(Statement::Show(show));
    } else {
        let found = known.iter().find(|word| parser.word(word)).ok_or_else(|| parser.wrong())?;
        show.what = match *found {
            "schemas" => "databases",
            "fields" => "columns",
            "indexes" | "keys" => "index",
            other => other,
        }
        .to_owned();
    }
    show.full = full;
    show.global = global;
    narrowed(parser, show)
}

/// FROM, LIKE and WHERE of SHOW.
fn narrowed(parser: &mut Parser<'_>, mut show: Show) -> Read<Statement> {
    if parser.word("from") || parser.word("in") {
        let mut name = parser.table_name()?;
        if parser.word("from") || parser.word("in") {
            name.0 = Some(parser.name()?);
        }
        show.from = Some(name);
    }
    if show.what == "grants" {
        rest(parser);
    }
    if parser.word("like") {
        show.like = Some(parser.text()?);
    } else if parser.word("where") {
        show.filter = Some(parser.expression()?);
    } else if parser.word("limit") {
        parser.natural()?;
    }
    Ok(Statement::Show(show))
}

/// SHOW CREATE.
fn show_create(parser: &mut Parser<'_>) -> Read<Statement> {
    let database = parser.word("database") || parser.word("schema");
    let _ = !database && parser.word("table");
    let mut show = Show::of(if database { "create database" } else { "create table" });
    show.from = Some(parser.table_name()?);
    Ok(Statement::Show(show))
}

/// A query, and statements that are not looked into; takes the first word of others.
fn small(parser: &mut Parser<'_>, word: &str) -> Read<Option<Statement>> {
    match word {
        "select" => return parser.query().map(Statement::Query).map(Some),
        "insert" | "replace" | "update" | "delete" | "create" | "drop" | "alter" | "truncate" | "rename"
        | "use" | "show" | "desc" | "describe" | "explain" | "set" | "prepare" | "execute" | "deallocate"
        | "do" => {
            parser.skip();
        }
        "start" | "begin" | "commit" | "rollback" | "savepoint" | "release" | "lock" | "unlock" | "flush"
        | "grant" | "revoke" | "analyze" | "optimize" | "repair" | "check" | "reset" | "xa" => {
            rest(parser);
            return Ok(Some(Statement::Nothing));
        }
        "load" | "call" | "kill" | "handler" | "install" | "uninstall" | "shutdown" => {
            rest(parser);
            return Ok(Some(Statement::Denied("FILE")));
        }
        _ => return Err(parser.wrong()),
    }
    Ok(None)
}
