//! What is said of keystrokes, how sure it is, and why.
//!
//! The bounds were set on made-up sessions (`tests`): people who type, people who paste, programs, and models behind
//! programs. A program that waits at random for some seconds looks like a model, and the other way round.

use super::{pauses::Spread, typing::Typing};
use decnet_shape::{KeystrokeFeature, Keystrokes};

/// Keys below which nothing is said.
const LEAST_KEYS: u64 = 12;
/// Lines, or pauses between keys, of which one has to be there before an author is told.
const LEAST_LINES: u64 = 3;
const LEAST_GAPS: u64 = 12;
/// Pause before a line from which on a model may have thought, in milliseconds.
const THOUGHT: u64 = 1500;
/// Unevenness of the pauses between keys up to which a program makes them, in percent of the middle.
const EVEN_KEYS: u64 = 20;
/// Unevenness of the pauses between lines: what is below is a program's timer, what is above a person.
const TIMER: u64 = 10;
const PERSON: u64 = 95;
/// Highest confidence, in percent: none of this proves anything.
const SUREST: u64 = 95;

/// Who seems to have made the keystrokes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Author {
    Unknown,
    Typing,
    Pasting,
    Program,
    Model,
}

impl Author {
    /// The word for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Author::Unknown => "unknown",
            Author::Typing => "person typing",
            Author::Pasting => "person pasting",
            Author::Program => "program",
            Author::Model => "model",
        }
    }
}

/// What an asciicast v2 says of the keystrokes in it; `None`: there are none.
pub fn keystrokes(recording: &[u8]) -> Option<Keystrokes> {
    let typing = Typing::of(recording);
    if typing.keys() == 0 {
        return None;
    }
    let (cadence, waits) = (typing.cadence.spread(), typing.waits.spread());
    let (who, why) = author(&typing, &cadence, &waits);
    let features = [
        Some(feature("author", who.name(), author_confidence(who, &cadence, &waits, &typing), why)),
        Some(input(&typing, who)),
        pace(&cadence),
        corrections(&typing),
        mastery(&typing),
        latency(&waits, who, &typing),
    ];
    Some(Keystrokes {
        keys: typing.keys(),
        lines: typing.lines,
        cut: typing.cut,
        features: features.into_iter().flatten().collect(),
    })
}

fn feature(name: &'static str, value: &str, confidence: u8, evidence: String) -> KeystrokeFeature {
    KeystrokeFeature { name, value: value.to_owned(), confidence, evidence }
}

/// Confidence that grows with the observations: half of the highest at `half` of them.
fn confidence(observed: u64, half: u64) -> u8 {
    let observed = observed.min(1_000_000);
    u8::try_from(observed * SUREST / (observed + half).max(1)).unwrap_or_default()
}

/// Who made them, and why that is thought.
pub(super) fn author(typing: &Typing, cadence: &Spread, waits: &Spread) -> (Author, String) {
    let (keys, typed, sent) = (typing.keys(), typing.typed, typing.sent);
    if keys < LEAST_KEYS || typing.lines < LEAST_LINES && cadence.count < LEAST_GAPS {
        return (Author::Unknown, format!("only {keys} keys and {} lines", typing.lines));
    }
    // By hand, for a part that tells: programs now and then send a short line in pieces.
    if keys <= typed * 10 {
        let evidence = format!("{typed} of {keys} keys came one by one");
        return match () {
            () if LEAST_GAPS <= cadence.count && cadence.uneven() < EVEN_KEYS && sent * 10 < keys * 3 => {
                (Author::Program, format!("{evidence}, evenly: {}", told(cadence)))
            }
            () if keys * 3 <= sent * 10 => (Author::Pasting, format!("{evidence}, {sent} at once")),
            () => (Author::Typing, evidence),
        };
    }
    let evidence = format!("{} of {} lines came whole", typing.whole, typing.lines);
    if typing.whole * 10 < typing.lines * 7 {
        return (Author::Pasting, format!("{evidence}, {sent} of {keys} keys at once"));
    }
    let who = match waits.uneven() {
        _ if waits.count < LEAST_LINES || waits.middle < THOUGHT => Author::Program,
        uneven if uneven < TIMER => Author::Program,
        uneven if uneven <= PERSON => Author::Model,
        _ => Author::Pasting,
    };
    (who, format!("{evidence}; before them {}", told(waits)))
}

