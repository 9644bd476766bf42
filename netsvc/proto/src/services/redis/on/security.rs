//! AUTH, HELLO and ACL.

use super::{
    super::{
        Reply,
        acl::User,
        context::Context,
        modes,
        reply::Outcome,
        request::integer,
        state::{self, Failure},
        table,
        words::{Words, text},
    },
    admin::named,
};
use netsvc_kit::Credential;
use rand_core::RngCore;

/// Categories in the order in which the server lists them.
const CATEGORIES: &[&str] = &[
    "keyspace",
    "read",
    "write",
    "set",
    "sortedset",
    "list",
    "hash",
    "string",
    "bitmap",
    "hyperloglog",
    "geo",
    "stream",
    "pubsub",
    "admin",
    "fast",
    "slow",
    "blocking",
    "dangerous",
    "connection",
    "transaction",
    "scripting",
];

/// Most users that ACL SETUSER makes.
const MOST: usize = 64;

/// Runs `name` if it is about who one is.
pub(in super::super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    Some(match name {
        "auth" => auth(context, words),
        "hello" => hello(context, words),
        "acl" => acl(context, words),
        _ => return None,
    })
}

fn auth(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    match words.len() {
        2 => offer(context, b"default", words.at(1), true),
        3 => offer(context, words.at(1), words.at(2), false),
        _ => Err(Reply::syntax()),
    }
}

fn offer(context: &mut Context<'_>, user: &[u8], secret: &[u8], alone: bool) -> Outcome {
    let wanted = context.host.setting("password").map(str::as_bytes);
    let own = context.state.users.get(text(user).as_str());
    let accepted = match (own, wanted) {
        (Some(own), _) => own.admits(secret),
        (None, Some(wanted)) => user == b"default" && secret == wanted,
        (None, None) => user == b"default" && !alone,
    };
    let method = if alone { "AUTH" } else { "AUTH user" };
    context.out.credential(Credential::plaintext(user, secret, method, accepted));
    if accepted {
        context.client.authenticated = true;
        context.client.user = text(user);
        return Ok(Reply::ok());
    }
    let old = context.state.version.0 < 6;
    if !alone || wanted.is_some() {
        let line = format!("id={} addr={}", context.client.id, context.link.peer);
        context.state.refused("auth", "AUTH".to_owned(), &text(user), line, context.now);
    }
    Err(match (wanted, alone, old) {
        (None, true, false) => Reply::error(
            "ERR AUTH <password> called without any password configured for the default user. Are you sure your \
             configuration is correct?",
        ),
        (None, _, true) => Reply::error("ERR Client sent AUTH, but no password is set"),
        (Some(_), _, true) => Reply::error("ERR invalid password"),
        _ => Reply::error("WRONGPASS invalid username-password pair or user is disabled."),
    })
}

fn hello(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let mut third = context.client.third;
    if words.len() > 1 {
        let refusal = || Reply::error("ERR Protocol version is not an integer or out of range");
        third = match integer(words.at(1)).ok_or_else(refusal)? {
            2 => false,
            3 => true,
            _ => return Err(Reply::error("NOPROTO unsupported protocol version")),
        };
    }
    let (mut index, mut pair, mut name) = (2, None, None);
    while index < words.len() {
        match words.lower(index).as_str() {
            "auth" if index + 2 < words.len() => {
                pair = Some((words.at(index + 1), words.at(index + 2)));
                index += 2;
            }
            "setname" if index + 1 < words.len() => {
                name = Some(named(words.at(index + 1))?);
                index += 1;
            }
            _ => {
                let option = text(words.at(index));
                return Err(Reply::error(format!("ERR Syntax error in HELLO option '{option}'")));
            }
        }
        index += 1;
    }
    if let Some((user, secret)) = pair {
        offer(context, user, secret, false)?;
    }
    if !context.client.authenticated {
        return Err(Reply::error(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> \
             <pass> option can be used to authenticate the client and select the RESP protocol version at the same \
             time",
        ));
    }
    if let Some(name) = name {
        context.client.name.clone_from(&name);
        context.hub.update(context.client.id, |peer| peer.name = name);
    }
    context.client.third = third;
    let role = if context.state.master.is_some() { "replica" } else { "master" };
    let id = i64::try_from(context.client.id).unwrap_or_default();
    Ok(Reply::Map(vec![
        (Reply::bulk("server"), Reply::bulk("redis")),
        (Reply::bulk("version"), Reply::bulk(state::version(context.host))),
        (Reply::bulk("proto"), Reply::Integer(if third { 3 } else { 2 })),
        (Reply::bulk("id"), Reply::Integer(id)),
        (Reply::bulk("mode"), Reply::bulk("standalone")),
        (Reply::bulk("role"), Reply::bulk(role)),
        (Reply::bulk("modules"), Reply::Array(Vec::new())),
    ]))
}

fn names(context: &Context<'_>) -> Vec<String> {
    let mut all: Vec<String> = context.state.users.keys().cloned().collect();
    if !context.state.users.contains_key("default") {
        all.push("default".to_owned());
    }
    all.sort();
    all
}

