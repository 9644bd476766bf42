//! Laws of derived personas.

use decnet_model::persona::{
    check::check,
    derive::{Request, derive},
    seen::{HIDDEN, Seen},
};
use netsvc_persona::{
    LoginPolicy, Persona,
    tables::systems::{self, SYSTEMS, Style},
};
use proptest::prelude::*;
use std::collections::BTreeSet;

const SERVICES: [&str; 7] = ["ssh", "http", "ftp", "smtp", "redis", "mysql", "telnet"];
const NOW: i64 = 1_764_000_000_000_000;

fn persona(secret: &[u8], node: &str, seed: Option<&str>, system: &str, generation: u32) -> Persona {
    let services = SERVICES.map(str::to_owned);
    let request = Request {
        seed,
        gateway: Some([10, 66, 0, 1].into()),
        login: LoginPolicy::AcceptListed,
        generation,
        ..Request::plain(secret, node, system, &services, ([10, 66, 1, 9].into(), 21), NOW)
    };
    derive(&request).unwrap()
}

/// What no two personas may share. The administrator's password is not among it: it is one that
/// everybody guesses.
fn secrets(persona: &Persona) -> BTreeSet<String> {
    let keys = &persona.ssh_keys;
    let mut all = BTreeSet::from([
        persona.subkey.0.clone(),
        keys.ed25519.0.clone(),
        keys.ecdsa_p256.0.clone(),
        keys.ed25519_fingerprint().unwrap(),
        keys.ecdsa_p256_fingerprint().unwrap(),
        persona.certificate.serial.clone(),
        persona.hardware.machine_id.clone(),
        persona.mac.chars().skip(9).collect(),
    ]);
    if persona.hardware.vendor != "QEMU" {
        all.insert(persona.hardware.serial.clone());
    }
    let people = persona.users.iter().filter(|user| (1000..60_000).contains(&user.uid));
    all.extend(people.filter_map(|user| user.password.as_ref()).map(|password| password.0.clone()));
    all
}

/// `persona` with only what the plan says.
fn planned(mut persona: Persona) -> Persona {
    let style = systems::find(&persona.os.id).unwrap().names;
    for secret in [&mut persona.subkey, &mut persona.ssh_keys.ed25519, &mut persona.ssh_keys.ecdsa_p256] {
        secret.0.clear();
    }
    persona.users.iter_mut().for_each(|user| user.password = None);
    for text in
        [&mut persona.certificate.serial, &mut persona.hardware.machine_id, &mut persona.hardware.serial]
    {
        text.clear();
    }
    persona.mac.truncate(8);
    // Printers and devices are named after their MAC.
    if matches!(style, Style::Printer | Style::Device | Style::Brother | Style::Camera | Style::Nas) {
        let old = persona.fqdn();
        persona.hostname.clear();
        persona.certificate.rename(&old, "");
    }
    persona
}

fn strangers(left: &Persona, right: &Persona) -> bool {
    secrets(left).is_disjoint(&secrets(right))
}

proptest! {
    #[test]
    fn two_installs_share_a_plan_at_most(
        secrets in any::<[[u8; 32]; 2]>().prop_filter("two", |[left, right]| left != right),
        node in "[a-z][a-z0-9-]{0,20}",
        seed in prop::option::of("\\PC{0,12}"),
        system in 0..SYSTEMS.len(),
    ) {
        let id = SYSTEMS.get(system).unwrap().id;
        let of = |secret: &[u8; 32]| persona(secret, &node, seed.as_deref(), id, 0);
        let [left, right] = [of(&secrets[0]), of(&secrets[1])];
        prop_assert_eq!(&left, &of(&secrets[0]));
        prop_assert!(strangers(&left, &right), "{:?}", left);
        if seed.is_some() {
            prop_assert_eq!(planned(left.clone()), planned(right));
        }
        prop_assert_eq!(check(&left), []);
        let again = persona(&secrets[0], &node, seed.as_deref(), id, 1);
        prop_assert!(strangers(&left, &again) && again.generation == 1);
    }
}

#[test]
fn a_thousand_neighbours_share_nothing() {
    let mut seen = BTreeSet::new();
    for number in 0..1000_usize {
        let system = SYSTEMS.get(number % SYSTEMS.len()).unwrap();
        for secret in secrets(&persona(&[7; 32], &format!("n-{number}"), None, system.id, 0)) {
            assert!(seen.insert(secret.clone()), "{secret} of n-{number} is another's");
        }
    }
}

