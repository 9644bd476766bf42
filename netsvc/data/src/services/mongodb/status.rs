//! Commands by which the server tells of itself.

use super::{
    auth,
    bson::{Doc, Value, bson},
    fault::Fault,
    server::Ask,
};
use std::sync::atomic::{AtomicU64, Ordering};

/// Connections that a server takes with the limit of open files of its unit (64,000).
const AVAILABLE: i32 = 51_200;
/// Compressors that are agreed on, in the server's order.
const COMPRESSORS: &[&str] = &["snappy", "zlib"];

fn long(number: u64) -> Value {
    Value::Long(i64::try_from(number).unwrap_or(i64::MAX))
}

fn count(counter: &AtomicU64) -> Value {
    long(counter.load(Ordering::Relaxed))
}

/// `topologyVersion` of the process.
pub(super) fn topology(process: [u8; 12]) -> Doc {
    bson! { "processId" => Value::Id(process), "counter" => 0_i64 }
}

/// `hello` and the names that it had before.
pub(super) fn hello(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    let old = ask.name != "hello";
    let mut answer = bson! {}.with("helloOk", (old && ask.flag("helloOk")).then_some(true));
    answer.set(if old { "ismaster" } else { "isWritablePrimary" }, true.into());
    let answer = answer
        .with("topologyVersion", Some(topology(ask.server.process)))
        .with("maxBsonObjectSize", Some(16_777_216))
        .with("maxMessageSizeBytes", Some(48_000_000))
        .with("maxWriteBatchSize", Some(100_000))
        .with("localTime", Some(Value::Date(ask.now)))
        .with("logicalSessionTimeoutMinutes", Some(30))
        .with("connectionId", Some(ask.connection))
        .with("minWireVersion", Some(0))
        .with("maxWireVersion", Some(ask.server.release.wire))
        .with("readOnly", Some(false));
    let offered = ask.body.get("compression").and_then(Value::array);
    let agreed = offered.map(|offered| {
        let known = |name: &&&str| offered.iter().any(|value| value.text() == Some(**name));
        COMPRESSORS.iter().filter(known).map(|name| Value::from(*name)).collect::<Vec<_>>()
    });
    let mechanisms = ask.text("saslSupportedMechs").is_some();
    let mechanisms = mechanisms.then(|| vec![Value::from("SCRAM-SHA-1"), "SCRAM-SHA-256".into()]);
    let answer = answer
        .with("compression", agreed.filter(|agreed| !agreed.is_empty()))
        .with("saslSupportedMechs", mechanisms);
    let begun = match ask.body.get("speculativeAuthenticate").and_then(Value::doc).cloned() {
        // What cannot be begun here begins with a command of its own.
        Some(command) => auth::start(ask, &command).ok().map(|mut begun| {
            begun.0.retain(|(name, _)| name != "ok");
            begun
        }),
        None => None,
    };
    Ok(answer.with("speculativeAuthenticate", begun).with("ok", Some(1.0)))
}

