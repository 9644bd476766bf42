//! `correlate FILE|-`: who moved from decky to decky, from event lines alone.

use crate::output;
use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use decnet_analysis::{correlate::Correlator, report};
use decnet_model::probe;
use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::PathBuf,
};

/// Find attackers that moved from decky to decky, in a file of event lines
///
/// Reads RFC 5424 event lines from a file, or from the standard input when the file is `-`; needs no
/// installation. Without a file it runs the worker `correlator` instead.
#[derive(Args, Debug)]
pub struct Correlate {
    /// File of event lines, `-` for the standard input
    pub file: Option<PathBuf>,
    /// Form of the result
    #[arg(long, value_enum, default_value_t = Form::Table)]
    format: Form,
    /// Least number of deckies that one attacker touched
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    min_deckies: u32,
    /// Probes of our own, such as firedrill's, as well
    #[arg(long)]
    probes: bool,
    /// Same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Run the worker in the background
    #[arg(long, short, conflicts_with = "file")]
    pub daemon: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A table
    Table,
    /// One JSON document
    Json,
    /// RFC 5424 lines
    Syslog,
}

impl Correlate {
    /// Runs the command on `file`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn run(self, file: PathBuf) -> Result<()> {
        let reader: Box<dyn BufRead> = if file.as_os_str() == "-" {
            Box::new(std::io::stdin().lock())
        } else {
            Box::new(BufReader::with_capacity(
                1 << 16,
                fs_err::File::open(&file).context("read event lines")?,
            ))
        };
        let mut correlator = Correlator::new(if self.probes { BTreeSet::new() } else { probe::ALL.into() });
        read(reader, &mut correlator).context("read event lines")?;
        let findings = correlator.findings(usize::try_from(self.min_deckies).unwrap_or(usize::MAX));
        match if self.json { Form::Json } else { self.format } {
            Form::Json => output::json(&report::Report { correlator: &correlator, findings: &findings }),
            Form::Syslog => findings
                .iter()
                .for_each(|finding| output::line(&report::syslog(finding, netsvc_wire::DEFAULT_SD_ID))),
            Form::Table => {
                let rows = report::table(&findings);
                output::table(&report::TABLE_HEAD, &rows, |row| row.to_vec());
                let stats = correlator.stats();
                output::note(&format!("{} lines, {} malformed", stats.lines, stats.malformed));
            }
        }
        Ok(())
    }
}

/// A file's mark that it is UTF-8; it belongs to the file, not to its first line.
const FILE_MARK: &[u8] = b"\xef\xbb\xbf";

/// Feeds all lines of a file, or of what a syslog sender wrote to a stream.
fn read(mut reader: impl BufRead, correlator: &mut Correlator) -> std::io::Result<()> {
    let (mut line, mut first) = (Vec::new(), true);
    while netsvc_wire::next_frame(&mut reader, &mut line)? {
        let whole = line.as_slice();
        correlator.observe_line(if first { whole.strip_prefix(FILE_MARK).unwrap_or(whole) } else { whole });
        first = false;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = concat!(
        "<165>1 2026-11-21T05:22:00Z web-01 ssh - auth_attempt ",
        r#"[ev@32473 w="00000000000000a1" n="1" src_ip="192.0.2.7"]"#
    );
    const SECOND: &str = concat!(
        r#"<165>1 - web-03 ssh - auth_attempt [origin path="C:\\Temp\\a"]"#,
        r#"[ev@32473 w="00000000000000a3" n="1" src_ip="192.0.2.7"] done"#
    );

    #[test]
    fn every_framing_of_a_stream_is_read() {
        for stream in [
            format!("{FIRST}\n{SECOND}\n"),
            format!("\u{feff}{FIRST}\r\n{SECOND}"),
            format!("{FIRST}\0{SECOND}\0"),
            format!("{} {FIRST}{} {SECOND}", FIRST.len(), SECOND.len()),
            format!("{} {FIRST}\n{SECOND}\n", FIRST.len()),
        ] {
            let mut correlator = Correlator::new(BTreeSet::new());
            read(stream.as_bytes(), &mut correlator).unwrap();
            assert_eq!((correlator.stats().lines, correlator.stats().malformed), (2, 0), "{stream:?}");
            let findings = correlator.findings(2);
            let path: Vec<_> = findings[0].path.iter().map(|visit| &*visit.node).collect();
            assert_eq!(path, ["web-01", "web-03"]);
            assert_eq!(
                findings[0].first_seen, findings[0].last_seen,
                "no time is the time of the lines around"
            );
        }
    }
}
