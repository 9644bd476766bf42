//! `learn`: what a segment is like, and a plan that blends in.

use super::{Context, sniffer, write_new};
use crate::output;
use anyhow::{Context as _, Result, bail};
use clap::Args;
use decnet_engine::native::Ear;
use decnet_learn::{Proposal, Survey, Wish, propose};
use decnet_sensors::capture::{Capture, CaptureError, Link};
use serde_json::Value;
use std::{
    io::Read,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Bytes of a capture that are read.
const CAPTURE: u64 = 1 << 30;

/// Listen to a segment, or read a capture of it, and propose a fleet that blends in
///
/// The proposal is a deployment INI: the mix of systems that was heard, cards of the makers that are there, host names
/// that go on as those do, the services that hosts of each kind usually have, at addresses that nobody has. Nothing is
/// sent. What is not heard is not known: a switch shows what is said to everybody, a mirrored port shows more.
#[derive(Args, Debug)]
pub struct Learn {
    /// Read this capture (pcap, as `tcpdump -w` writes it, or pcapng); `-` is the standard input
    #[arg(long, value_name = "FILE", required_unless_present = "interface", conflicts_with = "interface")]
    pcap: Option<PathBuf>,
    /// Listen at this interface; needs root or CAP_NET_RAW
    #[arg(long, value_name = "NAME")]
    interface: Option<String>,
    /// For so long
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// How many deckies are proposed [default: one to four hosts, 3 to 60]
    #[arg(long, short = 'n', value_parser = clap::value_parser!(u16).range(1..=1000))]
    deckies: Option<u16>,
    /// Fixes what is drawn
    #[arg(long, default_value = "learned")]
    seed: String,
    /// File that the proposal is written to; without it, the standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// JSON
    #[arg(long)]
    json: bool,
}

impl Learn {
    /// Runs the command.
    ///
    /// # Errors
    /// When nothing can be read or heard, or nobody was heard of.
    pub fn run(self, _: &Context) -> Result<()> {
        let survey = match (&self.pcap, &self.interface) {
            (Some(path), _) => read(path)?,
            (None, Some(interface)) => hear(interface, Duration::from_secs(self.seconds))?,
            (None, None) => bail!("--pcap names a capture, --interface where to listen"),
        };
        let wish = Wish {
            count: self.deckies.map(usize::from),
            interface: self.interface.clone(),
            seed: self.seed.into_bytes(),
        };
        let Some(proposal) = propose(&survey, &wish) else {
            bail!("{} frames tell of nobody on an IPv4 segment with a free address", survey.frames());
        };
        if let Some(path) = &self.output {
            write_new(path, proposal.ini().as_bytes())?;
        }
        if self.json {
            output::json(&whole(&proposal));
        } else if self.output.is_some() {
            told(&proposal);
        } else {
            output::raw(proposal.ini().as_bytes()).context("write the standard output")?;
        }
        Ok(())
    }
}

/// The proposal with its deployment INI.
fn whole(proposal: &Proposal) -> Value {
    let mut value = serde_json::to_value(proposal).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.insert("ini".to_owned(), proposal.ini().into());
    }
    value
}

fn told(proposal: &Proposal) {
    let seen: Vec<String> = proposal.seen.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    output::line(&format!("heard of {}; {} addresses are free", seen.join(", "), proposal.free));
    output::table(
        &["DECKY", "ADDRESS", "SYSTEM", "HOST NAME", "MAC", "SERVICES"],
        &proposal.deckies,
        |decky| {
            vec![
                decky.name.clone(),
                decky.ip.to_string(),
                decky.system.to_owned(),
                decky.hostname.clone().unwrap_or_default(),
                decky.mac.clone().unwrap_or_default(),
                decky.services.join(", "),
            ]
        },
    );
}

/// What is whole at the beginning of a capture is read.
fn read(path: &Path) -> Result<Survey> {
    let whose = || format!("read {}", path.display());
    let mut capture =
        sniffer::input(path).and_then(|input| Ok(Capture::open(input.take(CAPTURE))?)).with_context(whose)?;
    let (mut survey, mut other) = (Survey::new(), None);
    loop {
        match capture.next_frame() {
            Ok(Some(frame)) if frame.link == Link::Ethernet => survey.add(frame.bytes),
            Ok(Some(frame)) => other = Some(frame.link),
            Ok(None) => break,
            Err(error @ CaptureError::Broken { .. }) => {
                output::note(&format!("{error}; what is before it is taken"));
                break;
            }
            Err(error) => return Err(error).with_context(whose),
        }
    }
    if let (Some(link), 0) = (other, survey.frames()) {
        bail!("{} has frames of {link:?}; only Ethernet's are understood here", path.display());
    }
    Ok(survey)
}

fn hear(interface: &str, time: Duration) -> Result<Survey> {
    let mut ear = Ear::open(interface)
        .with_context(|| format!("listen at {interface}; root may, and who has CAP_NET_RAW"))?;
    let (mut survey, end) = (Survey::new(), Instant::now() + time);
    output::note(&format!("listening at {interface} for {} s", time.as_secs()));
    while let Some(frame) = ear.next(end).with_context(|| format!("listen at {interface}"))? {
        survey.add(frame);
        if end <= Instant::now() {
            break;
        }
    }
    Ok(survey)
}
