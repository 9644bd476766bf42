//! A fleet in the lab, by the operator's own commands: time to deploy, and memory once every port was touched.

use crate::{
    baseline,
    correlate::mebi,
    place::{self, Place},
    processes,
    table::{Baseline, Row},
};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
    time::timeout,
};

/// How many deckies.
const SIZES: [u32; 3] = [10, 254, 1_000];
/// Rest between the touch of every port and the look at the memory.
const REST: Duration = Duration::from_secs(30);
/// Services of each, and their ports.
const SERVICES: &str = "ssh,http,telnet,ftp,redis";
const PORTS: [u16; 5] = [22, 80, 23, 21, 6379];
/// Ports touched at the same time.
const TOUCHES: usize = 64;
/// How long a touched port gets to say something.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longest a command of the operator may take, in seconds.
const LIMIT: &str = "60";

/// Measures every size.
pub(crate) fn measure(place: &Place) -> Vec<Row> {
    let mut rows = Vec::new();
    for count in SIZES {
        match one(place, count) {
            Ok(found) => rows.extend(found),
            Err(error) => rows.push(Row::missing(format!("fleet of {count}"), &format!("{error:#}"))),
        }
    }
    rows
}

fn one(place: &Place, count: u32) -> Result<Vec<Row>> {
    let site = Site::up(place, count)?;
    let slab = processes::slab().context("read the memory of the kernel")?;
    let started = Instant::now();
    site.decnet(&["run", "--daemon"])?;
    let count_text = count.to_string();
    let words = ["deploy", "--lab", "--deckies", &count_text, "--services", SERVICES, "--seed", "bench"];
    let answer: Value = serde_json::from_str(&site.decnet(&[&words[..], &["--json"]].concat())?)?;
    let whole = started.elapsed();
    let deploy = answer.get("ms").and_then(Value::as_u64).context("deploy says no time")?;
    let touched = site.touch(place)?;
    thread::sleep(REST);
    let status: Value = serde_json::from_str(&site.decnet(&["status", "--json"])?)?;
    let (sum, parts) = memory(&status)?;
    let grown = processes::slab().unwrap_or(slab).saturating_sub(slab);
    let name = format!("fleet of {count} with 5 services");
    let planned = baseline::PLANS.iter().find(|(deckies, _)| *deckies == count).map(|(_, plan)| *plan);
    let original = Baseline {
        figure: baseline::WORKERS_PSS + baseline::SERVICE_PSS * 5.0 * f64::from(count),
        section: "3 and 7, derived",
    };
    Ok(vec![
        Row::cost(format!("{name}: deploy"), "s", Duration::from_millis(deploy).as_secs_f64())
            .against(planned)
            .note(format!(
                "{:.1} s with the start of the workers{}",
                whole.as_secs_f64(),
                if planned.is_some() { "; the original's only plans (dry run)" } else { "" }
            )),
        Row::cost(format!("{name}: PSS of all our processes"), "MiB", mebi(sum)).against(original).note(
            format!(
                "{} s after {touched} touches: {parts}; kernel slab +{:.0} MiB",
                REST.as_secs(),
                mebi(grown)
            ),
        ),
    ])
}

/// Sum of the PSS of all our processes in KiB, and how it is made up.
fn memory(status: &Value) -> Result<(u64, String)> {
    let runtime = status.get("runtime").context("no runtime")?;
    let number =
        |value: Option<&Value>| value.and_then(Value::as_u64).and_then(|pid| u32::try_from(pid).ok());
    let workers = number(status.get("workers").and_then(|workers| workers.get("process")));
    let keys = ["netd", "process", "gate", "holder"];
    let mut roots: Vec<u32> = keys.iter().filter_map(|key| number(runtime.get(key))).collect();
    roots.extend(workers);
    ensure!(roots.len() == keys.len() + 1, "status does not name every process: {runtime}");
    let mut parts: BTreeMap<String, u64> = BTreeMap::new();
    for pid in processes::with_descendants(roots) {
        let pss = processes::pss(pid).with_context(|| format!("read the memory of process {pid}"))?;
        *parts.entry(processes::name(pid)).or_default() += pss;
    }
    let text: Vec<String> = parts.iter().map(|(name, pss)| format!("{name} {:.0}", mebi(*pss))).collect();
    Ok((parts.values().sum(), text.join(", ")))
}

