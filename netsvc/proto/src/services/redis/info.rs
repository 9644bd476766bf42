//! INFO.
//!
//! `data/info.txt` holds sections and lines as redis-server 7.0.15 shows them: `7` in front of what came with
//! 7.0, and names in braces for what moves.

use super::{context::Context, state};

/// Sections that are shown without being asked for.
const DEFAULT: &[&str] = &[
    "server",
    "clients",
    "memory",
    "persistence",
    "stats",
    "replication",
    "cpu",
    "modules",
    "errorstats",
    "cluster",
    "keyspace",
];

/// The text of INFO for the sections asked for; none: the default ones.
pub(super) fn info(context: &Context<'_>, asked: &[Vec<u8>]) -> String {
    let asked: Vec<String> = asked.iter().map(|name| String::from_utf8_lossy(name).to_lowercase()).collect();
    let has = |wanted: &str| asked.iter().any(|name| name == wanted);
    let shown = |section: &str| {
        let default = (asked.is_empty() || has("default")) && DEFAULT.contains(&section);
        default || has(section) || has("everything") || (has("all") && section != "modules")
    };
    let values = values(context);
    let seventh = context.seventh();
    let mut text = String::new();
    let mut showing = false;
    for line in include_str!("data/info.txt").lines() {
        if let Some(title) = line.strip_prefix("# ") {
            let section = title.to_lowercase();
            showing = shown(&section) && (seventh || !matches!(title, "Latencystats" | "Errorstats"));
            if showing {
                if !text.is_empty() {
                    text.push_str("\r\n");
                }
                text.push_str(&format!("# {title}\r\n"));
                text.push_str(&moving(context, &section));
            }
            continue;
        }
        let (mark, line) = line.split_at_checked(2).unwrap_or_default();
        if !showing || (mark == "7 " && !seventh) {
            continue;
        }
        if line == "{replica}" {
            text.push_str(&replica(context));
            continue;
        }
        text.push_str(&filled(line, &values));
        text.push_str("\r\n");
    }
    text
}

/// A line with its names replaced.
fn filled(line: &str, values: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(before);
        let value = values.iter().find(|(known, _)| *known == name);
        out.push_str(value.map_or("0", |(_, value)| value.as_str()));
        rest = behind;
    }
    out + rest
}

/// Lines of sections that have none of their own.
fn moving(context: &Context<'_>, section: &str) -> String {
    let counters = &context.state.counters;
    let mut text = String::new();
    match section {
        "keyspace" => {
            for (number, keys, expires, ttl) in context.keys.summary(context.now) {
                text.push_str(&format!("db{number}:keys={keys},expires={expires},avg_ttl={ttl}\r\n"));
            }
        }
        "errorstats" => {
            for (code, count) in &counters.by_error {
                text.push_str(&format!("errorstat_{code}:count={count}\r\n"));
            }
        }
        "commandstats" => {
            for (name, (calls, refused, failed)) in &counters.by_command {
                let each = 2 + name.bytes().map(u64::from).sum::<u64>() % 9;
                text.push_str(&format!(
                    "cmdstat_{name}:calls={calls},usec={},usec_per_call={each}.00,rejected_calls={refused},\
                     failed_calls={failed}\r\n",
                    each * calls
                ));
            }
        }
        "latencystats" => {
            for name in counters.by_command.keys() {
                let each = 2 + name.bytes().map(u64::from).sum::<u64>() % 9;
                text.push_str(&format!(
                    "latency_percentiles_usec_{name}:p50={each}.007,p99={each}.063,p99.9={each}.063\r\n"
                ));
            }
        }
        _ => {}
    }
    text
}

fn replica(context: &Context<'_>) -> String {
    let Some((host, port)) = &context.state.master else { return String::new() };
    let down = (context.now - context.state.started_at) / 1_000_000;
    format!(
        "master_host:{host}\r\nmaster_port:{port}\r\nmaster_link_status:down\r\nmaster_last_io_seconds_ago:-1\r\n\
         master_sync_in_progress:0\r\nslave_read_repl_offset:0\r\nslave_repl_offset:0\r\n\
         master_link_down_since_seconds:{down}\r\nslave_priority:100\r\nslave_read_only:1\r\nreplica_announced:1\r\n"
    )
}

/// Bytes as the server writes them for people.
fn human(bytes: u64) -> String {
    let number = bytes as f64;
    match bytes {
        0..1024 => format!("{bytes}B"),
        1024..1_048_576 => format!("{:.2}K", number / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.2}M", number / 1_048_576.0),
        _ => format!("{:.2}G", number / 1_073_741_824.0),
    }
}

fn values(context: &Context<'_>) -> Vec<(&'static str, String)> {
    let mut values = server(context);
    values.extend(memory(context));
    values.extend(stats(context));
    values
}

fn server(context: &Context<'_>) -> Vec<(&'static str, String)> {
    let os = &context.host.persona().os;
    let version = state::version(context.host);
    let uptime = (context.now - context.state.started_at).max(0) / 1_000_000;
    let peers = context.hub.peers();
    let blocked = peers.iter().filter(|peer| peer.blocked).count();
    let gcc = if context.seventh() { "12.2.0" } else { "10.2.1" };
    vec![
        ("build", build_id(&version)),
        ("version", version),
        ("kernel", os.kernel.clone()),
        ("machine", os.machine.clone()),
        ("gcc", gcc.to_owned()),
        ("pid", context.state.pid.to_string()),
        ("run_id", context.state.run_id.clone()),
        ("port", context.link.port.to_string()),
        ("time_us", context.now.to_string()),
        ("uptime", uptime.to_string()),
        ("uptime_days", (uptime / 86_400).to_string()),
        ("lru_clock", ((context.now / 1_000_000) & 0x00ff_ffff).to_string()),
        ("clients", peers.len().max(1).to_string()),
        ("blocked", blocked.to_string()),
        ("max_input", "20480".to_owned()),
        ("replid", context.state.replication_id.clone()),
        ("role", if context.state.master.is_some() { "slave" } else { "master" }.to_owned()),
    ]
}

