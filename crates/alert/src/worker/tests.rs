//! The worker over a real store, with targets on loopback.

use super::*;
use decnet_model::{
    alert::Asked,
    record::{AlertKind, Change, Contact, Counts, IncidentDelta, Stage, Stroke, View},
};
use std::net::IpAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UdpSocket},
    sync::mpsc,
};

struct Site {
    alerter: Alerter,
    correlator: Fence,
    events: i64,
    _folder: tempfile::TempDir,
}

impl Site {
    async fn new() -> Site {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("test.db").to_str().unwrap()).await.unwrap();
        let fence = store.lease_take(Worker::Alerter).await.unwrap();
        let correlator = store.lease_take(Worker::Correlator).await.unwrap();
        let settings =
            Settings { rule: None, dashboard: Some("https://decnet.lan/".to_owned()), ..Settings::default() };
        let alerter = Alerter::new(store, fence, settings, folder.path().to_owned());
        let mut site = Site { alerter, correlator, events: 0, _folder: folder };
        // The first pass says where history ends.
        site.pass(0).await;
        site
    }

    /// One event of an address.
    async fn touch(&mut self, last: u8, deed: Stage, node: &str) {
        let from = self.events;
        self.events += 1;
        let event = self.events;
        let mut counts = Counts::default();
        counts.add("connect", netsvc_wire::Class::Scan);
        let contact = Contact {
            node: node.into(),
            service: "ssh".into(),
            first_event: event,
            first_seen: event,
            last_seen: event,
            counts,
        };
        let stroke = Stroke {
            src_ip: IpAddr::from([192, 0, 2, last]),
            first_event: event,
            last_event: event,
            begun_at: event,
            first_seen: event,
            last_seen: event,
            deed,
            deed_event: event,
            node: node.into(),
            service: "ssh".into(),
            logins: 0,
            login_event: 0,
            principal: None,
            commands: 0,
            artefacts: 0,
            counts,
            contacts: vec![contact],
        };
        let delta = IncidentDelta { strokes: vec![stroke], marks: Vec::new() };
        let change = Change::Incidents(delta);
        assert_eq!(change.view(), View::Incidents);
        self.alerter.store.project(&self.correlator, &change, from, event).await.unwrap();
    }

    async fn rule(&self, name: &str, target: &str, change: impl FnOnce(&mut Asked)) {
        let mut asked = Asked { target: Some(target.to_owned()), ..Asked::default() };
        change(&mut asked);
        let rule = asked.rule(name, None, "eve", 1).unwrap();
        self.alerter.store.alert_rule_put(&rule).await.unwrap();
    }

    /// What a pass of the worker does at `now`.
    async fn pass(&mut self, now: Micros) -> Option<String> {
        let rules = self.alerter.store.alert_rule_list().await.unwrap();
        while self.alerter.make(&rules, now).await.unwrap() {}
        self.alerter.digest(&rules, now).await.unwrap();
        self.alerter.deliver(&rules, now).await.unwrap()
    }

    /// State, kind and tries of all messages, the oldest first.
    async fn messages(&self) -> Vec<(String, DeliveryState, u64)> {
        let rows = self.alerter.store.alert_list(Page::newest(100)).await.unwrap();
        let of = |row: AlertDelivery| (format!("{} {}", row.kind, row.title), row.state, row.attempts);
        rows.into_iter().rev().map(of).collect()
    }
}

/// A server that gives `answers` one after another, the last one for ever; what it was asked is in the channel.
async fn server(answers: &'static [&'static str]) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}/hook?key=geheim", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut turn = 0;
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut read = Vec::new();
            let mut piece = [0; 4096];
            loop {
                let count = socket.read(&mut piece).await.unwrap_or(0);
                read.extend_from_slice(&piece[..count]);
                let text = String::from_utf8_lossy(&read).into_owned();
                let length = text.lines().find_map(|line| line.strip_prefix("Content-Length: "));
                let length: usize = length.map_or(0, |length| length.parse().unwrap());
                let whole = text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() >= length);
                if whole || count == 0 {
                    break;
                }
            }
            let answer = answers.get(turn).or(answers.last()).copied().unwrap_or_default();
            turn += 1;
            let _ = socket.write_all(answer.as_bytes()).await;
            let _ = sender.send(String::from_utf8_lossy(&read).into_owned());
        }
    });
    (target, receiver)
}

const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const BAD: &str = "HTTP/1.1 503 Busy\r\nContent-Length: 5\r\n\r\nlater";

