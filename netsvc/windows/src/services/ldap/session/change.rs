//! Changes and comparisons. Who may change something sees his own changes, and nobody else does.

use super::{
    super::{
        dn,
        entry::{Entry, Syntax},
        message::Operation,
        reply::Outcome,
        server::{Changes, Manner, Server},
    },
    Session,
    secrets::{self, Secret},
};
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};

/// Bytes of a change that its event has.
const SHOWN: usize = 2048;

/// Does what is asked for, and says how it ended.
pub(super) fn perform(session: &Session, operation: Operation, out: &mut Out) -> Outcome {
    let told = told(&operation);
    let secrets = secrets::of_operation(&operation);
    let method = if matches!(operation, Operation::Compare { .. }) { "compare" } else { "modify" };
    let outcome = judge(session, operation);
    let status = outcome.name().as_bytes().to_vec();
    out.record(Kind::Command, vec![(field::COMMAND, told.into_bytes()), (field::STATUS, status)]);
    let done = outcome == Outcome::success();
    if done {
        secrets.iter().filter_map(Secret::is_next).for_each(|(name, secret)| hold(session, name, secret));
    }
    secrets::tell(secrets, method, done, out);
    outcome
}

/// Whoever set the password of an account is let in with it from now on.
fn hold(session: &Session, name: &[u8], secret: &[u8]) {
    let Some(key) = dn::normal(&String::from_utf8_lossy(name)) else { return };
    let changes = Server::changes(&session.host, &session.link);
    let changes = changes.lock();
    let Some(entry) = session.server.find(&changes, &key) else { return };
    let account = ["samaccountname", "uid"].iter().find_map(|name| entry.attribute(name)?.values().next());
    if let Some(account) = account.filter(|_| secret.first() != Some(&b'{')) {
        session.host.set_password(&session.link, account, secret);
    }
}

fn judge(session: &Session, operation: Operation) -> Outcome {
    let server = &session.server;
    if let Operation::Compare { name, attribute, value } = &operation {
        return compare(session, name, attribute, value);
    }
    if session.identity.told.is_empty() {
        return match server.manner {
            Manner::Active(release) => release.not_bound(),
            Manner::Open => Outcome::new(8, "modifications require authentication"),
        };
    }
    let changes = Server::changes(&session.host, &session.link);
    let mut changes = changes.lock();
    let (Operation::Modify { name, .. }
    | Operation::Add { name, .. }
    | Operation::Delete { name }
    | Operation::Rename { name, .. }) = &operation
    else {
        return Outcome::new(2, "");
    };
    let Some(key) = dn::normal(&String::from_utf8_lossy(name)) else { return server.bad_name(name) };
    let adds = matches!(operation, Operation::Add { .. });
    let needed = if adds { dn::parent(&key) } else { &key };
    if server.find(&changes, needed).is_none() {
        return server.no_entry(&changes, needed);
    }
    if !session.identity.governs {
        return match server.manner {
            Manner::Active(release) => release.no_rights(),
            Manner::Open => Outcome::new(50, "no write access to parent").for_entry(adds),
        };
    }
    let done = match operation {
        Operation::Modify { changes: wanted, .. } => modify(server, &mut changes, &key, &wanted),
        Operation::Add { name, attributes } => add(server, &mut changes, &name, attributes),
        Operation::Delete { .. } => delete(server, &mut changes, &key),
        _ => Err(full(server)),
    };
    done.err().unwrap_or_default()
}

impl Outcome {
    /// The text is about adding; of other changes slapd says nothing.
    fn for_entry(mut self, adds: bool) -> Outcome {
        if !adds {
            self.text.clear();
        }
        self
    }
}

/// There is no room for more changes.
fn full(server: &Server) -> Outcome {
    match server.manner {
        Manner::Active(release) => release.unwilling(),
        Manner::Open => Outcome::new(53, "operation restricted"),
    }
}

fn compare(session: &Session, name: &[u8], attribute: &str, value: &[u8]) -> Outcome {
    let server = &session.server;
    if let Manner::Active(release) = server.manner
        && session.identity.told.is_empty()
    {
        return release.not_bound();
    }
    let Some(key) = dn::normal(&String::from_utf8_lossy(name)) else { return server.bad_name(name) };
    let changes = Server::changes(&session.host, &session.link);
    let changes = changes.lock();
    let Some(entry) = server.find(&changes, &key) else { return server.no_entry(&changes, &key) };
    let lower = attribute.to_ascii_lowercase();
    if lower == "userpassword" {
        return Outcome::new(50, "");
    }
    match entry.attribute(&lower) {
        Some(known) if known.has(value) => Outcome::new(6, ""),
        Some(_) => Outcome::new(5, ""),
        None if Syntax::is_known(&lower) => Outcome::new(16, ""),
        None => Outcome::new(17, ""),
    }
}

