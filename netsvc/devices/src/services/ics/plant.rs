//! The process behind a controller: a tank that a pump fills and consumers empty. All protocols of a device
//! show it,
//! each peer as its own writes have left it.

use netsvc_kit::Host;
use rand_core::RngCore;
use std::collections::BTreeMap;

/// Levels between which the pump is switched, tenths of a per cent.
const LOW: i64 = 350;
const HIGH: i64 = 820;
/// What a level changes by in a second by hand, hundredths of a per cent.
const FILLING: i64 = 12;
const EMPTYING: i64 = -8;
/// Bytes that peers write and that are kept for each.
const WRITTEN: usize = 2048;

/// A process.
#[derive(Clone, Debug)]
pub(super) struct Plant {
    phase: i64,
    /// Seconds from one start of the pump to the next.
    period: i64,
    /// Hours that the pump has run by the time of the installation, and how often it was started.
    hours: u32,
    starts: u32,
    installed: i64,
}

/// The process at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// Tenths of a per cent.
    pub(super) level: i16,
    /// Tenths of a cubic metre an hour.
    pub(super) flow: i16,
    /// Millibar.
    pub(super) pressure: i16,
    /// Tenths of a degree.
    pub(super) temperature: i16,
    /// Tenths of an ampere.
    pub(super) current: i16,
    /// Revolutions a minute.
    pub(super) speed: i16,
    pub(super) running: bool,
    pub(super) automatic: bool,
    pub(super) hours: u32,
    pub(super) starts: u32,
}

/// A space of bytes that peers read and write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Space {
    /// Values of the process and set points.
    Process,
    /// A data block of the program.
    Block(u16),
    /// Marks.
    Marks,
    Inputs,
    Outputs,
}

/// What a peer has done to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Deeds {
    written: BTreeMap<(Space, u16), u8>,
    hand: Option<Hand>,
    /// Whether the controller was stopped.
    pub(super) stopped: bool,
}

/// The pump is switched by hand.
#[derive(Clone, Copy, Debug)]
struct Hand {
    since: i64,
    level: i16,
    pump: bool,
}

impl Plant {
    pub(super) fn of(host: &Host) -> Plant {
        let mut random = host.generator("plant");
        Plant {
            phase: i64::from(random.next_u32() % 100_000),
            period: 420 + i64::from(random.next_u32() % 600),
            hours: 1000 + random.next_u32() % 9000,
            starts: 4000 + random.next_u32() % 20_000,
            installed: host.persona().installed_at / 1_000_000,
        }
    }

    /// The process in `second`, as who has done `deeds` sees it.
    pub(super) fn at(&self, second: i64, deeds: &Deeds) -> Reading {
        let (level, running) = match deeds.hand {
            Some(hand) => {
                let rate = if hand.pump { FILLING } else { EMPTYING };
                let moved = (second - hand.since).clamp(0, 100_000) * rate / 10;
                ((i64::from(hand.level) + moved).clamp(0, 1000), hand.pump)
            }
            None => self.usual(second),
        };
        let noise = jitter(second);
        let small = |value: i64| i16::try_from(value).unwrap_or_default();
        let cycles = (second - self.installed).max(0) / self.period;
        let on = i64::from(running);
        Reading {
            level: small(level),
            flow: small(on * (462 + noise)),
            pressure: small(980 + level * 2 + on * (1310 + noise * 3)),
            temperature: small(184 + (second / 3600).rem_euclid(24) / 2 + noise / 4),
            current: small(on * (128 + noise / 3)),
            speed: small(on * (1455 + noise)),
            running,
            automatic: deeds.hand.is_none(),
            hours: self.hours + u32::try_from(cycles * self.period * 2 / 18_000).unwrap_or_default(),
            starts: self.starts + u32::try_from(cycles).unwrap_or_default(),
        }
    }

    /// Level and pump while nobody interferes.
    fn usual(&self, second: i64) -> (i64, bool) {
        let time = (second + self.phase).rem_euclid(self.period);
        let filling = self.period * 2 / 5;
        if time < filling {
            (LOW + (HIGH - LOW) * time / filling, true)
        } else {
            (HIGH - (HIGH - LOW) * (time - filling) / (self.period - filling), false)
        }
    }

    /// The byte at `at` of `space`.
    pub(super) fn byte(&self, space: Space, at: u16, second: i64, deeds: &Deeds) -> u8 {
        if let Some(byte) = deeds.written.get(&(space, at)) {
            return *byte;
        }
        let reading = self.at(second, deeds);
        match space {
            Space::Process => {
                let word = reading.words().get(usize::from(at / 2)).copied().unwrap_or_default();
                let [high, low] = word.to_be_bytes();
                if at.is_multiple_of(2) { high } else { low }
            }
            // Recipes: what stands in them does not move.
            Space::Block(number) => {
                let mixed =
                    u32::from(at / 2).wrapping_mul(2_654_435_761).wrapping_add(u32::from(number) * 97);
                let [.., byte] = (mixed >> 24).to_be_bytes();
                if at.is_multiple_of(2) { byte & 3 } else { byte }
            }
            Space::Marks | Space::Outputs if at == 0 => reading.bits(),
            Space::Inputs if at == 0 => reading.bits() | 0x40,
            Space::Marks | Space::Inputs | Space::Outputs => 0,
        }
    }

