//! Routes of the interface.

use super::{cell, code, table};
use decnet_web::{Access, RULES};

pub(super) fn routes() -> String {
    let document = serde_json::to_value(decnet_web::document()).unwrap_or_default();
    let rows = RULES.iter().map(|rule| {
        let method = rule.method.to_lowercase();
        let operation = document.get("paths").and_then(|paths| paths.get(rule.path)?.get(method));
        let said = |key: &str| operation.and_then(|operation| operation.get(key)?.as_str());
        let about = said("summary").or_else(|| said("description")).unwrap_or_default();
        let whom = match rule.access {
            Access::Open => "everybody".to_owned(),
            Access::Own => "every user".to_owned(),
            Access::Role(role) => format!("{role} and above"),
        };
        let scope = rule.scope.map_or("no token", |scope| scope.name());
        vec![
            rule.method.to_owned(),
            code(rule.path),
            cell(about),
            whom,
            scope.to_owned(),
            code(rule.action.unwrap_or_default()),
        ]
    });
    format!(
        "# API\n\nThe document of the interface is OpenAPI 3.1 at `/api/v1/openapi.json`. A token for programs \
         (`decnet token create`) carries scopes; changes are in the audit log.\n\n{}",
        table(&["Method", "Path", "What it does", "Answers", "Scope of a token", "In the audit log"], rows)
    )
}
