//! ifTable and ifXTable (RFC 2863).

use super::{
    devices::Interface,
    tree::{Source, Tree, Value, below, gauge, int, name, text},
};
use rand_core::RngCore;

/// What goes through an interface in a thousand seconds.
struct Traffic {
    bytes_in: u64,
    bytes_out: u64,
    packets_in: u64,
    packets_out: u64,
}

/// Adds the rows of `interface`.
pub(super) fn add(tree: &mut Tree, interface: &Interface, random: &mut impl RngCore) {
    let busy = interface.up && interface.kind == 6;
    let rate = |random: &mut _, most| if busy { below(random, most) + most as u64 / 4 } else { 0 };
    let (bytes_in, bytes_out) = (rate(random, 40_000_000), rate(random, 9_000_000));
    let traffic = Traffic { bytes_in, bytes_out, packets_in: bytes_in / 310, packets_out: bytes_out / 180 };
    tree.row(&[1, 3, 6, 1, 2, 1, 2, 2, 1], &[interface.index], basic(interface, &traffic));
    tree.row(&[1, 3, 6, 1, 2, 1, 31, 1, 1, 1], &[interface.index], extended(interface, &traffic));
}

fn count(rate: u64) -> Source {
    Source::Count(rate / 7, rate)
}

fn wide(rate: u64) -> Source {
    Source::Count64(rate / 7, rate)
}

fn since() -> Source {
    Source::from(Value::Ticks(0))
}

/// The columns of ifTable.
fn basic(interface: &Interface, traffic: &Traffic) -> Vec<(u32, Source)> {
    let status = if interface.up { 1 } else { 2 };
    let bits = u64::from(interface.speed) * 1_000_000;
    vec![
        (1, int(interface.index)),
        (2, text(&interface.about)),
        (3, int(interface.kind)),
        (4, int(interface.mtu)),
        (5, gauge(bits)),
        (6, text(&interface.mac)),
        (7, int(status)),
        (8, int(status)),
        (9, since()),
        (10, count(traffic.bytes_in)),
        (11, count(traffic.packets_in)),
        (12, count(traffic.packets_in / 50)),
        (13, count(0)),
        (14, count(0)),
        (15, count(0)),
        (16, count(traffic.bytes_out)),
        (17, count(traffic.packets_out)),
        (18, count(0)),
        (19, count(0)),
        (20, count(0)),
        (21, gauge(0)),
        (22, name(&[0, 0])),
    ]
}

/// The columns of ifXTable.
fn extended(interface: &Interface, traffic: &Traffic) -> Vec<(u32, Source)> {
    vec![
        (1, text(&interface.name)),
        (2, count(traffic.packets_in / 50)),
        (3, count(0)),
        (4, count(0)),
        (5, count(0)),
        (6, wide(traffic.bytes_in)),
        (7, wide(traffic.packets_in)),
        (8, wide(traffic.packets_in / 50)),
        (9, wide(0)),
        (10, wide(traffic.bytes_out)),
        (11, wide(traffic.packets_out)),
        (12, wide(0)),
        (13, wide(0)),
        (15, gauge(interface.speed)),
        (16, int(2)),
        (17, int(if interface.mac.is_empty() { 2 } else { 1 })),
        (18, text("")),
        (19, since()),
    ]
}
