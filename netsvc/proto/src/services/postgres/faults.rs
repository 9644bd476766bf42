//! The server's words for what is wrong with a statement.
//!
//! Source: recorded from PostgreSQL 10 to 16.

use super::{flavour::Flavour, refusal::Refusal};
use netsvc_sql::Fault;

/// Types that clients are told of by other names.
const NO_FUNCTION: &str =
    "No function matches the given name and argument types. You might need to add explicit type casts.";

/// What the server says of `fault` in the statement `text`.
pub(super) fn refusal(fault: &Fault, text: &str, flavour: &Flavour) -> Refusal {
    let error = |place, code, text: String| Refusal::error(place, code, text);
    match fault {
        Fault::Syntax { at, .. } => syntax(text, *at),
        Fault::UnknownTable(schema, table) => {
            let name = if schema == "public" { table.clone() } else { format!("{schema}.{table}") };
            at_word(error("no_relation", "42P01", format!("relation \"{name}\" does not exist")), text, &name)
        }
        Fault::UnknownDatabase(name) => {
            at_word(error("no_schema", "3F000", format!("schema \"{name}\" does not exist")), text, name)
        }
        Fault::CannotDrop(_, table) => {
            error("no_table_drop", "42P01", format!("table \"{table}\" does not exist"))
        }
        Fault::TableExists(table) => {
            error("table_exists", "42P07", format!("relation \"{table}\" already exists"))
        }
        Fault::UnknownColumn(name, "order clause") if name.bytes().all(|byte| byte.is_ascii_digit()) => {
            let told = format!("ORDER BY position {name} is not in select list");
            at_word(error("order_position", "42P10", told), text, name)
        }
        Fault::UnknownColumn(name, _) => {
            let shown = if name.contains('.') { name.clone() } else { format!("\"{name}\"") };
            at_word(error("no_column", "42703", format!("column {shown} does not exist")), text, name)
        }
        Fault::AmbiguousColumn(name, _) => at_word(
            error("ambiguous", "42702", format!("column reference \"{name}\" is ambiguous")),
            text,
            name,
        ),
        Fault::UnknownFunction(_, name) | Fault::WrongArguments(name) => {
            let told = format!("function {name}{} does not exist", arguments(text, name));
            let refusal = error("no_function", "42883", told);
            at_word(Refusal { hint: Some(NO_FUNCTION), ..refusal }, text, name)
        }
        Fault::BadInput(kind, input) => {
            let kind =
                if flavour.major < 12 && kind == "integer" { kind.clone() } else { format!("type {kind}") };
            let place = match kind.as_str() {
                "type boolean" => "bad_bool",
                "type numeric" => "cast_numeric",
                _ => "bad_int",
            };
            let position = text.find(&format!("'{input}'")).and_then(|at| place_of(text, at));
            let refusal = error(place, "22P02", format!("invalid input syntax for {kind}: \"{input}\""));
            Refusal { position, ..refusal }
        }
        Fault::UnknownType(name) => {
            at_word(error("no_type", "42704", format!("type \"{name}\" does not exist")), text, name)
        }
        Fault::DivisionByZero => error("zero", "22012", "division by zero".to_owned()),
        Fault::Own(code, told, place) => error(place, code, told.clone()),
        other => of_values(other, text),
    }
}

/// What the server says of values and rows.
fn of_values(fault: &Fault, statement: &str) -> Refusal {
    let at = |refusal, mark| {
        let position = statement.find(mark).and_then(|at| place_of(statement, at));
        Refusal { position, ..refusal }
    };
    let error = |place, code, text: &str| Refusal::error(place, code, text);
    match fault {
        Fault::UnequalColumns => {
            error("union", "42601", "each UNION query must have the same number of columns")
        }
        Fault::Operand(_) => error("one_column", "42601", "subquery must return only one column"),
        Fault::SeveralRows => {
            error("several_rows", "21000", "more than one row returned by a subquery used as an expression")
        }
        Fault::ColumnCount(_) => {
            error("more_expressions", "42601", "INSERT has more expressions than target columns")
        }
        Fault::Duplicate(value, key) => {
            let told = format!("duplicate key value violates unique constraint \"{key}_pkey\"");
            error("duplicate", "23505", &told).detail(format!("Key (id)=({value}) already exists."))
        }
        Fault::Aggregate => error("aggregate", "42803", "aggregate functions are not allowed in WHERE"),
        Fault::NoDefault(column) => error(
            "not_null",
            "23502",
            &format!("null value in column \"{column}\" violates not-null constraint"),
        ),
        Fault::NoTables => at(error("star", "42601", "SELECT * with no tables specified is not valid"), '*'),
        Fault::UnknownStatement(name) => {
            error("no_prepared", "26000", &format!("prepared statement \"{name}\" does not exist"))
        }
        Fault::TooLong(..) => error("too_long", "22001", "value too long for type character varying"),
        Fault::ReadOnly(name) | Fault::Full(name) => {
            error("denied", "42501", &format!("permission denied for table {name}"))
        }
        Fault::WrongParameters => at(error("parameter", "42P02", "there is no parameter $1"), '$'),
        other => error("internal", "XX000", &other.to_string()),
    }
}

