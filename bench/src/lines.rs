//! Event lines as a busy fleet writes them: many sources, several services, a quarter with a credential.

use anyhow::{Context as _, Result, anyhow};
use netsvc_wire::{Encoder, Event, Kind, WriterId, field};

/// Sources that the lines come from.
const SOURCES: u64 = 2_000;
/// Deckies that they touch.
const DECKIES: u64 = 50;
/// Start of time, µs since the epoch.
const EPOCH: i64 = 1_764_000_000_000_000;

/// A writer of lines that never ends.
pub(crate) struct Lines {
    encoder: Encoder,
    number: u64,
}

impl Lines {
    /// Lines of the writer `writer`.
    pub(crate) fn new(writer: u64) -> Result<Lines> {
        let id = netsvc_wire::DEFAULT_SD_ID.parse().map_err(|_| anyhow!("the SD-ID is no SD-ID"))?;
        Ok(Lines { encoder: Encoder::new(id, WriterId(writer)), number: 0 })
    }

    /// Appends `count` lines to `out`.
    pub(crate) fn append(&mut self, count: u64, out: &mut Vec<u8>) -> Result<()> {
        for _ in 0..count {
            let event = event(self.number)?;
            self.encoder.encode(&event, out).context("encode a line")?;
            self.number += 1;
        }
        Ok(())
    }
}

fn event(number: u64) -> Result<Event> {
    let at = EPOCH + i64::try_from(number)? * 1_000;
    // Four lines a session; a session is a source at one decky.
    let session = number / 4;
    let source = session.wrapping_mul(0x9e37_79b9_7f4a_7c15) % SOURCES;
    let decky = session.wrapping_mul(0xd1b5_4a32_d192_ed03) % DECKIES;
    let (app, port) = [("ssh", "22"), ("http", "80"), ("redis", "6379"), ("ftp", "21")]
        .get(usize::try_from(session % 4)?)
        .copied()
        .unwrap_or(("ssh", "22"));
    let kind = match number % 4 {
        0 => Kind::Connect,
        1 => Kind::AuthAttempt,
        2 => Kind::Command,
        _ => Kind::Disconnect,
    };
    let node = format!("web-{decky:02}").parse().map_err(|_| anyhow!("no name of a node"))?;
    let app = app.parse().map_err(|_| anyhow!("no name of a service"))?;
    let event = Event::new(at, node, app, kind)
        .with(field::SRC_IP, format!("203.0.{}.{}", 100 + source / 250, source % 250 + 1))
        .with(field::SRC_PORT, (1024 + session % 60_000).to_string())
        .with(field::DST_PORT, port)
        .with(field::SESSION, format!("{session:016x}"));
    Ok(match kind {
        Kind::AuthAttempt => event
            .with(field::PRINCIPAL, "root")
            .with(field::SECRET_KIND, "plaintext")
            .with(field::SECRET_PRINTABLE, format!("hunter{}", number % 1000))
            .with(field::OUTCOME, "rejected"),
        Kind::Command => event.with(field::COMMAND, format!("cat /proc/cpuinfo # [{number}]")),
        _ => event,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_parse() {
        let mut text = Vec::new();
        Lines::new(1).unwrap().append(100, &mut text).unwrap();
        assert_eq!(
            text.split_inclusive(|&byte| byte == b'\n').filter(|l| netsvc_wire::parse(l).is_ok()).count(),
            100
        );
    }
}
