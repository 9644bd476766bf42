//! The interface over a large store: how long each list takes, 500 event streams, and a crowd of a thousand users.

use crate::{
    asker::Asker,
    lines::Lines,
    pipeline::{at, millis, per},
    place::{Place, output},
    processes,
    table::Row,
};
use anyhow::{Context as _, Result, bail, ensure};
use decnet_model::{paths::Paths, worker::Worker};
use decnet_pipeline::runtime::Note;
use decnet_store::{Position, Store, record::View};
use std::{
    fs::{self, Permissions},
    io::Write,
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::sleep};

/// Events in the store, unless BENCH_EVENTS says so.
const EVENTS: u64 = 5_000_000;
/// Events of one transaction.
const BATCH: u64 = 1000;
/// Longest wait for the views of all of them.
const VIEWS: Duration = Duration::from_secs(3600);
/// Questions of each kind.
const QUESTIONS: usize = 100;
/// What is asked of the store, one after the other.
const LISTS: [(&str, &str); 9] = [
    ("events, the latest", "/events?limit=50"),
    ("events of a kind and a service", "/events?kind=command&service=ssh&limit=50"),
    ("events with a word", "/events?search=cpuinfo&limit=50"),
    ("events of an address", "/events?src_ip=203.0.103.7&limit=50"),
    ("attackers", "/attackers?limit=50"),
    ("credentials", "/credentials?limit=50"),
    ("timeline", "/timeline"),
    ("top", "/top?subject=attacker"),
    ("stats", "/stats"),
];
/// What a user of the crowd asks for, in turn: what people look at, as the original's load test had it.
const CROWD: [&str; 5] =
    ["/stats", "/events?limit=50", "/attackers?limit=50", "/deckies", "/events?search=cpuinfo&limit=20"];
/// The crowd, how fast it comes, and how long it stays.
const USERS: u64 = 1000;
const ARRIVALS: u64 = 50;
const STAY: Duration = Duration::from_secs(60);
/// Event streams, and how many one user may have.
const STREAMS: usize = 500;
const STREAMS_OF_ONE: usize = 25;
/// Events that all of them are told.
const TOLD: usize = 200;

/// Measures all of it.
pub(crate) async fn measure(place: &Place) -> Result<Vec<Row>> {
    let events = std::env::var("BENCH_EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(EVENTS);
    let paths = Paths::new(place.folder("interface")?);
    let mut rows = vec![fill(&paths, events).await?];
    let run = Run::start(place, &paths)?;
    let token = run.token("admin")?;
    rows.push(run.views(&paths).await?);
    for (name, path) in LISTS {
        rows.push(run.list(&token, name, path, events).await);
    }
    rows.extend(run.streams(&paths, 1).await?);
    rows.extend(run.streams(&paths, STREAMS).await?);
    rows.extend(run.crowd(&token).await?);
    if let Some(peak) = Note::read(&paths, Worker::Api).and_then(|note| processes::peak(note.pid)) {
        rows.push(Row::cost("interface: peak memory", "MiB", crate::correlate::mebi(peak)));
    }
    Ok(rows)
}

/// Puts events into the store as the ingester does, without a log.
async fn fill(paths: &Paths, events: u64) -> Result<Row> {
    let begun = Instant::now();
    let store = Store::open(&paths.database().display().to_string()).await?;
    let fence = store.lease_take(Worker::Ingester).await?;
    let mut lines = Lines::new(1)?;
    let mut text = Vec::new();
    for _ in 0..events.div_ceil(BATCH) {
        text.clear();
        lines.append(BATCH, &mut text)?;
        let records: Result<Vec<_>, _> =
            text.split_inclusive(|&byte| byte == b'\n').map(netsvc_wire::parse).collect();
        store.ingest(&fence, &records?, &Position::default()).await?;
    }
    store.checkpoint().await?;
    store.close().await;
    let row = Row::cost("interface: filling the store", "s", begun.elapsed().as_secs_f64());
    Ok(row.note(format!("{events} events, 1,000 at a time")))
}

/// The workers that run.
struct Run<'a> {
    place: &'a Place,
    root: &'a Path,
    child: Child,
    address: SocketAddr,
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap_or_default());
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