/// `serverStatus`, without the statistics of the storage engine and of single commands.
pub(super) fn server(ask: &Ask<'_>) -> Doc {
    let persona = ask.host.persona();
    let up = (ask.now - persona.booted_at / 1000 - 14_000).max(1000);
    let (open, created) = ask.server.connections();
    let counts = &ask.server.counts;
    let seconds = Value::Long(up / 1000).number().unwrap_or(0.0);
    let zero = || Value::Int(0);
    let connections = bson! {
        "current" => open, "available" => AVAILABLE - open, "totalCreated" => created, "active" => 1,
        "threaded" => open, "exhaustIsMaster" => zero(), "exhaustHello" => zero(), "awaitingTopologyChanges" => zero(),
    };
    let queue = bson! { "total" => 0, "readers" => 0, "writers" => 0 };
    let network = bson! {
        "bytesIn" => count(&counts.bytes_in), "bytesOut" => count(&counts.bytes_out),
        "physicalBytesIn" => count(&counts.bytes_in), "physicalBytesOut" => count(&counts.bytes_out),
        "numSlowDNSOperations" => 0_i64, "numSlowSSLOperations" => 0_i64, "numRequests" => count(&counts.command),
    };
    let opcounters = bson! {
        "insert" => count(&counts.insert), "query" => count(&counts.query), "update" => count(&counts.update),
        "delete" => count(&counts.delete), "getmore" => count(&counts.getmore), "command" => count(&counts.command),
    };
    let engine = bson! {
        "name" => "wiredTiger", "supportsCommittedReads" => true,
        "oldestRequiredTimestampForCrashRecovery" => Value::Timestamp(0),
        "supportsPendingDrops" => true, "dropPendingIdents" => 0_i64, "supportsSnapshotReadConcern" => true,
        "readOnly" => false, "persistent" => true, "backupCursorOpen" => false,
    };
    let asserts = bson! {
        "regular" => 0, "warning" => 0, "msg" => 0, "user" => 11, "tripwire" => 0, "rollovers" => 0,
    };
    bson! {
        "host" => persona.hostname.as_str(), "version" => ask.server.release.version.as_str(), "process" => "mongod",
        "pid" => 600 + i64::from(ask.server.process[7]), "uptime" => seconds, "uptimeMillis" => up,
        "uptimeEstimate" => up / 1000, "localTime" => Value::Date(ask.now), "asserts" => asserts,
        "connections" => connections, "extra_info" => bson! { "note" => "fields vary by platform" },
        "globalLock" => bson! {
            "totalTime" => up * 1000, "currentQueue" => queue.clone(), "activeClients" => queue,
        },
        "logicalSessionRecordCache" => bson! { "activeSessionsCount" => open },
        "network" => network, "opcounters" => opcounters,
        "opcountersRepl" => bson! { "insert" => 0_i64, "query" => 0_i64, "update" => 0_i64, "delete" => 0_i64 },
        "storageEngine" => engine,
        "mem" => bson! {
            "bits" => 64, "resident" => 160 + i32::from(ask.server.process[8] % 40),
            "virtual" => 2600 + i32::from(ask.server.process[9] % 60), "supported" => true,
        },
        "ok" => 1.0,
    }
}

/// `hostInfo`.
pub(super) fn host(ask: &Ask<'_>) -> Doc {
    let persona = ask.host.persona();
    let hardware = &persona.hardware;
    let megabytes = i64::try_from(hardware.memory_kib / 1024).unwrap_or(0);
    let cores = i32::try_from(hardware.cpus).unwrap_or(1);
    let system = bson! {
        "currentTime" => Value::Date(ask.now), "hostname" => persona.hostname.as_str(), "cpuAddrSize" => 64,
        "memSizeMB" => megabytes, "memLimitMB" => megabytes, "numCores" => cores,
        "numCoresAvailableToProcess" => cores, "numPhysicalCores" => cores, "numCpuSockets" => 1,
        "cpuArch" => persona.os.machine.as_str(), "numaEnabled" => false, "numNumaNodes" => 1,
    };
    // Of systems without /etc/lsb-release the server tells the line of os-release.
    let name = if persona.os.id.starts_with("ubuntu") {
        ("Ubuntu".to_owned(), persona.os.version.clone())
    } else {
        (format!("PRETTY_NAME=\"{}\"", persona.os.pretty_name), format!("Kernel {}", persona.os.kernel))
    };
    let os = bson! { "type" => "Linux", "name" => name.0, "version" => name.1 };
    let extra = bson! {
        "versionString" => format!("Linux version {} {}", persona.os.kernel, persona.os.kernel_version),
        "kernelVersion" => persona.os.kernel.as_str(), "cpuString" => hardware.cpu.as_str(),
        "cpuFrequencyMHz" => format!("{}.000", hardware.mhz), "pageSize" => 4096_i64,
        "numPages" => i32::try_from(hardware.memory_kib / 4).unwrap_or(i32::MAX), "maxOpenFiles" => 64_000,
    };
    bson! { "system" => system, "os" => os, "extra" => extra, "ok" => 1.0 }
}

/// `getCmdLineOpts`.
pub(super) fn options(ask: &Ask<'_>) -> Doc {
    let redhat = ["rocky", "centos"].iter().any(|name| ask.host.persona().os.id.starts_with(name));
    let (flag, data) = if redhat { ("-f", "/var/lib/mongo") } else { ("--config", "/var/lib/mongodb") };
    let security = bson! {}
        .with("authorization", ask.server.locked.then_some("enabled"))
        .with("javascriptEnabled", Some(false));
    let parsed = bson! {
        "config" => "/etc/mongod.conf", "net" => bson! { "bindIp" => "0.0.0.0", "port" => 27_017 },
        "processManagement" => bson! { "timeZoneInfo" => "/usr/share/zoneinfo" }, "security" => security,
        "storage" => bson! { "dbPath" => data },
        "systemLog" => bson! {
            "destination" => "file", "logAppend" => true, "path" => "/var/log/mongodb/mongod.log",
        },
    };
    let words = vec![Value::from("/usr/bin/mongod"), flag.into(), "/etc/mongod.conf".into()];
    bson! { "argv" => words, "parsed" => parsed, "ok" => 1.0 }
}

