//! What holds for every worker.

use super::*;

#[test]
fn every_worker_starts_after_what_it_needs() {
    let order = Worker::start_order();
    assert_eq!(order.len(), Worker::ALL.len());
    for (index, worker) in order.iter().enumerate() {
        assert!(worker.spec().after.iter().all(|needed| order[..index].contains(needed)));
    }
}

#[test]
fn only_what_starts_others_is_not_confined() {
    for &worker in Worker::ALL {
        let grants = worker.spec().process.grants();
        let starts = matches!(worker, Worker::Fleet | Worker::Operator | Worker::Updater);
        assert_eq!((grants.starter, grants.confined), (starts, !starts));
        let few: &[&str] = if grants.low_ports { &["CAP_NET_BIND_SERVICE"] } else { &[] };
        let has = worker.grants().capabilities;
        assert_eq!(has == few, grants.confined, "{}: {has:?}", worker.name());
        let families = worker.grants().families;
        assert!(families.iter().all(|family| grants.families.contains(family)), "{}", worker.name());
    }
}

#[test]
fn names_and_aliases_find_their_worker() {
    for &worker in Worker::ALL {
        assert_eq!(worker.name().parse(), Ok(worker));
        if let Some(alias) = worker.spec().alias {
            assert_eq!(alias.parse(), Ok(worker));
        }
    }
    assert!("decky".parse::<Worker>().is_err());
}
