//! The worker over a real store, with hosts on loopback.

use super::{session::Session, *};
use decnet_bus::Bus;
use decnet_model::{
    paths::Paths,
    record::{AttackerDelta, Change, Contact, Counts, FingerprintKind, View},
};
use decnet_pipeline::runtime::Status;
use decnet_store::Position;
use netsvc_wire::{Kind, Record, field};
use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::sync::watch;

/// A host that says `banner` to whoever connects, and counts them.
fn host(address: [u8; 4], banner: &'static [u8]) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(SocketAddr::from((address, 0))).unwrap();
    let (port, heard) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let count = heard.clone();
    std::thread::spawn(move || {
        for peer in listener.incoming() {
            let mut peer = peer.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let _ = peer.write_all(banner);
            let _ = peer.read(&mut [0; 1024]);
        }
    });
    (port, heard)
}

fn manner(port: u16) -> Manner {
    let ports = Ports { tls: vec![], ssh: vec![], banner: vec![port] };
    Manner { ports, per_minute: 6000, patience: Duration::from_millis(500) }
}

fn scope(range: &str) -> Scope {
    Scope { ranges: vec![range.parse().unwrap()], never: Vec::new() }
}

async fn store(folder: &tempfile::TempDir) -> (Paths, Store) {
    let paths = Paths::new(folder.path());
    let store = Store::open(paths.database().to_str().unwrap()).await.unwrap();
    (paths, store)
}

