//! Which calls are news: one use is told once, what repeats it is counted, and what comes long after as an echo of a
//! name that was seen before is told as such.

use super::{Call, noise};
use decnet_model::record::CanaryChannel;
use netsvc_wire::stamp::{DAY, Micros};
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
};

/// Uses and names that are remembered.
const MOST: usize = 20_000;
/// Uses of one canary that are told in ten minutes; whoever has its address could ask for it for ever.
const TOLD: u32 = 60;
const TOLD_IN: Micros = 600_000_000;
/// A name that is asked for again after so long, from the same network, or much later from any, is an echo: somebody
/// keeps names and asks for them from time to time.
const ECHO: Micros = 3_600_000_000;
const LATE_ECHO: Micros = 7 * DAY;

/// What is to be done with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is told.
    Hit,
    /// It is told as noise, of this kind.
    Noise(&'static str),
    /// It is counted, and told in sum.
    Counted,
}

/// Calls that were counted.
#[derive(Clone, Debug)]
pub struct Summed {
    /// The last of them.
    pub call: Call,
    /// How many there were.
    pub count: u64,
}

struct Use {
    begun: Micros,
    last: Call,
    repeated: u64,
}

/// Remembers calls.
#[derive(Default)]
pub struct Dampener {
    uses: HashMap<u64, Use>,
    /// When each name was asked for first, and from where.
    names: HashMap<u64, (Micros, IpAddr)>,
    told: HashMap<String, (Micros, u32)>,
}

impl Dampener {
    /// Takes note of a name that was asked for before this process began.
    pub fn remember(&mut self, name: &str, at: Micros, from: IpAddr) {
        if self.names.len() < MOST {
            let known = self.names.entry(hash(&name.to_ascii_lowercase())).or_insert((at, network(from)));
            known.0 = known.0.min(at);
        }
    }

    /// Judges a call. What it pushed out of memory comes back to be told.
    pub fn judge(&mut self, call: &Call) -> (Verdict, Vec<Summed>) {
        let key = hash(&(&call.id, call.channel.name(), network(call.peer.ip()), like(call), call.noise));
        if let Some(known) = self.uses.get_mut(&key)
            && call.at - known.begun < noise::same_use(call.channel)
        {
            known.repeated += 1;
            known.last = call.clone();
            return (Verdict::Counted, Vec::new());
        }
        let mut out = Vec::new();
        let old = self.uses.insert(key, Use { begun: call.at, last: call.clone(), repeated: 0 });
        out.extend(old.and_then(summed));
        if MOST < self.uses.len() {
            out.extend(self.uses.drain().filter_map(|(_, known)| summed(known)));
        }
        let verdict = match call.noise.or_else(|| self.echo(call)) {
            Some(reason) => Verdict::Noise(reason),
            None => Verdict::Hit,
        };
        if !self.may_tell(call) {
            if let Some(known) = self.uses.get_mut(&key) {
                known.repeated += 1;
            }
            return (Verdict::Counted, out);
        }
        (verdict, out)
    }

    /// What was counted of uses that are over; of all when `all`.
    pub fn over(&mut self, now: Micros, all: bool) -> Vec<Summed> {
        let ended = |known: &Use| all || now - known.begun >= noise::same_use(known.last.channel);
        let keys: Vec<u64> =
            self.uses.iter().filter(|(_, known)| ended(known)).map(|(key, _)| *key).collect();
        self.told.retain(|_, (begun, _)| now - *begun < TOLD_IN);
        keys.into_iter().filter_map(|key| self.uses.remove(&key)).filter_map(summed).collect()
    }

    fn echo(&mut self, call: &Call) -> Option<&'static str> {
        if call.channel != CanaryChannel::Dns {
            return None;
        }
        let from = network(call.peer.ip());
        let name = hash(&call.target.to_ascii_lowercase());
        let Some((first, before)) = self.names.get(&name).copied() else {
            if MOST <= self.names.len() {
                self.names.clear();
            }
            self.names.insert(name, (call.at, from));
            return None;
        };
        let age = call.at - first;
        let echo = (before == from && ECHO < age) || LATE_ECHO < age;
        echo.then_some("echo")
    }

    fn may_tell(&mut self, call: &Call) -> bool {
        if MOST < self.told.len() {
            self.told.clear();
        }
        let (begun, count) = self.told.entry(call.id.clone()).or_insert((call.at, 0));
        if TOLD_IN <= call.at - *begun {
            (*begun, *count) = (call.at, 0);
        }
        *count += 1;
        *count <= TOLD
    }
}

/// What two calls of one use have in common beside where they come from.
fn like(call: &Call) -> String {
    match call.channel {
        CanaryChannel::Dns => call.target.to_ascii_lowercase(),
        _ => call.client.clone(),
    }
}

fn summed(known: Use) -> Option<Summed> {
    (known.repeated > 0).then_some(Summed { call: known.last, count: known.repeated })
}

/// The network of an address: /24, /48.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            IpAddr::from([a, b, c, 0])
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            IpAddr::from([a, b, c, 0, 0, 0, 0, 0])
        }
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(channel: CanaryChannel, peer: &str, at: Micros, client: &str, target: &str) -> Call {
        Call {
            id: "abcdefghijklmnopqr".into(),
            channel,
            peer: format!("{peer}:9").parse().unwrap(),
            port: 1,
            at,
            client: client.into(),
            target: target.into(),
            fields: Vec::new(),
            noise: None,
        }
    }

    #[test]
    fn one_use_is_told_once_and_what_repeats_it_is_counted() {
        let mut dampener = Dampener::default();
        let name = "x.abcdefghijklmnopqr.z.example";
        let of = |peer: &str, at: Micros, target: &str| call(CanaryChannel::Dns, peer, at, "A", target);
        assert_eq!(dampener.judge(&of("192.0.2.1", 0, name)).0, Verdict::Hit);
        assert_eq!(
            dampener.judge(&of("192.0.2.9", 1, &name.to_uppercase())).0,
            Verdict::Counted,
            "same resolver site"
        );
        assert_eq!(dampener.judge(&of("198.51.100.1", 2, name)).0, Verdict::Hit, "another site");
        assert_eq!(dampener.over(10, false).len(), 0);
        let sums: Vec<u64> = dampener.over(TOLD_IN + 5, false).iter().map(|sum| sum.count).collect();
        assert_eq!(sums, [1]);
        assert_eq!(dampener.judge(&of("192.0.2.1", ECHO + 10, name)).0, Verdict::Noise("echo"));
        assert_eq!(
            dampener.judge(&of("203.0.113.1", DAY, name)).0,
            Verdict::Hit,
            "a day later, from elsewhere"
        );
        assert_eq!(dampener.judge(&of("203.0.113.1", 8 * DAY, name)).0, Verdict::Noise("echo"));
    }

    #[test]
    fn nobody_floods_with_the_address_of_a_canary() {
        let mut dampener = Dampener::default();
        let mut told = 0;
        for number in 0..1000_i64 {
            let client = format!("client {number}");
            let made = call(CanaryChannel::Http, "192.0.2.1", number, &client, "/");
            told += i32::from(dampener.judge(&made).0 == Verdict::Hit);
        }
        assert_eq!(told, i32::try_from(TOLD).unwrap());
        assert_eq!(dampener.over(TOLD_IN, true).iter().map(|sum| sum.count).sum::<u64>(), 940);
    }
}
