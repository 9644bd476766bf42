//! Which command is answered by what.

use super::{
    auth,
    bson::{Doc, Value, bson},
    fault::Fault,
    naming, reading,
    server::Ask,
    status, writing,
};
use netsvc_wire::Kind;
use std::sync::atomic::{AtomicU64, Ordering};

/// Commands that anybody may give: those by which one says who one is, and what clients ask before.
const OPEN: &[&str] = &[
    "authenticate",
    "buildInfo",
    "buildinfo",
    "connectionStatus",
    "features",
    "getnonce",
    "hello",
    "isMaster",
    "ismaster",
    "logout",
    "ping",
    "saslContinue",
    "saslStart",
    "whatsmyip",
    "listCommands",
];
/// Commands about documents.
const QUERIES: &[&str] = &[
    "aggregate",
    "count",
    "create",
    "createIndexes",
    "delete",
    "distinct",
    "drop",
    "dropDatabase",
    "dropIndexes",
    "explain",
    "find",
    "findAndModify",
    "findandmodify",
    "insert",
    "mapReduce",
    "mapreduce",
    "renameCollection",
    "update",
];
/// Commands by which the server is looked at and changed.
const OTHERS: &[&str] = &[
    "atlasVersion",
    "collMod",
    "collStats",
    "collstats",
    "compact",
    "createRole",
    "createUser",
    "currentOp",
    "dbStats",
    "dbstats",
    "dropUser",
    "endSessions",
    "fsync",
    "getCmdLineOpts",
    "getFreeMonitoringStatus",
    "getLastError",
    "getLog",
    "getMore",
    "getParameter",
    "grantRolesToUser",
    "hostInfo",
    "killAllSessions",
    "killCursors",
    "killOp",
    "killSessions",
    "listCollections",
    "listDatabases",
    "listIndexes",
    "logRotate",
    "profile",
    "refreshSessions",
    "replSetGetConfig",
    "replSetGetStatus",
    "replSetInitiate",
    "rolesInfo",
    "serverStatus",
    "setParameter",
    "shutdown",
    "startSession",
    "top",
    "updateUser",
    "usersInfo",
    "validate",
];
/// What clients say over and over, by themselves.
const ROUTINE: &[&str] = &[
    "endSessions",
    "getMore",
    "hello",
    "isMaster",
    "ismaster",
    "killCursors",
    "ping",
    "refreshSessions",
    "saslContinue",
    "saslStart",
    "getnonce",
    "logout",
];

/// What of the events a command is; `None`: nothing worth one.
pub(super) fn kind(name: &str) -> Option<Kind> {
    match name {
        _ if ROUTINE.contains(&name) => None,
        _ if QUERIES.contains(&name) => Some(Kind::Query),
        _ if is_known(name) => Some(Kind::Command),
        _ => Some(Kind::UnknownCommand),
    }
}

fn is_known(name: &str) -> bool {
    [OPEN, QUERIES, OTHERS].iter().any(|names| names.contains(&name))
}

/// Answers a command.
pub(super) fn answer(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    let counts = &ask.server.counts;
    counted(match ask.name {
        "insert" => &counts.insert,
        "find" => &counts.query,
        "update" => &counts.update,
        "delete" => &counts.delete,
        "getMore" => &counts.getmore,
        _ => &counts.command,
    });
    if !is_known(ask.name) {
        return Err(Fault::new(59, format!("no such command: '{}'", ask.name)));
    }
    if ask.server.locked && ask.login.users.is_empty() && !OPEN.contains(&ask.name) {
        return Err(Fault::new(13, format!("command {} requires authentication", ask.name)));
    }
    match ask.name {
        "hello" | "isMaster" | "ismaster" => status::hello(ask),
        "saslStart" => {
            let body = ask.body.clone();
            auth::start(ask, &body)
        }
        "saslContinue" => auth::proceed(ask),
        "createUser" | "updateUser" | "dropUser" | "grantRolesToUser" => auth::change(ask),
        name if QUERIES.contains(&name) => about_documents(ask),
        _ => other(ask),
    }
}

