//! From a fingerprint to the text of a face. What the tests mean: nmap reference guide, chapter 8.

use super::Entry;
use std::fmt::Write as _;

/// Expressions such as `Z`, `3B-45`, `1|7|8`, by name.
struct Test<'a>(Option<Vec<(&'a str, &'a str)>>);

impl<'a> Test<'a> {
    fn of(entry: &Entry<'a>, name: &str) -> Self {
        Test(
            entry
                .test(name)
                .map(|inside| inside.split('%').filter_map(|pair| pair.split_once('=')).collect()),
        )
    }

    /// Whether something answered; a test that the fingerprint lacks may be answered or not.
    fn answered(&self) -> bool {
        self.0.is_some() && self.get("R") != Some("N")
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.as_ref()?.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    /// The first value that the expression allows.
    fn first(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.split('|').next()
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.get(name).is_some_and(|expression| expression.split('|').any(|one| one == value))
    }

    /// The middle of the range, or of the first one.
    fn number(&self, name: &str) -> Option<u32> {
        let first = self.first(name)?;
        let hex = |text: &str| u32::from_str_radix(text.trim_start_matches(['>', '<']), 16).ok();
        match first.split_once('-') {
            Some((low, high)) => Some(hex(low)?.midpoint(hex(high)?)),
            None => hex(first),
        }
    }
}

/// The face; else what the fingerprint lacks.
pub(super) fn face(entry: &Entry<'_>) -> Result<String, &'static str> {
    let test = |name: &str| Test::of(entry, name);
    let (seq, open) = (test("SEQ"), test("T1"));
    if !open.answered() {
        return Err("an open port (T1)");
    }
    let ttl =
        [&open, &test("T5"), &test("U1"), &test("IE")].into_iter().find_map(ttl).ok_or("a time to live")?;
    let mut text = format!("# {}\n", entry.name);
    let mut line = |key: &str, value: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{key} = {value}");
    };
    line("ttl", ttl.to_string());
    line("ids", [id(&seq, "TI"), id(&seq, "CI"), id(&seq, "II")].join(" "));
    line("ids.shared", if seq.first("SS") == Some("S") { "yes" } else { "no" }.to_owned());
    line("isn", isn(&seq));
    line("clock", clock(&seq, &test("OPS")));
    for (key, value) in handshake(entry) {
        line(key, value);
    }
    line("df", yes(open.is("DF", "Y")));
    for (key, name) in [
        ("open.null", "T2"),
        ("open.odd", "T3"),
        ("open.ack", "T4"),
        ("closed.syn", "T5"),
        ("closed.ack", "T6"),
        ("closed.odd", "T7"),
    ] {
        line(key, answer(&test(name), ttl));
    }
    line("udp", unreachable(&test("U1"), ttl));
    line("echo", echo(&test("IE"), ttl));
    Ok(text)
}

fn yes(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

/// The initial time to live: that of the range, or the guess where the range is of packets that had come far.
fn ttl(test: &Test<'_>) -> Option<u32> {
    let (low, high) = match test.first("T").and_then(|range| range.split_once('-')) {
        Some((low, high)) => (u32::from_str_radix(low, 16).ok()?, u32::from_str_radix(high, 16).ok()?),
        None => return test.number("T").or_else(|| test.number("TG")).map(|ttl| ttl.clamp(1, 255)),
    };
    let usual = [64, 128, 255, 32].into_iter().find(|usual| (low..=high).contains(usual));
    Some(usual.unwrap_or_else(|| low.midpoint(high)).clamp(1, 255))
}

/// How identifications run.
fn id(seq: &Test<'_>, name: &str) -> String {
    match seq.first(name) {
        Some("Z") => "zero".to_owned(),
        Some("RD") => "random".to_owned(),
        Some("RI") => "steps".to_owned(),
        Some("BI") => "swapped".to_owned(),
        Some("I") => "one".to_owned(),
        Some(other) => u16::from_str_radix(other, 16).map_or("one".to_owned(), |fixed| format!("={fixed}")),
        None if name == "TI" => id_or(seq, "CI"),
        None => id_or(seq, "TI"),
    }
}

/// What is not told is as in the other test.
fn id_or(seq: &Test<'_>, name: &str) -> String {
    if seq.get(name).is_some() { id(seq, name) } else { "one".to_owned() }
}

fn isn(seq: &Test<'_>) -> String {
    let divisor = seq.first("GCD").unwrap_or("1");
    let low = divisor.split('-').next().and_then(|low| u32::from_str_radix(low, 16).ok()).unwrap_or(1);
    let (rate, spread) = (seq.number("ISR").unwrap_or(260), seq.number("SP").unwrap_or(256));
    if low == 0 {
        return "0 0 0".to_owned();
    }
    format!("{rate} {spread} {low}")
}

/// Ticks a second.
fn clock(seq: &Test<'_>, ops: &Test<'_>) -> String {
    let spoken = ops.get("O1").is_some_and(|layout| layout.contains('T'));
    match seq.first("TS") {
        None if spoken => "1000".to_owned(),
        None | Some("U") => "none".to_owned(),
        Some("0") => "zero".to_owned(),
        Some("1") => "2".to_owned(),
        Some("7") => "100".to_owned(),
        Some("8") => "200".to_owned(),
        Some("A") => "1000".to_owned(),
        Some(_) => match seq.number("TS") {
            Some(power @ 0..=17) => 1_u32.checked_shl(power).unwrap_or(1000).to_string(),
            _ => "random".to_owned(),
        },
    }
}

/// Options of one answer: their order, and the values among them.
#[derive(Default)]
struct Options {
    layout: String,
    mss: Option<u16>,
    scale: Option<u8>,
}

fn options(expression: &str) -> Options {
    let mut found = Options::default();
    // The fullest of several says the most.
    let fullest = expression.split('|').max_by_key(|one| one.len()).unwrap_or_default();
    let mut letters = fullest.chars().peekable();
    while let Some(letter) = letters.next() {
        let mut digits = String::new();
        while let Some(digit) = letters.next_if(|next| next.is_ascii_hexdigit()) {
            digits.push(digit);
        }
        match letter {
            'M' => found.mss = u16::from_str_radix(&digits, 16).ok(),
            'W' => found.scale = u8::from_str_radix(&digits, 16).ok(),
            'S' | 'T' | 'N' | 'L' => {}
            _ => continue,
        }
        found.layout.push(letter);
    }
    let used = found.layout.trim_end_matches('L').len();
    // Options are filled up to a multiple of four anyway.
    found.layout.truncate(used);
    found.layout = found.layout.replace('L', "N");
    if found.layout.is_empty() {
        found.layout.push('-');
    }
    found
}

fn handshake(entry: &Entry<'_>) -> Vec<(&'static str, String)> {
    let (ops, win, ecn) = (Test::of(entry, "OPS"), Test::of(entry, "WIN"), Test::of(entry, "ECN"));
    let all: Vec<Options> =
        (1..=6).map(|number| options(ops.get(&format!("O{number}")).unwrap_or_default())).collect();
    let plain = ecn.get("O").map(options);
    let layout = |index: usize| all.get(index).map_or("-", |one| one.layout.as_str());
    let sizes: Vec<String> = all.iter().map(|one| one.mss.unwrap_or(1460).to_string()).collect();
    let windows: Vec<u32> = (1..=6).map(|number| win.number(&format!("W{number}")).unwrap_or(8192)).collect();
    let first = all.first();
    let follows = all.iter().filter_map(|one| one.mss).min() < first.and_then(|one| one.mss);
    let mss = first.and_then(|one| one.mss).unwrap_or(1460);
    let window = windows.first().copied().unwrap_or(8192);
    let without = ecn.number("W").filter(|_| ecn.answered()).unwrap_or(window);
    let plain_layout = plain.as_ref().map_or_else(|| layout(0).replace('T', ""), |one| one.layout.clone());
    let mut lines = vec![
        ("mss", if follows { format!("{mss} follow") } else { mss.to_string() }),
        ("probe.mss", sizes.join(" ")),
        ("window", format!("{window} {without}")),
        ("probe.window", windows.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
        ("options", [layout(0), layout(2), layout(5), plain_layout.as_str()].join(" ")),
        ("probe.options", (0..6).map(layout).collect::<Vec<_>>().join(" ")),
        ("ecn", congestion(&ecn).to_owned()),
    ];
    lines.extend(single(entry, &ecn, plain.as_ref()));
    if let Some(scale) = all.iter().chain(&plain).find_map(|one| one.scale) {
        lines.push(("scale", scale.min(14).to_string()));
    }
    // Nothing in OPS means that the six were not all answered.
    if !ops.answered() || !win.answered() {
        lines.push(("probe.answers", "5".to_owned()));
    }
    lines
}

/// What is special about single answers.
fn single(entry: &Entry<'_>, ecn: &Test<'_>, plain: Option<&Options>) -> Vec<(&'static str, String)> {
    let (open, odd) = (Test::of(entry, "T1"), Test::of(entry, "T3"));
    let mut lines = Vec::new();
    if let Some(mss) = plain.and_then(|one| one.mss) {
        lines.push(("ecn.mss", mss.to_string()));
    }
    if ecn.answered() && ecn.is("DF", "Y") != open.is("DF", "Y") {
        lines.push(("ecn.df", yes(ecn.is("DF", "Y"))));
    }
    if let Some(window) = odd.number("W").filter(|_| odd.first("F") == Some("AS")) {
        lines.push(("odd.window", window.to_string()));
    }
    let first = Test::of(entry, "OPS");
    if first.get("O1").is_some_and(|layout| layout.contains("T10") || layout.contains("T00")) {
        lines.push(("probe.echo", "no".to_owned()));
    }
    lines
}

fn congestion(ecn: &Test<'_>) -> &'static str {
    if !ecn.answered() {
        "silence"
    } else if ecn.is("CC", "Y") {
        "yes"
    } else {
        "no"
    }
}

/// What a test of T2 to T7 says.
fn answer(test: &Test<'_>, usual: u32) -> String {
    if !test.answered() {
        return "silence".to_owned();
    }
    let flags = test.first("F").unwrap_or("AR");
    if flags == "AS" {
        return "handshake".to_owned();
    }
    let flags: String = flags.chars().filter(|flag| "FSRPAU".contains(*flag)).collect();
    let sequence = match test.first("S") {
        Some("A" | "A+") => "ack",
        Some("O") => "own",
        _ => "0",
    };
    let acknowledgement = match test.first("A") {
        Some("Z") | None => "0",
        Some("S") => "same",
        Some("S+") => "one",
        _ => "other",
    };
    let mut text = format!("{flags} seq={sequence} ack={acknowledgement}");
    if let Some(window) = test.number("W").filter(|window| *window != 0) {
        let _ = write!(text, " window={window}");
    }
    if test.is("DF", "Y") {
        text.push_str(" df");
    }
    if let Some(ttl) = ttl(test).filter(|ttl| *ttl != usual) {
        let _ = write!(text, " ttl={ttl}");
    }
    text
}

fn unreachable(test: &Test<'_>, usual: u32) -> String {
    if !test.answered() {
        return "silence".to_owned();
    }
    let quote = test.number("IPL").unwrap_or(56).saturating_sub(28);
    let mut text = format!("quote={quote}");
    if test.is("DF", "Y") {
        text.push_str(" df");
    }
    if let Some(ttl) = ttl(test).filter(|ttl| *ttl != usual) {
        let _ = write!(text, " ttl={ttl}");
    }
    // `G`: as it came.
    let changed = |name: &str| test.number(name).filter(|_| !test.is(name, "G"));
    for (name, key) in [("UN", "unused"), ("RIPL", "length"), ("RID", "id"), ("RUCK", "udp")] {
        if let Some(value) = changed(name).filter(|value| name != "UN" || *value != 0) {
            let _ = write!(text, " {key}={value}");
        }
    }
    match test.first("RIPCK") {
        Some("Z") => text.push_str(" ip=zero"),
        Some("I") => text.push_str(" ip=bad"),
        _ => {}
    }
    text
}

fn echo(test: &Test<'_>, usual: u32) -> String {
    if !test.answered() {
        return "silence".to_owned();
    }
    let code = if test.is("CD", "S") { "same" } else { "0" };
    let fragment = match test.first("DFI") {
        Some("S") => "same",
        Some("Y") => "yes",
        _ => "no",
    };
    let mut text = format!("code={code} df={fragment}");
    if let Some(ttl) = ttl(test).filter(|ttl| *ttl != usual) {
        let _ = write!(text, " ttl={ttl}");
    }
    text
}
