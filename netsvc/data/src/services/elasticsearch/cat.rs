//! `_cat`: lists for people, as columns or as documents.

use super::{
    call::{Call, Outcome},
    cluster,
    fault::Fault,
    reply::Reply,
    store::matches,
};
use netsvc_daemon::date;
use serde_json::{Map, Value, json};

/// A list: its columns, whether each stands right, and its rows.
struct Table {
    columns: Vec<(&'static str, bool)>,
    rows: Vec<Vec<String>>,
}

/// What `_cat` itself says.
const LISTS: &[&str] = &[
    "/_cat/allocation",
    "/_cat/shards",
    "/_cat/shards/{index}",
    "/_cat/master",
    "/_cat/nodes",
    "/_cat/tasks",
    "/_cat/indices",
    "/_cat/indices/{index}",
    "/_cat/segments",
    "/_cat/segments/{index}",
    "/_cat/count",
    "/_cat/count/{index}",
    "/_cat/recovery",
    "/_cat/recovery/{index}",
    "/_cat/health",
    "/_cat/pending_tasks",
    "/_cat/aliases",
    "/_cat/aliases/{alias}",
    "/_cat/thread_pool",
    "/_cat/thread_pool/{thread_pools}",
    "/_cat/plugins",
    "/_cat/fielddata",
    "/_cat/fielddata/{fields}",
    "/_cat/nodeattrs",
    "/_cat/repositories",
    "/_cat/snapshots/{repository}",
    "/_cat/templates",
];

/// Answers `_cat/NAME/EXPRESSION`.
pub(super) fn cat(call: &mut Call<'_>, name: &str, expression: &str) -> Outcome {
    let all = if expression.is_empty() { "_all" } else { expression };
    let table = match name {
        "" => return Ok(Reply::text(format!("=^.^=\n{}\n", LISTS.join("\n")))),
        "indices" => indices(call, all)?,
        "health" => health(call),
        "nodes" => nodes(call),
        "master" => master(call),
        "count" => count(call, all)?,
        "aliases" => aliases(call, expression),
        "shards" => shards(call, all)?,
        "allocation" => allocation(call),
        "plugins" | "pending_tasks" | "fielddata" | "repositories" | "templates" | "nodeattrs" | "tasks"
        | "recovery" | "segments" | "thread_pool" => Table { columns: Vec::new(), rows: Vec::new() },
        _ => {
            return Err(Fault::argument(format!(
                "request [/_cat/{name}] contains unrecognized parameter: [{name}]"
            )));
        }
    };
    Ok(written(call, table))
}

fn written(call: &Call<'_>, mut table: Table) -> Reply {
    let wanted: Vec<&str> = call.value("h").split(',').filter(|name| !name.is_empty()).collect();
    if !wanted.is_empty() {
        let places: Vec<usize> = wanted
            .iter()
            .flat_map(|name| {
                let fits = |(column, _): &(&str, bool)| matches(name, column) || short(name) == *column;
                let place = table.columns.iter().enumerate().filter(|(_, column)| fits(column));
                place.map(|(place, _)| place).collect::<Vec<_>>()
            })
            .collect();
        table.columns = places.iter().filter_map(|place| table.columns.get(*place).copied()).collect();
        for row in &mut table.rows {
            *row = places.iter().filter_map(|place| row.get(*place).cloned()).collect();
        }
    }
    let sorted = call.value("s").split([',', ':']).next().unwrap_or_default();
    if let Some(place) = table.columns.iter().position(|(name, _)| *name == short(sorted)) {
        table.rows.sort_by(|left, right| left.get(place).cmp(&right.get(place)));
    }
    let json = call.value("format") == "json"
        || call.request.field("accept").is_some_and(|kind| kind.contains("json") && !kind.contains("text"));
    if json {
        let rows = table.rows.iter().map(|row| {
            let pairs = table.columns.iter().zip(row);
            let pairs = pairs.map(|((name, _), value)| {
                let value = if value.is_empty() { Value::Null } else { json!(value) };
                ((*name).to_owned(), value)
            });
            Value::Object(Map::from_iter(pairs))
        });
        return Reply::ok(rows.collect::<Vec<_>>().into());
    }
    Reply::text(columns(&table, call.flag("v")))
}

/// Short names of columns.
fn short(name: &str) -> &str {
    match name {
        "i" | "idx" => "index",
        "dc" | "docsCount" => "docs.count",
        "ss" | "storeSize" => "store.size",
        "n" => "name",
        "st" => "status",
        other => other,
    }
}

fn columns(table: &Table, heads: bool) -> String {
    let width = |(place, (name, _)): (usize, &(&str, bool))| {
        let cells = table.rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.chars().count());
        cells.max().unwrap_or(0).max(if heads { name.len() } else { 0 })
    };
    let widths: Vec<usize> = table.columns.iter().enumerate().map(width).collect();
    let long = widths.iter().sum::<usize>() + widths.len() + 1;
    let mut text = String::with_capacity((table.rows.len() + 1) * long);
    if heads {
        line(&mut text, table, &widths, table.columns.iter().map(|(name, _)| *name));
    }
    for row in &table.rows {
        line(&mut text, table, &widths, row.iter().map(String::as_str));
    }
    text
}

