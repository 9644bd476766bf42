//! `sessions`: connections joined from their events, and the recordings of those with a terminal.

use super::{
    Context, capture,
    conditions::{self, Conditions},
    events,
};
use crate::{
    output::{self, Cell},
    stead,
};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use decnet_analysis::keystroke;
use decnet_model::{
    packets,
    record::{Filter, Page, Session},
};
use decnet_shape as shape;
use netsvc_wire::field;
use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    time::Duration,
};

/// Most seconds that a replay stands still.
const LONGEST_PAUSE: f64 = 3.0;

/// Connections joined from their events
#[derive(Args, Debug)]
pub struct Sessions {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List sessions, newest first
    List {
        #[command(flatten)]
        filter: Conditions<conditions::Sessions>,
        /// Show every value whole, however wide
        #[arg(long)]
        wide: bool,
        /// Most sessions shown
        #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Show one session with all its events
    Show {
        /// Id of the session, or the beginning of it
        id: String,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Play the recording of a session
    ///
    /// The recording is an asciicast v2 and can also be played by asciinema. Control sequences that could
    /// harm a terminal (titles, clipboard, reports) are left out.
    Replay {
        /// Id of the session, or the beginning of it
        id: String,
        /// How many times faster than it was
        #[arg(long, default_value_t = 1.0)]
        speed: f64,
        /// Write the recording itself to the standard output
        #[arg(long)]
        raw: bool,
        /// Write what was shown and typed as JSON, one entry a line: seconds, `o` or `i`, text
        #[arg(long, conflicts_with = "raw")]
        json: bool,
    },
    /// Write the packets of a session to a file, as tcpdump and Wireshark read them
    ///
    /// Other connections of the same host to the same port of the decky at that time are among them. How much is
    /// kept is what the settings packets.* say.
    Pcap {
        /// Id of the session, or the beginning of it
        id: String,
        /// File to write; `-` is the standard output
        #[arg(long, short = 'w', value_name = "FILE")]
        write: PathBuf,
    },
}

impl Sessions {
    /// Runs the command.
    ///
    /// # Errors
    /// When the store or the recording cannot be read.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List { filter, wide, limit, json } => list(context, &filter, wide, limit, json).await,
            Verb::Show { id, json } => show(context, &id, json).await,
            Verb::Pcap { id, write } => pcap(context, &id, &write).await,
            Verb::Replay { id, speed, raw, json } => replay(context, &id, speed, Form::of(raw, json)).await,
        }
    }
}

async fn list(
    context: &Context,
    filter: &Conditions<conditions::Sessions>,
    wide: bool,
    limit: u32,
    json: bool,
) -> Result<()> {
    let store = context.store().await?;
    let filter = filter.filter(&store, context).await?;
    let rows = store.session_list(&filter, Page::newest(limit)).await.context("read sessions")?;
    if json {
        output::json(&rows.iter().map(shape::Session::from).collect::<Vec<_>>());
        return Ok(());
    }
    let header =
        ["SESSION", "STARTED", "DECKY", "SERVICE", "FROM", "SECONDS", "EVENTS", "COMMANDS", "LOGIN", "REC"];
    output::list(&header, rows.iter().map(cells).collect(), wide);
    Ok(())
}

fn cells(row: &Session) -> Vec<Cell> {
    let seconds = (row.ended_at.unwrap_or(row.last_at) - row.started_at) / 1_000_000;
    vec![
        (&row.id).into(),
        output::moment(row.started_at).into(),
        (&row.node).into(),
        (&row.service).into(),
        row.src_ip.map(|ip| ip.to_string()).unwrap_or_default().into(),
        seconds.to_string().into(),
        row.events.to_string().into(),
        row.commands.to_string().into(),
        Cell::captured(row.principal.as_deref().unwrap_or_default()),
        if row.recording.is_some() { "yes" } else { "" }.into(),
    ]
}

