//! The settings of a terminal's line discipline (termios(3)): what `stty` shows and sets, and what the session heeds.

/// Which of the four words of termios a flag is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Control,
    Input,
    Output,
    Local,
}

/// Groups in the order in which they are shown.
pub(crate) const GROUPS: [Group; 4] = [Group::Control, Group::Input, Group::Output, Group::Local];

/// A flag, or one value of a field of several bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    bits: u32,
    mask: u32,
    /// One of several values, not a thing that is on or off.
    field: bool,
    /// What `stty sane` makes of it; `None`: it leaves it alone.
    pub(crate) sane: Option<bool>,
}

impl Flag {
    /// Whether it can be turned off by a `-` before its name.
    pub(crate) fn can_be_off(&self) -> bool {
        !self.field
    }
}

const fn flag(name: &'static str, group: Group, bits: u32, sane: Option<bool>) -> Flag {
    Flag { name, group, bits, mask: bits, field: false, sane }
}

const fn value(name: &'static str, group: Group, bits: u32, mask: u32, sane: Option<bool>) -> Flag {
    Flag { name, group, bits, mask, field: true, sane }
}

const ON: Option<bool> = Some(true);
const OFF: Option<bool> = Some(false);

/// All flags, with the numbers of Linux (`asm-generic/termbits.h`) and the sane state of coreutils.
pub(crate) const FLAGS: [Flag; 59] = [
    flag("parenb", Group::Control, 0x100, None),
    flag("parodd", Group::Control, 0x200, None),
    flag("cmspar", Group::Control, 0x4000_0000, None),
    value("cs5", Group::Control, 0, 0x30, None),
    value("cs6", Group::Control, 0x10, 0x30, None),
    value("cs7", Group::Control, 0x20, 0x30, None),
    value("cs8", Group::Control, 0x30, 0x30, None),
    flag("hupcl", Group::Control, 0x400, None),
    flag("cstopb", Group::Control, 0x40, None),
    flag("cread", Group::Control, 0x80, ON),
    flag("clocal", Group::Control, 0x800, None),
    flag("crtscts", Group::Control, 0x8000_0000, None),
    flag("ignbrk", Group::Input, 0x1, None),
    flag("brkint", Group::Input, 0x2, ON),
    flag("ignpar", Group::Input, 0x4, None),
    flag("parmrk", Group::Input, 0x8, None),
    flag("inpck", Group::Input, 0x10, None),
    flag("istrip", Group::Input, 0x20, None),
    flag("inlcr", Group::Input, 0x40, OFF),
    flag("igncr", Group::Input, 0x80, OFF),
    flag("icrnl", Group::Input, 0x100, ON),
    flag("ixon", Group::Input, 0x400, None),
    flag("ixoff", Group::Input, 0x1000, OFF),
    flag("iuclc", Group::Input, 0x200, OFF),
    flag("ixany", Group::Input, 0x800, OFF),
    flag("imaxbel", Group::Input, 0x2000, ON),
    flag("iutf8", Group::Input, 0x4000, OFF),
    flag("opost", Group::Output, 0x1, ON),
    flag("olcuc", Group::Output, 0x2, OFF),
    flag("ocrnl", Group::Output, 0x8, OFF),
    flag("onlcr", Group::Output, 0x4, ON),
    flag("onocr", Group::Output, 0x10, OFF),
    flag("onlret", Group::Output, 0x20, OFF),
    flag("ofill", Group::Output, 0x40, OFF),
    flag("ofdel", Group::Output, 0x80, OFF),
    value("nl1", Group::Output, 0x100, 0x100, None),
    value("nl0", Group::Output, 0, 0x100, ON),
    value("cr0", Group::Output, 0, 0x600, ON),
    value("tab0", Group::Output, 0, 0x1800, ON),
    value("bs0", Group::Output, 0, 0x2000, ON),
    value("vt0", Group::Output, 0, 0x4000, ON),
    value("ff0", Group::Output, 0, 0x8000, ON),
    flag("isig", Group::Local, 0x1, ON),
    flag("icanon", Group::Local, 0x2, ON),
    flag("iexten", Group::Local, 0x8000, ON),
    flag("echo", Group::Local, 0x8, ON),
    flag("echoe", Group::Local, 0x10, ON),
    flag("crterase", Group::Local, 0x10, None),
    flag("echok", Group::Local, 0x20, ON),
    flag("echonl", Group::Local, 0x40, OFF),
    flag("noflsh", Group::Local, 0x80, OFF),
    flag("xcase", Group::Local, 0x4, OFF),
    flag("tostop", Group::Local, 0x100, OFF),
    flag("echoprt", Group::Local, 0x400, OFF),
    flag("echoctl", Group::Local, 0x200, ON),
    flag("ctlecho", Group::Local, 0x200, None),
    flag("echoke", Group::Local, 0x800, ON),
    flag("flusho", Group::Local, 0x1000, OFF),
    flag("extproc", Group::Local, 0x1_0000, OFF),
];

/// Second names, and values that are not the usual ones: taken, and shown only where they are set.
const SECOND_NAMES: [&str; 2] = ["crterase", "ctlecho"];

/// Special characters: name, place in `c_cc`, usual value.
pub(crate) const CHARACTERS: [(&str, usize, u8); 15] = [
    ("intr", 0, 3),
    ("quit", 1, 28),
    ("erase", 2, 127),
    ("kill", 3, 21),
    ("eof", 4, 4),
    ("eol", 11, 0),
    ("eol2", 16, 0),
    ("swtch", 7, 0),
    ("start", 8, 17),
    ("stop", 9, 19),
    ("susp", 10, 26),
    ("rprnt", 12, 18),
    ("werase", 14, 23),
    ("lnext", 15, 22),
    ("discard", 13, 15),
];