/// A number of the version alone, as builds of a package are the same everywhere.
fn build_id(version: &str) -> String {
    let hash = version.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:x}")
}

fn memory(context: &Context<'_>) -> Vec<(&'static str, String)> {
    // Buffers of clients come and go, so that two looks differ by some hundred bytes.
    let tide = u64::try_from(context.now / 1_000_000).unwrap_or(0) % 61 * 56;
    let clients = context.hub.peers().len().max(1) as u64 * 22_400;
    let startup = 862_296;
    let data = context.keys.bytes() as u64;
    let overhead = startup + clients + data / 8;
    let used = startup + clients + data + tide + 41_000;
    let peak = used + used / 11 + 61_440;
    let (allocated, active) = (used + 260_512, used + 540_672);
    let (resident, rss) = (active + 2_752_512, used + 9_437_184);
    let ratio = |left: u64, right: u64| format!("{:.2}", left as f64 / right as f64);
    let total = context.host.persona().hardware.memory_kib * 1024;
    let config = |name: &str| context.state.config.get(name).cloned().unwrap_or_default();
    let most = config("maxmemory");
    vec![
        ("used", used.to_string()),
        ("used_human", human(used)),
        ("rss", rss.to_string()),
        ("rss_human", human(rss)),
        ("peak", peak.to_string()),
        ("peak_human", human(peak)),
        ("peak_percent", format!("{:.2}", used as f64 * 100.0 / peak as f64)),
        ("overhead", overhead.to_string()),
        ("dataset", (used - overhead).to_string()),
        ("dataset_percent", format!("{:.2}", (used - overhead) as f64 * 100.0 / (used - startup) as f64)),
        ("allocated", allocated.to_string()),
        ("active", active.to_string()),
        ("resident", resident.to_string()),
        ("total", total.to_string()),
        ("total_human", human(total)),
        ("scripts", context.state.scripts.len().to_string()),
        ("maxmemory_human", human(most.parse().unwrap_or(0))),
        ("maxmemory", most),
        ("policy", config("maxmemory-policy")),
        ("frag", ratio(active, allocated)),
        ("frag_bytes", (active - allocated).to_string()),
        ("rss_ratio", ratio(resident, active)),
        ("rss_bytes", (resident - active).to_string()),
        ("over_ratio", ratio(rss, resident)),
        ("over_bytes", (i128::from(rss) - i128::from(resident)).to_string()),
        ("fragmentation", ratio(rss, used)),
        ("fragmentation_bytes", (rss - used).to_string()),
        ("client_bytes", clients.to_string()),
        ("allocator", if context.seventh() { "jemalloc-5.3.0" } else { "jemalloc-5.2.1" }.to_owned()),
    ]
}

fn stats(context: &Context<'_>) -> Vec<(&'static str, String)> {
    let state = &context.state;
    let counters = &state.counters;
    let uptime = ((context.now - state.started_at).max(0) / 1_000_000) as u64;
    let (channels, patterns) = context.hub.channels(false);
    let errors: u64 = counters.by_error.values().sum();
    let seconds = |micros: u64| format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    // Ten times a second the server looks after itself, whether anybody asks or not.
    let (system, user) = (uptime * 1_093 + counters.commands * 9, uptime * 1_271 + counters.commands * 14);
    vec![
        ("changes", context.keys.changes.to_string()),
        ("saved_at", state.saved_at.to_string()),
        ("save_seconds", if counters.saves == 0 { "-1" } else { "0" }.to_owned()),
        ("saves", counters.saves.to_string()),
        ("cow", if counters.saves == 0 { "0" } else { "393216" }.to_owned()),
        ("fork", if counters.saves == 0 { "0" } else { "412" }.to_owned()),
        ("connections", counters.connections.to_string()),
        ("commands", counters.commands.to_string()),
        ("ops", (counters.commands.min(3)).to_string()),
        ("net_in", counters.bytes_in.to_string()),
        ("net_out", counters.bytes_out.to_string()),
        ("kbps_in", "0.02".to_owned()),
        ("kbps_out", "0.31".to_owned()),
        ("expired", context.keys.expired.to_string()),
        ("expire_cpu", (uptime / 19).to_string()),
        ("hits", context.keys.looked.0.to_string()),
        ("misses", context.keys.looked.1.to_string()),
        ("channels", channels.len().to_string()),
        ("patterns", patterns.to_string()),
        ("errors", errors.to_string()),
        ("reads", (counters.commands + counters.connections).to_string()),
        ("writes", counters.commands.to_string()),
        ("cpu_sys", seconds(system)),
        ("cpu_user", seconds(user)),
        ("cpu_sys_children", seconds(counters.saves * 1_934)),
        ("cpu_user_children", seconds(counters.saves * 2_431)),
        ("cpu_sys_main", seconds(system - system / 300)),
        ("cpu_user_main", seconds(user - user / 400)),
    ]
}