/// Adds cells in their columns.
fn line<'a>(
    text: &mut String,
    table: &Table,
    widths: &[usize],
    cells: impl ExactSizeIterator<Item = &'a str>,
) {
    let number = cells.len();
    for (place, cell) in cells.enumerate() {
        let width = widths.get(place).copied().unwrap_or(0);
        let blanks = std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count()));
        let right = table.columns.get(place).is_some_and(|(_, right)| *right);
        if 0 < place {
            text.push(' ');
        }
        if right {
            text.extend(blanks);
            text.push_str(cell);
        } else {
            text.push_str(cell);
            text.extend(blanks.filter(|_| place + 1 < number));
        }
    }
    text.push('\n');
}

/// A size as people read it.
fn size(bytes: u64) -> String {
    const UNITS: [(&str, u32); 3] = [("gb", 30), ("mb", 20), ("kb", 10)];
    for (unit, shift) in UNITS {
        if 1 << shift <= bytes {
            let tenths = bytes.saturating_mul(10) >> shift;
            let rest = tenths % 10;
            let whole = tenths / 10;
            return if rest == 0 { format!("{whole}{unit}") } else { format!("{whole}.{rest}{unit}") };
        }
    }
    format!("{bytes}b")
}

fn indices(call: &Call<'_>, expression: &str) -> Result<Table, Fault> {
    let names = call.store.resolve(expression)?;
    let rows = names.iter().filter_map(|name| call.store.indices.get(name)).map(|index| {
        let health = if index.replicas == 0 { "green" } else { "yellow" };
        let bytes = size(index.size());
        vec![
            health.to_owned(),
            if index.closed { "close" } else { "open" }.to_owned(),
            index.name.clone(),
            index.uuid.clone(),
            index.shards.to_string(),
            index.replicas.to_string(),
            index.len().to_string(),
            index.deleted.to_string(),
            bytes.clone(),
            bytes,
        ]
    });
    let columns = vec![
        ("health", false),
        ("status", false),
        ("index", false),
        ("uuid", false),
        ("pri", true),
        ("rep", true),
        ("docs.count", true),
        ("docs.deleted", true),
        ("store.size", true),
        ("pri.store.size", true),
    ];
    Ok(Table { rows: rows.collect(), columns })
}

/// Seconds since the epoch, and the hour.
fn moment(call: &Call<'_>) -> (String, String) {
    let at = date::civil(call.now, 0);
    let second = call.now.div_euclid(1_000_000);
    (second.to_string(), format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second()))
}

fn health(call: &Call<'_>) -> Table {
    let (epoch, time) = moment(call);
    let (status, shards, missing) = cluster::shards(call);
    let share = cluster::share(shards, missing);
    let row = vec![
        epoch,
        time,
        cluster::name(call).to_owned(),
        status.to_owned(),
        "1".to_owned(),
        "1".to_owned(),
        shards.to_string(),
        shards.to_string(),
        "0".to_owned(),
        "0".to_owned(),
        missing.to_string(),
        "0".to_owned(),
        "-".to_owned(),
        format!("{share:.1}%"),
    ];
    let columns = vec![
        ("epoch", false),
        ("timestamp", false),
        ("cluster", false),
        ("status", false),
        ("node.total", true),
        ("node.data", true),
        ("shards", true),
        ("pri", true),
        ("relo", true),
        ("init", true),
        ("unassign", true),
        ("pending_tasks", true),
        ("max_task_wait_time", true),
        ("active_shards_percent", true),
    ];
    Table { columns, rows: vec![row] }
}

