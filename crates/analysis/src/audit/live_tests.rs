//! Ten deckies that show something wrong, each found by its tell; those that show what they are pass.

use super::{tests::fleet, *};
use crate::jarm::{Answer, Jarm};

/// A clock of a thousand ticks a second begins anew after fifty days, in µs.
const PERIOD: i64 = 4_294_967_296_000;

const KINDS: [&str; 3] = ["ed25519", "ECDSA", "RSA"];

fn host_keys(persona: &Persona) -> BTreeMap<String, String> {
    let keys = [
        persona.ssh_keys.ed25519_fingerprint(),
        persona.ssh_keys.ecdsa_p256_fingerprint(),
        Some(format!("RSA of {}", persona.node)),
    ];
    KINDS.map(str::to_owned).into_iter().zip(keys.into_iter().flatten()).collect()
}

/// Answers of the library that the machine has.
fn jarm(persona: &Persona) -> Jarm {
    let windows = persona.os.family.starts_with("windows");
    let extensions = if windows { vec![23, 0xff01] } else { vec![0xff01, 1, 11, 35, 23] };
    let (cipher, version) = (0xc030, 0x0303);
    Jarm(vec![Some(Answer { cipher, version, extensions, ..Answer::default() }); 10])
}

/// What a scanner sees of whole deckies.
fn seen(fleet: &[Persona]) -> BTreeMap<String, Seen> {
    let look = |(index, persona): (u32, &Persona)| {
        let ssh = persona.products.get("ssh");
        let small = u16::try_from(index).unwrap();
        let seen = Seen {
            ssh_version: ssh.map(|product| format!("SSH-2.0-{}_{}", product.name, product.version)),
            hassh: ssh.map(|product| format!("hash of {}", product.version)),
            host_key_kinds: ssh.into_iter().flat_map(|_| KINDS.map(str::to_owned)).collect(),
            host_keys: ssh.into_iter().flat_map(|_| host_keys(persona)).collect(),
            rsa_bits: ssh.map(|_| persona.ssh_keys.rsa_bits),
            jarm: [(990, jarm(persona))].into(),
            certificate: Some(persona.certificate.serial.clone()),
            tls: Some(persona.os.family.clone()),
            http_server: persona
                .products
                .get("http")
                .map(|product| format!("{}/{}", product.name, product.version)),
            http_ahead: Some(persona.clock_offset_ms * 1000),
            booted: Some((persona.booted_at + 3 * PERIOD, PERIOD)),
            ids: vec![100 * small, 100 * small + 1, 100 * small + 2],
            isns: vec![7 + 1000 * index, 7 + 2000 * index, 7 + 5000 * index],
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
            let key = of(seen, "node-1").host_keys["RSA"].clone();
            of(seen, "node-0").host_keys.insert("RSA".into(), key);
        }),
        ("a certificate for two", "FL-01", |seen| {
            of(seen, "node-0").certificate = of(seen, "node-2").certificate.clone();
        }),
        ("one library under two names", "FL-02", |seen| {
            of(seen, "node-0").tls = of(seen, "node-2").tls.clone();
            seen.values_mut().for_each(|seen| seen.jarm.clear());
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

/// What is told of `node` after `harm` was done to what it shows.
fn told(node: &str, harm: impl Fn(&mut Seen)) -> Vec<(Strength, &'static str, String)> {
    let fleet = fleet();
    let mut seen = seen(&fleet);
    harm(seen.get_mut(node).unwrap());
    let found = live(&fleet, &seen).into_iter().filter(|found| found.decky == node);
    found.map(|found| (found.strength, found.tell, found.detail)).collect()
}

#[test]
fn odd_host_keys_are_found() {
    let check = |strength, says: &str, harm: fn(&mut Seen)| {
        let found = told("node-0", harm);
        let [(how, tell, detail)] = found.as_slice() else { unreachable!("{says}: {found:#?}") };
        assert_eq!((*how, *tell), (strength, "SSH-18"), "{detail}");
        assert!(detail.contains(says), "{says}: {detail}");
    };
    check(Strength::Decisive, "ed25519", |seen| {
        seen.host_keys.insert("ed25519".into(), "SHA256:other".into());
    });
    check(Strength::Decisive, "ECDSA", |seen| {
        seen.host_keys.insert("ECDSA".into(), "SHA256:other".into());
    });
    check(Strength::AddsUp, "lists a host key of kind RSA", |seen| {
        seen.host_keys.remove("RSA");
    });
    check(Strength::AddsUp, "no RSA", |seen| {
        seen.host_keys.remove("RSA");
        seen.host_key_kinds.remove("RSA");
    });
    check(Strength::AddsUp, "DSA", |seen| {
        seen.host_keys.insert("DSA".into(), "SHA256:third".into());
        seen.host_key_kinds.insert("DSA".into());
    });
    check(Strength::AddsUp, "1024 bits", |seen| seen.rsa_bits = Some(1024));
    check(Strength::AddsUp, "4096 bits", |seen| seen.rsa_bits = Some(4096));
}

#[test]
fn a_tls_library_that_the_system_does_not_have_is_found() {
    let set = |node, extensions: Vec<u16>| {
        told(node, |seen| {
            let answer = Answer { extensions: extensions.clone(), ..Answer::default() };
            seen.jarm = [(990, Jarm(vec![Some(answer); 10]))].into();
        })
    };
    let windows = "node-2";
    for extensions in [vec![0xff01, 11, 23], vec![1], vec![0xff01, 23], vec![43, 51]] {
        let found = set(windows, extensions);
        assert!(found.iter().any(|(_, tell, _)| *tell == "FL-02"), "{found:#?}");
    }
    assert!(set(windows, vec![16, 23, 0xff01]).is_empty());
    assert!(set("node-0", vec![43, 51]).is_empty());
}

#[test]
fn one_jarm_is_normal_for_one_library_and_not_for_two() {
    let fleet = fleet();
    let mut seen = seen(&fleet);
    assert!(clashes(&fleet, &seen).is_empty(), "{:#?}", clashes(&fleet, &seen));
    let windows = seen["node-2"].jarm.clone();
    seen.get_mut("node-0").unwrap().jarm = windows;
    let [clash] = &clashes(&fleet, &seen)[..] else { unreachable!() };
    assert_eq!(clash.deckies, ["node-0", "node-2"]);
    assert!(
        clash.what.starts_with("JARM 2ad") && clash.what.ends_with("OpenSSL, Schannel"),
        "{}",
        clash.what
    );
}

#[test]
fn clashes_that_give_most_away_come_first() {
    let mut fleet = fleet();
    let mut seen = seen(&fleet);
    fleet[0].booted_at = fleet[1].booted_at;
    fleet[2].booted_at = fleet[1].booted_at + 1_000_000;
    let steps = seen["node-0"].isns.iter().map(|number| number + 99).collect();
    seen.get_mut("node-3").unwrap().isns = steps;
    for name in ["node-1", "node-3"] {
        let key = seen["node-0"].host_keys["RSA"].clone();
        seen.get_mut(name).unwrap().host_keys.insert("RSA".into(), key);
    }
    let found = clashes(&fleet, &seen);
    let order: Vec<_> =
        found.iter().map(|clash| (clash.tell, clash.deckies.len(), clash.what.as_str())).collect();
    let expected = [
        ("FL-01", 3, "one RSA host key of SSH"),
        ("FL-04", 2, "one series of initial sequence numbers"),
        ("FL-12", 3, "switched on within seconds of each other"),
    ];
    assert_eq!(order, expected);
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
