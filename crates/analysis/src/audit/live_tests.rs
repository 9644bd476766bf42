//! Ten deckies that show something wrong, each found by its tell; those that show what they are pass.

use super::{tests::fleet, *};

/// A clock of a thousand ticks a second begins anew after fifty days, in µs.
const PERIOD: i64 = 4_294_967_296_000;

/// What a scanner sees of whole deckies.
fn seen(fleet: &[Persona]) -> BTreeMap<String, Seen> {
    let look = |(index, persona): (u32, &Persona)| {
        let ssh = persona.products.get("ssh");
        let small = u16::try_from(index).unwrap();
        let seen = Seen {
            ssh_version: ssh.map(|product| format!("SSH-2.0-{}_{}", product.name, product.version)),
            hassh: ssh.map(|product| format!("hash of {}", product.version)),
            host_keys: ssh.and_then(|_| persona.ssh_keys.ed25519_fingerprint()).into_iter().collect(),
            certificate: Some(persona.certificate.serial.clone()),
            tls: Some(persona.os.family.clone()),
            http_server: persona
                .products
                .get("http")
                .map(|product| format!("{}/{}", product.name, product.version)),
            http_ahead: Some(persona.clock_offset_ms * 1000),
            booted: Some((persona.booted_at + 3 * PERIOD, PERIOD)),
            ids: vec![100 * small, 100 * small + 1, 100 * small + 2],
            isns: vec![1000 * index, 2000 * index, 5000 * index],
            passive: None,
        };
        (persona.node.clone(), seen)
    };
    (1..).zip(fleet).map(look).collect()
}

#[test]
fn deckies_that_show_what_they_are_pass() {
    let fleet = fleet();
    let found = live(&fleet, &seen(&fleet));
    assert!(found.is_empty(), "{found:#?}");
    // A system that numbers nothing is no clash, nor is one that nobody looked at.
    let mut dull = seen(&fleet);
    dull.values_mut().for_each(|seen| seen.ids = vec![0; 6]);
    dull.remove("node-1");
    assert!(live(&fleet, &dull).is_empty());
}

#[test]
fn ten_broken_deckies_are_found() {
    type Harm = fn(&mut BTreeMap<String, Seen>);
    fn of<'a>(seen: &'a mut BTreeMap<String, Seen>, name: &str) -> &'a mut Seen {
        seen.get_mut(name).unwrap()
    }
    let broken: [(&str, &str, Harm); 10] = [
        ("a host key for two", "FL-01", |seen| {
            let key = of(seen, "node-1").host_keys.clone();
            of(seen, "node-0").host_keys.extend(key);
        }),
        ("a certificate for two", "FL-01", |seen| {
            of(seen, "node-0").certificate = of(seen, "node-2").certificate.clone();
        }),
        ("one library under two names", "FL-02", |seen| {
            of(seen, "node-0").tls = of(seen, "node-2").tls.clone();
        }),
        ("timestamps of another", "FL-04", |seen| of(seen, "node-0").booted = of(seen, "node-1").booted),
        ("timestamps that are not its uptime", "FL-04", |seen| {
            of(seen, "node-0").booted = Some((PERIOD / 3, PERIOD))
        }),
        ("one counter of identifications", "FL-04", |seen| {
            of(seen, "node-0").ids = of(seen, "node-1").ids.clone();
        }),
        ("one source of sequence numbers", "FL-04", |seen| {
            of(seen, "node-0").isns = of(seen, "node-3").isns.clone();
        }),
        ("a banner of another release", "SSH-10", |seen| {
            of(seen, "node-0").ssh_version = Some("SSH-2.0-OpenSSH_5.3".into());
        }),
        ("a stack of another system", "OS-02", |seen| {
            of(seen, "node-0").passive = Some("Windows 7 or 8".into());
        }),
        ("a clock far off", "FL-11", |seen| of(seen, "node-0").http_ahead = Some(3_600_000_000)),
    ];
    let fleet = fleet();
    for (what, tell, harm) in broken {
        let mut seen = seen(&fleet);
        harm(&mut seen);
        let found = live(&fleet, &seen);
        let tells: Vec<_> =
            found.iter().filter(|found| found.decky == "node-0").map(|found| found.tell).collect();
        assert!(tells.contains(&tell), "{what}: {found:#?}");
    }
}

#[test]
fn keys_that_are_not_those_of_the_persona_are_found() {
    let fleet = fleet();
    let mut seen = seen(&fleet);
    seen.get_mut("node-0").unwrap().host_keys = ["SHA256:other".to_owned()].into();
    assert_eq!(live(&fleet, &seen).first().map(|found| found.tell), Some("SSH-18"));
}

#[test]
fn equal_offers_of_different_releases_are_found() {
    let mut fleet = fleet();
    let (name, version) = ("node-0", "7.4");
    fleet[0].products.get_mut("ssh").unwrap().version = version.into();
    let mut seen = seen(&fleet);
    let other = seen["node-1"].hassh.clone();
    let own = seen.get_mut(name).unwrap();
    own.hassh = other;
    let found = live(&fleet, &seen);
    assert!(found.iter().any(|found| found.decky == name && found.tell == "FL-02"), "{found:#?}");
}

#[test]
fn what_says_most_and_hits_most_is_ranked_first() {
    let found = |decky: &str, tell, strength| Finding {
        decky: decky.into(),
        strength,
        tell,
        detail: String::new(),
        remedy: String::new(),
    };
    let ranks = ranking(&[
        found("a", "FL-12", Strength::AddsUp),
        found("b", "FL-12", Strength::AddsUp),
        found("c", "FL-12", Strength::AddsUp),
        found("a", "FL-01", Strength::Decisive),
        found("b", "FL-01", Strength::Decisive),
        found("a", "OS-02", Strength::Decisive),
    ]);
    let order: Vec<_> = ranks.iter().map(|rank| (rank.tell, rank.deckies.len())).collect();
    assert_eq!(order, [("FL-01", 2), ("OS-02", 1), ("FL-12", 3)]);
}

#[test]
fn nobody_is_told_exactly_behind_a_firewall() {
    let mut persona = fleet().remove(2);
    persona.firewall = true;
    assert_eq!(recognised(&persona, &Scanned { exact: Vec::new() }), None);
    let other = Scanned { exact: vec!["Linux 4.15".into()] };
    assert_eq!(recognised(&persona, &other).unwrap().strength, Strength::Decisive);
}
