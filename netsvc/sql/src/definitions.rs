//! Reads statements that make, change and drop things.

use crate::{
    ast::{Expression, Name, Statement},
    lexer::Token,
    parse::{Parser, Read},
    schema::Column,
    value::Value,
};

/// Takes the rest of a statement.
pub(crate) fn rest(parser: &mut Parser<'_>) {
    while !parser.done() {
        parser.skip();
    }
}

fn absent(parser: &mut Parser<'_>) -> Read<bool> {
    if !parser.word("if") {
        return Ok(false);
    }
    parser.expect("not")?;
    parser.expect("exists")?;
    Ok(true)
}

pub(crate) fn create(parser: &mut Parser<'_>) -> Read<Statement> {
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
            let key = if parser.is("primary") {
                "PRI"
            } else if parser.is("unique") {
                "UNI"
            } else {
                "MUL"
            };
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
    if parser.is_postgres() {
        let (declared, word) = parser.type_name()?;
        let mut column = Column::new(&name, &declared);
        column.counts = word.contains("serial");
        column.nullable = !column.counts;
        return options(parser, column);
    }
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
    let column = Column::new(&name, &declared);
    options(parser, column)
}

/// What stands behind the type of a column.
fn options(parser: &mut Parser<'_>, mut column: Column) -> Read<Column> {
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

pub(crate) fn drop_it(parser: &mut Parser<'_>) -> Read<Statement> {
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

pub(crate) fn alter(parser: &mut Parser<'_>) -> Read<Statement> {
    if !parser.word("table") {
        let known = ["database", "schema", "user", "view", "event"];
        if !known.iter().any(|word| parser.is(word)) {
            return Err(parser.wrong());
        }
        rest(parser);
        return Ok(Statement::Nothing);
    }
    let table: Name = parser.table_name()?;
    if parser.word("add")
        && !["index", "key", "primary", "unique", "constraint"].iter().any(|word| parser.is(word))
    {
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
