//! `netd` in a lab: nodes with addresses of their own, seen from another host.

use crate::set::{copy_tests, heard, is_root, lab, links, node, processes, program, stage};
use decnet_engine::{
    lab::{Lab, Place},
    native::{ClientError, Device, Native, NetdClient, NetdConfig, STAGE_USER, spawn_netd, teardown},
    node::{NodeSpec, Nodes},
    plan::{Backend, plan, run},
};
use netsvc_persona::stage::Transport::{Tcp, Udp};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs,
    io::Read,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

struct Site {
    root: tempfile::TempDir,
    lab: Lab,
    netd: Child,
    client: NetdClient,
}

fn config(root: &Path) -> NetdConfig {
    NetdConfig { arp_wait: 60, ..NetdConfig::new(root.join("run"), "eth0", stage(root, Some(STAGE_USER))) }
}

async fn site() -> Option<Site> {
    site_over(Device::Veth).await
}

async fn site_over(device: Device) -> Option<Site> {
    let root = tempfile::tempdir().unwrap();
    let lab = lab(root.path(), 1)?;
    let config = NetdConfig { device, ..config(root.path()) };
    let (netd, client) = spawn_netd(&program(), &config, Some(&lab)).await.unwrap();
    Some(Site { root, lab, netd, client })
}

impl Site {
    async fn close(mut self) {
        let processes = self.client.status().await.unwrap().processes;
        self.client.stop().await.unwrap();
        assert!(self.netd.wait().unwrap().success());
        for process in processes {
            assert!(!Path::new(&format!("/proc/{}", process.pid.unwrap())).exists(), "{process:?}");
        }
        for file in ["netd.sock", "netd.json"] {
            assert!(!self.root.path().join("run").join(file).exists(), "{file} is left");
        }
        self.lab.down().unwrap();
    }

