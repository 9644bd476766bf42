//! `correlate FILE|-`: who moved from decky to decky, from event lines alone.

use crate::output;
use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use decnet_analysis::{correlate::Correlator, report};
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
    /// Same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
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
        let mut correlator = Correlator::new(BTreeSet::new());
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

/// Feeds lines; one that is longer than any event line is fed cut, and so counted as malformed.
fn read(mut reader: impl BufRead, correlator: &mut Correlator) -> std::io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = u64::try_from(netsvc_wire::MAX_LINE + 1).unwrap_or(u64::MAX);
        if std::io::Read::take(&mut reader, limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        correlator.observe_line(&line);
    }
}
