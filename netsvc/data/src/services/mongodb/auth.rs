//! Logins: SCRAM in two messages, perhaps begun in the first `hello`.
//!
//! Source: MongoDB "Authentication Specification"; `src/mongo/db/auth/sasl_commands.cpp`.

use super::{
    bson::{Doc, Value, bson},
    fault::Fault,
    scram::{Exchange, Mechanism, Proof},
    server::Ask,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_kit::{Accounts, Credential};
use netsvc_persona::LoginPolicy;
use netsvc_wire::{Kind, field};
use rand_core::RngCore;

/// Names that databases' administrators have, beside those of the system.
const ADMINISTRATORS: &[&str] = &["admin", "root", "mongoadmin", "mongo", "administrator"];

fn failed() -> Fault {
    Fault::new(18, "Authentication failed.")
}

fn payload(ask: &Doc) -> Option<&[u8]> {
    match ask.get("payload") {
        Some(Value::Binary(_, bytes)) => Some(bytes),
        Some(Value::Text(text)) => Some(text.as_bytes()),
        _ => None,
    }
}

/// `saslStart`, by itself or in a `hello`.
pub(super) fn start(ask: &mut Ask<'_>, command: &Doc) -> Result<Doc, Fault> {
    let name = command.get("mechanism").and_then(Value::text).unwrap_or_default();
    let Some(mechanism) = Mechanism::of(name) else {
        let text = format!("Received authentication for mechanism {name} which is not enabled");
        if name == "PLAIN" {
            plain(ask, command);
        }
        return Err(Fault::new(334, text));
    };
    let payload = payload(command).ok_or_else(failed)?;
    let user = Exchange::named(payload).unwrap_or_default();
    let database = command.get("db").and_then(Value::text).unwrap_or(ask.database).to_owned();
    let mut salt = vec![0; mechanism.salt()];
    ask.host.generator(&format!("salt {} {database}.{user}", mechanism.name())).fill_bytes(&mut salt);
    let mut nonce = [0; 24];
    let label = format!("nonce {} {}", ask.link.session, ask.login.nonces);
    ask.host.generator(&label).fill_bytes(&mut nonce);
    ask.login.nonces += 1;
    let exchange = Exchange::begin(mechanism, payload, &salt, &STANDARD.encode(nonce));
    let exchange = exchange.map_err(|bad| Fault::new(2, bad.0))?;
    ask.login.conversation += 1;
    let options = command.get("options").and_then(Value::doc);
    ask.login.waits =
        !options.is_some_and(|options| options.get("skipEmptyExchange").is_some_and(Value::truth));
    ask.login.database = database;
    let answer = exchange.answer.clone();
    ask.login.exchange = Some(exchange);
    Ok(step(ask.login.conversation, false, &answer))
}

/// A password in clear, as it is only sent by who does not look what the server offers.
fn plain(ask: &mut Ask<'_>, command: &Doc) {
    let parts: Vec<&[u8]> = payload(command).unwrap_or_default().split(|byte| *byte == 0).collect();
    if let [_, user, password] = parts.as_slice() {
        ask.out.credential(Credential::plaintext(user, password, "PLAIN", false));
    }
}

fn step(conversation: i32, done: bool, payload: &str) -> Doc {
    let payload = Value::Binary(0, payload.as_bytes().to_vec());
    bson! { "conversationId" => conversation, "done" => done, "payload" => payload, "ok" => 1.0 }
}

/// `saslContinue`.
pub(super) fn proceed(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    let conversation = ask.login.conversation;
    let Some(exchange) = ask.login.exchange.take() else {
        if ask.login.waits && !ask.login.users.is_empty() {
            ask.login.waits = false;
            return Ok(step(conversation, true, ""));
        }
        return Err(Fault::new(17, "No SASL session state found"));
    };
    if ask.whole("conversationId") != Some(i64::from(conversation)) {
        return Err(Fault::new(17, "sasl: Mismatched conversation id"));
    }
    let text = payload(ask.body).ok_or_else(failed)?;
    let proof = exchange.end(text).map_err(|bad| Fault::new(2, bad.0))?;
    let signature = judge(ask, &proof);
    ask.out.credential(Credential {
        principal: proof.user.clone().into_bytes(),
        kind: match proof.mechanism {
            Mechanism::Sha1 => "mongodb_scram_sha1",
            Mechanism::Sha256 => "mongodb_scram_sha256",
        },
        secret: proof.proof.clone(),
        challenge: Some(proof.message.clone().into_bytes()),
        crack_line: None,
        method: proof.mechanism.name(),
        accepted: signature.is_some(),
    });
    let signature = signature.ok_or_else(failed)?;
    let database = ask.login.database.clone();
    ask.out.record(Kind::SessionStart, vec![(field::PRINCIPAL, proof.user.clone().into_bytes())]);
    ask.login.users = vec![(proof.user, database)];
    Ok(step(conversation, !ask.login.waits, &format!("v={signature}")))
}

/// The server's own proof, if the client's is that of a password that lets in.
fn judge(ask: &Ask<'_>, proof: &Proof) -> Option<String> {
    let user = proof.user.as_bytes();
    let persona = ask.host.persona();
    let named = persona.users.iter().any(|known| known.name == proof.user);
    let deputy = persona.login == LoginPolicy::AcceptListed && !named;
    let deputy = deputy && ADMINISTRATORS.contains(&proof.user.as_str());
    let root = persona.users.iter().find(|known| deputy && known.uid == 0).map(|known| known.name.as_bytes());
    for account in std::iter::once(user).chain(root) {
        let known = ask.host.password_of(ask.link, Accounts::Database, account, |password| {
            proof.signature(password).is_some()
        });
        // The policy counts the attempt, though it cannot let in whose password is unknown.
        let password = known.as_deref().unwrap_or(b"\0");
        let accepted = ask.host.login(ask.link, Accounts::Roles, account, password);
        if let (true, Some(known)) = (accepted, known) {
            return proof.signature(&known);
        }
    }
    None
}

/// `connectionStatus`.
pub(super) fn status(ask: &Ask<'_>) -> Doc {
    let users = ask.login.users.iter();
    let users: Vec<Value> =
        users.map(|(user, db)| bson! { "user" => user.as_str(), "db" => db.as_str() }.into()).collect();
    let role: Value = bson! { "role" => "root", "db" => "admin" }.into();
    let roles: Vec<Value> = if users.is_empty() { Vec::new() } else { vec![role] };
    let info = bson! { "authenticatedUsers" => users, "authenticatedUserRoles" => roles };
    bson! { "authInfo" => info, "ok" => 1.0 }
}

/// `createUser`, and what else changes accounts.
pub(super) fn change(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    let name = ask.body.0.first().and_then(|(_, value)| value.text()).unwrap_or_default().to_owned();
    let id = format!("{}.{name}", ask.database);
    let world = ask.server.world(ask.host, ask.link);
    let mut world = world.lock();
    let same = |user: &Doc| user.get("_id").and_then(Value::text) == Some(id.as_str());
    let known = world.users.iter().any(same);
    match ask.name {
        "createUser" if known => {
            return Err(Fault::new(51_003, format!("User \"{name}@{}\" already exists", ask.database)));
        }
        "createUser" => {
            if ask.text("pwd").is_none() {
                let text = "Must provide a 'pwd' field for all user documents, except those with '$external' as \
                    the user's source db";
                return Err(Fault::bad(text));
            }
            let roles = ask.body.get("roles").cloned().unwrap_or_else(|| Vec::new().into());
            let user = bson! {
                "_id" => id.as_str(), "user" => name.as_str(), "db" => ask.database, "roles" => roles,
                "mechanisms" => vec![Value::from("SCRAM-SHA-1"), "SCRAM-SHA-256".into()],
            };
            world.add_user(user)?;
        }
        "dropUser" if known => world.users.retain(|user| !same(user)),
        _ if known => {}
        _ => return Err(Fault::new(11, format!("User '{name}@{}' not found", ask.database))),
    }
    Ok(bson! { "ok" => 1.0 })
}

/// `usersInfo`.
pub(super) fn users(ask: &Ask<'_>) -> Doc {
    let world = ask.server.world(ask.host, ask.link);
    let all = ask.body.0.first().is_some_and(|(_, value)| value.doc().is_some());
    let users = world.lock().users.clone().into_iter();
    let users = users.filter(|user| all || user.get("db").and_then(Value::text) == Some(ask.database));
    bson! { "users" => users.map(Value::from).collect::<Vec<_>>(), "ok" => 1.0 }
}