fn lines(context: &Context<'_>) -> Vec<String> {
    let line = |name: &String| context.state.user(name, context.host).map(|user| user.line(name));
    names(context).iter().filter_map(line).collect()
}

fn acl(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let no_file = || {
        Err(Reply::error(
            "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL \
             SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in \
             order to store users in the Redis configuration.",
        ))
    };
    match words.lower(1).as_str() {
        "whoami" => Ok(Reply::bulk(&context.client.user)),
        "users" => Ok(Reply::list(names(context))),
        "list" => Ok(Reply::list(lines(context))),
        "cat" => categories(context, words),
        "getuser" => Ok(user(context, &text(words.at(2)))),
        "setuser" => set_user(context, words),
        "deluser" => {
            if words.from(2).iter().any(|name| name == b"default") {
                return Err(Reply::error("ERR The 'default' user cannot be removed"));
            }
            let users = &mut context.state.users;
            Ok(Reply::count(words.from(2).iter().filter(|name| users.remove(&text(name)).is_some()).count()))
        }
        "genpass" => {
            let bits = if words.len() > 2 { words.integer(2)? } else { 256 };
            if !(1..=4096).contains(&bits) {
                return Err(Reply::error(
                    "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number \
                     up to 4096",
                ));
            }
            let digits = usize::try_from(bits).unwrap_or(256).div_ceil(4);
            let mut bytes = vec![0; digits.div_ceil(2)];
            context.state.generator.fill_bytes(&mut bytes);
            let mut password = hex::encode(bytes);
            password.truncate(digits);
            Ok(Reply::bulk(password))
        }
        "log" if words.is(2, "reset") => {
            context.state.failures.clear();
            Ok(Reply::ok())
        }
        "log" => Ok(log(context)),
        "save" | "load" => no_file(),
        "dryrun" => dry_run(context, words),
        _ => context.unknown_subcommand(words),
    }
}

fn categories(context: &Context<'_>, words: Words<'_>) -> Outcome {
    if words.len() == 2 {
        return Ok(Reply::list(CATEGORIES));
    }
    let wanted = words.lower(2);
    if !CATEGORIES.contains(&wanted.as_str()) {
        return Err(Reply::error(format!("ERR Unknown category '{wanted}'")));
    }
    let category = format!("@{wanted}");
    let all = table::known(context.state.version).flat_map(|command| {
        command.subcommands.values().chain(command.subcommands.is_empty().then_some(command))
    });
    Ok(Reply::list(all.filter(|command| command.categories.contains(&category)).map(|command| &command.name)))
}

fn user(context: &Context<'_>, name: &str) -> Reply {
    let Some(user) = context.state.user(name, context.host) else { return Reply::Null };
    Reply::Map(vec![
        (Reply::bulk("flags"), Reply::set(user.flags())),
        (Reply::bulk("passwords"), Reply::list(user.passwords())),
        (Reply::bulk("commands"), Reply::bulk(user.commands())),
        (Reply::bulk("keys"), Reply::bulk(user.keys())),
        (Reply::bulk("channels"), Reply::bulk(user.channels())),
        (Reply::bulk("selectors"), Reply::Array(Vec::new())),
    ])
}

fn set_user(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let name = text(words.at(2));
    let mut user = context.state.user(&name, context.host).unwrap_or_else(User::fresh);
    for rule in words.from(3) {
        if let Err(reason) = user.follow(rule, context.state.version) {
            let rule = text(rule);
            return Err(Reply::error(format!("ERR Error in ACL SETUSER modifier '{rule}': {reason}")));
        }
    }
    if context.state.users.len() < MOST || context.state.users.contains_key(&name) {
        context.state.users.insert(name, user);
    }
    Ok(Reply::ok())
}

fn dry_run(context: &Context<'_>, words: Words<'_>) -> Outcome {
    let name = text(words.at(2));
    let Some(user) = context.state.user(&name, context.host) else {
        return Err(Reply::error(format!("ERR User '{name}' not found")));
    };
    let inner = Words(words.from(3));
    let Ok(command) = modes::resolve(inner, context.state.version) else {
        return Err(Reply::error(format!("ERR Command '{}' not found", text(inner.at(0)))));
    };
    if !command.takes(inner.len()) {
        return Err(Reply::arity(&command.name));
    }
    Ok(match user.may(command, inner) {
        Ok(()) => Reply::ok(),
        Err(denied) => Reply::bulk(denied.dry()),
    })
}

fn log(context: &Context<'_>) -> Reply {
    let row = |failure: &Failure| {
        #[expect(clippy::cast_precision_loss, reason = "an age in seconds")]
        let age = (context.now - failure.at) as f64 / 1e6;
        let pairs = [
            ("count", Reply::Integer(failure.count)),
            ("reason", Reply::bulk(failure.reason)),
            ("context", Reply::bulk("toplevel")),
            ("object", Reply::bulk(&failure.object)),
            ("username", Reply::bulk(&failure.user)),
            ("age-seconds", Reply::Double(age)),
            ("client-info", Reply::bulk(&failure.client)),
        ];
        Reply::Map(pairs.into_iter().map(|(name, value)| (Reply::bulk(name), value)).collect())
    };
    Reply::Array(context.state.failures.iter().take(10).map(row).collect())
}