impl<'a> Run<'a> {
    fn start(place: &'a Place, paths: &'a Paths) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let spool = paths.spool("bench").join("lines");
        fs::create_dir_all(&spool).context("make a spool")?;
        // The collector removes what it has read, as another user.
        fs::set_permissions(&spool, Permissions::from_mode(0o777))?;
        let child = Command::new(place.decnet())
            .arg("--state-dir")
            .arg(paths.root())
            .args(["run", "--only", "collector,ingester,correlator,api"])
            .env("DECNET_API_PORT", address.port().to_string())
            .env("DECNET_ADMIN_PASSWORD", "a-password-for-tests-only")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(paths.root().join("messages")).context("make a log")?)
            .spawn()
            .context("run decnet")?;
        Ok(Run { place, root: paths.root(), child, address })
    }

    fn program(&self, words: &[&str]) -> Result<String> {
        output(Command::new(self.place.decnet()).arg("--state-dir").arg(self.root).args(words))
    }

    fn token(&self, user: &str) -> Result<String> {
        let words = ["token", "create", "bench", "--user", user, "--scopes", "read", "--json"];
        let deadline = Instant::now() + Duration::from_secs(30);
        let made = loop {
            match self.program(&words) {
                Err(_) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(200)),
                made => break made?,
            }
        };
        let made: serde_json::Value = serde_json::from_str(&made).context("read a token")?;
        Ok(made.get("token").and_then(serde_json::Value::as_str).context("a token")?.to_owned())
    }

    /// Waits until all views have seen all events.
    async fn views(&self, paths: &Paths) -> Result<Row> {
        let begun = Instant::now();
        let store = Store::open_read_only(&paths.database().display().to_string(), false).await?;
        let last = store.totals().await?.last_event;
        // Those of the workers that run here.
        for &view in View::ALL.iter().filter(|view| view.worker() == Worker::Correlator) {
            while store.cursor(view).await? < last {
                ensure!(begun.elapsed() < VIEWS, "the view {} is not done", view.name());
                sleep(Duration::from_millis(500)).await;
            }
        }
        store.close().await;
        Ok(Row::cost("interface: the views of the correlator", "s", begun.elapsed().as_secs_f64()))
    }

    async fn list(&self, token: &str, name: &str, path: &str, events: u64) -> Row {
        let line = format!("{name}: 95 %");
        match self.asked(token, path).await {
            Ok(times) => Row::cost(line, "ms", millis(at(&times, 95)))
                .note(format!("median {:.1} ms, of {events} events", millis(at(&times, 50)))),
            Err(error) => Row::missing(line, &format!("{error:#}")),
        }
    }

    async fn asked(&self, token: &str, path: &str) -> Result<Vec<Duration>> {
        let mut asker = Asker::connect(self.address, token).await?;
        let mut times = Vec::new();
        for _ in 0..QUESTIONS {
            let begun = Instant::now();
            let (status, body) = asker.get(path).await?;
            ensure!(status == 200, "{path}: {status} {}", String::from_utf8_lossy(&body));
            times.push(begun.elapsed());
        }
        Ok(times)
    }

    /// `count` streams, and events that each is told.
    async fn streams(&self, paths: &Paths, count: usize) -> Result<Vec<Row>> {
        let mut streams = JoinSet::new();
        let mut token = String::new();
        for number in 0..count {
            if number % STREAMS_OF_ONE == 0 {
                let user = format!("reader{count}-{}", number / STREAMS_OF_ONE);
                self.program(&["user", "create", user.as_str()])?;
                token = self.token(&user)?;
            }
            let mut asker = Asker::connect(self.address, &token).await?;
            asker.stream("/stream?topics=events").await.with_context(|| format!("stream {number}"))?;
            streams.spawn(async move {
                let mut heard = 0;
                while heard < TOLD {
                    heard += asker.count(b"event: event").await?;
                }
                anyhow::Ok(Instant::now())
            });
        }
        let pid = Note::read(paths, Worker::Api).context("the process of the interface")?.pid;
        let before = processes::cpu(pid)?;
        let name = format!("lines/{:016x}-{:08}.seg", count + 10, 0);
        let mut options = fs::OpenOptions::new();
        let segment = options.create(true).append(true).open(paths.spool("bench").join(name));
        let mut segment = segment.context("open a segment")?;
        let mut lines = Lines::new(u64::try_from(count)? + 10)?;
        for _ in 0..TOLD {
            let mut line = Vec::new();
            lines.append(1, &mut line)?;
            segment.write_all(&line).context("write a line")?;
            sleep(Duration::from_millis(20)).await;
        }
        let written = Instant::now();
        let mut late = Vec::new();
        while let Some(ended) = streams.join_next().await {
            late.push(ended??.saturating_duration_since(written));
        }
        let cpu = processes::cpu(pid)?.saturating_sub(before);
        let told = u64::try_from(TOLD * count)?;
        Ok(vec![
            Row::cost(
                format!("{count} event streams: CPU of an event"),
                "µs",
                per(cpu, u64::try_from(TOLD)?),
            )
            .note(format!("{:.1} µs for each that is told", per(cpu, told))),
            Row::cost(
                format!("{count} event streams: the last one is told after"),
                "ms",
                millis(at(&late, 100)),
            ),
        ])
    }

    /// The crowd: who arrives asks, waits one to three seconds, and asks the next.
    async fn crowd(&self, token: &str) -> Result<Vec<Row>> {
        let (begun, end) = (Instant::now(), Instant::now() + STAY);
        let mut users = JoinSet::new();
        for number in 0..USERS {
            let (address, token) = (self.address, token.to_owned());
            users.spawn(async move {
                sleep(Duration::from_millis(number * 1000 / ARRIVALS)).await;
                user(address, &token, number, end).await
            });
        }
        let (mut times, mut failed, mut why) = (Vec::new(), 0_u64, String::new());
        while let Some(user) = users.join_next().await {
            let (asked, failures) = user?;
            times.extend(asked);
            failed += u64::try_from(failures.len())?;
            why = failures.into_iter().next().unwrap_or(why);
        }
        if times.is_empty() {
            bail!("nobody was answered: {why}");
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
        let note = if why.is_empty() { "1,000 users, 50 more each second, 60 s".to_owned() } else { why };
        #[expect(clippy::cast_precision_loss, reason = "a number for people")]
        let failed = failed as f64;
        Ok(vec![
            Row::rate("crowd: answers", "1/s", rate),
            Row::cost("crowd: failures", "", failed).note(note),
            Row::cost("crowd: median", "ms", millis(at(&times, 50))),
            Row::cost("crowd: 99 %", "ms", millis(at(&times, 99))),
        ])
    }
}

/// One of the crowd: times of answers, and what failed.
async fn user(address: SocketAddr, token: &str, number: u64, end: Instant) -> (Vec<Duration>, Vec<String>) {
    let (mut times, mut failures) = (Vec::new(), Vec::new());
    let mut asker = None;
    let mut turn = number;
    while Instant::now() < end {
        let path = CROWD.get(usize::try_from(turn % 5).unwrap_or_default()).copied().unwrap_or("/stats");
        let begun = Instant::now();
        let answer = async {
            let mut open = match asker.take() {
                Some(open) => open,
                None => Asker::connect(address, token).await?,
            };
            let (status, _) = open.get(path).await?;
            ensure!(status == 200, "{path} was answered {status}");
            anyhow::Ok(open)
        };
        match answer.await {
            Ok(open) => {
                times.push(begun.elapsed());
                asker = Some(open);
            }
            Err(error) => failures.push(format!("{error:#}")),
        }
        turn += 1;
        // One to three seconds, another time for everybody.
        sleep(Duration::from_millis(1000 + (number * 7919 + turn * 104_729) % 2000)).await;
    }
    (times, failures)
}
