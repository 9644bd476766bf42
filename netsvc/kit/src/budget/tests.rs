//! Who is let in, who waits, and who gives way.

use super::*;

fn budget(connections: usize, per_node: usize) -> Arc<Budget> {
    Budget::new(Limits {
        connections,
        connections_per_node: per_node,
        memory: 1000,
        memory_per_source: 600,
        ..Limits::default()
    })
}

fn source(number: u8) -> IpAddr {
    [192, 0, 2, number].into()
}

fn served(entry: Entry) -> Option<Place> {
    if let Entry::Serve(place) = entry { Some(place) } else { None }
}

const CLOSE: Full = Full::of(usize::MAX, Beyond::Close);

#[test]
fn eight_sources_with_2000_connections_each_keep_nobody_out() {
    let budget = budget(4096, 1024);
    let (web, shell) = (budget.group(1, "http"), budget.group(1, "ssh"));
    let mut open = Vec::new();
    for _ in 0..2000 {
        for number in 1..=8 {
            open.extend(served(budget.enter(web, source(number), &CLOSE)));
        }
    }
    assert_eq!(budget.open(), 1024);
    // A new source, at the same service, at another one of the node, at another node; and an old one elsewhere.
    for (group, number) in
        [(web, 9), (shell, 9), (budget.group(2, "ssh"), 9), (shell, 1), (budget.group(2, "ssh"), 1)]
    {
        let place = served(budget.enter(group, source(number), &CLOSE)).expect("a place");
        assert_eq!(place.ended(), None);
        open.push(place);
    }
    assert!(budget.open() <= 1026);
}

#[test]
fn nobody_who_waits_is_hung_up_on_before_the_queue_is_full() {
    let budget = budget(8192, 8192);
    let (group, full) = (budget.group(1, "http"), Full::of(150, Beyond::Wait));
    let open: Vec<_> = (0..1500).map(|_| budget.enter(group, source(1), &full)).collect();
    let refused = open.iter().filter(|entry| matches!(entry, Entry::Refuse(..))).count();
    assert_eq!((refused, budget.open()), (0, 1024));
}

#[test]
fn a_full_process_takes_from_the_fullest_node() {
    let budget = budget(100, 80);
    let mut open = Vec::new();
    for _ in 0..200 {
        open.extend(served(budget.enter(budget.group(1, "http"), source(1), &CLOSE)));
        open.extend(served(budget.enter(budget.group(2, "http"), source(2), &CLOSE)));
    }
    assert_eq!(budget.open(), 100);
    for number in 3..40_u32 {
        let place = served(budget.enter(budget.group(number, "ssh"), source(1), &CLOSE));
        open.push(place.expect("each node has its floor"));
    }
    assert_eq!(budget.open(), 100);
    let kept = open.iter().filter(|place| place.ended().is_none()).count();
    assert_eq!(kept, 100);
}

#[test]
fn one_source_displaces_itself_least_and_others_hold_what_they_have() {
    let budget = budget(100, 10);
    let group = budget.group(1, "http");
    let calm = served(budget.enter(group, source(9), &CLOSE)).unwrap();
    let mut flood = Vec::new();
    for number in 1..=8 {
        for _ in 0..50 {
            flood.extend(served(budget.enter(group, source(number), &CLOSE)));
        }
    }
    assert_eq!(calm.ended(), None);
}

#[test]
fn beyond_its_places_a_service_does_what_its_daemon_does() {
    let budget = budget(100, 100);
    let full = |beyond| Full::of(2, beyond).with_source(4, Beyond::Say(b"421".to_vec()));
    let group = budget.group(1, "http");
    let open: Vec<_> = (0..2).map(|_| budget.enter(group, source(1), &full(Beyond::Wait))).collect();
    let waiting = budget.enter(group, source(1), &full(Beyond::Wait));
    let Entry::Wait(waiting) = waiting else { panic!("{waiting:?}") };
    assert!(!waiting.promote());
    drop(open);
    assert!(waiting.promote() && !waiting.promote());
    let _second = served(budget.enter(group, source(1), &full(Beyond::Wait))).unwrap();
    let refused = budget.enter(group, source(1), &full(Beyond::Close));
    assert!(matches!(refused, Entry::Refuse("service full", Beyond::Close)), "{refused:?}");
    let _more: Vec<_> = (0..2).map(|_| budget.enter(group, source(1), &full(Beyond::Wait))).collect();
    let refused = budget.enter(group, source(1), &full(Beyond::Wait));
    assert!(matches!(refused, Entry::Refuse("connections_per_source", Beyond::Say(_))), "{refused:?}");
    drop(waiting);
    assert_eq!(budget.table.lock().groups.get(&group).unwrap().serving, 1);
}

#[tokio::test]
async fn who_holds_most_memory_gives_way_and_who_waits_too_long_ends() {
    let budget = budget(100, 100);
    let group = budget.group(1, "redis");
    let place = |number| served(budget.enter(group, source(number), &CLOSE)).unwrap();
    let (large, small) = (place(1), place(2));
    let mut held = Charge::new(large.account(), 599);
    assert!(large.account().roomy());
    held.set(5000);
    assert!(!large.account().roomy() && !small.account().roomy());
    let mut other = Charge::new(small.account(), 100);
    let settled = |place: &Place| {
        let (mut patience, account) = (Patience::default(), place.account());
        std::future::poll_fn(move |context| patience.poll(&account, context))
    };
    assert_eq!(settled(&small).await, Ok(()), "as little as that never waits");
    assert!(tokio::time::timeout(Duration::from_millis(5), settled(&large)).await.is_err());
    budget.displace_bytes(source(2));
    assert_eq!((large.ended(), small.ended()), (Some("memory"), None));
    drop((held, large));
    other.set(0);
    assert_eq!(budget.memory().held(), 0);
    assert!(budget.memory().held.lock().leaving == 0);
}
