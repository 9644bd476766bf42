//! nmap's sixteen probes of a system and what it writes down about the answers: nmap reference guide, chapter 8.

use crate::{
    host::{CLOSED, Host, NODE, OPEN, Probe, sealed, sum},
    sequence::{Elsewhere, Sample, judge},
};
use decnet_model::nmap::Print;

const ACKNOWLEDGED: u32 = 0x4433_2211;
const TIME: [u8; 10] = [8, 10, 255, 255, 255, 255, 0, 0, 0, 0];
const WINDOWS: [u16; 6] = [1, 63, 4, 4, 16, 512];
/// Time between two of the six, and between other probes, µs.
const APART: i64 = 100_000;
const SOON: i64 = 25_000;

/// What nmap would say of `host`.
pub(crate) fn fingerprint(host: &mut Host, base: u32, jitter: impl FnMut() -> i64) -> Print {
    Scan { host, base, print: Print::default(), elsewhere: Elsewhere::default(), jitter }.run()
}

struct Scan<'a, J> {
    host: &'a mut Host,
    /// Sequence number of the first probe.
    base: u32,
    print: Print,
    elsewhere: Elsewhere,
    /// How late a probe is, µs.
    jitter: J,
}

/// A TCP segment to send.
struct Ask<'a> {
    from: u16,
    to: u16,
    sequence: u32,
    flags: u8,
    window: u16,
    options: &'a [u8],
}

/// What came back.
struct Answer(Vec<u8>);

impl Answer {
    fn tcp(&self) -> &[u8] {
        &self.0[20..usize::from(u16::from_be_bytes([self.0[2], self.0[3]]))]
    }

    fn number(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.tcp()[at..at + 4].try_into().unwrap())
    }

    fn id(&self) -> u16 {
        u16::from_be_bytes([self.0[4], self.0[5]])
    }

    fn options(&self) -> &[u8] {
        &self.tcp()[20..usize::from(self.tcp()[12] >> 4) * 4]
    }
}