/// The session whose id begins with `id`.
async fn find(context: &Context, id: &str) -> Result<Session> {
    let store = context.store().await?;
    if let Some(session) = store.session_get(id).await.context("read sessions")? {
        return Ok(session);
    }
    let mut matching = store.session_find(id).await.context("read sessions")?.into_iter();
    match (matching.next(), matching.next()) {
        (Some(session), None) => Ok(session),
        (None, _) => bail!("no session {id:?}; `decnet sessions list` shows them"),
        (Some(_), Some(_)) => bail!("several sessions begin with {id:?}; give more digits"),
    }
}

async fn show(context: &Context, id: &str, json: bool) -> Result<()> {
    let session = find(context, id).await?;
    let store = context.store().await?;
    let filter = Filter { session: Some(session.id.clone()), ..Filter::default() };
    let rows = store.event_list(&filter, Page::after(0, 100_000)).await.context("read events")?;
    let captures = store.session_captures(&session).await.context("read events")?;
    let keystrokes = keystrokes(context, session.recording.as_deref())?;
    if json {
        output::json(&shape::SessionDetail {
            session: (&session).into(),
            timeline: rows.iter().map(shape::Event::from).collect(),
            packets: captures.iter().map(shape::SessionPackets::from).collect(),
            keystrokes,
        });
        return Ok(());
    }
    for row in &rows {
        output::line(&events::line(row, true));
    }
    keystrokes.iter().for_each(tell);
    for one in captures.iter().map(shape::SessionPackets::from) {
        let command = format!("decnet sessions pcap {} -w FILE", session.id);
        output::note(&format!("{} packets, {} bytes: {command}", one.packets, one.size));
    }
    if let Some(sha256) = &session.recording {
        output::note(&format!("recording {sha256}: decnet sessions replay {}", session.id));
    }
    Ok(())
}

/// How what was typed in a session came; `None`: nothing was, or its recording is not kept.
pub(super) fn keystrokes(context: &Context, recording: Option<&str>) -> Result<Option<shape::Keystrokes>> {
    let Some(sha256) = recording.and_then(super::sha256) else { return Ok(None) };
    match stead::read(context.paths().root(), &context.paths().artefact(&sha256)) {
        Ok(recording) => Ok(keystroke::keystrokes(&recording)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context("read the recording"),
    }
}

fn tell(keystrokes: &shape::Keystrokes) {
    let of = if keystrokes.cut { ", of the beginning of the recording" } else { "" };
    output::line("");
    output::line(&format!("{} keys, {} lines{of}", keystrokes.keys, keystrokes.lines));
    for one in &keystrokes.features {
        output::line(&format!("{:<11}  {} ({} %): {}", one.name, one.value, one.confidence, one.evidence));
    }
}

/// Writes the packets of a session.
async fn pcap(context: &Context, id: &str, file: &Path) -> Result<()> {
    let session = find(context, id).await?;
    let store = context.store().await?;
    let rows = store.session_captures(&session).await.context("read events")?;
    let mut captures = Vec::new();
    for sha256 in rows.iter().filter_map(|row| super::sha256(row.text(field::SHA256)?)) {
        let path = context.paths().artefact(&sha256);
        match stead::read(context.paths().root(), &path) {
            Ok(capture) => captures.push(capture),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                output::note(&format!("{sha256} is not kept any more"));
            }
            Err(error) => return Err(error).context("read the capture"),
        }
    }
    let whole = packets::joined(&captures);
    if whole.is_empty() {
        bail!("no packets of session {} are kept: it may still go on", session.id);
    }
    capture::write(file, &whole)?;
    output::note(&format!("{} bytes written to {}", whole.len(), file.display()));
    Ok(())
}

/// How a recording is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Played,
    Raw,
    Json,
}

impl Form {
    fn of(raw: bool, json: bool) -> Form {
        match (raw, json) {
            (true, _) => Form::Raw,
            (false, true) => Form::Json,
            (false, false) => Form::Played,
        }
    }
}

