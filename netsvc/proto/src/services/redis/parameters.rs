//! The parameters of the configuration.
//!
//! `data/parameters.tsv` holds name, what it takes and default of every parameter of redis-server 7.0.15.

use netsvc_kit::Host;
use std::{collections::BTreeMap, sync::LazyLock};

struct Parameter {
    name: &'static str,
    kind: &'static str,
    default: &'static str,
}

static PARAMETERS: LazyLock<BTreeMap<&'static str, Parameter>> = LazyLock::new(|| {
    let rows = include_str!("data/parameters.tsv").lines().filter_map(|line| {
        let mut cells = line.split('\t');
        let name = cells.next()?;
        Some((name, Parameter { name, kind: cells.next()?, default: cells.next()? }))
    });
    rows.collect()
});

/// The parameters of a server that was just started.
pub(super) fn defaults(host: &Host, version: (u32, u32)) -> BTreeMap<String, String> {
    let all = PARAMETERS.values().map(|parameter| (parameter.name.to_owned(), parameter.default.to_owned()));
    let mut config: BTreeMap<String, String> = all.collect();
    let mut set = |name: &str, value: &str| config.insert(name.to_owned(), value.to_owned());
    set("requirepass", host.setting("password").unwrap_or_default());
    set("enable-protected-configs", if host.flag("persistence", true) { "yes" } else { "no" });
    if version < (7, 0) {
        let newer = |name: &str| name.starts_with("enable-") || name.contains("listpack");
        config.retain(|name, _| !newer(name));
    }
    config
}

/// What the parameter `name` takes: `bool`, `memory`, `text`, `fixed`, `number:LOW:HIGH` or `enum:ONE, OTHER`.
pub(super) fn kind(name: &str) -> &'static str {
    PARAMETERS.get(name).map_or("text", |parameter| parameter.kind)
}