fn modify(
    server: &Server,
    changes: &mut Changes,
    key: &str,
    wanted: &[(i64, String, Vec<Vec<u8>>)],
) -> Result<(), Outcome> {
    let Some(mut entry) = server.find(changes, key).cloned() else {
        return Err(server.no_entry(changes, key));
    };
    for (how, name, values) in wanted {
        let lower = name.to_ascii_lowercase();
        // It can be written and never be read ([MS-ADTS] §3.1.1.3.1.5.1).
        if lower == "unicodepwd" {
            continue;
        }
        let now: Vec<Vec<u8>> =
            entry.attribute(&lower).map(|known| known.values().cloned().collect()).unwrap_or_default();
        let then = match how {
            0 => now.into_iter().chain(values.iter().cloned()).collect(),
            1 if now.is_empty() => {
                return Err(Outcome::new(16, format!("modify/delete: {name}: no such attribute")));
            }
            1 if values.is_empty() => Vec::new(),
            1 => now.into_iter().filter(|value| !values.contains(value)).collect(),
            _ => values.clone(),
        };
        entry.set(name, then);
    }
    changes.put(&server.tree, entry).map_err(|_| full(server))
}

fn add(
    server: &Server,
    changes: &mut Changes,
    name: &[u8],
    attributes: Vec<(String, Vec<Vec<u8>>)>,
) -> Result<(), Outcome> {
    let name = String::from_utf8_lossy(name).into_owned();
    let Some(key) = dn::normal(&name) else { return Err(server.bad_name(name.as_bytes())) };
    if !attributes.iter().any(|(name, _)| name.eq_ignore_ascii_case("objectClass")) {
        return Err(match server.manner {
            Manner::Active(release) => release.no_class(),
            Manner::Open => Outcome::new(65, "no objectClass attribute"),
        });
    }
    if server.find(changes, &key).is_some() {
        return Err(match server.manner {
            Manner::Active(release) => release.exists(),
            Manner::Open => Outcome::new(68, ""),
        });
    }
    let context = server.find(changes, dn::parent(&key)).map_or(0, |parent| parent.context);
    let Some(mut entry) = Entry::called(name.clone(), context) else {
        return Err(server.bad_name(name.as_bytes()));
    };
    let readable = attributes.into_iter().filter(|(name, _)| !name.eq_ignore_ascii_case("unicodePwd"));
    readable.for_each(|(name, values)| entry.put(name, values));
    changes.put(&server.tree, entry).map_err(|_| full(server))
}

fn delete(server: &Server, changes: &mut Changes, key: &str) -> Result<(), Outcome> {
    let all = server.tree.len() + changes.added();
    let mut places = (0..all).filter_map(|place| changes.at(&server.tree, place));
    if places.any(|entry| dn::parent(&entry.key) == key) {
        return Err(match server.manner {
            Manner::Active(release) => release.has_children(),
            Manner::Open => Outcome::new(66, "subordinate objects must be deleted first"),
        });
    }
    changes.remove(&server.tree, key).map_err(|_| full(server))
}

/// The operation as its event has it.
fn told(operation: &Operation) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.get(..SHOWN).unwrap_or(bytes)).into_owned();
    let list = |name: &str, values: &[Vec<u8>]| {
        let values: Vec<_> = values.iter().take(8).map(|value| text(value)).collect();
        format!(" {name}={}", values.join("|"))
    };
    let mut told = match operation {
        Operation::Modify { name, changes } => {
            let verb =
                |how: &i64| ["+", "-", ""].get(usize::try_from(*how).unwrap_or(2)).copied().unwrap_or("");
            let all = changes.iter().take(32);
            let all = all.map(|(how, attribute, values)| list(&format!("{}{attribute}", verb(how)), values));
            format!("modify {}:{}", text(name), all.collect::<String>())
        }
        Operation::Add { name, attributes } => {
            let all = attributes.iter().take(32).map(|(attribute, values)| list(attribute, values));
            format!("add {}:{}", text(name), all.collect::<String>())
        }
        Operation::Delete { name } => format!("delete {}", text(name)),
        Operation::Rename { name, first } => format!("rename {} to {}", text(name), text(first)),
        Operation::Compare { name, attribute, value } => {
            format!("compare {}:{}", text(name), list(attribute, std::slice::from_ref(value)))
        }
        _ => String::new(),
    };
    let end = (0..=SHOWN.min(told.len())).rev().find(|end| told.is_char_boundary(*end)).unwrap_or(0);
    told.truncate(end);
    told
}
