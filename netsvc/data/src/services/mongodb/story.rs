//! What is in the databases before anybody comes: the application of the node, and what the server keeps of itself.

use super::{
    bson::{Doc, Value, bson},
    release::Release,
    world::{Index, World},
};
use crate::people::{self, Person};
use netsvc_kit::Host;
use rand_core::RngCore;

/// The world of `host` as it is found.
pub(super) fn world(host: &Host, release: &Release) -> World {
    let mut process = [0; 5];
    host.generator("process").fill_bytes(&mut process);
    let mut world = World::new(process);
    let application = people::application(host);
    let more = host.setting("databases").unwrap_or_default().split(',').map(str::trim);
    for name in std::iter::once(application.name).chain(more.filter(|name| !name.is_empty())).take(16) {
        fill(&mut world, name, &application.people, &host.persona().domain);
        world = world.filled();
    }
    let begun = host.persona().installed_at / 1000;
    let (major, minor) = release.line;
    let version = bson! { "_id" => "featureCompatibilityVersion", "version" => format!("{major}.{minor}") };
    let log = bson! {
        "_id" => format!("{}-{}", host.persona().hostname, host.persona().booted_at / 1000),
        "hostname" => host.persona().hostname.as_str(), "startTime" => Value::Date(host.persona().booted_at / 1000),
        "cmdLine" => bson! { "config" => "/etc/mongod.conf" }, "buildinfo" => release.build_info(),
    };
    // There is room for what stands here.
    let _ = world.insert("admin", "system.version", version, begun);
    let _ = world.create("config", "system.sessions");
    let _ = world.insert("local", "startup_log", log, begun);
    world.filled()
}

fn fill(world: &mut World, database: &str, people: &[Person], domain: &str) {
    for person in people {
        let since = person.since / 1000;
        let id = world.object_id(since / 1000);
        let role = if person.id == 1 { "admin" } else { "user" };
        let user = bson! {
            "_id" => id.clone(), "username" => person.mail.split('@').next().unwrap_or_default(),
            "email" => person.mail.as_str(), "password" => person.password.as_str(), "role" => role,
            "profile" => bson! {
                "firstName" => person.first, "lastName" => person.last, "city" => person.city,
                "phone" => person.phone.as_str(),
            },
            "active" => true, "createdAt" => Value::Date(since), "__v" => 0,
        };
        let key = bson! {
            "user" => id.clone(), "token" => person.token.as_str(),
            "scopes" => vec![Value::from("read"), "write".into()],
            "createdAt" => Value::Date(since), "__v" => 0,
        };
        let _ = world.insert(database, "users", user, since);
        let _ = world.insert(database, "apikeys", key, since);
        for (goods, cents, when) in &person.orders {
            let order = bson! {
                "customer" => id.clone(), "items" => vec![Value::from(bson! { "name" => *goods, "quantity" => 1 })],
                "total" => f64::from(*cents) / 100.0, "currency" => "EUR", "status" => "paid",
                "createdAt" => Value::Date(when / 1000), "__v" => 0,
            };
            let _ = world.insert(database, "orders", order, when / 1000);
        }
    }
    let since = people.first().map_or(0, |person| person.since / 1000);
    for (name, value) in settings(domain) {
        let _ = world.insert(database, "settings", bson! { "key" => name, "value" => value }, since);
    }
    for (collection, field) in [("users", "email"), ("orders", "customer"), ("apikeys", "token")] {
        let key: Doc = bson! { field => 1 };
        let _ = world.index(database, collection, Index { name: format!("{field}_1"), key });
    }
}

fn settings(domain: &str) -> [(&'static str, String); 3] {
    [
        ("site.url", format!("https://www.{domain}")),
        ("mail.host", format!("mail.{domain}")),
        ("mail.from", format!("noreply@{domain}")),
    ]
}
