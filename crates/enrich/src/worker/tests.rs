//! The worker over a real store, with providers on loopback.

use super::*;
use decnet_bus::Bus;
use decnet_model::{
    paths::Paths,
    record::{AttackerDelta, Change, Contact, Counts, DeckyIntent, ProviderState, Verdict, View},
};
use decnet_pipeline::runtime::Status;
use decnet_store::Fence;
use std::{
    collections::BTreeMap, io::Read, io::Write, net::IpAddr, net::TcpListener, thread, time::Duration,
};
use tokio::sync::watch;

/// What a provider on loopback does with a connection.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Say(u16, &'static str),
    Hang,
    Close,
}

/// A provider on loopback: what it was asked, and what it does.
struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    deed: Arc<Mutex<Deed>>,
}

impl Server {
    fn new(deed: Deed) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server {
            port: listener.local_addr().unwrap().port(),
            asked: Arc::default(),
            deed: Arc::new(Mutex::new(deed)),
        };
        let (asked, deed) = (server.asked.clone(), server.deed.clone());
        thread::spawn(move || {
            let mut held = Vec::new();
            for peer in listener.incoming() {
                let mut peer = peer.unwrap();
                let (mut seen, mut piece) = (Vec::new(), [0; 1024]);
                while !seen.windows(4).any(|four| four == b"\r\n\r\n") {
                    match peer.read(&mut piece) {
                        Ok(count) if count > 0 => seen.extend_from_slice(&piece[..count]),
                        _ => break,
                    }
                }
                let line = String::from_utf8_lossy(&seen).lines().next().unwrap_or_default().to_owned();
                asked.lock().push(line);
                match *deed.lock() {
                    Deed::Say(status, body) => {
                        let head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n", body.len());
                        let _ = peer.write_all(format!("{head}{body}").as_bytes());
                    }
                    Deed::Hang => held.push(peer),
                    Deed::Close => {}
                }
            }
        });
        server
    }

    fn base(&self) -> Option<String> {
        Some(format!("http://127.0.0.1:{}", self.port))
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().clone()
    }
}

struct Site {
    folder: tempfile::TempDir,
    store: Store,
    correlator: Fence,
    context: WorkerContext,
    stop: watch::Sender<bool>,
    events: i64,
}

impl Site {
    async fn new() -> Site {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        let store = Store::open(paths.database().to_str().unwrap()).await.unwrap();
        let correlator = store.lease_take(Worker::Correlator).await.unwrap();
        let stop = watch::Sender::new(false);
        let (bus, status) = (Bus::local(), Status::default());
        let context = WorkerContext { worker: Worker::Enricher, paths, bus, stop: stop.subscribe(), status };
        Site { folder, store, correlator, context, stop, events: 0 }
    }