impl<J: FnMut() -> i64> Scan<'_, J> {
    fn run(mut self) -> Print {
        let samples = self.six();
        self.echoes();
        self.congestion();
        self.segments();
        self.datagram();
        judge(&mut self.print, &samples, &self.elsewhere);
        self.print
    }

    fn tcp(&mut self, ask: &Ask<'_>, probe: &Probe) -> Option<Answer> {
        self.host.now += (self.jitter)();
        let [from, to, window] = [ask.from, ask.to, ask.window].map(u16::to_be_bytes);
        let congestion = ask.flags & 0xc0 == 0xc0;
        let words = u8::try_from(5 + ask.options.len() / 4).unwrap() << 4;
        let acknowledged = if congestion { 0 } else { ACKNOWLEDGED };
        let urgent = if congestion { [0xf7, 0xf5] } else { [0, 0] };
        let body = [
            &from[..],
            &to,
            &ask.sequence.to_be_bytes(),
            &acknowledged.to_be_bytes(),
            &[words | if congestion { 8 } else { 0 }, ask.flags],
            &window,
            &[0, 0],
            &urgent,
            ask.options,
        ]
        .concat();
        let answer = self.host.ask(6, probe, &sealed(6, body, 16)).map(Answer);
        if let Some(answer) = &answer {
            assert_eq!(sum(&answer.0[..20]), 0);
            let length = u16::try_from(answer.tcp().len()).unwrap().to_be_bytes();
            assert_eq!(sum(&[&answer.0[12..20], &[0, 6], &length, answer.tcp()].concat()), 0);
        }
        answer
    }

    fn six(&mut self) -> Vec<Sample> {
        let options: [Vec<u8>; 6] = [
            [&[3, 3, 10, 1, 2, 4, 5, 0xb4][..], &TIME, &[4, 2]].concat(),
            [&[2, 4, 5, 0x78, 3, 3, 0, 4, 2][..], &TIME, &[0]].concat(),
            [&TIME[..], &[1, 1, 3, 3, 5, 1, 2, 4, 2, 0x80]].concat(),
            [&[4, 2][..], &TIME, &[3, 3, 10, 0]].concat(),
            [&[2, 4, 2, 0x18, 4, 2][..], &TIME, &[3, 3, 10, 0]].concat(),
            [&[2, 4, 1, 9, 4, 2][..], &TIME].concat(),
        ];
        let (mut samples, mut shapes) = (Vec::new(), Vec::new());
        for (number, (options, window)) in (0_u16..).zip(options.iter().zip(WINDOWS)) {
            let sent = self.host.now;
            let sequence = self.base + u32::from(number);
            let ask = Ask { from: 40_000 + number, to: OPEN, sequence, flags: 2, window, options };
            let answer = self.tcp(&ask, &Probe { id: 1 + number, ..Probe::default() });
            self.host.now = sent + APART;
            let Some(answer) = answer else { continue };
            if number == 0 {
                self.common("T1", &answer);
                self.numbers("T1", &answer);
            }
            let isn = answer.number(4);
            if answer.tcp()[13] & 0x16 == 0x12 && isn != 0 {
                samples.push(Sample { sent, isn, id: answer.id(), time: time_of(answer.options()) });
            }
            shapes
                .push((written(answer.options()), u16::from_be_bytes([answer.tcp()[14], answer.tcp()[15]])));
        }
        if shapes.len() == 6 {
            for (number, (options, window)) in (1..).zip(&shapes) {
                self.print.set("OPS", &format!("O{number}"), options);
                self.print.set("WIN", &format!("W{number}"), &format!("{window:X}"));
            }
        }
        if samples.is_empty() && shapes.is_empty() {
            self.print.set("T1", "R", "N");
        }
        samples
    }

    /// What stands in every test.
    fn common(&mut self, test: &'static str, answer: &Answer) {
        self.print.set(test, "R", "Y");
        self.print.set(test, "DF", if answer.0[6] & 0x40 != 0 { "Y" } else { "N" });
        self.print.set(test, "T", &format!("{:X}", answer.0[8]));
    }

    fn oddities(&mut self, test: &'static str, answer: &Answer) {
        let tcp = answer.tcp();
        let reserved = if tcp[12] & 0x0f != 0 { "R" } else { "" };
        let urgent = if tcp[13] & 0x20 == 0 && tcp[18..20] != [0, 0] { "U" } else { "" };
        self.print.set(test, "Q", &format!("{reserved}{urgent}"));
    }

    fn numbers(&mut self, test: &'static str, answer: &Answer) {
        let flags = answer.tcp()[13];
        let letters = [(0x40, 'E'), (0x20, 'U'), (0x10, 'A'), (8, 'P'), (4, 'R'), (2, 'S'), (1, 'F')];
        let letters: String =
            letters.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, letter)| letter).collect();
        self.print.set(test, "F", &letters);
        let sequence = match answer.number(4) {
            0 => "Z",
            ACKNOWLEDGED => "A",
            number if number == ACKNOWLEDGED + 1 => "A+",
            _ => "O",
        };
        self.print.set(test, "S", sequence);
        let acknowledgement = match answer.number(8) {
            0 => "Z",
            number if number == self.base => "S",
            number if number == self.base + 1 => "S+",
            _ => "O",
        };
        self.print.set(test, "A", acknowledgement);
        let data = &answer.tcp()[20 + answer.options().len()..];
        let told =
            if flags & 4 != 0 && !data.is_empty() { format!("{:X}", crc(data)) } else { "0".to_owned() };
        self.print.set(test, "RD", &told);
        self.oddities(test, answer);
    }

    fn echoes(&mut self) {
        let mut seen = Vec::new();
        for (id, tos, code, bytes) in [(0x2000, 0, 9, 120), (0x2001, 4, 0, 150)] {
            self.host.now += SOON + (self.jitter)();
            let mut body = [&[8, code, 0, 0, 0x12, 0x34, 1, 39][..], &vec![0; bytes]].concat();
            let sum = sum(&body).to_be_bytes();
            body[2..4].copy_from_slice(&sum);
            let probe = Probe { id, dont_fragment: code == 9, tos };
            let answer = self.host.ask(1, &probe, &body).filter(|answer| answer[20] == 0);
            seen.extend(answer);
        }
        self.elsewhere.icmp = seen.iter().map(|packet| u16::from_be_bytes([packet[4], packet[5]])).collect();
        let [one, other] = seen.as_slice() else { return self.print.set("IE", "R", "N") };
        self.print.set("IE", "R", "Y");
        let fragment = match (one[6] & 0x40 != 0, other[6] & 0x40 != 0) {
            (false, false) => "N",
            (true, false) => "S",
            (true, true) => "Y",
            (false, true) => "O",
        };
        self.print.set("IE", "DFI", fragment);
        self.print.set("IE", "T", &format!("{:X}", one[8]));
        let code = match (one[21], other[21]) {
            (0, 0) => "Z".to_owned(),
            (9, 0) => "S".to_owned(),
            (one, other) if one == other => format!("{one:X}"),
            _ => "O".to_owned(),
        };
        self.print.set("IE", "CD", &code);
    }

    fn congestion(&mut self) {
        self.host.now += SOON;
        let options = [3, 3, 10, 1, 2, 4, 5, 0xb4, 4, 2, 1, 1];
        let ask =
            Ask { from: 40_010, to: OPEN, sequence: self.base, flags: 0xc2, window: 3, options: &options };
        let Some(answer) = self.tcp(&ask, &Probe { id: 10, ..Probe::default() }) else {
            return self.print.set("ECN", "R", "N");
        };
        self.common("ECN", &answer);
        self.shape("ECN", &answer);
        let agreed = match answer.tcp()[13] & 0xc0 {
            0x40 => "Y",
            0 => "N",
            0xc0 => "S",
            _ => "O",
        };
        self.print.set("ECN", "CC", agreed);
        self.oddities("ECN", &answer);
    }

    fn shape(&mut self, test: &'static str, answer: &Answer) {
        let window = u16::from_be_bytes([answer.tcp()[14], answer.tcp()[15]]);
        self.print.set(test, "W", &format!("{window:X}"));
        self.print.set(test, "O", &written(answer.options()));
    }

    fn segments(&mut self) {
        let open = [&[3, 3, 10, 1, 2, 4, 1, 9][..], &TIME, &[4, 2]].concat();
        let closed = [&[3, 3, 15, 1, 2, 4, 1, 9][..], &TIME, &[4, 2]].concat();
        for (number, (test, to, flags, window, dont_fragment)) in (0..).zip([
            ("T2", OPEN, 0, 128, true),
            ("T3", OPEN, 0x2b, 256, false),
            ("T4", OPEN, 0x10, 1024, true),
            ("T5", CLOSED, 2, 31_337, false),
            ("T6", CLOSED, 0x10, 32_768, true),
            ("T7", CLOSED, 0x29, 65_535, false),
        ]) {
            self.host.now += SOON;
            let options = if test == "T7" { &closed } else { &open };
            let ask = Ask { from: 40_020 + number, to, sequence: self.base, flags, window, options };
            let answer = self.tcp(&ask, &Probe { id: 20 + number, dont_fragment, tos: 0 });
            let Some(answer) = answer else {
                self.print.set(test, "R", "N");
                continue;
            };
            self.common(test, &answer);
            self.numbers(test, &answer);
            self.shape(test, &answer);
            if to == CLOSED {
                self.elsewhere.closed.push(answer.id());
            }
        }
    }

    fn datagram(&mut self) {
        self.host.now += SOON;
        let head = [40_100_u16, CLOSED, 308, 0].map(u16::to_be_bytes).concat();
        let body = sealed(17, [&head[..], &[b'C'; 300]].concat(), 6);
        let checksum = body[6..8].to_vec();
        let answer = self.host.ask(17, &Probe { id: 0x1042, ..Probe::default() }, &body);
        let Some(packet) = answer else { return self.print.set("U1", "R", "N") };
        let answer = Answer(packet.clone());
        self.common("U1", &answer);
        let word = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
        self.print.set("U1", "IPL", &format!("{:X}", word(2)));
        self.print.set("U1", "UN", &format!("{:X}", u32::from_be_bytes(packet[24..28].try_into().unwrap())));
        let kept = |kept: bool, value: u16| if kept { "G".to_owned() } else { format!("{value:X}") };
        self.print.set("U1", "RIPL", &kept(word(30) == 328, word(30)));
        self.print.set("U1", "RID", &kept(word(32) == 0x1042, word(32)));
        let header = match sum(&packet[28..48]) {
            _ if word(38) == 0 => "Z",
            0 => "G",
            _ => "I",
        };
        self.print.set("U1", "RIPCK", header);
        self.print.set("U1", "RUCK", &kept(packet[54..56] == checksum, word(54)));
        let data = packet[56..].iter().all(|byte| *byte == b'C');
        self.print.set("U1", "RUD", if data { "G" } else { "I" });
        assert_eq!(packet[12..16], NODE);
    }
}