    /// The process number of a stage process, once it is not `old`.
    async fn process(&self, verb: &str, old: Option<u32>) -> u32 {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let status = self.client.status().await.unwrap();
            let found = status.processes.iter().find(|process| process.verb == verb).unwrap().pid;
            match found {
                Some(pid) if found != old => return pid,
                _ => assert!(Instant::now() < end, "{verb} does not come back"),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn web() -> NodeSpec {
    node("web", [10, 66, 0, 10], &[("http", Tcp, 80), ("ssh", Tcp, 22), ("dns", Udp, 53)])
}

fn database() -> NodeSpec {
    node("db", [10, 66, 0, 11], &[("mysql", Tcp, 3306)])
}

#[tokio::test]
async fn nodes_answer_another_host_under_their_own_addresses() {
    let Some(site) = site().await else { return };
    let before = links();
    let backend = Native::new(site.client.clone());
    let want: Nodes = [web(), database()].map(|node| (node.name().to_owned(), node)).into();
    run(&backend, &plan(&want, &Nodes::new())).await.unwrap();
    assert_eq!(backend.observe().await.unwrap(), want);
    assert_eq!(heard(&site.lab, Place::Attacker(0), "10.66.0.10:80"), "web http 80 10.66.7.254\n");
    assert_eq!(heard(&site.lab, Place::Attacker(0), "10.66.0.11:3306"), "db mysql 3306 10.66.7.254\n");

    let status = site.client.status().await.unwrap();
    assert_eq!((status.nodes, status.listeners, status.device.as_str()), (2, 4, "veth"));
    assert_eq!(status.rootless, !is_root());
    assert!(status.packets > 0);

    run(&backend, &plan(&Nodes::new(), &want)).await.unwrap();
    assert_eq!(heard(&site.lab, Place::Attacker(0), "10.66.0.10:80"), "");
    assert_eq!(links(), before);
    site.close().await;
}

#[tokio::test]
async fn the_probe_host_reaches_nodes() {
    let Some(site) = site().await else { return };
    site.client.add(vec![web()]).await.unwrap();
    let limit = Duration::from_secs(5);
    let mut stream = site.client.probe_tcp("10.66.0.10:22".parse().unwrap(), limit).await.unwrap();
    stream.set_nonblocking(false).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(text, "web ssh 22 169.254.213.1\n");
    let socket = site.client.probe_udp().await.unwrap();
    socket.set_nonblocking(false).unwrap();
    socket.set_read_timeout(Some(limit)).unwrap();
    socket.send_to(b"hello", "10.66.0.10:53").unwrap();
    assert_eq!(socket.recv(&mut [0; 16]).unwrap(), 5);
    site.close().await;
}

#[tokio::test]
async fn one_node_reaches_another_only_through_the_gate() {
    let Some(site) = site().await else { return };
    site.client.add(vec![web(), database()]).await.unwrap();
    let serve = site.process("serve", None).await;
    let mut command = if is_root() {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{serve}/ns/net")).arg(program());
        command
    } else {
        let mut command = site.lab.command(Place::Segment, "nsenter").unwrap();
        command.arg(format!("--net=/proc/{serve}/ns/net")).arg(program());
        command
    };
    let output = command.args(["connect", "10.66.0.11:3306", "10.66.0.10"]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "db mysql 3306 10.66.0.10\n");
    let switched = fs::read_to_string(site.root.path().join("spool/gate/state/switched")).unwrap();
    assert!(switched.parse::<u64>().unwrap() >= 4, "{switched} frames");
    site.close().await;
}

#[tokio::test]
async fn an_address_that_somebody_has_is_refused() {
    let Some(site) = site().await else { return };
    let router = node("thief", [10, 66, 7, 254], &[("http", Tcp, 80)]);
    let error = site.client.add(vec![web(), router]).await.unwrap_err();
    let ClientError::Refused(reason) = error else { panic!("{error}") };
    assert_eq!(
        reason,
        "thief cannot have 10.66.7.254: the host with hardware address 52:54:00:1c:40:03 has it"
    );
    assert_eq!(site.client.list().await.unwrap(), []);
    let cases = [
        (node("gateway", [10, 66, 0, 1], &[]), "it is this host's own, the gateway's or the probe's"),
        (node("nobody", [224, 0, 0, 1], &[]), "no host can have it"),
        (node("refuser", [10, 66, 0, 12], &[("refuse", Tcp, 80)]), "the stage refuses refuser: told to"),
    ];
    for (wrong, expected) in cases {
        let error = site.client.add(vec![web(), wrong]).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(site.client.list().await.unwrap(), []);
    }
    site.client.add(vec![web()]).await.unwrap();
    site.client.add(vec![web()]).await.unwrap();
    site.close().await;
}

#[tokio::test]
async fn killed_stage_processes_come_back_with_their_nodes() {
    let Some(site) = site().await else { return };
    site.client.add(vec![web()]).await.unwrap();
    for verb in ["serve", "gate"] {
        let old = site.process(verb, None).await;
        kill(Pid::from_raw(i32::try_from(old).unwrap()), Signal::SIGKILL).unwrap();
        site.process(verb, Some(old)).await;
        assert_eq!(
            heard(&site.lab, Place::Attacker(0), "10.66.0.10:80"),
            "web http 80 10.66.7.254\n",
            "{verb}"
        );
    }
    site.close().await;
}

#[tokio::test]
async fn a_killed_netd_leaves_nothing_and_can_be_started_again() {
    let Some(mut site) = site().await else { return };
    site.client.add(vec![web()]).await.unwrap();
    let second = spawn_netd(&program(), &config(site.root.path()), Some(&site.lab)).await.unwrap_err();
    assert!(second.to_string().ends_with("netd runs already"), "{second}");
    let children = [site.process("serve", None).await, site.process("gate", None).await];
    site.netd.kill().unwrap();
    site.netd.wait().unwrap();
    let (netd, client) = spawn_netd(&program(), &config(site.root.path()), Some(&site.lab)).await.unwrap();
    (site.netd, site.client) = (netd, client);
    let end = Instant::now() + Duration::from_secs(5);
    while children.iter().any(|pid| Path::new(&format!("/proc/{pid}/exe")).exists()) {
        assert!(Instant::now() < end, "children of the killed netd are still there");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(site.client.list().await.unwrap(), []);
    site.client.add(vec![web()]).await.unwrap();
    assert_eq!(heard(&site.lab, Place::Attacker(0), "10.66.0.10:80"), "web http 80 10.66.7.254\n");
    site.close().await;
}

#[tokio::test]
async fn a_thousand_nodes_are_there_within_three_seconds() {
    let Some(site) = site().await else { return };
    let ports = [22, 80, 443, 3306, 6379].map(|port| ("echo", Tcp, port));
    let nodes = (0..1000u16).map(|number| {
        let [high, low] = (number + 10).to_be_bytes();
        node(&format!("node-{number:04}"), [10, 66, high, low], &ports)
    });
    let nodes = nodes.collect();
    let begun = Instant::now();
    site.client.add(nodes).await.unwrap();
    let took = begun.elapsed();
    println!("1000 nodes with 5 listeners each behind a gate: {took:?}");
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(heard(&site.lab, Place::Attacker(0), "10.66.3.241:6379"), "node-0999 echo 6379 10.66.7.254\n");
    site.close().await;
}

#[tokio::test]
async fn stage_processes_have_no_privileges() {
    let Some(site) = site().await else { return };
    for verb in ["serve", "gate"] {
        let pid = site.process(verb, None).await;
        let status =
            fs::read_to_string(site.root.path().join("spool").join(verb).join("state/limits")).unwrap();
        let field =
            |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
        assert_eq!(field("NoNewPrivs:"), "1");
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
            assert_eq!(field(set), "0000000000000000", "{verb} {set}");
        }
        let owner = fs::metadata(format!("/proc/{pid}")).unwrap().uid();
        let own = nix::unistd::Uid::effective().as_raw();
        assert_eq!(owner, if is_root() { STAGE_USER } else { own });
        assert_eq!(fs::read(format!("/proc/{pid}/environ")).map(|text| text.len()).unwrap_or(0), 0);
    }
    site.close().await;
}

#[tokio::test]
async fn a_tun_carries_as_well_where_it_is_open() {
    if fs::OpenOptions::new().read(true).write(true).open("/dev/net/tun").is_err() {
        println!("skipped: /dev/net/tun is closed to us");
        return;
    }
    let Some(site) = site_over(Device::Tun).await else { return };
    site.client.add(vec![web()]).await.unwrap();
    assert_eq!(heard(&site.lab, Place::Attacker(0), "10.66.0.10:80"), "web http 80 10.66.7.254\n");
    assert_eq!(site.client.status().await.unwrap().device, "tun");
    site.close().await;
}

#[tokio::test]
async fn teardown_leaves_what_it_found_even_when_netd_hangs() {
    let before = (links(), routes());
    let Some(mut site) = site().await else { return };
    let root = site.root.path().to_owned();
    let run = root.join("run");
    for hangs in [false, true] {
        site.client.add(vec![web(), database()]).await.unwrap();
        let children = [site.process("serve", None).await, site.process("gate", None).await];
        let namespaces = children.map(|pid| fs::read_link(format!("/proc/{pid}/ns/net")).unwrap_or_default());
        let recorded = Instant::now() + Duration::from_secs(10);
        let record = || fs::read_to_string(run.join("netd.json")).unwrap_or_default();
        // A netd that is stopped before it has noted its children leaves them to end by themselves.
        while !children.iter().all(|pid| record().contains(&format!(":{pid},"))) {
            assert!(Instant::now() < recorded, "nothing is recorded");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let pid = Pid::from_raw(i32::try_from(site.netd.id()).unwrap());
        if hangs {
            kill(pid, Signal::SIGSTOP).unwrap();
        }
        teardown(&site.client, &run, Duration::from_millis(500)).await.unwrap();
        site.netd.wait().unwrap();
        let inside = |namespace: &std::path::PathBuf| !namespace.as_os_str().is_empty() && in_use(namespace);
        assert!(!namespaces.iter().any(inside), "a namespace is still in use");
        assert_eq!((links(), routes()), before);
        let left: Vec<_> = ["netd.sock", "netd.json"].iter().filter(|file| run.join(file).exists()).collect();
        assert_eq!(left, Vec::<&&str>::new());
        assert!(root.join("spool/serve/state/limits").exists(), "evidence stays");
        teardown(&site.client, &run, Duration::from_millis(500)).await.unwrap();
        (site.netd, site.client) = spawn_netd(&program(), &config(&root), Some(&site.lab)).await.unwrap();
    }
    site.close().await;
}

fn routes() -> String {
    fs::read_to_string("/proc/net/route").unwrap()
}

/// Whether any process is in `namespace`.
fn in_use(namespace: &Path) -> bool {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| fs::read_link(entry.path().join("ns/net")).ok())
        .any(|other| other == namespace)
}

/// The same tests once more as an ordinary user, in a user namespace.
#[test]
fn all_of_it_works_without_root() {
    if !is_root() {
        return;
    }
    let folder = tempfile::Builder::new().prefix("rootless").tempdir().unwrap();
    std::os::unix::fs::chown(folder.path(), Some(65_534), Some(65_534)).unwrap();
    let output = Command::new(copy_tests(folder.path()))
        .args(["--nocapture", "native::", "lab::"])
        .env("TMPDIR", folder.path())
        .uid(65_534)
        .gid(65_534)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(processes(&folder.path().to_string_lossy()), Vec::<u32>::new());
}
