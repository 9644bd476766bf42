//! What is derived for a seed stays what it was: fleets that are deployed again keep their faces.

use decnet_model::persona::derive::{Request, derive};
use netsvc_persona::tables::systems::SYSTEMS;
use std::fmt::Write;

/// A line per persona: system, node, what it shows, and a digest of the whole document.
const DERIVED: &str = include_str!("derived.txt");
const SERVICES: [&str; 7] = ["ssh", "http", "ftp", "smtp", "redis", "mysql", "telnet"];

/// FNV-1a: enough to see that two documents differ.
fn digest(text: &str) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, mix)
}

fn derived() -> String {
    let services = SERVICES.map(str::to_owned);
    let mut lines = String::new();
    for system in SYSTEMS {
        for (number, seed) in (1..=4).zip([Some("s"), None, Some("other"), Some("")]) {
            let node = format!("node-{number}");
            let at = ([10, 66, 0, number].into(), 21);
            let secret = [number; 32];
            let plain = Request::plain(&secret, &node, system.id, &services, at, 1_764_000_000_000_000);
            let persona = derive(&Request { seed, generation: u32::from(number / 3), ..plain }).unwrap();
            let text = serde_json::to_string(&persona).unwrap();
            write!(lines, "{} {node} {:016x}", system.id, digest(&text)).unwrap();
            for (slug, product) in &persona.products {
                let shown = format!("{} {} {}", product.name, product.version, product.packaging);
                write!(lines, " · {slug}: {}", shown.trim_end()).unwrap();
            }
            lines.push('\n');
        }
    }
    lines
}

#[test]
fn a_seed_derives_what_it_always_did() {
    let now = derived();
    for (line, was) in now.lines().zip(DERIVED.lines()) {
        assert_eq!(line, was);
    }
    let new: Vec<_> = now.lines().skip(DERIVED.lines().count()).collect();
    assert!(new.is_empty(), "lines of systems that are new:\n{}", new.join("\n"));
    assert_eq!(now.lines().count(), DERIVED.lines().count());
}