/// Places of `time` and `min` in `c_cc`.
pub(crate) const TIME: usize = 5;
pub(crate) const MIN: usize = 6;
/// Entries of `c_cc`.
const PLACES: usize = 32;

/// A terminal's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tty {
    /// Columns and rows; 0 is one that was not told.
    pub(crate) window: (u32, u32),
    /// Baud, which a pseudo-terminal only remembers.
    pub(crate) speed: u32,
    words: [u32; 4],
    places: [u8; PLACES],
}

impl Default for Tty {
    /// As the daemons of sessions open a pseudo-terminal.
    fn default() -> Tty {
        let mut places = [0; PLACES];
        for (_, place, usual) in CHARACTERS {
            if let Some(slot) = places.get_mut(place) {
                *slot = usual;
            }
        }
        if let Some(slot) = places.get_mut(MIN) {
            *slot = 1;
        }
        Tty { window: (0, 0), speed: 38_400, words: [0xb0, 0x500, 0x5, 0x8a3b], places }
    }
}

impl Tty {
    fn word(&self, group: Group) -> u32 {
        let [control, input, output, local] = self.words;
        match group {
            Group::Control => control,
            Group::Input => input,
            Group::Output => output,
            Group::Local => local,
        }
    }

    fn word_mut(&mut self, group: Group) -> &mut u32 {
        let [control, input, output, local] = &mut self.words;
        match group {
            Group::Control => control,
            Group::Input => input,
            Group::Output => output,
            Group::Local => local,
        }
    }

    /// Whether a flag is set, or a field has this value.
    pub(crate) fn is_set(&self, flag: &Flag) -> bool {
        self.word(flag.group) & flag.mask == flag.bits
    }

    /// Whether the flag of that name is set.
    pub(crate) fn has(&self, name: &str) -> bool {
        find(name).is_some_and(|flag| self.is_set(flag))
    }

    /// Sets or clears a flag.
    pub(crate) fn set(&mut self, flag: &Flag, on: bool) {
        let word = self.word_mut(flag.group);
        *word = *word & !flag.mask | if on { flag.bits } else { 0 };
    }

    /// Sets or clears flags by name; a `-` before a name clears.
    pub(crate) fn set_all(&mut self, names: &str) {
        for name in names.split(' ') {
            let (name, on) = name.strip_prefix('-').map_or((name, true), |name| (name, false));
            if let Some(flag) = find(name) {
                self.set(flag, on);
            }
        }
    }

    /// Makes the settings sane: flags and characters.
    pub(crate) fn make_sane(&mut self) {
        for flag in &FLAGS {
            if let Some(on) = flag.sane {
                self.set(flag, on);
            }
        }
        self.places = Tty::default().places;
    }

    /// The special character at a place of `c_cc`.
    pub(crate) fn character(&self, place: usize) -> u8 {
        self.places.get(place).copied().unwrap_or(0)
    }

    /// Sets a special character.
    pub(crate) fn set_character(&mut self, place: usize, value: u8) {
        if let Some(slot) = self.places.get_mut(place) {
            *slot = value;
        }
    }

    /// The settings as `stty -g` writes them.
    pub(crate) fn saved(&self) -> String {
        let words = [Group::Input, Group::Output].map(|group| format!("{:x}", self.word(group)));
        let control = format!("{:x}", self.word(Group::Control) | 0xf);
        let local = format!("{:x}", self.word(Group::Local));
        let places = self.places.iter().map(|byte| format!("{byte:x}"));
        let all: Vec<String> = words.into_iter().chain([control, local]).chain(places).collect();
        all.join(":")
    }

    /// Takes settings that `stty -g` wrote. `false`: they are none.
    pub(crate) fn restore(&mut self, text: &str) -> bool {
        let numbers: Option<Vec<u32>> =
            text.split(':').take(64).map(|part| u32::from_str_radix(part, 16).ok()).collect();
        let Some([input, output, control, local, places @ ..]) = numbers.as_deref() else { return false };
        if places.len() != PLACES || text.split(':').count() != PLACES + 4 {
            return false;
        }
        let Ok(places) = places.iter().map(|place| u8::try_from(*place)).collect::<Result<Vec<u8>, _>>()
        else {
            return false;
        };
        self.words = [*control & !0xf, *input, *output, *local];
        self.places.copy_from_slice(&places);
        true
    }
}

/// The flag of a name.
pub(crate) fn find(name: &str) -> Option<&'static Flag> {
    FLAGS.iter().find(|flag| flag.name == name)
}

/// The flags of a group that are shown.
pub(crate) fn shown(group: Group) -> impl Iterator<Item = &'static Flag> {
    FLAGS.iter().filter(move |flag| flag.group == group && !SECOND_NAMES.contains(&flag.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_saved_as_a_pseudo_terminal_of_linux_has_them_and_come_back() {
        let mut tty = Tty::default();
        let saved = tty.saved();
        let zeros = ":0".repeat(16);
        assert_eq!(saved, format!("500:5:bf:8a3b:3:1c:7f:15:4:0:1:0:11:13:1a:0:12:f:17:16{zeros}"));
        tty.set_all("-echo -icanon");
        assert!(!tty.has("echo") && tty.has("isig"));
        assert!(tty.restore(&saved));
        assert_eq!(tty, Tty::default());
        for wrong in ["", "0:0:0", "500:5:bf:8a3b:3", "zz:5:bf:8a3b", &format!("{saved}:0")] {
            assert!(!tty.restore(wrong), "{wrong}");
        }
    }
}
