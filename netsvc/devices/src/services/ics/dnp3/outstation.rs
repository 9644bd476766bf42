//! The station: who is meant, and what is answered.

use super::{
    super::{device::Site, peer::Peer},
    frame::{Found, Frame, LONGEST, START},
    objects,
};
use crate::bytes::Reader;
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out, Pieces};
use std::sync::Arc;

/// Longest fragment of the application that is taken.
const FRAGMENT: usize = 2048;
/// Application data of a frame.
const SEGMENT: usize = 249;
/// Whoever is addressed so is asked who he is (IEEE 1815, 9.2.5).
const SELF: u16 = 0xfffc;
const BROADCAST: u16 = 0xfffd;

/// Functions of the link layer.
const ACKNOWLEDGE: u8 = 0x00;
const STATUS: u8 = 0x0b;
const NOT_SUPPORTED: u8 = 0x0f;
/// Indications (4.2.2.5): the station was restarted; a function, an object is not there.
const RESTARTED: u16 = 0x8000;
const NO_FUNCTION: u16 = 0x0001;
const NO_OBJECT: u16 = 0x0002;
const NO_PARAMETER: u16 = 0x0004;

/// A connection.
struct Stream {
    peer: Peer,
    site: Arc<Site>,
    own: u16,
    input: Gathered,
    fragment: Gathered,
    /// Whether nobody has taken note of the restart yet.
    restarted: bool,
}

/// A connection's machine.
pub(in super::super) fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Pieces::of(LONGEST / 2, Stream::new(host, link)))
}

impl Stream {
    fn new(host: &Arc<Host>, link: &Link) -> Stream {
        let site = Site::of(host);
        let drawn = match site.device.number % 4 {
            0 => 1,
            1 => 3,
            2 => 10,
            _ => 4,
        };
        let own = host.setting("dnp3_address").and_then(|text| text.parse().ok()).unwrap_or(drawn);
        Stream {
            peer: Peer::new(host, link),
            site,
            own,
            input: Gathered::new(2 * LONGEST),
            fragment: Gathered::new(FRAGMENT),
            restarted: true,
        }
    }

    /// Takes one frame, or throws away what is none; false when more bytes are needed.
    fn turn(&mut self, out: &mut Out) -> bool {
        let Some(at) = self.input.find(&START) else {
            // The last byte may be the first of the next frame.
            self.input.skip(self.input.len().saturating_sub(1));
            return false;
        };
        self.input.skip(at);
        match Frame::read(self.input.bytes()) {
            Found::More => false,
            Found::Broken => {
                Peer::malformed("check", self.input.bytes(), out);
                self.input.skip(START.len());
                true
            }
            Found::Frame(frame, length) => {
                self.input.skip(length);
                self.take(&frame, out);
                true
            }
        }
    }

    fn take(&mut self, frame: &Frame, out: &mut Out) {
        let broadcast = BROADCAST <= frame.to;
        // Only masters are answered: they set the first bit.
        if frame.control & 0xc0 != 0xc0 || !(frame.to == self.own || frame.to == SELF || broadcast) {
            return;
        }
        let function = frame.control & 0x0f;
        let name = match function {
            0 => "reset link",
            2 => "test link",
            3 | 4 => "data",
            9 => "request link status",
            _ => "link function",
        };
        if !matches!(function, 3 | 4) {
            let told = format!("dnp3 {name} {function} from {} to {}", frame.from, frame.to);
            Peer::command(&told, !broadcast, out);
        }
        let answer = match function {
            0 | 2 | 3 => Some(ACKNOWLEDGE),
            9 => Some(STATUS),
            4 => None,
            _ => Some(NOT_SUPPORTED),
        };
        if let Some(answer) = answer.filter(|_| !broadcast) {
            out.send(Frame { control: answer, to: frame.from, from: self.own, data: Vec::new() }.write());
        }
        if matches!(function, 3 | 4) {
            self.segment(frame, broadcast, out);
        }
    }

    /// A piece of a fragment (8.2).
    fn segment(&mut self, frame: &Frame, broadcast: bool, out: &mut Out) {
        let Some((head, data)) = frame.data.split_first() else { return };
        if head & 0x40 != 0 {
            self.fragment.clear();
        }
        if self.fragment.push(data).is_err() {
            return self.fragment.clear();
        }
        if head & 0x80 == 0 {
            return;
        }
        let fragment = self.fragment.take_all();
        if let Some(answer) = self.answer(&fragment, out).filter(|_| !broadcast) {
            self.send(frame.from, &answer, out);
        }
    }

    fn send(&self, to: u16, answer: &[u8], out: &mut Out) {
        let last = answer.chunks(SEGMENT).count().saturating_sub(1);
        for (at, piece) in answer.chunks(SEGMENT).enumerate() {
            let number = u8::try_from(at % 64).unwrap_or_default();
            let head = number | u8::from(at == 0) << 6 | u8::from(at == last) << 7;
            let data = [&[head][..], piece].concat();
            out.send(Frame { control: 0x44, to, from: self.own, data }.write());
        }
    }