#[test]
fn a_persona_that_contradicts_itself_is_found_out() {
    let broken = |system: &str, subject: &str, change: fn(&mut Persona)| {
        let mut persona = persona(&[5; 32], "n", None, system, 0);
        change(&mut persona);
        let found: Vec<_> = check(&persona).into_iter().map(|found| found.subject).collect();
        assert_eq!(found, [subject], "{persona:?}");
    };
    let debian = |subject, change| broken("debian12", subject, change);
    debian("ttl", |persona| persona.os.ttl = 128);
    debian("family", |persona| persona.os.family = "bsd".to_owned());
    debian("kernel", |persona| persona.os.kernel = "5.10.0-28-amd64".to_owned());
    debian("cpu", |persona| persona.hardware.cpu_vendor = "MIPS".to_owned());
    debian("mac", |persona| {
        persona.mac = "02:42:ac:11:00:02".to_owned();
        persona.mac_vendor.clear();
    });
    debian("product", |persona| {
        if let Some(product) = persona.products.get_mut("ssh") {
            product.packaging = "Ubuntu-3ubuntu0.6".to_owned();
        }
    });
    debian("hostname", |persona| persona.hostname = "DESKTOP-4F7Q2KL".to_owned());
    debian("users", |persona| persona.users.reverse());
    debian("times", |persona| persona.booted_at = persona.installed_at - 1);
    debian("times", |persona| persona.clock_offset_ms = 86_400_000);
    debian("place", |persona| persona.gateway = Some([192, 0, 2, 1].into()));
    debian("keys", |persona| persona.subkey.0.truncate(10));
    debian("system", |persona| {
        persona.os.id = "amiga".to_owned();
        persona.products.clear();
    });
    broken("windows10", "hostname", |persona| persona.hostname = "a-name-of-many-letters".to_owned());
    broken("windows10", "users", |persona| {
        persona.users.iter_mut().for_each(|user| user.home = "/root".to_owned());
    });
    broken("hp_printer", "hostname", |persona| persona.hostname = "NPI123456".to_owned());
}

#[test]
fn kernel_and_packages_were_updated_together() {
    let mut pairs = BTreeSet::new();
    for number in 0..300 {
        let persona = persona(&[9; 32], &format!("u{number}"), None, "debian12", 0);
        let packaging = persona.products.get("ssh").unwrap().packaging.clone();
        pairs.insert((persona.os.kernel_version.chars().rev().take(11).collect::<String>(), packaging));
    }
    let dated =
        |(date, packaging): &(String, String)| (date.chars().rev().collect::<String>(), packaging.clone());
    let sorted: BTreeSet<_> = pairs.iter().map(dated).collect();
    let packages: Vec<_> = sorted.iter().map(|(_, packaging)| packaging.clone()).collect();
    assert!(packages.is_sorted() && 5 <= packages.len(), "{sorted:?}");
}

#[test]
fn what_the_first_release_stored_does_not_contradict_itself() {
    let first = include_str!("../../../../netsvc/persona/tests/it/persona-1.json");
    assert_eq!(check(&serde_json::from_str(first).unwrap()), []);
}

#[test]
fn what_is_seen_of_a_persona_has_none_of_its_secrets() {
    let whole = persona(b"secret", "web-01", None, "debian12", 0);
    let seen = Seen::read(&serde_json::to_string(&whole).unwrap()).unwrap();
    let text = seen.document.to_string();
    for secret in [&whole.subkey, &whole.ssh_keys.ed25519, &whole.ssh_keys.ecdsa_p256] {
        assert!(!text.contains(&secret.0), "{}", secret.0);
    }
    let users = seen.document["users"].as_array().unwrap();
    assert!(users.iter().all(|user| user["password"].is_null() || user["password"] == HIDDEN));
    assert!(text.contains(HIDDEN) && text.contains(&whole.mac));
    assert_eq!(seen.fingerprints[0], whole.ssh_keys.ed25519_fingerprint().unwrap());
    assert_eq!((seen.contradictions, Seen::read("{}")), (Vec::new(), None));
}
