//! What a request for a fleet comes to.

use super::*;

fn request(count: u32) -> Request {
    Request {
        count,
        archetype: None,
        services: vec!["redis".to_owned()],
        randomize_services: false,
        distros: Vec::new(),
        randomize_distros: false,
        network: "192.0.2.0/28".parse().unwrap(),
        ip_start: None,
        taken: BTreeSet::new(),
        seed: None,
        runtime: Runtime::Loopback,
        login: LoginPolicy::Deny,
        life: Life::default(),
        firewall: Filter::Off,
    }
}

#[test]
fn addresses_skip_what_is_somebodys() {
    let mut wanted = request(3);
    wanted.network.gateway = Some("192.0.2.1".parse().unwrap());
    wanted.taken.insert("192.0.2.3".parse().unwrap());
    let fleet = fleet(&wanted).unwrap();
    let addresses: Vec<_> = fleet.deckies.values().map(|decky| decky.ip.to_string()).collect();
    assert_eq!(addresses, ["192.0.2.2", "192.0.2.4", "192.0.2.5"]);
}

#[test]
fn what_cannot_be_says_what_could() {
    let check = |change: &dyn Fn(&mut Request), part: &str| {
        let mut wanted = request(2);
        change(&mut wanted);
        let text = fleet(&wanted).unwrap_err().to_string();
        assert!(text.contains(part), "{text}");
    };
    check(&|r| r.count = 0, "1 to 10000");
    check(&|r| r.count = 20, "14 free addresses");
    check(&|r| r.services = vec!["gopher".to_owned()], "redis");
    check(&|r| r.archetype = Some("toaster".to_owned()), "archetypes");
    check(&|r| r.distros = vec!["slack".to_owned()], "distros");
    check(&|r| r.services.clear(), "--archetype");
    check(&|r| r.archetype = Some(RANDOM.to_owned()), "leave out --services");
    check(&|r| r.archetype = Some("printer".to_owned()), "decky-01: services: hp_printer does not run redis");
}

#[test]
fn printers_take_turns_and_serve_what_they_have() {
    let wanted = Request { archetype: Some("printer".to_owned()), services: Vec::new(), ..request(3) };
    let fleet = fleet(&wanted).unwrap();
    let shown: Vec<_> =
        fleet.deckies.values().map(|decky| (decky.system.as_str(), decky.slugs().join(" "))).collect();
    let hp = || ("hp_printer", "printer snmp http https ftp".to_owned());
    assert_eq!(shown, [hp(), ("brother_printer", "printer snmp http https".to_owned()), hp()]);
}

#[test]
fn kinds_that_are_drawn_come_again_when_all_were_there() {
    let drawn = |seed: &str| {
        let (archetype, seed) = (Some(RANDOM.to_owned()), Some(seed.to_owned()));
        let network = "10.66.0.0/24".parse().unwrap();
        fleet(&Request { archetype, seed, network, services: Vec::new(), ..request(45) }).unwrap()
    };
    let fleet = drawn("a");
    let kinds: Vec<_> = fleet.deckies.values().filter_map(|decky| decky.archetype.as_deref()).collect();
    let first: BTreeSet<_> = kinds.iter().take(ARCHETYPES.len()).collect();
    assert_eq!((kinds.len(), first.len()), (45, ARCHETYPES.len()));
    assert!(!kinds.contains(&RANDOM));
    let servers = fleet.deckies.values().filter(|one| one.archetype.as_deref() == Some("windows-server"));
    let systems: BTreeSet<_> = servers.map(|decky| decky.system.as_str()).collect();
    assert_eq!(systems.len(), 3, "systems of a kind take turns, too");
    assert_eq!(fleet, drawn("a"));
    let order =
        |fleet: &Fleet| -> Vec<_> { fleet.deckies.values().map(|decky| decky.archetype.clone()).collect() };
    assert_ne!(order(&fleet), order(&drawn("b")));
}

#[test]
fn a_seed_fixes_what_is_drawn() {
    let drawn = |seed: &str| {
        let wanted = Request {
            randomize_services: true,
            randomize_distros: true,
            services: Vec::new(),
            seed: Some(seed.to_owned()),
            ..request(10)
        };
        fleet(&wanted).unwrap()
    };
    assert_eq!(drawn("a"), drawn("a"));
    assert_eq!(coherence::fleet(&drawn("c")), []);
    let iot = Request {
        archetype: Some("iot-device".to_owned()),
        randomize_services: true,
        services: Vec::new(),
        network: "192.0.2.0/23".parse().unwrap(),
        ..request(300)
    };
    assert!(fleet(&iot).unwrap().deckies.values().all(|decky| !decky.services.is_empty()));
    assert_ne!(drawn("a").deckies, drawn("b").deckies);
}

#[test]
fn a_changed_decky_goes_and_comes_and_the_others_stay() {
    let have = fleet(&request(3)).unwrap();
    let mut want = have.clone();
    let name: DeckyName = "decky-02".parse().unwrap();
    if let Some(decky) = want.deckies.get_mut(&name) {
        decky.system = "rocky9".to_owned();
    }
    use decnet_model::fleet::Step;
    assert_eq!(want.steps(&have), [Step::Remove(name.clone()), Step::Add(name)]);
    assert_eq!(have.steps(&have), []);
}

#[test]
fn drawn_fleets_do_not_repeat_while_there_is_something_new() {
    let wanted =
        Request { services: Vec::new(), randomize_services: true, seed: Some("x".to_owned()), ..request(40) };
    let network = "192.0.2.0/24".parse().unwrap();
    let whole = fleet(&Request { network, distros: vec!["debian".to_owned()], ..wanted }).unwrap();
    let sets: BTreeSet<_> = whole.deckies.values().map(|decky| draw::sorted(&decky.slugs())).collect();
    // Sets of one to three of the services that the system runs.
    let runs = catalogue::services()
        .iter()
        .filter(|service| coherence::fits("debian12", None, [service.slug.as_str()]));
    let n = runs.count();
    let all = n + n * (n - 1) / 2 + n * (n - 1) * (n - 2) / 6;
    assert!(sets.len() >= all.min(40) * 9 / 10, "{} different of {all}", sets.len());
}

#[test]
fn a_first_address_outside_of_the_segment_is_refused() {
    for start in [[198, 51, 100, 1], [192, 0, 2, 0], [192, 0, 2, 15]] {
        let asked = Request { ip_start: Some(start.into()), ..request(1) };
        assert!(matches!(fleet(&asked), Err(PlanError::Start { .. })), "{start:?}");
    }
}