    /// One event of each address.
    async fn touch(&mut self, addresses: &[&str]) {
        let mut deltas = BTreeMap::new();
        let from = self.events;
        for address in addresses {
            self.events += 1;
            let (event, mut counts) = (self.events, Counts::default());
            counts.add("connect", netsvc_wire::Class::Scan);
            let at = netsvc_wire::stamp::now();
            let (node, service) = ("web-01".to_owned(), "ssh".to_owned());
            let contact = Contact {
                node: node.clone(),
                service: service.clone(),
                first_event: event,
                first_seen: at,
                last_seen: at,
                counts,
            };
            let delta = AttackerDelta {
                first_event: event,
                last_event: event,
                first_seen: at,
                last_seen: at,
                counts,
                first_node: node.clone(),
                last_node: node.clone(),
                hops: 0,
                contacts: BTreeMap::from([((node, service), contact)]),
            };
            deltas.insert(address.parse().unwrap(), delta);
        }
        let change = Change::Attackers(deltas);
        self.store.project(&self.correlator, &change, from, self.events).await.unwrap();
        assert_eq!(self.store.cursor(View::Attackers).await.unwrap(), self.events);
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.context.paths.intel()).unwrap();
        std::fs::write(self.context.paths.intel().join(name), text).unwrap();
    }

    /// The worker from its start until `enough`, or until it has nothing to do for a while.
    async fn run(&self, settings: Settings, enough: impl AsyncFn(&Store) -> bool) {
        self.stop.send_replace(false);
        let running = tokio::spawn(run(self.context.clone(), self.store.clone(), settings));
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        while !enough(&self.store).await {
            assert!(!running.is_finished() && tokio::time::Instant::now() < deadline, "in vain");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.stop.send_replace(true);
        running.await.unwrap().unwrap();
    }

    async fn shown(&self, address: &str) -> String {
        let address: IpAddr = address.parse().unwrap();
        let rows = self.store.enrichment_get(&[address]).await.unwrap();
        let Some(row) = rows.first() else { return "-".to_owned() };
        let mut shown = format!("{} {:?} {:?}", row.scope, row.origin.country.as_deref(), row.origin.asn);
        for one in self.store.reputation_get(&[address]).await.unwrap() {
            shown.push_str(&format!(" {}={}", one.provider, one.reputation.verdict));
        }
        shown
    }

    async fn state(&self, name: &str) -> ProviderState {
        let states = self.store.provider_list().await.unwrap();
        states.into_iter().find(|state| state.name == name).unwrap_or_default()
    }
}

fn greynoise(server: &Server, per_day: u64) -> Settings {
    let provider = Configured { name: "greynoise", key: String::new(), per_day, base: server.base() };
    Settings { providers: vec![provider], ..Settings::default() }
}

/// Sockets of the Internet that this process has open.
fn sockets() -> usize {
    let numbers: Vec<String> = ["tcp", "tcp6", "udp", "udp6"]
        .iter()
        .filter_map(|name| std::fs::read_to_string(format!("/proc/self/net/{name}")).ok())
        .flat_map(|text| {
            text.lines()
                .filter_map(|line| line.split_whitespace().nth(9).map(str::to_owned))
                .collect::<Vec<_>>()
        })
        .collect();
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let links = open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    let names = links.map(|link| link.to_string_lossy().into_owned());
    names.filter(|name| numbers.iter().any(|number| *name == format!("socket:[{number}]"))).count()
}

#[tokio::test]
async fn without_files_and_providers_nothing_is_read_and_nobody_asked() {
    let mut site = Site::new().await;
    site.touch(&["9.9.9.9", "10.0.0.1"]).await;
    let before = sockets();
    site.run(Settings::default(), async |_| true).await;
    assert_eq!(site.shown("9.9.9.9").await, "-");
    assert_eq!(site.store.enrichment_cursor().await.unwrap(), 0);
    assert!(site.store.provider_list().await.unwrap().is_empty());
    site.put("a.tsv", "9.9.9.0\t9.9.9.255\t19281\tUS\tQUAD9\n");
    site.run(Settings::default(), async |store| store.enrichment_cursor().await.unwrap() == 2).await;
    assert_eq!(site.shown("9.9.9.9").await, "global Some(\"US\") Some(19281)");
    assert_eq!(site.shown("10.0.0.1").await, "private-use None None");
    assert!(site.store.provider_list().await.unwrap().is_empty());
    assert_eq!(sockets(), before);
}

