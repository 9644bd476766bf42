//! The loopback runtime, whole: a real process, real sockets.

use crate::set::{greeting, node, stage};
use decnet_engine::{
    loopback::{Endpoint, Loopback, LoopbackConfig, OFFSET},
    node::Nodes,
    plan::{Backend, Step, plan, run},
};
use netsvc_persona::{
    OwnFile,
    stage::Transport::{Tcp, Udp},
};
use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

async fn start(root: &Path) -> Loopback {
    Loopback::start(LoopbackConfig {
        stage: stage(root, None),
        offset: OFFSET,
        low_ports: false,
        every_port: false,
    })
    .await
    .unwrap()
}

async fn address(backend: &Loopback, node: &str, port: u16) -> SocketAddr {
    let wanted = |endpoint: &Endpoint| endpoint.node == node && endpoint.port == port;
    backend.endpoints().await.into_iter().find(wanted).unwrap().address
}

#[tokio::test]
async fn nodes_come_go_and_answer() {
    let root = tempfile::tempdir().unwrap();
    let backend = start(root.path()).await;
    let web = node("web", [127, 78, 0, 10], &[("http", Tcp, 80), ("alt", Tcp, 8080), ("dns", Udp, 53)]);
    let database = node("db", [127, 78, 0, 11], &[("mysql", Tcp, 3306)]);
    let want: Nodes =
        [("web", &web), ("db", &database)].map(|(name, node)| (name.to_owned(), node.clone())).into();
    run(&backend, &plan(&want, &Nodes::new())).await.unwrap();
    assert_eq!(backend.observe().await.unwrap(), want);

    let low = address(&backend, "web", 80).await;
    assert_eq!(low, "127.78.0.10:10080".parse().unwrap());
    assert_eq!(greeting(low).await.unwrap(), "web http 80 127.0.0.1\n");
    assert_eq!(greeting("127.78.0.11:3306".parse().unwrap()).await.unwrap(), "db mysql 3306 127.0.0.1\n");
    let udp = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    udp.send_to(b"hello", address(&backend, "web", 53).await).await.unwrap();
    let mut buffer = [0; 16];
    assert_eq!(udp.recv(&mut buffer).await.unwrap(), 5);

    let less: Nodes = [("db".to_owned(), database)].into();
    run(&backend, &plan(&less, &want)).await.unwrap();
    assert_eq!(backend.observe().await.unwrap(), less);
    greeting(low).await.unwrap_err();
    let status = backend.status().await.unwrap();
    assert_eq!((status.nodes, status.listeners, status.isolation.as_str()), (1, 1, "stub"));
    backend.stop().await;
    assert!(!alive(status.pid.unwrap()), "the process has ended");
}

#[tokio::test]
async fn a_dead_stage_comes_back_with_all_nodes() {
    let root = tempfile::tempdir().unwrap();
    let backend = start(root.path()).await;
    let nodes = vec![
        node("steady", [127, 78, 1, 10], &[("http", Tcp, 8080)]),
        node("weak", [127, 78, 1, 11], &[("crash", Tcp, 8080)]),
    ];
    backend.apply(&Step::Add(nodes)).await.unwrap();
    let first = backend.status().await.unwrap().pid;
    let _ = greeting("127.78.1.11:8080".parse().unwrap()).await;
    // The listener is ours as well, so a connection made in between waits for the next process.
    assert_eq!(greeting("127.78.1.10:8080".parse().unwrap()).await.unwrap(), "steady http 8080 127.0.0.1\n");
    let status = backend.status().await.unwrap();
    assert_ne!(status.pid, first);
    assert_eq!((status.restarts, status.nodes), (1, 2));
}

#[tokio::test]
async fn a_refused_batch_leaves_nothing_behind() {
    let root = tempfile::tempdir().unwrap();
    let backend = start(root.path()).await;
    let good = node("good", [127, 78, 2, 10], &[("http", Tcp, 8080)]);
    let bad = node("bad", [127, 78, 2, 11], &[("refuse", Tcp, 8080)]);
    let error = backend.apply(&Step::Add(vec![good.clone(), bad])).await.unwrap_err();
    assert_eq!(decnet_engine::plan::chain(&error), "hand nodes to the stage: the stage refuses bad: told to");
    assert_eq!(backend.observe().await.unwrap(), Nodes::new());
    greeting("127.78.2.10:8080".parse().unwrap()).await.unwrap_err();
    backend.apply(&Step::Add(vec![good.clone()])).await.unwrap();
    backend.apply(&Step::Add(vec![good])).await.unwrap();
    assert_eq!(greeting("127.78.2.10:8080".parse().unwrap()).await.unwrap(), "good http 8080 127.0.0.1\n");
}

#[tokio::test]
async fn a_node_that_fits_no_message_costs_the_others_nothing() {
    let root = tempfile::tempdir().unwrap();
    let backend = start(root.path()).await;
    let [first, good, mut large] = [("first", 10), ("good", 11), ("large", 12)]
        .map(|(name, last)| node(name, [127, 78, 4, last], &[("http", Tcp, 8080)]));
    large.persona.files = vec![OwnFile::new("/srv/disk.img", "root", 0, &"x".repeat(200_000))];
    backend.apply(&Step::Add(vec![first])).await.unwrap();
    let pid = backend.status().await.unwrap().pid;
    let error = backend.apply(&Step::Add(vec![good.clone(), large])).await.unwrap_err();
    let told = decnet_engine::plan::chain(&error);
    assert!(told.starts_with("hand nodes to the stage: the order for large is longer than"), "{told}");
    // Who served it closes its socket a moment after the answer.
    let mut tries = 0;
    while let Err(error) = backend.apply(&Step::Add(vec![good.clone()])).await {
        tries += 1;
        assert!(tries < 100, "{error:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(greeting("127.78.4.11:8080".parse().unwrap()).await.unwrap(), "good http 8080 127.0.0.1\n");
    let status = backend.status().await.unwrap();
    assert_eq!((status.pid, status.restarts), (pid, 0), "the process did not end for it");
}

#[tokio::test]
async fn more_ports_than_one_message_carries_arrive_in_several() {
    let root = tempfile::tempdir().unwrap();
    let backend = start(root.path()).await;
    let ports: Vec<_> = (20_000..20_450).map(|port| ("many", Tcp, port)).collect();
    backend.apply(&Step::Add(vec![node("wide", [127, 78, 3, 10], &ports)])).await.unwrap();
    assert_eq!(greeting("127.78.3.10:20449".parse().unwrap()).await.unwrap(), "wide many 20449 127.0.0.1\n");
}

#[tokio::test]
async fn a_thousand_nodes_are_there_within_three_seconds() {
    let root = tempfile::tempdir().unwrap();
    let backend = start(root.path()).await;
    let ports = [2222, 8080, 3306, 6379, 2121].map(|port| ("echo", Tcp, port));
    let nodes = (0..1000u16).map(|number| {
        let [high, low] = number.to_be_bytes();
        node(&format!("node-{number:04}"), [127, 79, high, low], &ports)
    });
    let step = Step::Add(nodes.collect());
    let begun = Instant::now();
    backend.apply(&step).await.unwrap();
    let took = begun.elapsed();
    println!("1000 nodes with 5 listeners each: {took:?}");
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(
        greeting("127.79.3.231:2121".parse().unwrap()).await.unwrap(),
        "node-0999 echo 2121 127.0.0.1\n"
    );
}

fn alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}/stat")).exists()
}
