//! Tables that are looked into for every segment. Keys are addresses and ports that peers choose; the hash is
//! seeded at random for each process, and every table here is bounded, so that nobody can make one slow.

use foldhash::fast::RandomState;

pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;
pub(crate) type HashSet<K> = std::collections::HashSet<K, RandomState>;