#[tokio::test]
async fn an_incident_is_told_once_for_each_stage_and_signed() {
    let mut site = Site::new().await;
    let (target, mut asked) = server(&[GOOD]).await;
    site.rule("siem", &target, |asked| {
        asked.secret = Some("key".into());
        asked.severity = Some("medium".into());
    })
    .await;
    site.touch(1, Stage::Touched, "web-01").await;
    site.pass(10).await;
    assert_eq!(site.messages().await, [], "too little to tell");
    site.touch(1, Stage::Tried, "web-01").await;
    site.touch(1, Stage::Tried, "web-01").await;
    assert_eq!(site.pass(20).await, None);
    site.touch(1, Stage::Tried, "web-01").await;
    site.pass(30).await;
    site.touch(1, Stage::LoggedIn, "web-01").await;
    site.pass(40).await;
    let titles: Vec<_> = site.messages().await.into_iter().map(|(title, state, _)| (title, state)).collect();
    assert_eq!(
        titles,
        [
            ("alert 192.0.2.1 tried 0 credentials on ssh on web-01".to_owned(), DeliveryState::Delivered),
            ("alert 192.0.2.1 logged in to ssh on web-01".to_owned(), DeliveryState::Delivered)
        ]
    );
    let text = asked.recv().await.unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook?key=geheim HTTP/1.1\r\nHost: 127.0.0.1:"), "{head}");
    let of = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
    let seconds: i64 = of("X-DECNET-Timestamp:").parse().unwrap();
    assert_eq!(of("X-DECNET-Signature:"), format!("sha256={}", crate::web::signature("key", seconds, body)));
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!((&body["token"], &body["incident"]["id"]), (&of("X-DECNET-Event-Id:").into(), &1.into()));
    assert_eq!(body["link"], "https://decnet.lan/incidents/1");
}