/// `getLog`.
pub(super) fn log(ask: &Ask<'_>) -> Result<Doc, Fault> {
    let name = ask.text("getLog").unwrap_or_default();
    let started = ask.host.persona().booted_at / 1000 + 14_000;
    let line = |id: i32, text: &str| {
        let at = serde_json::json!({ "$date": netsvc_wire::stamp::format(started * 1000) });
        serde_json::json!({
            "t": at, "s": "W", "c": "CONTROL", "id": id, "ctx": "initandlisten", "msg": text,
            "tags": ["startupWarnings"],
        })
        .to_string()
    };
    let mut lines = Vec::new();
    let filesystem = "Using the XFS filesystem is strongly recommended with the WiredTiger storage engine. See \
        http://dochub.mongodb.org/core/prodnotes-filesystem";
    lines.push(line(22_297, filesystem));
    if !ask.server.locked {
        let open = "Access control is not enabled for the database. Read and write access to data and configuration \
            is unrestricted";
        lines.push(line(22_120, open));
    }
    lines.push(line(5_123_300, "vm.max_map_count is too low"));
    match name {
        "*" => Ok(bson! { "names" => vec![Value::from("global"), "startupWarnings".into()], "ok" => 1.0 }),
        "startupWarnings" | "global" => {
            let count = i32::try_from(lines.len()).unwrap_or(0);
            let lines: Vec<Value> = lines.into_iter().map(Value::from).collect();
            Ok(bson! { "totalLinesWritten" => count, "log" => lines, "ok" => 1.0 })
        }
        other => Err(Fault::new(26, format!("No log named '{other}'"))),
    }
}

/// `getParameter`.
pub(super) fn parameter(ask: &Ask<'_>) -> Result<Doc, Fault> {
    let (major, minor) = ask.server.release.line;
    let compatibility = bson! { "version" => format!("{major}.{minor}") };
    let mechanisms = ["MONGODB-X509", "SCRAM-SHA-1", "SCRAM-SHA-256"].map(Value::from).to_vec();
    let known = bson! {
        "authenticationMechanisms" => mechanisms, "cursorTimeoutMillis" => 600_000_i64,
        "enableLocalhostAuthBypass" => true, "enableTestCommands" => false,
        "featureCompatibilityVersion" => compatibility, "logLevel" => 0, "quiet" => false,
        "scramIterationCount" => 10_000, "scramSHA256IterationCount" => 15_000, "sslMode" => "disabled",
        "tlsMode" => "disabled", "ttlMonitorEnabled" => true,
    };
    let all = ask.text("getParameter") == Some("*");
    let wanted =
        |name: &str| all || ask.body.get(name).is_some_and(|value| name != "getParameter" && value.truth());
    let found = Doc(known.0.into_iter().filter(|(name, _)| wanted(name)).collect());
    if found.0.is_empty() {
        return Err(Fault::new(72, "no option found to get"));
    }
    Ok(found.with("ok", Some(1.0)))
}

/// `top`, of the collections that there are.
pub(super) fn top(ask: &Ask<'_>) -> Result<Doc, Fault> {
    if ask.database != "admin" {
        return Err(Fault::new(13, "top may only be run against the admin database."));
    }
    let world = ask.server.world(ask.host, ask.link);
    let world = world.lock();
    let mut totals = bson! { "note" => "all times in microseconds" };
    for (database, collections) in &world.databases {
        for collection in collections.keys() {
            let idle = || bson! { "time" => 0, "count" => 0 };
            let names = [
                "total",
                "readLock",
                "writeLock",
                "queries",
                "getmore",
                "insert",
                "update",
                "remove",
                "commands",
            ];
            let times = names.iter().map(|name| ((*name).to_owned(), idle().into())).collect();
            totals.set(&format!("{database}.{collection}"), Value::Document(Doc(times)));
        }
    }
    Ok(bson! { "totals" => totals, "ok" => 1.0 })
}
