//! Where deckies are placed, whatever the hosts.

use super::*;
use proptest::prelude::*;

fn host(id: &str, network: &str) -> Candidate {
    Candidate {
        id: id.to_owned(),
        name: id.to_owned(),
        state: HostState::Active,
        ground: Some(Ground {
            runtime: Runtime::Native,
            network: Network { gateway: None, ..network.parse().unwrap() },
            lab: false,
            taken: BTreeSet::new(),
            skipped: 0,
        }),
        labels: Labels::new(),
        weight: 1,
        capacity: None,
    }
}

fn fleet(count: usize) -> Fleet {
    let mut fleet = Fleet::of(Runtime::Native, "10.0.0.0/8".parse().unwrap());
    for number in 0..count {
        let name: DeckyName = format!("d{number:03}").parse().unwrap();
        let decky = Decky::of(name.clone(), Ipv4Addr::new(0, 0, 0, 1), "debian12");
        fleet.deckies.insert(name, decky);
    }
    fleet
}

fn counts(placement: &Placement) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    placement.values().for_each(|seat| *counts.entry(seat.host.as_str()).or_default() += 1);
    counts
}

fn placed(count: usize, hosts: &[Candidate], before: &Placement) -> Result<Placement, PlaceError> {
    place(&fleet(count), hosts, before, &Wishes::default())
}

#[test]
fn hosts_get_deckies_by_weight_up_to_their_capacity() {
    let hosts = [
        host("a", "10.1.0.0/24"),
        Candidate { weight: 3, ..host("b", "10.2.0.0/24") },
        Candidate { capacity: Some(1), ..host("c", "10.3.0.0/24") },
    ];
    let placement = placed(9, &hosts, &Placement::new()).unwrap();
    assert_eq!(counts(&placement), BTreeMap::from([("a", 2), ("b", 6), ("c", 1)]));
    let full = placed(9, &hosts[2..], &Placement::new()).unwrap_err();
    assert_eq!(full, PlaceError::Full { left: 8, wanted: 9, hosts: "c 1 of 1".to_owned() });
}

#[test]
fn what_stands_stays_unless_its_host_is_drained_or_gone() {
    let mut hosts = [host("a", "10.1.0.0/24"), host("b", "10.2.0.0/24")];
    let first = placed(4, &hosts, &Placement::new()).unwrap();
    let more = placed(6, &hosts, &first).unwrap();
    assert!(first.iter().all(|(name, seat)| more.get(name) == Some(seat)));
    hosts[1].state = HostState::Unreachable;
    let silent = placed(6, &hosts, &more).unwrap();
    assert_eq!(silent, more, "a silent host may still carry its deckies");
    hosts[1].state = HostState::Drained;
    let drained = placed(6, &hosts, &more).unwrap();
    assert_eq!(counts(&drained), BTreeMap::from([("a", 6)]));
    hosts[0].state = HostState::Unreachable;
    let nobody = placed(7, &hosts, &drained).unwrap_err();
    assert_eq!(nobody, PlaceError::NoHost("a unreachable, b drained".to_owned()));
}

#[test]
fn a_segment_that_two_hosts_share_has_each_address_once() {
    let on = |site: &str| Labels::from([(SITE.to_owned(), site.to_owned())]);
    let mut hosts = [host("a", "10.1.0.0/29"), host("b", "10.1.0.0/29")];
    let all = placed(6, &hosts, &Placement::new()).unwrap();
    assert_eq!(all.values().map(|seat| seat.ip).collect::<BTreeSet<_>>().len(), 6);
    assert!(placed(7, &hosts, &Placement::new()).is_err(), "a /29 has six");
    hosts[1].labels = on("elsewhere");
    assert!(
        placed(12, &hosts, &Placement::new()).is_ok(),
        "the same network on another site is another segment"
    );
}

