//! The kill property with real processes: whatever is killed whenever, the rows by writer and number are
//! the complete lines that were written.

use crate::ingest::{ingest_all, rows, store};
use decnet_bus::{Bus, Rights};
use decnet_model::{paths::Paths, worker::Worker};
use decnet_pipeline::{
    collector::{self, Collector, Settings},
    disk::Disk,
    ingester::{self, Ingester},
    runtime::{Host, body, run_alone},
};
use netsvc_wire::parse;
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::sync::watch;

const ROLE: &str = "PIPELINE_TEST_ROLE";
const ROOT: &str = "PIPELINE_TEST_ROOT";
const ROLES: [&str; 4] = ["serve", "collector", "ingester", "gate"];
const KILLS: u64 = 24;

/// Started again by the test below with a role to play until it is killed; does nothing without one.
#[test]
fn child() {
    let (Ok(role), Ok(root)) = (std::env::var(ROLE), std::env::var(ROOT)) else { return };
    let paths = Paths::new(root);
    match role.as_str() {
        "collector" => work_for_ever(paths, Worker::Collector),
        "ingester" => work_for_ever(paths, Worker::Ingester),
        spool => write_for_ever(&paths, spool),
    }
}

/// Writes lines in small pieces, so that a kill tears one; each segment stays under a second name, for
/// the test to read what was written.
fn write_for_ever(paths: &Paths, spool: &str) {
    let mut writer = [0; 8];
    rand_core::RngCore::fill_bytes(&mut rand_core::OsRng, &mut writer);
    let writer = u64::from_be_bytes(writer);
    let mut process = crate::stage::Process::start(&paths.spool(spool), writer);
    let mut index = 0;
    loop {
        let name = format!("{writer:016x}-{index:08}.seg");
        fs::hard_link(process.folder.join("lines").join(&name), paths.root().join("written").join(&name))
            .unwrap();
        for _ in 0..40 {
            let line = crate::stage::lines(&mut process.encoder, 1);
            let (first, rest) = line.split_at(line.len() / 2);
            process.raw(first);
            process.raw(rest);
        }
        index += 1;
        process.turn();
    }
}

fn work_for_ever(paths: Paths, worker: Worker) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let bus = Bus::unix(paths.bus_socket(), worker.name());
        let store = store(&paths).await;
        let host = Host { paths, bus };
        let settings = Settings { settle: Duration::from_millis(50), ..Settings::default() };
        let body = match worker {
            Worker::Collector => body(move |context| collector::run(context, settings.clone())),
            _ => body(move |context| ingester::run(context, store.clone(), ingester::Keep::default())),
        };
        let stop = watch::Sender::new(false);
        run_alone(&host, worker, &body, stop.subscribe()).await.unwrap();
    });
}

struct Killed(Child);

impl Killed {
    fn start(role: &str, root: &Path) -> Killed {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child", "--test-threads=1"])
            .env(ROLE, role)
            .env(ROOT, root)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        Killed(child)
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Complete lines in the segments that writers left, by writer.
fn written(root: &Path) -> BTreeMap<u64, Vec<u64>> {
    let mut found: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for entry in fs::read_dir(root.join("written")).unwrap() {
        let content = fs::read(entry.unwrap().path()).unwrap();
        for line in content.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n")) {
            let record = parse(line).unwrap();
            found.entry(record.writer.0).or_default().push(record.number);
        }
    }
    found.values_mut().for_each(|numbers| numbers.sort_unstable());
    found
}

#[test]
fn kills_at_any_time_neither_lose_nor_double_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::new(folder.path());
    for path in [paths.run(), paths.spools(), folder.path().join("written")] {
        fs::create_dir_all(path).unwrap();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let stop = watch::Sender::new(false);
    let (socket, stopped) = (paths.bus_socket(), stop.subscribe());
    let bus = runtime.spawn(async move { decnet_bus::serve(&socket, Rights::own(), stopped).await });
    // The store is made before processes race to make it.
    runtime.block_on(async { store(&paths).await.close().await });

    let mut running: Vec<Killed> = ROLES.iter().map(|role| Killed::start(role, folder.path())).collect();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..KILLS {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        // Not for synchronisation: a random moment for the kill.
        std::thread::sleep(Duration::from_millis(seed % 90));
        let index = usize::try_from(seed >> 32).unwrap() % ROLES.len();
        running[index] = Killed::start(ROLES[index], folder.path());
    }
    drop(running);

    let wanted = written(folder.path());
    let found = runtime.block_on(async {
        let done = store(&paths).await.event_last().await.unwrap();
        assert!(0 < done, "the killed workers got something done");
        let settings = Settings { settle: Duration::ZERO, ..Settings::default() };
        let mut collector = Collector::open(paths.clone(), settings, Disk::default()).unwrap();
        let begun = Instant::now();
        collector.drain().unwrap();
        let store = store(&paths).await;
        let mut ingester = Ingester::open(store.clone(), &paths, Disk::default()).await.unwrap();
        ingest_all(&mut ingester).await.unwrap();
        assert_eq!(collector.counters().lost, 0);
        assert!(begun.elapsed() < Duration::from_secs(60));
        assert!(store.gap_list(10).await.unwrap().is_empty());
        rows(&store).await
    });
    for (writer, numbers) in &wanted {
        let last = u64::try_from(numbers.len()).unwrap();
        // Not assert_eq: the lists are long.
        assert!(numbers.iter().copied().eq(1..=last), "writer {writer:016x} itself has no gap");
        let rows = found.get(writer).map_or(0, Vec::len);
        assert!(found.get(writer) == Some(numbers), "writer {writer:016x}: {rows} rows, {last} lines");
    }
    assert_eq!(found.len(), wanted.len());
    assert!(3 <= wanted.len(), "some writers were killed");
    stop.send_replace(true);
    runtime.block_on(bus).unwrap().unwrap();
}