#[tokio::test]
async fn what_a_target_does_not_take_is_sent_again_until_it_is_given_up() {
    let mut site = Site::new().await;
    let (target, mut asked) = server(&[BAD, GOOD]).await;
    site.rule("chat", &target, |asked| asked.format = Some("slack".into())).await;
    // Nobody listens there.
    site.rule("down", "http://127.0.0.1:9/", |_| {}).await;
    site.touch(1, Stage::Executed, "web-01").await;
    let trouble = site.pass(10).await.unwrap();
    assert!(trouble.contains("do not arrive") && !trouble.contains("geheim"), "{trouble}");
    site.pass(11).await;
    let tries: Vec<_> = site.messages().await.into_iter().map(|(_, state, tries)| (state, tries)).collect();
    assert_eq!(tries, [(DeliveryState::Waiting, 1); 2], "they wait");
    let first = asked.recv().await.unwrap();
    site.pass(10 + FIRST_WAIT).await;
    let second = asked.recv().await.unwrap();
    let token =
        |text: &str| text.lines().find(|line| line.starts_with("X-DECNET-Event-Id")).unwrap().to_owned();
    assert_eq!(token(&first), token(&second));
    assert!(first.contains(r#"{"text":"*HIGH* `192.0.2.1 acted in ssh on web-01`"#), "{first}");
    let mut now = 20 + FIRST_WAIT;
    for _ in 0..TRIES {
        now += LONGEST_WAIT + 1;
        site.pass(now).await;
    }
    let rows = site.alerter.store.alert_list(Page::newest(9)).await.unwrap();
    let of = |name: &str| rows.iter().find(|row| row.rule == name).unwrap().clone();
    assert_eq!(
        (of("chat").state, of("chat").attempts, of("chat").answer.as_str()),
        (DeliveryState::Delivered, 2, "HTTP 200: ok")
    );
    assert_eq!((of("down").state, of("down").attempts), (DeliveryState::Failed, TRIES));
    assert!(of("down").answer.starts_with("connect to the target: "), "{}", of("down").answer);
    let told = |site: &Site| site.alerter.deaf.keys().cloned().collect::<Vec<_>>();
    assert_eq!(told(&site), ["down"]);
    let mut rules = site.alerter.store.alert_rule_list().await.unwrap();
    site.alerter.watch(&rules, now).await.unwrap();
    assert_eq!(told(&site), ["down"]);
    rules.retain(|rule| rule.name != "down");
    site.alerter.watch(&rules, now).await.unwrap();
    assert!(told(&site).is_empty(), "a rule that is gone is not told of");
    assert!(site.alerter.store.alert_again(of("down").id, now).await.unwrap());
    assert_eq!(site.alerter.store.alert_in_state(DeliveryState::Waiting, now, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_too_much_is_told_in_a_digest() {
    let mut site = Site::new().await;
    let (target, mut asked) = server(&[GOOD]).await;
    site.rule("chat", &target, |asked| asked.per_hour = Some(2)).await;
    for last in 1..=5 {
        site.touch(last, Stage::Executed, "web-01").await;
    }
    site.pass(10).await;
    let states = |messages: Vec<(String, DeliveryState, u64)>| {
        let count = |wanted| messages.iter().filter(|(_, state, _)| *state == wanted).count();
        (count(DeliveryState::Delivered), count(DeliveryState::Held), count(DeliveryState::Told))
    };
    assert_eq!(states(site.messages().await), (2, 3, 0));
    site.pass(HOUR).await;
    assert_eq!(states(site.messages().await), (2, 3, 0), "the hour is not over");
    site.pass(HOUR + 11).await;
    assert_eq!(states(site.messages().await), (3, 0, 3));
    site.pass(HOUR + 12).await;
    let (_, _, digest) = (asked.recv().await, asked.recv().await, asked.recv().await.unwrap());
    assert!(
        digest.contains("3 alerts were held back") && digest.contains("192.0.2.5 acted in ssh"),
        "{digest}"
    );
    assert!(asked.try_recv().is_err(), "once");
}

#[tokio::test]
async fn mutes_hours_and_conditions_are_heeded() {
    let mut site = Site::new().await;
    let (target, _asked) = server(&[GOOD]).await;
    site.rule("all", &target, |asked| asked.quiet = Some("00:00-01:00".into())).await;
    site.rule("db", &target, |asked| asked.node = Some("db-01".into())).await;
    site.rule("net", &target, |asked| asked.network = Some("192.0.2.8/30".into())).await;
    site.rule("off", &target, |asked| asked.enabled = Some(false)).await;
    let mute = AlertMute {
        hours: None,
        id: 0,
        network: Some("192.0.2.9".into()),
        node: None,
        service: None,
        reason: String::new(),
        until: Some(3 * HOUR),
        created_by: "eve".into(),
        created_at: 0,
    };
    site.alerter.store.alert_mute_put(&mute).await.unwrap();
    site.touch(9, Stage::Executed, "db-01").await;
    site.touch(1, Stage::Executed, "db-01").await;
    site.touch(8, Stage::Executed, "web-01").await;
    site.touch(2, Stage::Left, "web-01").await;
    site.pass(2).await;
    let told = |messages: Vec<AlertDelivery>| -> Vec<(String, DeliveryState)> {
        messages.into_iter().rev().map(|row| (format!("{} {}", row.rule, row.incident), row.state)).collect()
    };
    let rows = site.alerter.store.alert_list(Page::newest(99)).await.unwrap();
    let expected = [
        ("all 2", DeliveryState::Held),
        ("db 2", DeliveryState::Delivered),
        ("all 3", DeliveryState::Held),
        ("net 3", DeliveryState::Delivered),
        ("all 4", DeliveryState::Delivered),
    ];
    assert_eq!(told(rows), expected.map(|(name, state)| (name.to_owned(), state)), "critical wakes people");
    site.touch(9, Stage::Left, "db-01").await;
    site.pass(4 * HOUR).await;
    let rows = site.alerter.store.alert_list(Page::newest(99)).await.unwrap();
    assert!(rows.iter().any(|row| row.incident == 1 && row.rule == "net"), "the mute has ended");
    assert!(rows.iter().any(|row| row.kind == AlertKind::Digest && row.state == DeliveryState::Delivered));
}

#[tokio::test]
async fn a_line_reaches_a_syslog_server_and_a_test_too() {
    let site = Site::new().await;
    let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let target = format!("syslog+udp://{}", udp.local_addr().unwrap());
    site.rule("log", &target, |_| {}).await;
    let rule = site.alerter.store.alert_rule_get("log").await.unwrap().unwrap();
    let test = message::test(&rule, "eve", 7);
    assert!(send(&rule, &test, &site.alerter.folder).await.unwrap().is_good());
    let mut line = [0; 2048];
    let count = udp.recv(&mut line).await.unwrap();
    let line = String::from_utf8_lossy(&line[..count]).into_owned();
    assert!(line.starts_with("<134>1 ") && line.contains("asked for by eve"), "{line}");
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let asked =
        Asked { target: Some(format!("syslog+tcp://{}", tcp.local_addr().unwrap())), ..Asked::default() };
    let rule = asked.rule("log", Some(rule), "eve", 1).unwrap();
    let (sent, socket) = tokio::join!(send(&rule, &test, &site.alerter.folder), tcp.accept());
    sent.unwrap();
    let mut text = String::new();
    socket.unwrap().0.read_to_string(&mut text).await.unwrap();
    let (length, line) = text.split_once(' ').unwrap();
    assert_eq!(length.parse::<usize>().unwrap(), line.len());
}

#[test]
fn waits_double_up_to_an_hour() {
    assert_eq!([1, 2, 3, 12, 99].map(wait), [10, 20, 40, 3600, 3600].map(|seconds| seconds * 1_000_000));
}