    /// Lets the pump be switched by hand from `second` on, or leaves it to itself again.
    pub(super) fn switch(&self, second: i64, deeds: &mut Deeds, automatic: bool, pump: bool) {
        let level = self.at(second, deeds).level;
        deeds.hand = (!automatic).then_some(Hand { since: second, level, pump });
    }
}

impl Reading {
    /// The values as words, set points behind them.
    pub(super) fn words(&self) -> [u16; 16] {
        let word = i16::cast_unsigned;
        let (hours, starts) = (self.hours.to_be_bytes(), self.starts.to_be_bytes());
        let [a, b, c, d] = hours;
        let [.., low_high, low] = starts;
        [
            word(self.level),
            word(self.flow),
            word(self.pressure),
            word(self.temperature),
            word(self.current),
            word(self.speed),
            u16::from_be_bytes([a, b]),
            u16::from_be_bytes([c, d]),
            u16::from_be_bytes([low_high, low]),
            u16::from(self.bits()),
            u16::try_from(HIGH).unwrap_or_default(),
            u16::try_from(LOW).unwrap_or_default(),
            450,
            1500,
            2600,
            50,
        ]
    }

    /// Automatic, pump, filling, above and below the set points.
    pub(super) fn bits(&self) -> u8 {
        let level = i64::from(self.level);
        let all = [self.automatic, self.running, self.running, HIGH < level, level < LOW];
        all.into_iter().rev().fold(0, |bits, bit| bits << 1 | u8::from(bit))
    }
}

impl Deeds {
    /// Whether the peer has written the byte at `at` of `space`.
    pub(super) fn has(&self, space: Space, at: u16) -> bool {
        self.written.contains_key(&(space, at))
    }

    /// Keeps a byte; false where there is no more room.
    pub(super) fn write(&mut self, space: Space, at: u16, byte: u8) -> bool {
        if WRITTEN <= self.written.len() && !self.written.contains_key(&(space, at)) {
            return false;
        }
        self.written.insert((space, at), byte);
        true
    }
}

/// A number from -9 to 9 that changes with the second.
fn jitter(second: i64) -> i64 {
    let mixed = second.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    i64::from(u8::try_from(mixed >> 56).unwrap_or_default()) % 19 - 9
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plant() -> Plant {
        Plant { phase: 0, period: 1000, hours: 100, starts: 5, installed: 0 }
    }

    #[test]
    fn the_tank_fills_and_empties_between_its_set_points() {
        let (plant, deeds) = (plant(), Deeds::default());
        let level = |second| plant.at(second, &deeds).level;
        assert_eq!((level(0), level(200), level(400), level(700)), (350, 585, 820, 585));
        assert!(plant.at(10, &deeds).running && !plant.at(500, &deeds).running);
        assert!(plant.at(10, &deeds).flow > 400 && plant.at(500, &deeds).flow == 0);
        for second in 0..5000 {
            let bits = plant.at(second, &deeds).bits();
            assert_eq!(bits & 1, 1);
        }
    }

    #[test]
    fn by_hand_it_runs_over_or_dry_for_who_did_it_only() {
        let (plant, mut deeds) = (plant(), Deeds::default());
        plant.switch(100, &mut deeds, false, true);
        assert_eq!(plant.at(100, &deeds).level, plant.at(100, &Deeds::default()).level);
        assert_eq!(plant.at(2000, &deeds).level, 1000);
        plant.switch(2000, &mut deeds, false, false);
        assert_eq!((plant.at(2100, &deeds).level, plant.at(9000, &deeds).level), (920, 0));
        plant.switch(9000, &mut deeds, true, false);
        assert!(plant.at(9000, &deeds).automatic);
    }

    #[test]
    fn what_was_written_is_read_and_has_its_bound() {
        let (plant, mut deeds) = (plant(), Deeds::default());
        assert!(deeds.write(Space::Process, 20, 9));
        assert_eq!(plant.byte(Space::Process, 20, 0, &deeds), 9);
        assert_eq!(plant.byte(Space::Process, 21, 0, &deeds), 0x34);
        assert!((0..4000).any(|at| !deeds.write(Space::Marks, at, 1)));
        assert!(deeds.write(Space::Process, 20, 8), "what is there can be changed");
    }
}