fn counted(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn about_documents(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    match ask.name {
        "aggregate" => reading::aggregate(ask),
        "count" => reading::count(ask),
        "distinct" => reading::distinct(ask),
        "explain" => reading::explain(ask),
        "find" => reading::find(ask),
        "insert" => writing::insert(ask),
        "update" => writing::update(ask),
        "delete" => writing::delete(ask),
        "findAndModify" | "findandmodify" => writing::find_and_modify(ask),
        "create" => naming::create(ask),
        "createIndexes" => naming::create_indexes(ask),
        "dropIndexes" => naming::drop_indexes(ask),
        "drop" => naming::drop_collection(ask),
        "dropDatabase" => naming::drop_database(ask),
        "renameCollection" => naming::rename(ask),
        _ => Err(Fault::new(16_149, "cannot run map reduce without the js engine")),
    }
}

fn done() -> Doc {
    bson! { "ok" => 1.0 }
}

fn other(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    Ok(match ask.name {
        "buildInfo" | "buildinfo" => ask.server.release.build_info(),
        "serverStatus" => status::server(ask),
        "hostInfo" => status::host(ask),
        "getCmdLineOpts" => status::options(ask),
        "getLog" => status::log(ask)?,
        "getParameter" => status::parameter(ask)?,
        "top" => status::top(ask)?,
        "connectionStatus" => auth::status(ask),
        "usersInfo" => auth::users(ask),
        "rolesInfo" => bson! { "roles" => Vec::new(), "ok" => 1.0 },
        "logout" => {
            ask.login.users.clear();
            done()
        }
        "whatsmyip" => bson! { "you" => ask.link.peer.to_string(), "ok" => 1.0 },
        "features" => bson! { "js" => bson! { "utf8" => true }, "oidMachine" => 8_431_742, "ok" => 1.0 },
        "listCommands" => commands(),
        "listDatabases" => naming::databases(ask)?,
        "listCollections" => naming::collections(ask)?,
        "listIndexes" => naming::indexes(ask)?,
        "dbStats" | "dbstats" => naming::database_stats(ask),
        "collStats" | "collstats" => naming::collection_stats(ask)?,
        "validate" => naming::validate(ask)?,
        "getMore" => reading::more(ask)?,
        "killCursors" => reading::kill(ask),
        "currentOp" => bson! { "inprog" => Vec::new(), "ok" => 1.0 },
        "startSession" => {
            let id = bson! { "id" => Value::Binary(4, ask.server.process.iter().copied().cycle().take(16).collect()) };
            bson! { "id" => id, "timeoutMinutes" => 30, "ok" => 1.0 }
        }
        "getLastError" => bson! {
            "connectionId" => ask.connection, "n" => 0, "syncMillis" => 0, "writtenTo" => Value::Null,
            "err" => Value::Null, "ok" => 1.0,
        },
        "profile" => bson! { "was" => 0, "slowms" => 100, "sampleRate" => 1.0, "ok" => 1.0 },
        "getFreeMonitoringStatus" => bson! { "state" => "undecided", "ok" => 1.0 },
        "replSetGetStatus" | "replSetGetConfig" => {
            return Err(Fault::new(76, "not running with --replSet"));
        }
        "replSetInitiate" => {
            return Err(Fault::new(76, "This node was not started with replication enabled."));
        }
        "shutdown" if !ask.server.locked => {
            return Err(Fault::new(13, "shutdown must run from localhost when running db without auth"));
        }
        "shutdown" => {
            return Err(Fault::new(13, "not authorized on admin to execute command { shutdown: 1 }"));
        }
        "atlasVersion" => return Err(Fault::new(59, "no such command: 'atlasVersion'")),
        "authenticate" => return Err(Fault::new(18, "Authentication failed.")),
        "getnonce" => return Err(Fault::new(59, "no such command: 'getnonce'")),
        "compact" => bson! { "bytesFreed" => 0, "ok" => 1.0 },
        "setParameter" => bson! { "was" => Value::Null, "ok" => 1.0 },
        _ => done(),
    })
}

fn commands() -> Doc {
    let mut names: Vec<&str> = [OPEN, QUERIES, OTHERS].concat();
    names.sort_unstable();
    let one = |name: &&str| {
        let about = bson! {
            "help" => "", "requiresAuth" => !OPEN.contains(name), "secondaryOk" => false, "adminOnly" => false,
            "apiVersions" => Vec::new(), "deprecatedApiVersions" => Vec::new(),
        };
        ((*name).to_owned(), about.into())
    };
    bson! { "commands" => Doc(names.iter().map(one).collect()), "ok" => 1.0 }
}
