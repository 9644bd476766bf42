//! What the server says of faults: number, severity, state, words (`sys.messages`).

use super::tokens::Said;
use netsvc_sql::Fault;

/// A fault of the server's own: its number, severity and state travel in the code.
pub(super) fn own(number: i32, severity: u8, state: u8, text: String) -> Fault {
    Fault::Own("", format!("{number}\u{1f}{severity}\u{1f}{state}\u{1f}{text}"), "")
}

/// A text that is no number.
pub(super) fn conversion(text: &str, kind: &str) -> Fault {
    let shown: String = text.chars().take(2000).collect();
    own(
        245,
        16,
        1,
        format!("Conversion failed when converting the nvarchar value '{shown}' to data type {kind}."),
    )
}

/// What is said of `fault`, in a statement that is `source`.
pub(super) fn said(fault: &Fault, source: &str) -> Said {
    match fault {
        Fault::Own(_, told, _) => {
            let mut parts = told.splitn(4, '\u{1f}');
            let mut number = || parts.next().and_then(|part| part.parse::<i32>().ok()).unwrap_or_default();
            let (code, severity, state) = (number(), number(), number());
            let short = |number: i32| u8::try_from(number).unwrap_or(16);
            Said::error(code, short(state), short(severity), parts.next().unwrap_or_default())
        }
        Fault::Syntax { near, line, .. } => syntax(near, *line, source),
        Fault::UnknownTable(_, table) => Said::error(208, 1, 16, format!("Invalid object name '{table}'.")),
        Fault::UnknownColumn(name, _) => {
            let column = name.rsplit('.').next().unwrap_or(name);
            Said::error(207, 1, 16, format!("Invalid column name '{column}'."))
        }
        Fault::AmbiguousColumn(name, _) => {
            Said::error(209, 1, 16, format!("Ambiguous column name '{name}'."))
        }
        Fault::UnknownDatabase(name) | Fault::NoSuchDatabase(name) => {
            let text =
                format!("Database '{name}' does not exist. Make sure that the name is entered correctly.");
            Said::error(911, 1, 16, text)
        }
        Fault::UnknownFunction(_, name) => {
            Said::error(195, 10, 15, format!("'{name}' is not a recognized built-in function name."))
        }
        Fault::UnknownVariable(name) => {
            Said::error(137, 2, 15, format!("Must declare the scalar variable \"@{name}\"."))
        }
        Fault::TableExists(name) => {
            Said::error(2714, 6, 16, format!("There is already an object named '{name}' in the database."))
        }
        Fault::DatabaseExists(name) => Said::error(
            1801,
            3,
            16,
            format!("Database '{name}' already exists. Choose a different database name."),
        ),
        other => of_values(other),
    }
}

/// What is said of values and of rights.
fn of_values(fault: &Fault) -> Said {
    match fault {
        Fault::CannotDrop(_, name) => {
            let text = format!(
                "Cannot drop the table '{name}', because it does not exist or you do not have permission."
            );
            Said::error(3701, 5, 11, text)
        }
        Fault::Duplicate(value, key) => {
            let text = format!(
                "Violation of PRIMARY KEY constraint '{key}'. Cannot insert duplicate key in object. The duplicate \
                 key value is ({value})."
            );
            Said::error(2627, 1, 14, text)
        }
        Fault::UnequalColumns => {
            let text = "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of \
                        expressions in their target lists.";
            Said::error(205, 1, 16, text)
        }
        Fault::ColumnCount(_) => Said::error(
            213,
            1,
            16,
            "Column name or number of supplied values does not match table definition.",
        ),
        Fault::SeveralRows => {
            let text = "Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, \
                        <= , >, >= or when the subquery is used as an expression.";
            Said::error(512, 1, 16, text)
        }
        Fault::WrongArguments(name) => {
            Said::error(174, 1, 15, format!("The {name} function requires another number of argument(s)."))
        }
        Fault::NoDefault(column) => {
            let text = format!(
                "Cannot insert the value NULL into column '{column}'; column does not allow nulls. INSERT fails."
            );
            Said::error(515, 2, 16, text)
        }
        Fault::TooLong(column, _) => Said::error(
            2628,
            1,
            16,
            format!("String or binary data would be truncated in column '{column}'."),
        ),
        Fault::DivisionByZero => Said::error(8134, 1, 16, "Divide by zero error encountered."),
        Fault::ReadOnly(_) => Said::error(259, 1, 16, "Ad hoc updates to system catalogs are not allowed."),
        Fault::Full(_) => Said::error(
            1105,
            2,
            17,
            "Could not allocate space for object because the 'PRIMARY' filegroup is full.",
        ),
        _ => Said::error(102, 1, 15, "Incorrect syntax."),
    }
}

/// Where a statement goes on wrongly, or stops.
fn syntax(near: &str, line: usize, source: &str) -> Said {
    let word = |text: &str| -> String {
        let first = text.trim_start();
        let end = first.find(|letter: char| !(letter.is_alphanumeric() || "_@#$".contains(letter)));
        let length = match end {
            Some(0) | None => {
                first.chars().next().map_or(0, char::len_utf8).max(end.map_or(first.len(), |_| 0))
            }
            Some(end) => end,
        };
        first.get(..length).unwrap_or_default().chars().take(128).collect()
    };
    let mut at = word(near);
    if at.is_empty() {
        // It stops too early: the last word is named.
        let last = source.trim_end().rsplit(|letter: char| letter.is_whitespace()).next().unwrap_or_default();
        at = last.chars().take(128).collect();
    }
    let unclosed = at.starts_with('\'');
    let line = u32::try_from(line).unwrap_or(1);
    if unclosed {
        let shown: String = near.trim_start_matches('\'').chars().take(128).collect();
        let text = format!("Unclosed quotation mark after the character string '{shown}'.");
        return Said { line, ..Said::error(105, 1, 15, text) };
    }
    const KEYWORDS: &[&str] =
        &["from", "where", "select", "order", "group", "and", "or", "union", "by", "table", "into"];
    if KEYWORDS.contains(&at.to_lowercase().as_str()) {
        return Said {
            line,
            ..Said::error(156, 1, 15, format!("Incorrect syntax near the keyword '{at}'."))
        };
    }
    Said { line, ..Said::error(102, 1, 15, format!("Incorrect syntax near '{at}'.")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_have_the_servers_words() {
        let syntax =
            |near: &str, source: &str| said(&Fault::Syntax { near: near.to_owned(), line: 1, at: 0 }, source);
        assert_eq!(syntax("form t", "select * form t").text, "Incorrect syntax near 'form'.");
        assert_eq!(syntax("", "select *").text, "Incorrect syntax near '*'.");
        assert_eq!(syntax("from t", "select from t").number, 156);
        assert_eq!(syntax("'x", "select 'x").text, "Unclosed quotation mark after the character string 'x'.");
        let shown = said(&conversion("secret", "int"), "");
        assert_eq!((shown.number, shown.severity), (245, 16));
        assert!(shown.text.contains("'secret' to data type int"));
    }
}
