//! What is in the databases before anybody comes: the application of the node, and what the server keeps of itself.

use super::store::Store;
use crate::people;
use netsvc_kit::Host;
use serde_json::{Map, Value, json};

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// The databases of `host` as they are found.
pub(super) fn store(host: &Host) -> Store {
    let mut store = Store::new(host.persona().subkey.hex_bytes().unwrap_or_default());
    let application = people::application(host);
    // Its customers have a database of that name already.
    let own = if application.name == "customers" { "portal" } else { application.name };
    for name in ["_replicator", "_users", "customers", "orders", own] {
        store.create(name);
    }
    for person in &application.people {
        let customer = json!({
            "type": "customer", "id": person.id, "firstName": person.first, "lastName": person.last,
            "email": person.mail, "city": person.city, "phone": person.phone, "password": person.password,
        });
        let id = store.identifier();
        // There is room for what stands here.
        let _ = store.put("customers", &id, fields(customer), None);
        for (goods, cents, when) in &person.orders {
            let order = json!({
                "type": "order", "customer": id, "item": goods, "total": f64::from(*cents) / 100.0, "currency": "EUR",
                "createdAt": when / 1000,
            });
            let number = store.identifier();
            let _ = store.put("orders", &number, fields(order), None);
        }
    }
    let settings = json!({
        "site": format!("https://www.{}", host.persona().domain),
        "mail": { "host": format!("mail.{}", host.persona().domain), "from": format!("noreply@{\
            }", host.persona().domain) },
    });
    let _ = store.put(own, "settings", fields(settings), None);
    let view = json!({
        "language": "javascript",
        "views": { "by_email": { "map": "function (doc) {\n  if (doc.email) { emit(doc.email, null); }\n}" } },
    });
    let _ = store.put("customers", "_design/customers", fields(view), None);
    let auth = json!({ "language": "javascript", "validate_doc_update": "function(newDoc, oldDoc, userCtx, secObj) { \
        }" });
    let _ = store.put("_users", "_design/_auth", fields(auth), None);
    store.filled()
}