/// The place of a byte in characters, from 1.
fn place_of(text: &str, at: usize) -> Option<u32> {
    u32::try_from(text.get(..at)?.chars().count() + 1).ok()
}

/// A statement that breaks off, or goes on wrongly at `at`.
fn syntax(text: &str, at: usize) -> Refusal {
    let rest = text.get(at..).unwrap_or_default();
    let position = place_of(text, at);
    let word = |fits: fn(char) -> bool| rest.find(|letter| !fits(letter)).unwrap_or(rest.len());
    let named = |letter: char| letter.is_alphanumeric() || letter == '_';
    let (what, length) = match rest.chars().next() {
        None => {
            let refusal = Refusal::error("syntax_end", "42601", "syntax error at end of input");
            return Refusal { position, ..refusal };
        }
        Some(quote @ ('\'' | '"')) => match rest.get(1..).and_then(|inner| inner.find(quote)) {
            Some(end) => ("syntax error", end + 2),
            None if quote == '"' => ("unterminated quoted identifier", rest.len()),
            None => ("unterminated quoted string", rest.len()),
        },
        Some(letter) if named(letter) => ("syntax error", word(named)),
        Some(letter) => ("syntax error", letter.len_utf8()),
    };
    let near = rest.get(..length).unwrap_or(rest);
    Refusal { position, ..Refusal::error("syntax", "42601", format!("{what} at or near \"{near}\"")) }
}

/// `refusal` with the place in `text` where `word` stands first.
fn at_word(refusal: Refusal, text: &str, word: &str) -> Refusal {
    let lower = text.to_lowercase();
    let outside = |at: usize, length: usize| {
        let inside =
            |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let bytes = lower.as_bytes();
        !at.checked_sub(1).is_some_and(|before| inside(bytes.get(before))) && !inside(bytes.get(at + length))
    };
    let wanted = word.to_lowercase();
    let found = lower.match_indices(&wanted).map(|(at, _)| at).find(|at| outside(*at, wanted.len()));
    let position = found.and_then(|at| place_of(&lower, at));
    Refusal { position, ..refusal }
}

/// The types of the arguments that `name` is called with, as far as they are literals.
fn arguments(text: &str, name: &str) -> String {
    let lower = text.to_lowercase();
    let inner = lower
        .find(&format!("{name}("))
        .and_then(|at| lower.get(at + name.len() + 1..))
        .and_then(|rest| rest.split_once(')'))
        .map_or("", |(inner, _)| inner);
    let kind = |argument: &str| match argument.trim().parse::<i64>() {
        Ok(_) => "integer",
        Err(_) if argument.trim().parse::<f64>().is_ok() => "numeric",
        Err(_) => "unknown",
    };
    let kinds: Vec<&str> = inner.split(',').filter(|part| !part.trim().is_empty()).map(kind).collect();
    format!("({})", kinds.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_statements_are_those_of_the_server() {
        for (text, at, told, position) in [
            ("selec 1", 0, "syntax error at or near \"selec\"", 1),
            ("select 1 from", 13, "syntax error at end of input", 14),
            ("select 'a", 7, "unterminated quoted string at or near \"'a\"", 8),
        ] {
            let refusal = syntax(text, at);
            assert_eq!((refusal.text.as_str(), refusal.position), (told, Some(position)));
        }
    }
}