fn author_confidence(who: Author, cadence: &Spread, waits: &Spread, typing: &Typing) -> u8 {
    match who {
        Author::Unknown => 0,
        Author::Typing => confidence(cadence.count, 20),
        Author::Pasting => confidence(typing.lines, 6),
        Author::Program => confidence(cadence.count.max(typing.lines * 4), 20),
        // Programs that wait at random look the same.
        Author::Model => confidence(waits.count, 8).min(80),
    }
}

/// What pauses are like.
fn told(spread: &Spread) -> String {
    let Spread { count, quarter, middle, most } = spread;
    format!("{count} pauses of {middle} ms in the middle, half of them from {quarter} to {most} ms")
}

/// The cut-offs are those of DECNET 1.
fn input(typing: &Typing, who: Author) -> KeystrokeFeature {
    let (keys, sent) = (typing.keys(), typing.sent);
    let value = match who {
        Author::Program | Author::Model => "scripted",
        _ if keys * 2 <= sent * 5 => "pasted",
        _ if sent * 20 <= keys => "typed",
        _ => "mixed",
    };
    let announced = match typing.pastes {
        0 => String::new(),
        pastes => format!("; the terminal announced {pastes} pastes"),
    };
    let evidence = format!("{sent} of {keys} keys came at once with others{announced}");
    feature("input", value, confidence(keys, 20), evidence)
}

fn pace(cadence: &Spread) -> Option<KeystrokeFeature> {
    (5 <= cadence.count).then(|| {
        let value = format!("a key every {} ms, spread {} %", cadence.middle, cadence.uneven());
        feature("cadence", &value, confidence(cadence.count, 20), told(cadence))
    })
}

fn corrections(typing: &Typing) -> Option<KeystrokeFeature> {
    let Typing { typed, back, kills, interrupts, .. } = typing;
    (LEAST_KEYS <= *typed).then(|| {
        let all = back + kills + interrupts;
        let value = match all {
            0 => "none",
            _ if all * 20 < *typed => "few",
            _ => "many",
        };
        let evidence = format!(
            "of {typed} keys {back} took back a character, {kills} a word or a line, and {interrupts} were ^C"
        );
        feature("corrections", value, confidence(*typed, 40), evidence)
    })
}

fn mastery(typing: &Typing) -> Option<KeystrokeFeature> {
    if typing.typed < LEAST_KEYS || typing.lines == 0 {
        return None;
    }
    let signs = [
        (typing.tabs, "completions"),
        (typing.recalls, "lines from the history"),
        (typing.searches, "searches of the history"),
        (typing.moves, "movements within lines"),
        (typing.editors, "editors"),
        (typing.pipes, "lines with pipes"),
    ];
    let seen: Vec<String> =
        signs.iter().filter(|(count, _)| 0 < *count).map(|(count, what)| format!("{count} {what}")).collect();
    let value = match seen.len() {
        0 => "none seen",
        1 | 2 => "some",
        _ => "high",
    };
    let list = if seen.is_empty() { "none of the keys of a shell".to_owned() } else { seen.join(", ") };
    let evidence = format!("{list} in {} lines", typing.lines);
    Some(feature("mastery", value, confidence(typing.lines, 8), evidence))
}

fn latency(waits: &Spread, who: Author, typing: &Typing) -> Option<KeystrokeFeature> {
    (LEAST_LINES <= waits.count).then(|| {
        let value = match waits.middle {
            _ if who == Author::Model => "like a model",
            0..300 => "at once",
            300..THOUGHT => "brief",
            THOUGHT..8000 => "seconds",
            _ => "long",
        };
        let evidence =
            format!("before lines {}; {} of {} came whole", told(waits), typing.whole, typing.lines);
        feature("latency", value, confidence(waits.count, 8), evidence)
    })
}