#[tokio::test]
async fn a_host_outside_of_the_ranges_hears_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (_, store) = store(&folder).await;
    let (port, heard) = host([127, 66, 2, 1], b"220 ready\r\n");
    connected(&store, &[([127, 66, 2, 1].into(), "tcp")]).await;
    let mut prober = Prober::new(store, None, scope("127.66.1.0/24"), manner(port)).unwrap();
    let refused = prober.ask([127, 66, 2, 1].into(), &[], false, &|| false).await;
    assert!(matches!(refused, Err(NotAsked::Outside(Outside::NotNamed))), "{refused:?}");
    assert_eq!(heard.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn whoever_sent_only_datagrams_or_is_one_of_us_is_not_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (_, store) = store(&folder).await;
    let (port, heard) = host([127, 66, 6, 1], b"220 ready\r\n");
    let (address, us) = (IpAddr::from([127, 66, 6, 1]), IpAddr::from([127, 0, 0, 1]));
    connected(&store, &[(address, "udp"), (us, "tcp")]).await;
    let mut prober = Prober::new(store, None, scope("127.0.0.0/8"), manner(port)).unwrap();
    let own = prober.own().await.unwrap();
    for (address, why) in [(address, Outside::Unproved), (us, Outside::Own)] {
        let refused = prober.ask(address, &own, false, &|| false).await;
        assert!(matches!(refused, Err(NotAsked::Outside(found)) if found == why), "{refused:?}");
    }
    assert_eq!(heard.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_a_host_says_is_found_and_a_silent_one_is_left_alone() {
    let (port, _) = host([127, 66, 3, 1], b"220 mail.example ESMTP\r\nmore");
    let (manner, mut pace) = (manner(port), Pace::new(6000));
    let address = IpAddr::from([127, 66, 3, 1]);
    let found = Session::new(address, &manner, &mut pace, &|| false).run().await;
    let banner = found.iter().find(|found| found.kind == FingerprintKind::Banner).unwrap();
    assert_eq!((banner.value.as_str(), banner.port), ("220 mail.example ESMTP", port));
    assert!(found.iter().any(|found| found.kind == FingerprintKind::SynAck && found.value.contains("ts")));
    let stopped = Session::new(address, &manner, &mut pace, &|| true).run().await;
    assert!(stopped.is_empty());
}

/// Connections of these addresses, by these transports.
async fn connected(store: &Store, peers: &[(IpAddr, &str)]) {
    let fence = store.lease_take(Worker::Ingester).await.unwrap();
    let line = |(peer, transport): &(IpAddr, &str), number| Record {
        at: stamp::now(),
        priority: 134,
        node: "web-01".into(),
        app: "ssh".into(),
        kind: Kind::Connect.name().into(),
        writer: WriterId(1),
        number,
        fields: vec![
            (field::SRC_IP.into(), peer.to_string().into_bytes()),
            (field::TRANSPORT.into(), (*transport).into()),
        ],
    };
    let lines: Vec<Record> = peers.iter().zip(1..).map(|(peer, number)| line(peer, number)).collect();
    store.ingest(&fence, &lines, &Position { segment: 1, offset: 1 }).await.unwrap();
}

/// An attacker at each of `addresses`.
async fn attacked(store: &Store, addresses: &[IpAddr]) {
    let fence = store.lease_take(View::Attackers.worker()).await.unwrap();
    let now = stamp::now();
    let delta = |event: i64| {
        let (node, service) = ("web-01".to_owned(), "ssh".to_owned());
        let contact = Contact {
            node: node.clone(),
            service: service.clone(),
            first_event: event,
            first_seen: now,
            last_seen: now,
            counts: Counts::default(),
        };
        AttackerDelta {
            first_event: event,
            last_event: event,
            first_seen: now,
            last_seen: now,
            counts: Counts::default(),
            first_node: node.clone(),
            last_node: node.clone(),
            hops: 0,
            contacts: BTreeMap::from([((node, service), contact)]),
        }
    };
    let deltas = addresses.iter().zip(1..).map(|(address, event)| (*address, delta(event))).collect();
    let change = Change::Attackers(deltas);
    store.project(&fence, &change, 0, 9).await.unwrap();
}

#[tokio::test]
async fn the_worker_asks_each_attacker_of_its_ranges_once_and_nobody_else() {
    let ((port, heard), folder) = (host([127, 66, 4, 1], b"220 x\r\n"), tempfile::tempdir().unwrap());
    let other = TcpListener::bind(SocketAddr::from(([127, 66, 5, 1], port))).unwrap();
    other.set_nonblocking(true).unwrap();
    let (paths, store) = store(&folder).await;
    connected(&store, &[([127, 66, 4, 1].into(), "tcp"), ([127, 66, 5, 1].into(), "tcp")]).await;
    attacked(&store, &[[127, 66, 4, 1].into(), [127, 66, 5, 1].into()]).await;
    let (stop, stopped) = watch::channel(false);
    let context = WorkerContext {
        worker: Worker::Prober,
        paths: paths.clone(),
        bus: Bus::local(),
        stop: stopped,
        status: Status::default(),
    };
    let settings =
        ProberSettings { sd_id: "ev@32473".to_owned(), scope: scope("127.66.4.0/24"), manner: manner(port) };
    for _ in 0..2 {
        let work = tokio::spawn(run(context.clone(), store.clone(), settings.clone()));
        for _ in 0..100 {
            let probed = store.probed_get([127, 66, 4, 1].into()).await.unwrap();
            if probed.is_some_and(|probed| probed.found.contains("220 x")) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // Time for another pass, which must find nobody to ask.
        tokio::time::sleep(Duration::from_millis(300)).await;
        stop.send_replace(true);
        work.await.unwrap().unwrap();
        stop.send_replace(false);
    }
    assert_eq!(heard.load(Ordering::SeqCst), 1, "once a day, also after a restart");
    assert!(other.accept().is_err(), "nobody whom no range has");
    assert_eq!(store.probed_get([127, 66, 5, 1].into()).await.unwrap(), None);
    let lines: String = std::fs::read_dir(paths.spool("prober").join("lines"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert!(lines.contains(" probe_result ") && lines.contains("value=\"220 x\""), "{lines}");
    assert!(!lines.contains("src_ip="), "what we do is no deed of an attacker");
}

#[test]
fn what_is_asked_by_hand_is_written_as_the_worker_writes_it() {
    let folder = tempfile::tempdir().unwrap();
    let event = Event::new(1, "-".parse().unwrap(), "prober".parse().unwrap(), Kind::ProbeResult)
        .with(field::DST_IP, "192.0.2.1");
    write(folder.path(), "ev@32473", &[event]).unwrap();
    let names: Vec<_> = std::fs::read_dir(folder.path().join("lines")).unwrap().collect();
    let text = std::fs::read_to_string(names.into_iter().next().unwrap().unwrap().path()).unwrap();
    assert!(text.contains(" probe_result ") && text.contains("dst_ip=\"192.0.2.1\""), "{text}");
}
