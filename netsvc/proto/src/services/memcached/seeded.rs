//! What a cache holds before anybody comes: sessions and pages of a web application, as the node's key draws them.

use super::store::Store;
use netsvc_kit::Host;
use rand_core::RngCore;

/// Most items that a cache begins with.
const MOST: u32 = 60;
/// Seconds that a session lives (`session.gc_maxlifetime` of PHP).
const LIFE: i64 = 1440;

/// Fills `store`.
pub(super) fn fill(host: &Host, store: &mut Store) {
    let mut random = host.generator("items");
    let now = host.clock() / 1_000_000;
    let users = &host.persona().users;
    for number in 0..8 + random.next_u32() % MOST {
        // Sessions end and others begin: the ones that are there now have begun within their life.
        let begun = now - i64::from(random.next_u32() % 1400);
        let mut id = [0; 13];
        random.fill_bytes(&mut id);
        let user = users.get(random.next_u32() as usize % users.len().max(1));
        let name = user.map_or("guest", |user| user.name.as_str());
        let (key, value, expires) = match number % 3 {
            0 => page(number, random.next_u32()),
            _ => (format!("memc.sess.key.{}", hex::encode(id)), session(name, begun), begun + LIFE),
        };
        let _ = store.put(key.as_bytes(), value.into_bytes(), 0, expires, begun);
    }
    store.counters = Default::default();
    store.counters.total_items = store.len() as u64;
    let days = u64::try_from((now - store.begun) / 86_400).unwrap_or_default() + 1;
    let daily = u64::from(random.next_u32() % 4000 + 500);
    let (sets, gets) = (days * daily, days * daily * 6);
    let misses = gets / u64::from(random.next_u32() % 20 + 9);
    store.counters.total_connections = days * u64::from(random.next_u32() % 300 + 40);
    (store.counters.cmd_set, store.counters.total_items, store.counters.cmd_get) = (sets, sets, gets);
    (store.counters.get_hits, store.counters.get_misses) = (gets - misses, misses);
    (store.counters.bytes_read, store.counters.bytes_written) = (sets * 310 + gets * 52, gets * 240);
}

fn session(name: &str, begun: i64) -> String {
    format!("user|s:{}:\"{name}\";login|b:1;last|i:{begun};lang|s:2:\"en\";", name.len())
}

fn page(number: u32, random: u32) -> (String, String, i64) {
    let id = random % 900 + 10;
    let text =
        format!("a:3:{{s:2:\"id\";i:{id};s:4:\"hits\";i:{};s:6:\"status\";s:7:\"publish\";}}", random % 5000);
    (format!("wp_:posts:{}", id + number), text, 0)
}
