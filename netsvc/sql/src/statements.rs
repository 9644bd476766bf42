//! Reads statements other than queries.

use crate::{
    Fault,
    ast::{Expression, Insert, Name, Show, Statement},
    lexer::{Token, tokens},
    parse::{Parser, Read},
    schema::Column,
    value::Value,
};

/// The statements of a text that several of them stand in, without what separates them.
pub fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut from = 0;
    for placed in tokens(text) {
        if placed.token == Token::Symbol(";") {
            parts.push(text.get(from..placed.at).unwrap_or_default());
            from = placed.end;
        }
    }
    parts.push(text.get(from..).unwrap_or_default());
    let full = |part: &&str| !tokens(part).is_empty();
    let kept: Vec<&str> = parts.iter().copied().filter(full).collect();
    if kept.is_empty() { vec![text] } else { kept }
}

/// A statement, and how many parameters it has.
pub(crate) fn parse(text: &str) -> Read<(Statement, usize)> {
    let mut parser = Parser::new(text)?;
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

fn rest(parser: &mut Parser<'_>) {
    while !parser.done() {
        parser.skip();
    }
}

fn statement(parser: &mut Parser<'_>) -> Read<Statement> {
    let Some(Token::Word(word, false)) = parser.peek().cloned() else {
        return match parser.peek() {
            Some(Token::Symbol("(")) => parser.query().map(Statement::Query),
            _ => Err(parser.wrong()),
        };
    };
    let word = word.to_lowercase();
    match word.as_str() {
        "select" => return parser.query().map(Statement::Query),
        "insert" | "replace" | "update" | "delete" | "create" | "drop" | "alter" | "truncate" | "rename" | "use"
        | "show" | "desc" | "describe" | "explain" | "set" | "prepare" | "execute" | "deallocate" | "do" => {
            parser.skip();
        }
        "start" | "begin" | "commit" | "rollback" | "savepoint" | "release" | "lock" | "unlock" | "flush" | "grant"
        | "revoke" | "analyze" | "optimize" | "repair" | "check" | "reset" | "xa" => {
            rest(parser);
            return Ok(Statement::Nothing);
        }
        "load" | "call" | "kill" | "handler" | "install" | "uninstall" | "shutdown" => {
            rest(parser);
            return Ok(Statement::Denied("FILE"));
        }
        _ => return Err(parser.wrong()),
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
        _ if parser.is("select") => {
            parser.query()?;
            Ok(Statement::Show(Show::of("explain")))
        }
        _ => parser.table_name().map(Statement::Describe),
    }
}

impl Show {
    fn of(what: &str) -> Self {
        Show { what: what.to_owned(), full: false, from: None, like: None, filter: None }
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
    if parser.word("on") {
        for word in ["duplicate", "key", "update"] {
            parser.expect(word)?;
        }
        insert.update = assignments(parser)?;
    }
    Ok(insert)
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

fn absent(parser: &mut Parser<'_>) -> Read<bool> {
    if !parser.word("if") {
        return Ok(false);
    }
    parser.expect("not")?;
    parser.expect("exists")?;
    Ok(true)
}

fn create(parser: &mut Parser<'_>) -> Read<Statement> {
    if parser.word("or") {
        parser.expect("replace")?;
    }
    let _ = parser.word("temporary") || parser.word("aggregate");
    if parser.word("database") || parser.word("schema") {
        let lenient = absent(parser)?;
        let name = parser.name()?;
        rest(parser);
        return Ok(Statement::CreateDatabase(name, lenient));
    }
    if parser.word("function") {
        let _ = absent(parser)?;
        parser.name()?;
        if parser.word("returns") {
            parser.name()?;
            parser.expect("soname")?;
            let library = parser.text()?;
            return Ok(Statement::Library(String::from_utf8_lossy(&library).into_owned()));
        }
        rest(parser);
        return Ok(Statement::Nothing);
    }
    if !parser.word("table") {
        let known = ["user", "index", "unique", "view", "procedure", "trigger", "event", "role", "server"];
        if !known.iter().any(|word| parser.is(word)) {
            return Err(parser.wrong());
        }
        rest(parser);
        return Ok(Statement::Nothing);
    }
    let lenient = absent(parser)?;
    let table = parser.table_name()?;
    let columns = if parser.mark("(") { columns(parser)? } else { Vec::new() };
    while !parser.done() && !parser.is("select") && !matches!(parser.peek(), Some(Token::Symbol(";"))) {
        parser.skip();
    }
    let query = if parser.is("select") { Some(parser.query()?) } else { None };
    if columns.is_empty() && query.is_none() {
        return Err(parser.wrong());
    }
    Ok(Statement::CreateTable(table, columns, lenient, query))
}

fn columns(parser: &mut Parser<'_>) -> Read<Vec<Column>> {
    let mut columns: Vec<Column> = Vec::new();
    loop {
        let keys = ["primary", "unique", "key", "index", "constraint", "fulltext", "foreign"];
        if keys.iter().any(|word| parser.is(word)) {
            let key = if parser.is("primary") { "PRI" } else if parser.is("unique") { "UNI" } else { "MUL" };
            while !parser.mark("(") {
                if parser.done() {
                    return Err(parser.wrong());
                }
                parser.skip();
            }
            let name = parser.name()?;
            if let Some(column) = columns.iter_mut().find(|column| column.name.eq_ignore_ascii_case(&name)) {
                column.key = key;
                column.nullable &= key != "PRI";
            }
            skip_to_end(parser)?;
            skip_options(parser)?;
        } else {
            columns.push(column(parser)?);
        }
        if parser.mark(")") {
            return Ok(columns);
        }
        parser.expect_mark(",")?;
    }
}

/// Skips to the end of the parentheses that were opened.
fn skip_to_end(parser: &mut Parser<'_>) -> Read<()> {
    let mut depth = 1_usize;
    while depth > 0 {
        if parser.done() {
            return Err(parser.wrong());
        }
        if parser.mark("(") {
            depth += 1;
        } else if parser.mark(")") {
            depth -= 1;
        } else {
            parser.skip();
        }
    }
    Ok(())
}

fn skip_options(parser: &mut Parser<'_>) -> Read<()> {
    while !parser.done() && !matches!(parser.peek(), Some(Token::Symbol("," | ")"))) {
        if parser.mark("(") {
            skip_to_end(parser)?;
        } else {
            parser.skip();
        }
    }
    Ok(())
}

fn column(parser: &mut Parser<'_>) -> Read<Column> {
    let name = parser.name()?;
    let mut declared = parser.name()?.to_lowercase();
    if parser.mark("(") {
        let mut parts = Vec::new();
        while !parser.mark(")") {
            match parser.peek() {
                Some(Token::Number(digits)) => parts.push(digits.clone()),
                Some(Token::Text(text)) => parts.push(format!("'{}'", String::from_utf8_lossy(text))),
                Some(Token::Symbol(",")) => {}
                _ => return Err(parser.wrong()),
            }
            parser.skip();
        }
        declared.push_str(&format!("({})", parts.join(",")));
    } else if matches!(declared.as_str(), "int" | "integer") {
        declared = "int(11)".to_owned();
    }
    let mut column = Column::new(&name, &declared);
    while !parser.done() && !matches!(parser.peek(), Some(Token::Symbol("," | ")"))) {
        if parser.word("not") {
            parser.expect("null")?;
            column.nullable = false;
        } else if parser.word("default") {
            column.default = default(parser)?;
        } else if parser.word("auto_increment") {
            column.counts = true;
        } else if parser.word("primary") {
            parser.expect("key")?;
            column.key = "PRI";
            column.nullable = false;
        } else if parser.word("unique") {
            let _ = parser.word("key");
            column.key = "UNI";
        } else if parser.mark("(") {
            skip_to_end(parser)?;
        } else {
            parser.skip();
        }
    }
    Ok(column)
}

fn default(parser: &mut Parser<'_>) -> Read<Option<Value>> {
    match parser.expression()? {
        Expression::Literal(value) => Ok(Some(value)),
        _ => Ok(None),
    }
}

fn drop_it(parser: &mut Parser<'_>) -> Read<Statement> {
    let database = parser.word("database") || parser.word("schema");
    let _ = !database && parser.word("temporary");
    let table = !database && parser.word("table");
    if !database && !table {
        let known = ["user", "function", "index", "view", "procedure", "trigger", "event", "role", "prepare"];
        if !known.iter().any(|word| parser.is(word)) {
            return Err(parser.wrong());
        }
        rest(parser);
        return Ok(Statement::Nothing);
    }
    let lenient = parser.word("if");
    if lenient {
        parser.expect("exists")?;
    }
    if database {
        return Ok(Statement::DropDatabase(parser.name()?, lenient));
    }
    let mut tables = vec![parser.table_name()?];
    while parser.mark(",") {
        tables.push(parser.table_name()?);
    }
    let _ = parser.word("cascade") || parser.word("restrict");
    Ok(Statement::DropTables(tables, lenient))
}

fn alter(parser: &mut Parser<'_>) -> Read<Statement> {
    if !parser.word("table") {
        let known = ["database", "schema", "user", "view", "event"];
        if !known.iter().any(|word| parser.is(word)) {
            return Err(parser.wrong());
        }
        rest(parser);
        return Ok(Statement::Nothing);
    }
    let table: Name = parser.table_name()?;
    if parser.word("add") && !["index", "key", "primary", "unique", "constraint"].iter().any(|word| parser.is(word)) {
        let _ = parser.word("column");
        return Ok(Statement::AddColumn(table, column(parser)?));
    }
    if parser.word("drop") && (parser.word("column") || !parser.is("index")) {
        return Ok(Statement::DropColumn(table, parser.name()?));
    }
    if parser.word("rename") {
        let _ = parser.word("to");
        return Ok(Statement::Rename(table, parser.table_name()?));
    }
    rest(parser);
    Ok(Statement::Nothing)
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
    if parser.word("names") || parser.word("character") || parser.word("password") || parser.word("transaction") {
        rest(parser);
        return Ok(Statement::Nothing);
    }
    let mut list = Vec::new();
    loop {
        let _ = parser.word("global") || parser.word("session") || parser.word("local");
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
                (true, parser.name()?.to_lowercase())
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

fn show(parser: &mut Parser<'_>) -> Read<Statement> {
    let full = parser.word("full");
    let _ = parser.word("global") || parser.word("session") || parser.word("extended");
    let known = [
        "databases", "schemas", "tables", "columns", "fields", "variables", "status", "grants", "processlist",
        "warnings", "errors", "index", "indexes", "keys", "engines", "plugins", "privileges", "collation",
        "triggers", "events", "open",
    ];
    let mut show = Show::of("");
    if parser.word("create") {
        let database = parser.word("database") || parser.word("schema");
        let _ = !database && parser.word("table");
        show.what = if database { "create database" } else { "create table" }.to_owned();
        show.from = Some(parser.table_name()?);
        return Ok(Statement::Show(show));
    }
    if parser.word("table") {
        parser.expect("status")?;
        show.what = "table status".to_owned();
    } else if parser.word("character") {
        parser.expect("set")?;
        show.what = "character set".to_owned();
    } else if parser.word("master") || parser.word("slave") || parser.word("binary") || parser.word("function") || parser.word("procedure") {
        rest(parser);
        show.what = "nothing".to_owned();
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
