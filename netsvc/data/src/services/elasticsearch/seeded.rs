//! What is in the indices before anybody comes: the application of the node, and the log of its web server.

use super::store::Store;
use crate::people;
use netsvc_daemon::date;
use netsvc_kit::Host;
use rand_core::RngCore;
use serde_json::{Value, json};

/// Lines of the log of a day.
const LINES: u32 = 60;
/// Days whose logs are there.
const DAYS: i64 = 3;
const DAY: i64 = 86_400_000_000;
const PAGES: &[&str] = &["/", "/login", "/account", "/products", "/cart", "/api/v1/orders", "/favicon.ico"];

/// The indices of `host` as they are found.
pub(super) fn store(host: &Host) -> Store {
    let mut store = Store::new(host.generator("identifiers"));
    let application = people::application(host);
    let since = host.persona().installed_at;
    for person in &application.people {
        let customer = json!({
            "id": person.id, "first_name": person.first, "last_name": person.last, "email": person.mail,
            "city": person.city, "phone": person.phone, "password": person.password,
            "created_at": moment(person.since),
        });
        // There is room for what stands here.
        let _ = store.write("customers", Some(&person.id.to_string()), customer, since);
        for (goods, cents, when) in &person.orders {
            let order = json!({
                "customer_id": person.id, "item": goods, "total": f64::from(*cents) / 100.0, "currency": "EUR",
                "status": "paid", "created_at": moment(*when),
            });
            let _ = store.write("orders", None, order, since + DAY);
        }
    }
    logs(host, &mut store);
    // No alias bears the name of an index.
    let is = |name: &str| name == "customers" && application.name != name;
    for index in store.indices.values_mut().filter(|index| is(&index.name)) {
        index.aliases.insert(application.name.to_owned(), json!({}));
    }
    store.filled()
}

/// Logs of the days before the last start, so that they stay what they are.
fn logs(host: &Host, store: &mut Store) {
    let mut random = host.generator("log");
    let last = host.persona().booted_at / DAY * DAY;
    for day in (1..=DAYS).rev() {
        let begin = last - day * DAY;
        let at = date::civil(begin, 0);
        let name = format!("logstash-{:04}.{:02}.{:02}", at.year(), u8::from(at.month()), at.day());
        for line in 0..LINES {
            let page = usize::try_from(random.next_u32()).unwrap_or(0) % PAGES.len();
            let status = if random.next_u32().is_multiple_of(9) { 404 } else { 200 };
            let when = begin
                + i64::from(line) * (DAY / i64::from(LINES))
                + i64::from(random.next_u32() % 60) * 1_000_000;
            let event = json!({
                "@timestamp": moment(when), "@version": "1", "host": host.persona().hostname,
                "clientip": format!("10.{}.{}.{\
                    }", random.next_u32() % 4, random.next_u32() % 250, 2 + random.next_u32() % 250),
                "verb": "GET", "request": PAGES.get(page), "response": status, "bytes": random.next_u32() % 40_000,
                "agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
            });
            let _ = store.write(&name, None, event, begin);
        }
    }
}

/// A moment as documents have it.
pub(super) fn moment(micros: i64) -> Value {
    let at = date::civil(micros, 0);
    Value::String(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        micros.rem_euclid(1_000_000) / 1000
    ))
}