async fn replay(context: &Context, id: &str, speed: f64, form: Form) -> Result<()> {
    anyhow::ensure!(speed > 0.0 && speed.is_finite(), "the speed must be above zero");
    let session = find(context, id).await?;
    let Some(sha256) = &session.recording else {
        bail!("session {} has no recording: it had no terminal, or it is still open", session.id);
    };
    let path = context.paths().artefact(sha256);
    let recording = stead::read(context.paths().root(), &path).context("read the recording")?;
    if form == Form::Raw {
        return output::raw(&recording).context("write the recording");
    }
    let text = String::from_utf8_lossy(&recording);
    let still = !std::io::stdout().is_terminal();
    let mut played = 0.0;
    for entry in text.lines().skip(1).filter_map(entry_of) {
        if form == Form::Json {
            output::json(&serde_json::json!({"at": entry.at, "stream": entry.stream, "data": entry.data}));
            continue;
        }
        if entry.stream != "o" {
            continue;
        }
        let pause = ((entry.at - played).max(0.0) / speed).min(LONGEST_PAUSE);
        played = entry.at;
        if !still {
            tokio::time::sleep(Duration::from_secs_f64(pause)).await;
        }
        output::raw(harmless(&entry.data).as_bytes()).context("write to the terminal")?;
    }
    if form == Form::Played {
        output::line("\u{1b}[0m");
    }
    Ok(())
}

/// One entry of an asciicast v2.
struct Entry {
    at: f64,
    stream: String,
    data: String,
}

fn entry_of(line: &str) -> Option<Entry> {
    let (at, stream, data) = serde_json::from_str(line).ok()?;
    Some(Entry { at, stream, data })
}

/// Terminal output without what could act on the watcher's terminal: of the escape sequences only
/// colours, cursor movement and erasing (CSI … A–H J K m) are left.
fn harmless(data: &str) -> String {
    let mut text = String::with_capacity(data.len());
    let mut characters = data.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' if characters.peek() == Some(&'[') => {
                characters.next();
                let mut sequence = String::new();
                let mut private = false;
                let end = loop {
                    match characters.next() {
                        Some(c @ ('0'..='9' | ';')) if sequence.len() < 32 => sequence.push(c),
                        // Modes such as that of bracketed pastes (`?2004h`): gone as a whole.
                        Some(' '..='/' | ':' | '<'..='?') => private = true,
                        other => break other,
                    }
                };
                if !private && let Some(end @ ('A'..='H' | 'J' | 'K' | 'm')) = end {
                    text.push_str(&format!("\u{1b}[{sequence}{end}"));
                }
            }
            // An operating-system command: to its end, BEL or ST.
            '\u{1b}' if matches!(characters.peek(), Some(']' | 'P' | 'X' | '^' | '_')) => {
                while let Some(c) = characters.next() {
                    if c == '\u{7}' || (c == '\u{1b}' && characters.next_if_eq(&'\\').is_some()) {
                        break;
                    }
                }
            }
            '\u{1b}' => {
                characters.next();
            }
            '\n' | '\r' | '\t' | '\u{8}' => text.push(character),
            c if c.is_control() => {}
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_sequences_reach_the_terminal() {
        for (data, kept) in [
            ("a\u{1b}[31mred\u{1b}[0m\r\n", "a\u{1b}[31mred\u{1b}[0m\r\n"),
            ("\u{1b}]0;title\u{7}x\u{1b}]52;c;AAAA\u{1b}\\y", "xy"),
            ("\u{1b}[6n\u{1b}[?1049h\u{1b}cz\u{7}", "z"),
            ("\u{1b}[?2004hroot@db:~# \u{1b}[?2004l\r\u{1b}[?1Jx", "root@db:~# \rx"),
        ] {
            assert_eq!(harmless(data), kept, "{data:?}");
        }
    }
}