/// An installation with a lab of its own; both are gone when it is dropped.
struct Site {
    program: PathBuf,
    folder: PathBuf,
    api: String,
    web: String,
}

impl Site {
    fn up(place: &Place, count: u32) -> Result<Site> {
        let folder = place.folder(&format!("fleet-{count}"))?;
        let free = || std::net::TcpListener::bind("127.0.0.1:0").context("find a free port");
        let (api, web) = (free()?, free()?);
        let port = |socket: std::net::TcpListener| anyhow::Ok(socket.local_addr()?.port().to_string());
        let site = Site { program: place.decnet(), folder, api: port(api)?, web: port(web)? };
        site.decnet(&["lab", "up"])?;
        Ok(site)
    }

    fn decnet(&self, words: &[&str]) -> Result<String> {
        let mut command = Command::new("timeout");
        command.arg(LIMIT).arg(&self.program).arg("--state-dir").arg(&self.folder).args(words);
        place::output(command.env("DECNET_API_PORT", &self.api).env("DECNET_WEB_PORT", &self.web))
            .with_context(|| format!("decnet {}", words.join(" ")))
    }

    /// Touches every port of every decky from the attackers' host; returns how many answered.
    fn touch(&self, place: &Place) -> Result<usize> {
        let status: Value = serde_json::from_str(&self.decnet(&["status", "--json"])?)?;
        let deckies = status.get("deckies").and_then(Value::as_array).context("no deckies")?;
        let mut list = String::new();
        for ip in deckies.iter().filter_map(|decky| decky.get("ip").and_then(Value::as_str)) {
            PORTS.iter().for_each(|port| list.push_str(&format!("{ip}:{port}\n")));
        }
        let file = self.folder.join("ports");
        fs::write(&file, &list).context("write the list of ports")?;
        let words =
            ["lab", "exec", "--", &place.own().display().to_string(), "touch", &file.display().to_string()];
        let answered: usize = self.decnet(&words)?.trim().parse().context("read how many answered")?;
        ensure!(answered == list.lines().count(), "{answered} of {} ports answered", list.lines().count());
        Ok(answered)
    }
}

impl Drop for Site {
    #[expect(clippy::print_stderr, reason = "somebody has to clean up by hand")]
    fn drop(&mut self) {
        for words in [&["teardown", "--all"][..], &["lab", "down"]] {
            if let Err(error) = self.decnet(words) {
                eprintln!("bench: {error:#}");
            }
        }
    }
}

/// Helper process: connects to every address in the file, and prints how many said something.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
pub(crate) async fn touch(file: &Path) -> Result<()> {
    let mut text = String::new();
    fs::File::open(file).context("read the list of ports")?.read_to_string(&mut text)?;
    let slots = Arc::new(Semaphore::new(TOUCHES));
    let mut running = Vec::new();
    for line in text.lines() {
        let address: SocketAddr = line.parse().context("read an address")?;
        let slot = Arc::clone(&slots).acquire_owned().await?;
        running.push(tokio::spawn(async move {
            let _slot = slot;
            timeout(PATIENCE, answers(address)).await.is_ok_and(|answer| answer.is_ok_and(|answers| answers))
        }));
    }
    let mut answered = 0;
    for one in running {
        answered += usize::from(one.await?);
    }
    println!("{answered}");
    Ok(())
}

async fn answers(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    let request: &[u8] = match address.port() {
        80 => b"GET / HTTP/1.0\r\n\r\n",
        6379 => b"PING\r\n",
        _ => b"",
    };
    stream.write_all(request).await?;
    Ok(stream.read(&mut [0; 256]).await? > 0)
}