#[test]
fn segments_that_a_third_host_joins_are_one() {
    let hosts = [host("a", "10.1.0.0/29"), host("b", "10.1.0.8/29"), host("c", "10.1.0.0/28")];
    let all = placed(13, &hosts, &Placement::new()).unwrap();
    assert_eq!(all.values().map(|seat| seat.ip).collect::<BTreeSet<_>>().len(), 13);
}

#[test]
fn an_address_of_a_decky_that_moves_is_not_given_to_another_meanwhile() {
    let mut hosts = [host("a", "10.1.0.0/24"), host("b", "10.1.0.0/24")];
    let first = placed(2, &hosts, &Placement::new()).unwrap();
    hosts[0].state = HostState::Drained;
    let moved = placed(3, &hosts, &first).unwrap();
    let old: BTreeSet<_> = first.values().map(|seat| seat.ip).collect();
    let new = moved.iter().filter(|(name, seat)| first.get(*name) != Some(seat)).map(|(_, seat)| seat.ip);
    assert!(new.into_iter().all(|ip| !old.contains(&ip)));
}

#[test]
fn labels_and_fixed_addresses_decide() {
    let mut hosts = [host("a", "10.1.0.0/24"), host("b", "10.2.0.0/24")];
    hosts[1].labels.insert("kind".to_owned(), "office".to_owned());
    let wishes = Wishes { labels: Labels::from([("kind".into(), "office".into())]), ..Wishes::default() };
    let only = place(&fleet(3), &hosts, &Placement::new(), &wishes).unwrap();
    assert_eq!(counts(&only), BTreeMap::from([("b", 3)]));
    let mut wanted = fleet(2);
    let name: DeckyName = "d001".parse().unwrap();
    wanted.deckies.get_mut(&name).unwrap().ip = Ipv4Addr::new(10, 1, 0, 77);
    let wishes = Wishes { fixed: BTreeSet::from([name.clone()]), ..Wishes::default() };
    let fixed = place(&wanted, &hosts, &Placement::new(), &wishes).unwrap();
    assert_eq!(fixed[&name], Seat { host: "a".to_owned(), ip: Ipv4Addr::new(10, 1, 0, 77) });
    wanted.deckies.get_mut(&name).unwrap().ip = Ipv4Addr::new(10, 9, 0, 77);
    let nowhere = place(&wanted, &hosts, &Placement::new(), &wishes).unwrap_err();
    assert!(matches!(nowhere, PlaceError::Address { .. }));
}

proptest! {
    #[test]
    fn no_segment_has_an_address_twice_and_no_host_too_many(
        first in 0..20_usize, second in 0..30_usize,
        kinds in proptest::collection::vec((0..3_u8, 1..4_u64, proptest::option::of(0..12_u64), 0..4_u8), 1..6),
    ) {
        let mut hosts: Vec<Candidate> = kinds.iter().enumerate().map(|(number, (net, weight, capacity, _))| {
            let plain = host(&format!("h{number}"), &format!("10.{net}.0.0/28"));
            Candidate { weight: *weight, capacity: *capacity, ..plain }
        }).collect();
        let before = placed(first, &hosts, &Placement::new()).unwrap_or_default();
        for (host, (.., state)) in hosts.iter_mut().zip(&kinds) {
            host.state = [HostState::Active, HostState::Active, HostState::Unreachable, HostState::Drained]
                [usize::from(*state)];
        }
        if let Ok(after) = placed(second, &hosts, &before) {
            prop_assert_eq!(after.len(), second);
            let mut seen = BTreeSet::new();
            for (name, seat) in &after {
                let host = hosts.iter().find(|host| host.id == seat.host).unwrap();
                prop_assert!(host.state != HostState::Drained);
                prop_assert!(host.state != HostState::Unreachable || before.get(name) == Some(seat));
                prop_assert!(seen.insert((host.ground.as_ref().unwrap().network.address, seat.ip)));
            }
            for (id, count) in counts(&after) {
                let host = hosts.iter().find(|host| host.id == id).unwrap();
                prop_assert!(host.capacity.is_none_or(|most| count as u64 <= most));
            }
        }
    }
}
