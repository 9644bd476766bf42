//! What a client shows of itself before its first request is served, in the form that is customary for comparing
//! clients: settings, window, priorities and the order of the fields that begin with a colon.

use netsvc_kit::Out;
use netsvc_wire::{Kind, field};
use std::fmt::Write;

/// Most settings and priorities that are told.
const TOLD: usize = 32;

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    settings: Vec<(u16, u32)>,
    window: Option<u32>,
    priorities: Vec<(u32, u32, u8)>,
    told: bool,
}

impl Seen {
    pub(super) fn setting(&mut self, number: u16, value: u32) {
        if !self.told && self.settings.len() < TOLD {
            self.settings.push((number, value));
        }
    }

    pub(super) fn window(&mut self, more: u32) {
        if !self.told {
            self.window.get_or_insert(more);
        }
    }

    /// A priority of `stream`: what it depends on, the highest bit being exclusiveness, and its weight.
    pub(super) fn priority(&mut self, stream: u32, on: u32, weight: u8) {
        if !self.told && self.priorities.len() < TOLD {
            self.priorities.push((stream, on, weight));
        }
    }

    /// Tells of it with the first request, whose fields have these names.
    pub(super) fn tell<'a>(&mut self, names: impl Iterator<Item = &'a [u8]>, out: &mut Out) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        let settings: Vec<String> =
            self.settings.iter().map(|(number, value)| format!("{number}:{value}")).collect();
        let priorities: Vec<String> = self
            .priorities
            .iter()
            .map(|(stream, on, weight)| {
                format!("{stream}:{}:{}:{}", on >> 31, on & 0x7fff_ffff, u16::from(*weight) + 1)
            })
            .collect();
        let or_zero = |list: String| if list.is_empty() { "0".to_owned() } else { list };
        let mut text = format!("{}|", settings.join(";"));
        // Writing to a text does not fail.
        let _ = write!(text, "{:02}|{}|", self.window.unwrap_or_default(), or_zero(priorities.join(",")));
        let letters: Vec<String> = names
            .filter_map(|name| name.strip_prefix(b":")?.first())
            .take(TOLD)
            .map(|letter| char::from(*letter).to_string())
            .collect();
        text.push_str(&letters.join(","));
        out.record(Kind::ClientFingerprint, vec![(field::HTTP2_FINGERPRINT, text.into_bytes())]);
    }
}
