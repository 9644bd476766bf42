//! What deckies show that were looked at, beside each other.

use super::{
    Strength,
    clash::{Clash, Phrase, at_once, shared},
    library,
    seen::Seen,
};
use netsvc_persona::Persona;
use std::collections::{BTreeMap, BTreeSet};

/// Clocks of two machines do not agree by chance so well that their boots lie so close, in µs.
const TOGETHER: i64 = 1_500_000;

/// A decky and what was seen of it.
pub(super) type Met<'a> = (&'a Persona, &'a Seen);

/// What they share.
pub(super) fn clashes(met: &[Met<'_>]) -> Vec<Clash> {
    let mut clashes = equal(met);
    clashes.extend(libraries(met));
    let boots =
        met.iter().filter_map(|(persona, seen)| Some((seen.booted?.0, persona.node.clone()))).collect();
    clashes.extend(at_once(boots, TOGETHER).into_iter().map(|deckies| {
        let phrase = "its timestamps count from the same moment as those of";
        Clash::beside(Strength::Decisive, "FL-04", "one clock of TCP timestamps", phrase, deckies)
    }));
    clashes
}

/// A value that must differ, and how it is read.
type Unique = (&'static str, &'static str, fn(&Seen) -> Option<String>);

const UNIQUE: &[Unique] = &[
    ("FL-01", "ed25519 host key of SSH", |seen| seen.host_keys.get("ed25519").cloned()),
    ("FL-01", "ECDSA host key of SSH", |seen| seen.host_keys.get("ECDSA").cloned()),
    ("FL-01", "RSA host key of SSH", |seen| seen.host_keys.get("RSA").cloned()),
    ("FL-01", "DSA host key of SSH", |seen| seen.host_keys.get("DSA").cloned()),
    ("FL-01", "certificate", |seen| seen.certificate.clone()),
    ("FL-04", "series of IP identifications", |seen| series(&seen.ids)),
    ("FL-04", "series of initial sequence numbers", |seen| series(&steps(&seen.isns))),
];

/// How far each number is from the one before it: two machines with one generator take the same steps,
/// whatever they began with.
fn steps(numbers: &[u32]) -> Vec<u32> {
    let step = |pair: &[u32]| match pair {
        [one, other] => other.wrapping_sub(*one),
        _ => 0,
    };
    numbers.windows(2).map(step).collect()
}

/// A series that says something: of two numbers or more, not all the same.
fn series<T: Copy + PartialEq + ToString>(numbers: &[T]) -> Option<String> {
    let varies = numbers.windows(2).any(|pair| pair.first() != pair.last());
    let text: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    varies.then(|| text.join(","))
}

fn equal(met: &[Met<'_>]) -> Vec<Clash> {
    let mut clashes = Vec::new();
    for (tell, what, read) in UNIQUE {
        let values = met.iter().map(|(persona, seen)| (persona.node.as_str(), read(seen)));
        for deckies in shared(values) {
            let phrase = format!("it shows the {what} of");
            clashes.push(Clash::beside(Strength::Decisive, tell, format!("one {what}"), phrase, deckies));
        }
    }
    clashes
}

/// One library behind servers that claim to be different ones.
fn libraries(met: &[Met<'_>]) -> Vec<Clash> {
    let version = |persona: &Persona| {
        persona.products.get("ssh").map(|product| format!("{} {}", product.name, release(&product.version)))
    };
    let hassh = |seen: &Seen| seen.hassh.clone().into_iter().collect();
    let mut clashes = differing(met, Strength::Decisive, "HASSHServer", hassh, version);
    let stack = |persona: &Persona| Some(library::of(persona).name.to_owned());
    // One answer says less than an offer: other libraries may give it too. Ten answers say more, so that
    // where they were asked for, the one adds nothing.
    let ja3s = |seen: &Seen| seen.tls.clone().filter(|_| seen.jarm.is_empty()).into_iter().collect();
    clashes.extend(differing(met, Strength::AddsUp, "JA3S", ja3s, stack));
    let jarm = |seen: &Seen| seen.jarm.values().map(|jarm| jarm.hash()).collect();
    let odd: BTreeSet<&str> = met
        .iter()
        .filter(|(persona, seen)| contradicts(persona, seen))
        .map(|(persona, _)| persona.node.as_str())
        .collect();
    let alike = differing(met, Strength::AddsUp, "JARM", jarm, stack).into_iter().map(|clash| Clash {
        // Of those who contradict themselves that was said already, and the others are right.
        blamed: clash
            .blamed
            .filter(|_| !clash.deckies.iter().any(|decky| odd.contains(decky.as_str())))
            .or(Some(Vec::new())),
        ..clash
    });
    clashes.extend(alike);
    clashes
}

/// Whether what a machine says in TLS is not of its library.
fn contradicts(persona: &Persona, seen: &Seen) -> bool {
    seen.jarm.values().any(|jarm| library::contradiction(library::of(persona), jarm).is_some())
}

/// Offers of OpenSSH change with releases, not with patches; `9.2p1` is `9`.
fn release(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}

/// Deckies that show the same `what` and claim something different.
fn differing(
    met: &[Met<'_>],
    strength: Strength,
    what: &str,
    shown: impl Fn(&Seen) -> Vec<String>,
    claim: impl Fn(&Persona) -> Option<String>,
) -> Vec<Clash> {
    let mut claims: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (persona, seen) in met {
        for shown in shown(seen) {
            if let Some(claimed) = claim(persona) {
                claims.entry(shown).or_default().entry(claimed).or_default().insert(persona.node.clone());
            }
        }
    }
    let contradicting = claims.into_iter().filter(|(_, claims)| claims.len() > 1);
    let clash = |(value, claims): (String, BTreeMap<String, BTreeSet<String>>)| {
        let named = claims.keys().cloned().collect::<Vec<_>>().join(", ");
        // Those are wrong that are fewer: the most frequent claim may well be true.
        let most = claims.values().map(BTreeSet::len).max().unwrap_or_default();
        let even = claims.values().all(|sharing| sharing.len() == most);
        let fewer = claims.values().filter(|sharing| sharing.len() < most || even);
        let phrase = Phrase::Whole(format!("{what} {value} is shown under the names {named}"));
        Clash {
            blamed: Some(fewer.flatten().cloned().collect()),
            phrase,
            ..Clash::beside(
                strength,
                "FL-02",
                format!("{what} {value} of {named}"),
                "",
                claims.into_values().flatten().collect(),
            )
        }
    };
    contradicting.map(clash).collect()
}
