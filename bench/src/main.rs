//! Figures of the whole system beside those of the Python original, as one table.
//!
//! `bench [--json] [--only GROUP,…] [--decnet FILE] [--netsvcd FILE]`; `make bench` builds and runs it. What
//! cannot be measured here (no namespaces, no OpenSSH client) says so on its line. `bench weights` tells instead how
//! right clusters are on the corpora by which their weights were chosen.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

mod abuse;
mod asker;
mod bare;
mod baseline;
mod bus;
mod child;
mod correlate;
mod fleet;
mod floor;
mod gate;
mod intelligence;
mod interface;
mod lines;
mod logins;
mod node;
mod orders;
mod pipeline;
mod place;
mod processes;
mod scans;
mod segment;
mod sniffer;
mod stage;
mod table;
mod talk;
mod traffic;

use anyhow::{Context as _, Result, bail};
use place::Place;
use std::{path::PathBuf, process::ExitCode, time::Instant};
use table::Row;

/// What can be measured on its own, in the order of the table.
const GROUPS: [&str; 11] = [
    "pipeline",
    "correlate",
    "intelligence",
    "sniffer",
    "bus",
    "fleet",
    "gate",
    "scans",
    "logins",
    "abuse",
    "interface",
];
const USAGE: &str = "usage: bench [--json] [--only GROUP,...] [--decnet FILE] [--netsvcd FILE]";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match start(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(worker_threads = 2)]
async fn start(words: &[&str]) -> Result<()> {
    match words {
        ["bus-broker", socket] => bus::broker(socket.as_ref()).await,
        ["bus-subscriber", socket, who, count] => {
            bus::subscriber(socket.as_ref(), who.parse()?, count.parse()?).await
        }
        ["serve"] => stage::serve(),
        ["gate"] => stage::gate(),
        ["plain"] => traffic::plain(),
        ["traffic", address] => traffic::client(address.parse()?),
        ["echo"] => floor::echo(),
        ["touch", file] => fleet::touch(file.as_ref()).await,
        ["weights"] => {
            println!("{}", table::text(&intelligence::weigh()?));
            Ok(())
        }
        _ => run(&Options::read(words)?).await,
    }
}

/// What the command line says.
struct Options {
    json: bool,
    groups: Vec<String>,
    decnet: PathBuf,
    netsvcd: PathBuf,
}

impl Options {
    fn read(words: &[&str]) -> Result<Options> {
        let own = std::env::current_exe().context("find this program")?;
        let mut options = Options {
            json: false,
            groups: GROUPS.map(str::to_owned).to_vec(),
            decnet: own.with_file_name("decnet"),
            netsvcd: own.with_file_name("netsvcd"),
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} wants a value; {USAGE}"));
            match *word {
                "--json" => options.json = true,
                "--only" => options.groups = value()?.split(',').map(str::to_owned).collect(),
                "--decnet" => options.decnet = PathBuf::from(value()?),
                "--netsvcd" => options.netsvcd = PathBuf::from(value()?),
                _ => bail!("{word}: no such option; {USAGE}"),
            }
        }
        if let Some(wrong) = options.groups.iter().find(|group| !GROUPS.contains(&group.as_str())) {
            bail!("--only {wrong}: there are {}", GROUPS.join(", "));
        }
        Ok(options)
    }
}

async fn run(options: &Options) -> Result<()> {
    let place = Place::new(&options.decnet, &options.netsvcd)?;
    let mut rows = Vec::new();
    let begun = Instant::now();
    for group in &options.groups {
        eprintln!("bench: {group} ({} s so far)", begun.elapsed().as_secs());
        match measure(&place, group).await {
            Ok(found) => rows.extend(found),
            Err(error) => rows.push(Row::missing(group.as_str(), &format!("{error:#}"))),
        }
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        println!("{}", table::text(&rows));
    }
    eprintln!("bench: {} s", begun.elapsed().as_secs());
    Ok(())
}

async fn measure(place: &Place, group: &str) -> Result<Vec<Row>> {
    match group {
        "pipeline" => pipeline::measure(place).await,
        "correlate" => correlate::measure(place),
        "intelligence" => intelligence::measure(),
        "sniffer" => sniffer::measure(),
        "bus" => bus::measure(place).await,
        "fleet" => Ok(fleet::measure(place)),
        "gate" => gate::measure(place).await,
        "scans" => scans::measure(place).await,
        "logins" => logins::measure(place).await,
        "abuse" => abuse::measure(place).await,
        "interface" => interface::measure(place).await,
        _ => bail!("no such group"),
    }
}