/// Options in nmap's letters.
fn written(options: &[u8]) -> String {
    let (mut text, mut at) = (String::new(), 0);
    while let Some(kind) = options.get(at) {
        let word = |at: usize| u32::from_be_bytes(options[at..at + 4].try_into().unwrap());
        let shown = |value: u32| if value == 0 { '0' } else { '1' };
        let room = options.len() - at;
        if matches!(kind, 2 if room < 4) || matches!(kind, 8 if room < 10) {
            return String::new();
        }
        at += match kind {
            0 => {
                text.push('L');
                1
            }
            1 => {
                text.push('N');
                1
            }
            2 => {
                text.push_str(&format!("M{:X}", u16::from_be_bytes([options[at + 2], options[at + 3]])));
                4
            }
            3 => {
                text.push_str(&format!("W{:X}", options[at + 2]));
                3
            }
            4 => {
                text.push('S');
                2
            }
            _ => {
                text.extend(['T', shown(word(at + 2)), shown(word(at + 6))]);
                10
            }
        };
    }
    text
}

fn time_of(options: &[u8]) -> Option<u32> {
    let mut at = 0;
    while let Some(kind) = options.get(at) {
        match kind {
            0 => return None,
            1 => at += 1,
            8 => return Some(u32::from_be_bytes(options[at + 2..at + 6].try_into().unwrap())),
            _ => at += usize::from(options[at + 1]),
        }
    }
    None
}

/// CRC-32 of IEEE 802.3.
fn crc(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}
