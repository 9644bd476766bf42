//! Services beside the daemons that they show: the same bytes to both, and every difference has a reason.
//!
//! `NAME.probes` is the data of one daemon, `NAME.answers` what the real one said. A new service adds these files
//! and no code. Lines of a `.probes` file; bytes have the escapes of transcripts and `\*N(BYTES)`, which repeats:
//!
//! ```text
//! # a comment
//! @ service=http                  the service; then set-up lines as transcripts have them
//! @ transport=udp                 what is sent are datagrams
//! + FILE                          probes that stand in another file
//! $ COMMAND                       shell that starts the daemon: $DIR is a folder of its own, $PORT where to listen
//! v COMMAND => TEXT               what COMMAND prints holds TEXT, or the daemon is another than the recorded one
//! % REGEX => TEXT                 both sides' answers are compared with this replaced
//! ? NAME                          a probe
//! > BYTES                         what is sent, each line after the answer to the one before
//! ! NAME, NAME: REASON            these may differ (and must: a reason without a difference fails)
//! ```
//!
//! The answers are compared without the daemon. With `COMPARE=live` it is started, where it is installed, and its
//! answers must be the recorded ones; `COMPARE=record` writes them down instead.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on ends here, and shows what differs"
)]

mod daemon;

use crate::transcript::{Transcript, escape, open, parse_setup, unescape};
use netsvc_kit::{
    Action, Input, Out, Serve,
    testing::{link, sent},
};
use regex::bytes::Regex;
use std::{collections::BTreeMap, fmt::Write, fs, path::PathBuf};

/// What one step got: bytes, and whether the connection ended with it.
type Answer = (Vec<u8>, bool);

/// One conversation.
#[derive(Debug, Default)]
struct Probe {
    name: String,
    steps: Vec<Vec<u8>>,
}

/// A `.probes` file.
#[derive(Default)]
struct Probes {
    service: String,
    datagrams: bool,
    setup: Transcript,
    probes: Vec<Probe>,
    commands: Vec<String>,
    version: Option<(String, String)>,
    masks: Vec<(Regex, Vec<u8>)>,
    explained: BTreeMap<String, String>,
}

#[test]
fn nginx_is_answered_for_as_it_answers() {
    check("nginx");
}

#[test]
fn apache_is_answered_for_as_it_answers() {
    check("apache");
}

#[test]
fn memcached_is_answered_for_as_it_answers() {
    check("memcached");
}

#[test]
fn postgres_is_answered_for_as_it_answers() {
    check("postgres");
}

#[test]
fn mosquitto_is_answered_for_as_it_answers() {
    check("mosquitto");
}

#[test]
fn mosquitto_with_passwords_is_answered_for_as_it_answers() {
    check("mosquitto_passwords");
}

#[test]
fn bind_is_answered_for_as_it_answers_datagrams() {
    check("dns-udp");
}

#[test]
fn bind_is_answered_for_as_it_answers_connections() {
    check("dns-tcp");
}

#[test]
fn tightvnc_is_answered_for_as_it_answers() {
    check("vnc-tight");
}

#[test]
fn open_tightvnc_is_answered_for_as_it_answers() {
    check("vnc-tight-open");
}

#[test]
fn tigervnc_is_answered_for_as_it_answers() {
    check("vnc-tiger");
}

#[test]
fn open_tigervnc_is_answered_for_as_it_answers() {
    check("vnc-tiger-open");
}

#[test]
fn x11vnc_is_answered_for_as_it_answers() {
    check("vnc-x11vnc");
}

#[test]
fn open_x11vnc_is_answered_for_as_it_answers() {
    check("vnc-x11vnc-open");
}

#[test]
fn dovecot_is_answered_for_as_it_answers_pop3() {
    check("dovecot_pop3");
}

#[test]
fn dovecot_is_answered_for_as_it_answers_imap() {
    check("dovecot_imap");
}

#[test]
fn slapd_is_answered_for_as_it_answers() {
    check("slapd");
}