#[tokio::test]
async fn other_files_mean_that_all_is_looked_up_anew() {
    let mut site = Site::new().await;
    site.touch(&["9.9.9.9"]).await;
    site.put("a.tsv", "9.9.9.0\t9.9.9.255\t19281\tUS\tQUAD9\n");
    site.put("list.json", r#"[{"ip_address": "9.9.9.9", "malware": "Emotet"}]"#);
    let all = async |store: &Store| store.enrichment_cursor().await.unwrap() == 1;
    site.run(Settings::default(), &all).await;
    assert_eq!(site.shown("9.9.9.9").await, "global Some(\"US\") Some(19281) feodo=malicious");
    assert_eq!(site.store.enrichment_files().await.unwrap().len(), 2);
    site.put("a.tsv", "9.9.9.0\t9.9.9.255\t64500\tDE\tANOTHER ONE\n");
    site.put("list.json", "[]");
    let edition = site.store.enrichment_edition().await.unwrap();
    site.run(Settings::default(), async |store| {
        store.enrichment_edition().await.unwrap() != edition && all(store).await
    })
    .await;
    assert_eq!(site.shown("9.9.9.9").await, "global Some(\"DE\") Some(64500)");
    std::fs::remove_dir_all(site.context.paths.intel()).unwrap();
    site.run(Settings::default(), async |store| {
        store.enrichment_edition().await.unwrap().as_deref() == Some("")
    })
    .await;
    assert_eq!(site.shown("9.9.9.9").await, "-");
    assert!(site.folder.path().join("intel").is_dir());
}

const KNOWN: &str = r#"{"ip": "9.9.9.9", "riot": false, "classification": "malicious", "name": "unknown"}"#;

#[tokio::test]
async fn only_addresses_of_the_internet_that_are_not_ours_are_asked_about_and_each_once() {
    let mut site = Site::new().await;
    let server = Server::new(Deed::Say(200, KNOWN));
    let decky = DeckyIntent {
        name: "web-01".to_owned(),
        ip: Some("8.8.4.4".parse().unwrap()),
        services: Vec::new(),
        plan: "{}".to_owned(),
    };
    site.store.fleet_put("{}", &[decky], 1).await.unwrap();
    let private = ["10.0.0.1", "192.168.7.7", "100.64.0.1", "127.0.0.2", "fe80::1", "fc00::1", "203.0.113.9"];
    site.touch(&private).await;
    site.touch(&["8.8.4.4", "1.2.3.4", "9.9.9.9"]).await;
    let mut settings = greynoise(&server, 100);
    settings.never = vec!["1.2.3.0/24".parse().unwrap()];
    for _ in 0..2 {
        site.run(settings.clone(), async |store| {
            store.enrichment_cursor().await.unwrap() == 10
                && !store.reputation_get(&["9.9.9.9".parse().unwrap()]).await.unwrap().is_empty()
        })
        .await;
    }
    assert_eq!(server.asked(), ["GET /v3/community/9.9.9.9 HTTP/1.1"]);
    assert_eq!(site.shown("9.9.9.9").await, "global None None greynoise=malicious");
    assert_eq!(site.shown("1.2.3.4").await, "never None None");
    let state = site.state("greynoise").await;
    assert_eq!((state.asked, state.answers, state.failures), (1, 1, 0));
    // Who is not configured any more is not shown as if he were.
    site.run(Settings::default(), async |_| true).await;
    assert_eq!(site.state("greynoise").await.per_day, 0);
}

#[tokio::test]
async fn a_provider_that_fails_is_left_alone_and_its_failures_are_no_answers() {
    for (deed, told) in [
        (Deed::Say(503, "busy"), "HTTP 503"),
        (Deed::Say(200, "<html>"), "not as expected"),
        (Deed::Say(429, "slow down"), "asked too often"),
        (Deed::Say(401, "who are you"), "does not take the key"),
        (Deed::Close, "read the answer"),
    ] {
        let mut site = Site::new().await;
        let server = Server::new(deed);
        site.touch(&["9.9.9.9", "9.9.9.10", "9.9.9.11"]).await;
        let failed = async |store: &Store| {
            store.provider_list().await.unwrap().iter().any(|state| state.failures == 1)
        };
        site.run(greynoise(&server, 100), failed).await;
        assert_eq!(server.asked().len(), 1, "{deed:?}: one question, then a rest");
        assert!(
            site.store.reputation_get(&["9.9.9.9".parse().unwrap()]).await.unwrap().is_empty(),
            "{deed:?}"
        );
        let state = site.state("greynoise").await;
        assert!(state.problem.contains(told), "{deed:?}: {}", state.problem);
        assert_eq!(state.rests_until == 0, matches!(deed, Deed::Say(401, _)), "{deed:?}");
    }
}

#[tokio::test]
async fn a_provider_that_hangs_holds_up_neither_files_nor_the_end() {
    let mut site = Site::new().await;
    let server = Server::new(Deed::Hang);
    site.touch(&["9.9.9.9"]).await;
    site.put("a.tsv", "9.9.9.0\t9.9.9.255\t19281\tUS\tQUAD9\n");
    site.run(greynoise(&server, 100), async |_| !server.asked().is_empty()).await;
    assert_eq!(site.shown("9.9.9.9").await, "global Some(\"US\") Some(19281)");
    assert_eq!(site.state("greynoise").await.asked, 1, "what was asked is spent");
}

#[tokio::test]
async fn a_budget_is_kept_and_a_restart_gives_none_back() {
    let mut site = Site::new().await;
    let server = Server::new(Deed::Say(404, "{}"));
    site.touch(&["9.9.9.1", "9.9.9.2", "9.9.9.3", "9.9.9.4"]).await;
    for _ in 0..2 {
        let spent =
            async |store: &Store| store.provider_list().await.unwrap().iter().any(|state| state.answers == 2);
        site.run(greynoise(&server, 2), spent).await;
    }
    // The address that was active last goes first.
    let lines: Vec<String> = server.asked();
    assert_eq!(lines, ["GET /v3/community/9.9.9.4 HTTP/1.1", "GET /v3/community/9.9.9.3 HTTP/1.1"]);
    let row = &site.store.reputation_get(&["9.9.9.4".parse().unwrap()]).await.unwrap()[0];
    let spec = crate::provider::named("greynoise").unwrap().spec();
    assert_eq!(row.reputation.verdict, Verdict::Unknown);
    assert_eq!(row.reputation.expires_at - row.reputation.at, spec.unknown);
    assert!(spec.unknown < spec.fresh);
}

#[tokio::test]
async fn an_answer_that_expired_is_asked_for_again_once_its_address_does_something() {
    let mut site = Site::new().await;
    let address: IpAddr = "9.9.9.9".parse().unwrap();
    site.touch(&["9.9.9.9"]).await;
    let server = Server::new(Deed::Say(200, KNOWN));
    let answered = async |store: &Store| !store.reputation_get(&[address]).await.unwrap().is_empty();
    site.run(greynoise(&server, 100), answered).await;
    let expires = site.store.reputation_get(&[address]).await.unwrap()[0].reputation.expires_at;
    let due = async |now| site.store.reputation_due("greynoise", "global", now, 9).await.unwrap();
    assert!(due(expires - 1).await.is_empty());
    assert!(due(expires + 1).await.is_empty(), "nothing has happened since");
    assert_eq!(site.store.reputation_due("another", "global", 0, 9).await.unwrap(), [address]);
    assert!(site.store.reputation_due("another", "private-use", 0, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_list_is_fetched_put_into_the_folder_and_looked_up_in() {
    let mut site = Site::new().await;
    site.touch(&["9.9.9.9"]).await;
    let server = Server::new(Deed::Say(200, r#"[{"ip_address": "9.9.9.9", "malware": "QakBot"}]"#));
    let settings = Settings { feodo: Some(Feodo { base: server.base() }), ..Settings::default() };
    let file = site.context.paths.intel().join("feodo-ipblocklist.json");
    site.run(settings.clone(), async |_| file.exists()).await;
    site.run(settings.clone(), async |store| store.enrichment_cursor().await.unwrap() == 1).await;
    assert_eq!(site.shown("9.9.9.9").await, "global None None feodo=malicious");
    assert_eq!(server.asked(), ["GET /downloads/ipblocklist.json HTTP/1.1"], "once in hours");
    std::fs::remove_file(&file).unwrap();
    *server.deed.lock() = Deed::Say(200, "<html>");
    let failed =
        async |store: &Store| store.provider_list().await.unwrap().iter().any(|state| state.failures == 1);
    site.run(settings, failed).await;
    assert!(!file.exists(), "what is no list is not kept");
}