    /// The answer to a fragment; `None`: it wants none.
    fn answer(&mut self, fragment: &[u8], out: &mut Out) -> Option<Vec<u8>> {
        let mut reader = Reader::new(fragment);
        let (control, function) = (reader.byte()?, reader.byte()?);
        let bytes = reader.rest();
        let (told, accepted, outcome) = match function {
            // What is confirmed needs no answer.
            0 => return None,
            1 => self.read(bytes),
            2 => self.write(bytes),
            3..=6 => {
                let name = ["select", "operate", "direct operate", "direct operate without answer"];
                let name = name.get(usize::from(function - 3)).copied().unwrap_or_default();
                match objects::control(&self.peer, &self.site, bytes, function != 3) {
                    Some((told, fine, answer)) => (format!("{name} {told}"), fine, Ok(answer)),
                    None => (name.to_owned(), false, Err(NO_PARAMETER)),
                }
            }
            13 | 14 => {
                self.restarted = true;
                // So many milliseconds until it is back.
                (
                    (if function == 13 { "cold restart" } else { "warm restart" }).to_owned(),
                    true,
                    Ok(vec![52, 2, 7, 1, 0xd0, 7]),
                )
            }
            23 => ("measure delay".to_owned(), true, Ok(vec![52, 2, 7, 1, 1, 0])),
            // Events that are told unasked: there are none.
            20 | 21 => (format!("function {function}"), true, Ok(Vec::new())),
            _ => {
                let shown = hex::encode(bytes.get(..64).unwrap_or(bytes));
                (format!("function {function} {shown}"), false, Err(NO_FUNCTION))
            }
        };
        Peer::command(&format!("dnp3 {told}"), accepted, out);
        if function == 6 {
            return None;
        }
        let restarted = if self.restarted { RESTARTED } else { 0 };
        let (wrong, objects) = match outcome {
            Ok(objects) => (0, objects),
            Err(wrong) => (wrong, Vec::new()),
        };
        let mut answer = vec![0xc0 | control & 0x0f, 129];
        answer.extend((restarted | wrong).to_be_bytes());
        answer.extend(objects);
        Some(answer)
    }

    fn read(&self, bytes: &[u8]) -> (String, bool, Result<Vec<u8>, u16>) {
        let Some(headers) = objects::headers(bytes) else {
            return ("read".to_owned(), false, Err(NO_PARAMETER));
        };
        let names: Vec<_> = headers.iter().map(objects::Header::told).collect();
        let told = format!("read {}", names.join(", "));
        let mut all = Vec::new();
        for header in &headers {
            match objects::read(&self.peer, &self.site, header) {
                Some(objects) if all.len() + objects.len() < FRAGMENT => all.extend(objects),
                Some(_) => {}
                None => return (told, false, Err(NO_OBJECT)),
            }
        }
        (told, true, Ok(all))
    }

    /// Indications that are cleared, and the time.
    fn write(&mut self, bytes: &[u8]) -> (String, bool, Result<Vec<u8>, u16>) {
        let told = format!("write {}", hex::encode(bytes.get(..64).unwrap_or(bytes)));
        match bytes {
            [80, 1, 0, 7, 7, 0] => {
                self.restarted = false;
                (told, true, Ok(Vec::new()))
            }
            [50, 1, 7, 1, time @ ..] if time.len() == 6 => (told, true, Ok(Vec::new())),
            _ => (told, false, Err(NO_OBJECT)),
        }
    }
}

impl Machine for Stream {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Eof => out.close(),
            Input::Bytes(piece) => {
                if self.input.push(piece).is_err() {
                    return out.close();
                }
                while !out.closing() && !out.full() && self.turn(out) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::device::tests_site;
    use super::*;
    use netsvc_kit::testing;

    fn data(bytes: &[u8]) -> Vec<u8> {
        Frame { control: 0xc4, to: SELF, from: 2, data: [&[0xc0][..], bytes].concat() }.write()
    }

    #[test]
    fn a_station_tells_its_points_and_obeys() {
        let folder = tempfile::tempdir().unwrap();
        let host = tests_site("rtu", folder.path());
        let mut stream = open(&host, &testing::link(20_000));
        let mut say = |bytes: &[u8]| {
            let mut out = Out::default();
            stream.step(Input::Bytes(bytes), &mut out);
            testing::sent(&out.take())
        };
        let status = Frame { control: 0xc9, to: SELF, from: 2, data: Vec::new() }.write();
        let Found::Frame(answer, 10) = Frame::read(&say(&[&b"noise"[..], &status].concat())) else {
            panic!()
        };
        assert_eq!((answer.control, answer.to), (STATUS, 2));
        assert_eq!(say(&Frame { control: 0xc9, to: 77, from: 2, data: Vec::new() }.write()), b"");

        let Found::Frame(all, _) = Frame::read(&say(&data(&[0xc1, 1, 60, 1, 6]))) else { panic!() };
        assert_eq!(all.data.get(..10), Some(&[0xc0, 0xc1, 129, 0x80, 0, 1, 2, 0, 0, 4][..]));
        say(&data(&[0xc2, 2, 80, 1, 0, 7, 7, 0]));
        let operate = [&[0xc3, 5, 12, 1, 0x17, 1, 1, 0x41, 1][..], &[0; 8], &[0]].concat();
        let Found::Frame(done, _) = Frame::read(&say(&data(&operate))) else { panic!() };
        assert_eq!(done.data.get(1..5), Some(&[0xc3, 129, 0, 0][..]));
        let Found::Frame(bits, _) = Frame::read(&say(&data(&[0xc4, 1, 1, 2, 0, 0, 1]))) else { panic!() };
        assert_eq!(bits.data.get(5..), Some(&[1, 2, 0, 0, 1, 1, 0x81][..]), "by hand, and running");
        let Found::Frame(none, _) = Frame::read(&say(&data(&[0xc5, 99]))) else { panic!() };
        assert_eq!(none.data, [0xc0, 0xc5, 129, 0, 1]);
    }
}