#[test]
fn microsocks_is_answered_for_as_it_answers() {
    check("microsocks");
}

#[test]
fn dante_is_answered_for_as_it_answers() {
    check("dante");
}

/// Every data file has a test above.
#[test]
fn every_file_is_compared() {
    let names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().into_string().unwrap().strip_suffix(".answers").map(String::from)
        })
        .collect();
    assert_eq!(names.len(), 19, "{names:?}");
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/compare")
}

fn check(name: &str) {
    let data = read(&format!("{name}.probes"));
    let path = folder().join(format!("{name}.answers"));
    let recorded = fs::read_to_string(&path).map(|text| parse_answers(&text)).unwrap_or_default();
    let mode = std::env::var("COMPARE").unwrap_or_default();
    if let Some(live) = Some(&data).filter(|_| !mode.is_empty()).and_then(daemon::answers) {
        let live: BTreeMap<_, _> =
            live.into_iter().map(|(name, steps)| (name, masked(&data, steps))).collect();
        if mode == "record" {
            fs::write(&path, written(&data, &live)).unwrap();
            return;
        }
        assert!(report(&data, "recorded", &recorded, "live", &live, false).is_empty(), "{name} changed");
    }
    let ours =
        data.probes.iter().map(|probe| (probe.name.clone(), masked(&data, play(&data, probe)))).collect();
    let differences = report(&data, "real", &recorded, "ours", &ours, true);
    assert!(differences.is_empty(), "{} of {} differ: {differences:?}", differences.len(), data.probes.len());
}

/// Shows what differs and has no reason, and what has a reason and does not differ; their names.
fn report(
    data: &Probes,
    left: &str,
    wanted: &BTreeMap<String, Vec<Answer>>,
    right: &str,
    found: &BTreeMap<String, Vec<Answer>>,
    explain: bool,
) -> Vec<String> {
    let mut names = Vec::new();
    for probe in &data.probes {
        let (wanted, found) = (wanted.get(&probe.name), found.get(&probe.name));
        let reason = data.explained.get(&probe.name).filter(|_| explain);
        if (wanted == found) != reason.is_some() {
            continue;
        }
        names.push(probe.name.clone());
        match reason {
            Some(reason) => println!("? {}: no difference for the reason {reason:?}", probe.name),
            None => println!(
                "? {}\n{}-- {left}\n{}-- {right}\n{}",
                probe.name,
                probe.steps.iter().fold(String::new(), |text, step| text + "> " + &shortened(step) + "\n"),
                shown(wanted.map_or(&[], Vec::as_slice)),
                shown(found.map_or(&[], Vec::as_slice))
            ),
        }
    }
    names
}

fn shortened(bytes: &[u8]) -> String {
    let text = escape(bytes);
    text.get(..300).map_or(text.clone(), |start| format!("{start}…"))
}

fn shown(steps: &[Answer]) -> String {
    let mut text = String::new();
    for (bytes, closed) in steps {
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            writeln!(text, "< {}", escape(line)).unwrap();
        }
        text.push_str(if *closed { "= close\n" } else { "= open\n" });
    }
    text
}

fn written(data: &Probes, answers: &BTreeMap<String, Vec<Answer>>) -> String {
    let one = |probe: &Probe| format!("? {}\n{}", probe.name, shown(answers.get(&probe.name).unwrap()));
    data.probes.iter().map(one).collect()
}

fn parse_answers(text: &str) -> BTreeMap<String, Vec<Answer>> {
    let mut all: BTreeMap<String, Vec<Answer>> = BTreeMap::new();
    let (mut name, mut bytes) = ("", Vec::new());
    for line in text.lines() {
        match line.split_at(2) {
            ("? ", rest) => name = rest,
            ("< ", rest) => bytes.extend(unescape(rest)),
            ("= ", end) => {
                all.entry(name.to_owned()).or_default().push((std::mem::take(&mut bytes), end == "close"));
            }
            other => panic!("no answer: {other:?}"),
        }
    }
    all
}

