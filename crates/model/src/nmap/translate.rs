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
        number(first)
    }
}

/// A number, the middle of a range, or the nearest that `>` and `<` allow.
fn number(text: &str) -> Option<u32> {
    let hex = |text: &str| u32::from_str_radix(text, 16).ok();
    if let Some(least) = text.strip_prefix('>') {
        return hex(least)?.checked_add(1);
    }
    if let Some(most) = text.strip_prefix('<') {
        return hex(most)?.checked_sub(1);
    }
    match text.split_once('-') {
        Some((low, high)) => Some(hex(low)?.midpoint(hex(high)?)),
        None => hex(text),
    }
}

/// Length of nmap's datagram to a closed port, with its IP header.
const PROBE: u32 = 328;

/// The face; else what the fingerprint lacks.
pub(super) fn face(entry: &Entry<'_>) -> Result<String, &'static str> {
    let test = |name: &str| Test::of(entry, name);
    let (seq, open) = (test("SEQ"), test("T1"));
    let others = ["T5", "U1", "IE", "ECN", "T2", "T3", "T4", "T6", "T7"].map(test);
    let ttl = [&open].into_iter().chain(&others).find_map(ttl).ok_or("a time to live")?;
    let mut text = format!("# {}\n", entry.name);
    let mut line = |key: &str, value: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{key} = {value}");
    };
    line("ttl", ttl.to_string());
    line("ids", [id(&seq, "TI"), id(&seq, "CI"), id(&seq, "II")].join(" "));
    line("ids.shared", shared(&seq).to_owned());
    line("isn", if open.is("S", "Z") && !open.is("S", "O") { "zero".to_owned() } else { isn(&seq) });
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

/// Whether the fingerprint was taken so far behind routers that its times to live are beyond what a packet can have.
pub(super) fn is_far(entry: &Entry<'_>) -> bool {
    ["T1", "T5", "U1", "IE"].iter().any(|name| {
        let test = Test::of(entry, name);
        let low = test.first("T").and_then(|range| range.split('-').next());
        low.and_then(|low| u32::from_str_radix(low, 16).ok()).is_some_and(|low| low > 255)
    })
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

/// How the identifications of ICMP stand to those of TCP.
fn shared(seq: &Test<'_>) -> &'static str {
    match seq.first("SS") {
        Some("S") if id(seq, "TI") == id(seq, "II") => "yes",
        Some("S") => "below",
        Some("O") => "above",
        _ => "no",
    }
}

fn isn(seq: &Test<'_>) -> String {
    let divisor = seq.first("GCD").unwrap_or("1");
    let low = divisor.split('-').next().and_then(number).unwrap_or(1);
    let (rate, spread) = (seq.number("ISR").unwrap_or(260), spread(seq).unwrap_or(256));
    if low == 0 {
        return "0 0 0".to_owned();
    }
    format!("{rate} {spread} {low}")
}

/// The deviation of the rate. Where it is small beside the rate, what the scanner's timers add is left room for.
fn spread(seq: &Test<'_>) -> Option<u32> {
    const SMALL: u32 = 56;
    let (low, high) = match seq.first("SP")?.split_once('-') {
        Some((low, high)) => (u32::from_str_radix(low, 16).ok()?, u32::from_str_radix(high, 16).ok()?),
        None => return seq.number("SP"),
    };
    let counted = seq.first("GCD").is_some_and(|first| !first.starts_with("1-"));
    let small = !counted && high + SMALL < seq.number("ISR").unwrap_or_default();
    Some(if small { low + (high - low.min(high)) / 4 } else { low.midpoint(high) })
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
            Some(power @ 18..=34) => format!("random {power}"),
            _ => "random".to_owned(),
        },
    }
}

/// Options of one answer: word for word, their order, and the values among them.
#[derive(Default)]
struct Options {
    exact: String,
    layout: String,
    mss: Option<u16>,
    scale: Option<u8>,
}

/// The options that `clock`, what nmap says of timestamps, fits best among those that the expression allows.
fn options(expression: &str, clock: Option<&str>) -> Options {
    let expression = plain(expression);
    let timed = match clock {
        Some("U") => "-",
        Some("0") => "T0",
        _ => "T1",
    };
    // The fullest of several says the most.
    let rank = |one: &&str| (one.contains(timed) || timed == "-" && !one.contains('T'), one.len());
    let fullest = expression.split('|').max_by_key(rank).unwrap_or_default();
    let mut found = Options { exact: fullest.to_owned(), ..Options::default() };
    if fullest.is_empty() {
        // nmap has seen no options that it could read, but a timestamp among them.
        found.exact.push_str(match clock {
            None | Some("U") => "-",
            Some("0") => "T00X",
            _ => "T11X",
        });
    }
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

/// An expression without brackets: of numbers that have expressions of their own, one that is allowed.
fn plain(expression: &str) -> String {
    let (mut plain, mut rest) = (String::new(), expression);
    while let Some((before, inside, after)) = rest.split_once('[').and_then(|(before, more)| {
        let (inside, after) = more.split_once(']')?;
        Some((before, inside, after))
    }) {
        let one = inside.split('|').next().and_then(number).unwrap_or_default();
        plain.push_str(before);
        // Writing to a string does not fail.
        let _ = write!(plain, "{one:X}");
        rest = after;
    }
    plain + rest
}

fn handshake(entry: &Entry<'_>) -> Vec<(&'static str, String)> {
    let (ops, win, ecn) = (Test::of(entry, "OPS"), Test::of(entry, "WIN"), Test::of(entry, "ECN"));
    let seq = Test::of(entry, "SEQ");
    let told = |expression| options(expression, seq.first("TS"));
    let unknown = match seq.first("TS") {
        None | Some("U") => "M5B4",
        Some("0") => "M5B4NNT00",
        _ => "M5B4NNT11",
    };
    let all: Vec<Options> =
        (1..=6).map(|number| told(ops.get(&format!("O{number}")).unwrap_or(unknown))).collect();
    // An answer to that probe whose options nmap cannot read counts as none.
    let plain = ecn.get("O").map(|expression| match told(expression) {
        none if none.layout == "-" => Options { exact: "-".to_owned(), ..none },
        told => told,
    });
    let layout = |index: usize| all.get(index).map_or("-", |one| one.layout.as_str());
    let windows: Vec<u32> = (1..=6).map(|number| win.number(&format!("W{number}")).unwrap_or(8192)).collect();
    let first = all.first();
    let follows = all.iter().filter_map(|one| one.mss).min() < first.and_then(|one| one.mss);
    let mss = first.and_then(|one| one.mss).unwrap_or(1460);
    let window = windows.first().copied().unwrap_or(8192);
    let without = ecn.number("W").filter(|_| ecn.answered()).unwrap_or(window);
    let plain_layout = plain.as_ref().map_or_else(|| layout(0).replace('T', ""), |one| one.layout.clone());
    let mut lines = vec![
        ("mss", if follows { format!("{mss} follow") } else { mss.to_string() }),
        ("window", format!("{window} {without}")),
        ("probe.window", windows.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
        ("options", [layout(0), layout(2), layout(5), plain_layout.as_str()].join(" ")),
        ("probe.options", all.iter().map(|one| one.exact.as_str()).collect::<Vec<_>>().join(" ")),
        ("ecn", congestion(&ecn).to_owned()),
    ];
    lines.extend(single(entry, &ecn, plain.as_ref()));
    if let Some(scale) = all.iter().chain(&plain).find_map(|one| one.scale) {
        lines.push(("scale", scale.min(14).to_string()));
    }
    // Nothing in OPS means that the six were not all answered.
    let open = Test::of(entry, "T1");
    if open.get("R") == Some("N") {
        lines.push(("probe.answers", "0".to_owned()));
    } else if ops.get("R") == Some("N") || win.get("R") == Some("N") {
        lines.push(("probe.answers", "5".to_owned()));
    }
    if let Some(reply) = unusual(&open) {
        lines.push(("probe.reply", reply));
    }
    lines
}

/// Flags and numbers of the answers to SYN probes, where they are not those of a SYN-ACK.
fn unusual(open: &Test<'_>) -> Option<String> {
    let usual = open.get("F").is_none_or(|_| open.is("F", "AS"));
    let numbers = open.get("A").is_none_or(|_| open.is("A", "S+"))
        && open.get("S").is_none_or(|_| open.is("S", "O") || open.is("S", "Z"));
    if !open.answered() || usual && numbers {
        return None;
    }
    let flags = if usual { "AS" } else { open.first("F").unwrap_or("AS") };
    Some(format!("{} {}", letters(flags), sequence_numbers(open)))
}

/// What is special about single answers.
fn single(entry: &Entry<'_>, ecn: &Test<'_>, plain: Option<&Options>) -> Vec<(&'static str, String)> {
    let (open, odd) = (Test::of(entry, "T1"), Test::of(entry, "T3"));
    let mut lines = Vec::new();
    if let Some(plain) = plain.filter(|_| ecn.answered()) {
        lines.push(("ecn.options", plain.exact.clone()));
    }
    for (key, test) in [("ecn.odd", ecn), ("probe.odd", &open)] {
        lines.extend(oddity(test).map(|marks| (key, marks)));
    }
    if ecn.answered() && ecn.is("DF", "Y") != open.is("DF", "Y") {
        lines.push(("ecn.df", yes(ecn.is("DF", "Y"))));
    }
    if let (Some(own), Some(other)) = (ttl(&open), ttl(ecn).filter(|_| ecn.answered()))
        && own != other
    {
        lines.push(("ecn.ttl", other.to_string()));
    }
    if let Some(window) = odd.number("W").filter(|_| odd.first("F") == Some("AS")) {
        lines.push(("odd.window", window.to_string()));
    }
    lines
}

/// What stands in a header where nothing should.
fn oddity(test: &Test<'_>) -> Option<String> {
    test.first("Q").filter(|marks| !marks.is_empty()).map(str::to_owned)
}

fn congestion(ecn: &Test<'_>) -> &'static str {
    match ecn.first("CC") {
        _ if !ecn.answered() => "silence",
        Some("Y") => "yes",
        Some("S") => "both",
        Some("O") => "reduced",
        _ => "no",
    }
}

/// What a test of T2 to T7 says.
fn answer(test: &Test<'_>, usual: u32) -> String {
    if !test.answered() {
        return "silence".to_owned();
    }
    let flags = test.first("F").unwrap_or("AR");
    if flags == "AS" && test.get("O").is_none() {
        return "handshake".to_owned();
    }
    let mut text = format!("{} {}", letters(flags), sequence_numbers(test));
    if let Some(window) = test.number("W").filter(|window| *window != 0) {
        let _ = write!(text, " window={window}");
    }
    if test.is("DF", "Y") {
        text.push_str(" df");
    }
    if let Some(ttl) = ttl(test).filter(|ttl| *ttl != usual) {
        let _ = write!(text, " ttl={ttl}");
    }
    if let Some(options) =
        test.get("O").map(|expression| options(expression, None).exact).filter(|one| one != "-")
    {
        let _ = write!(text, " options={options}");
    }
    if let Some(marks) = oddity(test) {
        let _ = write!(text, " odd={marks}");
    }
    let told = test.first("RD").and_then(|sum| u32::from_str_radix(sum, 16).ok()).filter(|sum| *sum != 0);
    if let Some(sum) = told {
        let digits: String = refusal(sum).iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = write!(text, " data={digits}");
    }
    text
}

/// The flags that a face can have.
fn letters(flags: &str) -> String {
    flags.chars().filter(|flag| "EFSRPAU".contains(*flag)).collect()
}

fn sequence_numbers(test: &Test<'_>) -> String {
    let sequence = match test.first("S") {
        Some("A") => "ack",
        Some("A+") => "past",
        Some("O") => "own",
        _ => "0",
    };
    let acknowledgement = match test.first("A") {
        Some("Z") | None => "0",
        Some("S") => "same",
        Some("S+") => "one",
        _ => "other",
    };
    format!("seq={sequence} ack={acknowledgement}")
}

/// What a reset says whose text has this CRC-32: HP-UX and old Mac OS have words for it; for others four bytes.
fn refusal(sum: u32) -> Vec<u8> {
    match sum {
        0xe44a_4e43 => return b"No TCP".to_vec(),
        0xbd1a_b510 => return b"No listener".to_vec(),
        0xea6c_967d => return b"No TCP/No listener".to_vec(),
        _ => {}
    }
    let back = |state: u32, _| {
        if state >> 31 == 1 { ((state ^ 0xedb8_8320) << 1) | 1 } else { state << 1 }
    };
    (!(0..32).fold(!sum, back)).to_le_bytes().to_vec()
}

fn unreachable(test: &Test<'_>, usual: u32) -> String {
    if !test.answered() {
        return "silence".to_owned();
    }
    let quote = test.number("IPL").unwrap_or(56).saturating_sub(28).min(548);
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
    // More than came: the rest is something else.
    if quote > PROBE {
        text.push_str(" filled");
    } else if test.first("RUD") == Some("I") {
        text.push_str(" spoilt");
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
        Some("O") => "other",
        _ => "no",
    };
    let mut text = format!("code={code} df={fragment}");
    if let Some(ttl) = ttl(test).filter(|ttl| *ttl != usual) {
        let _ = write!(text, " ttl={ttl}");
    }
    text
}
