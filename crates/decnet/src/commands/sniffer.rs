//! `sniffer`: what packets tell of those who send them, live as a worker or of a file.

use super::{Context, run};
use crate::output;
use anyhow::{Context as _, Result};
use clap::Args;
use decnet_model::worker::Worker;
use decnet_sensors::{Finding, Sensor, capture::Capture, sniffer::APP};
use serde_json::{Value, json};
use std::{
    io::Read,
    net::IpAddr,
    path::{Path, PathBuf},
};

/// Say what packets tell of those who send them: systems, programs, clocks, what they ask for
///
/// Without a file it is the worker that sees what the packet gate sees and tells it as events. With a file it prints
/// the same of everybody in it, and needs no installation and no rights.
#[derive(Args, Debug)]
pub struct Sniffer {
    /// Capture to read, pcap or pcapng; `-` is the standard input
    #[arg(long, value_name = "FILE")]
    pub pcap: Option<PathBuf>,
    /// A JSON list
    #[arg(long, requires = "pcap")]
    json: bool,
    #[command(flatten)]
    worker: run::Single,
}

impl Sniffer {
    /// Runs the command, or the worker.
    ///
    /// # Errors
    /// When the file is no capture, or the worker fails.
    pub async fn run(self, context: &Context) -> Result<()> {
        let Some(file) = self.pcap else { return run::single(Worker::Sniffer, self.worker, context).await };
        let findings = read(&file).with_context(|| format!("read {}", file.display()))?;
        if self.json {
            output::json(&findings.iter().map(shown).collect::<Vec<_>>());
        } else {
            let rows: Vec<Vec<String>> = findings.iter().map(row).collect();
            output::table(&["TIME", "KIND", "ABOUT", "TO", "WHAT"], &rows, Clone::clone);
        }
        Ok(())
    }
}

/// A file, or the standard input.
///
/// # Errors
/// When it cannot be opened.
pub(super) fn input(file: &Path) -> Result<Box<dyn Read>> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    Ok(Box::new(fs_err::File::open(file)?))
}

fn read(file: &Path) -> Result<Vec<Finding>> {
    let mut capture = Capture::open(input(file)?)?;
    // Nobody who made the file chooses what collides here: it is drawn anew each time.
    let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), APP);
    let (mut sensor, mut found) = (Sensor::new(seed), Vec::new());
    while let Some(frame) = capture.next_frame()? {
        sensor.take(frame.at, frame.link, frame.bytes, &mut found);
    }
    sensor.finish(&mut found);
    if capture.is_cut() {
        output::note("the file ends in the middle of a packet");
    }
    let seen = sensor.seen();
    if seen.withheld > 0 {
        output::note(&format!("{} findings of a flood are left out", seen.withheld));
    }
    Ok(found)
}

fn shown(finding: &Finding) -> Value {
    json!({
        "at": netsvc_wire::stamp::format(finding.at),
        "service": APP,
        "kind": finding.kind.name(),
        "src_ip": finding.about.0.to_string(),
        "src_port": finding.about.1,
        "dst_ip": finding.to.0.to_string(),
        "dst_port": finding.to.1,
        "fields": output::fields(&finding.fields),
    })
}

fn row(finding: &Finding) -> Vec<String> {
    let end = |(address, port): (IpAddr, Option<u16>)| match port {
        Some(port) => std::net::SocketAddr::new(address, port).to_string(),
        None => address.to_string(),
    };
    let what: Vec<String> = finding
        .fields
        .iter()
        .map(|(name, value)| format!("{name}={}", netsvc_wire::escape::printable(value).as_str()))
        .collect();
    vec![
        output::moment(finding.at),
        finding.kind.name().to_owned(),
        end(finding.about),
        end(finding.to),
        what.join(" "),
    ]
}