fn masked(data: &Probes, steps: Vec<Answer>) -> Vec<Answer> {
    let mask = |(mut bytes, closed): Answer| {
        for (regex, text) in &data.masks {
            bytes = regex.replace_all(&bytes, text.as_slice()).into_owned();
        }
        (bytes, closed)
    };
    steps.into_iter().map(mask).collect()
}

/// What the service says to `probe`.
fn play(data: &Probes, probe: &Probe) -> Vec<Answer> {
    let def = netsvc_catalogue::ALL.iter().find(|def| def.slug == data.service).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let host = open(def, &data.setup, folder.path());
    let open = match def.serve {
        Serve::Both(_, open) | Serve::Datagrams(open) if data.datagrams => open,
        Serve::Machine(open) | Serve::Both(open, _) => open,
        _ => panic!("{} is no machine", def.slug),
    };
    let mut machine = open(&host, &link(data.setup.port));
    let mut out = Out::default();
    machine.step(Input::Open, &mut out);
    let mut answers = Vec::new();
    for step in &probe.steps {
        machine.step(Input::Bytes(step), &mut out);
        let actions = out.take();
        let closed = actions.contains(&Action::Close);
        answers.push((sent(&actions), closed));
        if closed {
            break;
        }
    }
    answers
}

fn read(name: &str) -> Probes {
    let mut data = Probes { setup: Transcript::at(80), ..Probes::default() };
    read_into(name, &mut data);
    let mut names: Vec<&str> = data.probes.iter().map(|probe| probe.name.as_str()).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{name}: a name occurs twice");
    assert!(
        data.explained.keys().all(|known| names.contains(&known.as_str())),
        "{name}: a reason for no probe"
    );
    data
}

fn read_into(name: &str, data: &mut Probes) {
    let text = fs::read_to_string(folder().join(name)).unwrap();
    for line in text.lines() {
        let (mark, rest) = line.split_at_checked(2).unwrap_or((line, ""));
        match mark.trim() {
            "#" | "" => {}
            "@" => match rest.split_once('=') {
                Some(("service", service)) => service.clone_into(&mut data.service),
                Some(("transport", transport)) => data.datagrams = transport == "udp",
                _ => parse_setup(rest, &mut data.setup),
            },
            "+" => read_into(rest, data),
            "$" => data.commands.push(rest.to_owned()),
            "v" => {
                data.version = rest.split_once(" => ").map(|(run, text)| (run.to_owned(), text.to_owned()))
            }
            "%" => {
                let (regex, text) = rest.split_once(" => ").unwrap();
                data.masks.push((Regex::new(&format!("(?-u){regex}")).unwrap(), unescape(text)));
            }
            "?" => data.probes.push(Probe { name: rest.to_owned(), steps: Vec::new() }),
            ">" => data.probes.last_mut().unwrap().steps.push(repeated(rest)),
            "!" => {
                let (names, reason) = rest.split_once(": ").unwrap();
                data.explained.extend(names.split(", ").map(|name| (name.to_owned(), reason.to_owned())));
            }
            other => panic!("{name}: a line begins with {other:?}"),
        }
    }
}

/// `text` without escapes; `\*N(BYTES)` may hold another of its kind.
fn repeated(text: &str) -> Vec<u8> {
    let Some((before, rest)) = text.split_once("\\*") else { return unescape(text) };
    let (count, rest) = rest.split_once('(').unwrap();
    let mut depth = 1;
    let end = rest
        .find(|character| {
            depth += match character {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth == 0
        })
        .unwrap();
    let mut bytes = unescape(before);
    bytes.extend(repeated(&rest[..end]).repeat(count.parse().unwrap()));
    bytes.extend(repeated(&rest[end + 1..]));
    bytes
}

#[test]
fn what_is_repeated_may_hold_what_is_repeated() {
    assert_eq!(repeated("a\\*3(b\\*2(c)\\r)d"), b"abcc\rbcc\rbcc\rd");
}
