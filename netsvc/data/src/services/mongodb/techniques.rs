//! What intruders do with commands, by name.

use super::bson::{Doc, Value};

/// Techniques that a command shows by its name and arguments.
pub(super) fn of_command(name: &str, body: &Doc) -> Option<&'static str> {
    let all = |part: &Value| {
        let filter = part.doc().and_then(|part| part.get("q")).and_then(Value::doc);
        filter.is_some_and(|filter| filter.0.is_empty())
    };
    let emptied = || body.get("deletes").and_then(Value::array).is_some_and(|parts| parts.iter().any(all));
    match name {
        "drop" | "dropDatabase" => Some("mongodb data destruction"),
        "delete" if emptied() => Some("mongodb data destruction"),
        "createUser" | "updateUser" | "grantRolesToUser" => Some("mongodb account manipulation"),
        "shutdown" | "killOp" | "killAllSessions" => Some("mongodb service stop"),
        "eval" | "$eval" | "mapReduce" | "mapreduce" => Some("mongodb server-side javascript"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::bson::bson;
    use super::*;

    #[test]
    fn techniques_are_named() {
        let deletes =
            |filter: Doc| bson! { "deletes" => vec![Value::from(bson! { "q" => filter, "limit" => 0 })] };
        assert_eq!(of_command("delete", &deletes(bson! {})), Some("mongodb data destruction"));
        assert_eq!(of_command("delete", &deletes(bson! { "a" => 1 })), None);
        assert_eq!(of_command("dropDatabase", &bson! {}), Some("mongodb data destruction"));
        assert_eq!(of_command("find", &bson! {}), None);
    }
}
