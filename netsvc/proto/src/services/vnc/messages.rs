//! What a client asks for, types and points at (RFC 6143 §7.5).

use super::{
    connection::{Connection, State},
    keys::{self, Key},
    paint::{HEXTILE, Painting, RAW},
    picture::Area,
    pixel::Format,
};
use netsvc_kit::{Credential, Out};
use netsvc_wire::{Kind, field};
use tokio::time::Instant;

/// Longest line that is typed.
const LINE: usize = 512;
/// Bytes of a clipboard that are kept.
const CLIPBOARD: usize = 4096;
/// Most encodings of one message; clients know some fifty.
const ENCODINGS: usize = 512;

impl Connection {
    /// One message of the client.
    pub(super) fn message(&mut self, out: &mut Out) -> bool {
        let bytes = self.input.bytes();
        let Some(kind) = bytes.first().copied() else { return false };
        let length = match kind {
            0 => 20,
            2 => match bytes.get(2..4).and_then(<[u8]>::first_chunk) {
                Some(count) => 4 + 4 * usize::from(u16::from_be_bytes(*count)),
                None => return false,
            },
            3 => 10,
            4 | 6 => 8,
            5 => 6,
            _ => {
                let data = bytes.get(..64).unwrap_or(bytes).to_vec();
                out.record(Kind::Malformed, vec![(field::REASON, b"message".to_vec()), (field::DATA, data)]);
                return self.finish(out);
            }
        };
        if 4 + 4 * ENCODINGS < length {
            return self.finish(out);
        }
        if bytes.len() < length {
            return false;
        }
        let body = self.input.take(length);
        match kind {
            0 => self.set_format(&body, out),
            2 => self.set_encodings(&body),
            3 => self.update(&body, out),
            4 => self.press(&body, out),
            5 => self.point(&body),
            _ => {
                let length = usize::try_from(long(&body, 4)).unwrap_or(usize::MAX);
                self.state = State::Clipboard(length, Vec::new());
            }
        }
        !out.closing()
    }

    fn set_format(&mut self, body: &[u8], out: &mut Out) {
        let format = body.get(4..20).and_then(<[u8]>::first_chunk).and_then(Format::read);
        match format.filter(|format| format.size() != 3 || self.flavour.takes_24) {
            Some(format) => {
                self.format = format;
                if format.is_mapped() {
                    out.send(Format::map(self.flavour.coarse_map));
                }
            }
            None => drop(self.finish(out)),
        }
    }

    /// The first that is known, in the client's order.
    fn set_encodings(&mut self, body: &[u8]) {
        let mut wanted = body.get(4..).unwrap_or_default().chunks_exact(4);
        let (raw, hextile) = (RAW.to_be_bytes(), HEXTILE.to_be_bytes());
        self.hextile =
            wanted.find(|wanted| *wanted == raw || *wanted == hextile).is_some_and(|found| found == hextile);
    }

    fn update(&mut self, body: &[u8], out: &mut Out) {
        let area =
            Area { x: short(body, 2), y: short(body, 4), width: short(body, 6), height: short(body, 8) };
        if body.get(1) == Some(&0) {
            return self.paint(area, out);
        }
        match self.changed.take() {
            Some(area) => self.paint(area, out),
            // Nothing has changed: the answer waits until something has.
            None => self.waits = true,
        }
    }

    /// Sends `area` with what waits, now or when the pace lets it.
    pub(super) fn paint(&mut self, area: Area, out: &mut Out) {
        let area = self.wanted.take().map_or(area, |wanted| wanted.with(area)).within(&self.picture);
        if !self.pace.take(self.cost(area), Instant::now()) {
            self.wanted = Some(area);
            return;
        }
        self.waits = false;
        self.painting = Painting::begin(&self.picture, area, self.hextile, out);
    }

    /// Bytes of `area` as they are.
    pub(super) fn cost(&self, area: Area) -> u64 {
        let size = u64::try_from(self.format.size()).unwrap_or(4);
        u64::from(area.width) * u64::from(area.height) * size
    }

    /// `area` shows something else now.
    fn show(&mut self, area: Area, out: &mut Out) {
        if self.waits { self.paint(area, out) } else { self.changed = Some(area) }
    }

    fn press(&mut self, body: &[u8], out: &mut Out) {
        if body.get(1) == Some(&0) {
            return;
        }
        let number = long(body, 4);
        match keys::key(number) {
            Key::Letter(letter) if self.typed.len() < LINE => self.typed.push(letter),
            Key::Back => drop(self.typed.pop()),
            Key::Enter => return self.enter(out),
            _ => {
                if let Some(name) = keys::name(number).filter(|_| self.typed.len() < LINE) {
                    self.typed.push_str(name);
                }
                return;
            }
        }
        let area = self.picture.type_to(self.typed.chars().count());
        self.show(area, out);
    }

    /// A line was typed: a password for who is shown there, as far as anybody can tell.
    fn enter(&mut self, out: &mut Out) {
        let typed = std::mem::take(&mut self.typed).into_bytes();
        if typed.is_empty() {
            return;
        }
        let users = &self.host.persona().users;
        let user = users.iter().find(|user| user.uid >= 1000).or(users.first());
        let user = user.map_or(Vec::new(), |user| user.name.clone().into_bytes());
        out.record(Kind::Command, vec![(field::COMMAND, typed.clone())]);
        // Nobody gets further than this screen.
        out.credential(Credential::plaintext(&user, &typed, "screen", false));
        let area = self.picture.refuse();
        self.show(area, out);
    }

    fn point(&mut self, body: &[u8]) {
        let buttons = body.get(1).copied().unwrap_or_default();
        if buttons != self.buttons {
            self.clicks = self.clicks.saturating_add(1);
        }
        self.buttons = buttons;
        self.place = (short(body, 2), short(body, 4));
    }

    /// Bytes of a clipboard.
    pub(super) fn clipboard(&mut self, out: &mut Out) -> bool {
        let State::Clipboard(left, kept) = &mut self.state else { return false };
        let came = (*left).min(self.input.len());
        let bytes = self.input.take(came);
        let room = CLIPBOARD.saturating_sub(kept.len()).min(bytes.len());
        kept.extend_from_slice(bytes.get(..room).unwrap_or_default());
        *left -= came;
        if 0 < *left {
            return false;
        }
        let text = std::mem::take(kept);
        out.record(Kind::Command, vec![(field::COMMAND, b"clipboard".to_vec()), (field::DATA, text)]);
        self.state = State::Messages;
        true
    }

    /// Ends the connection. Always false.
    fn finish(&mut self, out: &mut Out) -> bool {
        self.leave(out);
        out.close();
        false
    }

    /// Writes down what was done and not told yet.
    pub(super) fn leave(&mut self, out: &mut Out) {
        if !self.typed.is_empty() {
            let typed = std::mem::take(&mut self.typed).into_bytes();
            out.record(Kind::Command, vec![(field::COMMAND, typed)]);
        }
        if self.clicks > 0 {
            let (x, y) = self.place;
            let told = format!("pointer {x},{y}").into_bytes();
            let count = self.clicks.to_string().into_bytes();
            out.record(Kind::Command, vec![(field::COMMAND, told), (field::COUNT, count)]);
            self.clicks = 0;
        }
    }
}

fn short(body: &[u8], at: usize) -> u16 {
    body.get(at..at + 2).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u16::from_be_bytes(*bytes))
}

fn long(body: &[u8], at: usize) -> u32 {
    body.get(at..at + 4).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_be_bytes(*bytes))
}