fn nodes(call: &Call<'_>) -> Table {
    let node = cluster::Node::of(call.host);
    let roles = if call.release.line < (7, 10) { "dimr" } else { "cdfhilmrstw" };
    let row = [node.ip.as_str(), "38", "91", "3", "0.08", "0.05", "0.01", roles, "*", node.name.as_str()];
    let columns = vec![
        ("ip", false),
        ("heap.percent", true),
        ("ram.percent", true),
        ("cpu", true),
        ("load_1m", true),
        ("load_5m", true),
        ("load_15m", true),
        ("node.role", false),
        ("master", false),
        ("name", false),
    ];
    Table { columns, rows: vec![row.map(str::to_owned).to_vec()] }
}

fn master(call: &Call<'_>) -> Table {
    let node = cluster::Node::of(call.host);
    let columns = vec![("id", false), ("host", false), ("ip", false), ("node", false)];
    Table { columns, rows: vec![vec![node.id, node.ip.clone(), node.ip, node.name]] }
}

fn count(call: &Call<'_>, expression: &str) -> Result<Table, Fault> {
    let (epoch, time) = moment(call);
    let names = call.store.resolve(expression)?;
    let count: usize =
        names.iter().filter_map(|name| call.store.indices.get(name)).map(super::store::Index::len).sum();
    let columns = vec![("epoch", false), ("timestamp", false), ("count", false)];
    Ok(Table { columns, rows: vec![vec![epoch, time, count.to_string()]] })
}

fn aliases(call: &Call<'_>, expression: &str) -> Table {
    let fits = |alias: &str| expression.is_empty() || matches(expression, alias);
    let rows = call.store.indices.values().flat_map(|index| {
        let names = index.aliases.keys().filter(|alias| fits(alias));
        names.map(|alias| {
            let dash = || "-".to_owned();
            vec![alias.clone(), index.name.clone(), dash(), dash(), dash(), dash()]
        })
    });
    let columns = vec![
        ("alias", false),
        ("index", false),
        ("filter", false),
        ("routing.index", false),
        ("routing.search", false),
        ("is_write_index", false),
    ];
    Table { rows: rows.collect(), columns }
}

fn shards(call: &Call<'_>, expression: &str) -> Result<Table, Fault> {
    let node = cluster::Node::of(call.host);
    let mut rows = Vec::new();
    for name in call.store.resolve(expression)? {
        let Some(index) = call.store.indices.get(&name) else { continue };
        let (documents, bytes) = (index.len().to_string(), size(index.size()));
        let (ip, node) = (node.ip.clone(), node.name.clone());
        rows.push(vec![name.clone(), "0".into(), "p".into(), "STARTED".into(), documents, bytes, ip, node]);
        if 0 < index.replicas {
            let mut missing = vec![name, "0".into(), "r".into(), "UNASSIGNED".into()];
            missing.resize(8, String::new());
            rows.push(missing);
        }
    }
    let columns = vec![
        ("index", false),
        ("shard", false),
        ("prirep", false),
        ("state", false),
        ("docs", true),
        ("store", true),
        ("ip", false),
        ("node", false),
    ];
    Ok(Table { columns, rows })
}

fn allocation(call: &Call<'_>) -> Table {
    let node = cluster::Node::of(call.host);
    let (_, shards, missing) = cluster::shards(call);
    let used: u64 = call.store.indices.values().map(super::store::Index::size).sum();
    let disk = call.host.persona().hardware.disk_kib * 1024;
    let taken = disk / 5;
    let row = vec![
        shards.to_string(),
        size(used),
        size(taken),
        size(disk - taken),
        size(disk),
        "20".to_owned(),
        node.ip.clone(),
        node.ip,
        node.name,
    ];
    let mut rest = vec![missing.to_string()];
    rest.resize(8, String::new());
    rest.push("UNASSIGNED".to_owned());
    let columns = vec![
        ("shards", true),
        ("disk.indices", true),
        ("disk.used", true),
        ("disk.avail", true),
        ("disk.total", true),
        ("disk.percent", true),
        ("host", false),
        ("ip", false),
        ("node", false),
    ];
    Table { columns, rows: vec![row, rest] }
}
