//! `stty`, `tty`, `mesg`: the terminal's settings, as coreutils and BusyBox show and set them.

use super::{Run, rest};
use crate::{
    flavour::Flavour,
    interpret::{Shell, Status},
    text,
    tty::{CHARACTERS, Flag, GROUPS, MIN, TIME, Tty, find, shown},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[("stty", stty), ("tty", tty), ("mesg", mesg)];

/// Speeds that a line can have (termios(3)).
const SPEEDS: [u32; 30] = [
    50, 75, 110, 134, 150, 200, 300, 600, 1_200, 1_800, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200,
    230_400, 460_800, 500_000, 576_000, 921_600, 1_000_000, 1_152_000, 1_500_000, 2_000_000, 2_500_000,
    3_000_000, 3_500_000, 4_000_000,
];

fn stty(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut words: Vec<&str> = rest(arguments).iter().map(String::as_str).collect();
    let device = take_device(&mut words);
    if let Some(refusal) = refusal(shell, device.as_deref()) {
        shell.err(&format!("stty: {refusal}\n"))?;
        return Ok(1);
    }
    let width = width(shell);
    let busybox = shell.flavour().busybox();
    match words.as_slice() {
        [] => {
            let shown = changed(&shell.tty, busybox, width);
            shell.out(&shown)?;
        }
        ["-a" | "--all"] => {
            let shown = everything(&shell.tty, busybox, width);
            shell.out(&shown)?;
        }
        ["-g" | "--save"] => {
            let saved = shell.tty.saved();
            shell.out(&format!("{saved}\n"))?;
        }
        _ => return set(shell, &words),
    }
    Ok(0)
}

/// Takes `-F DEVICE` out of the words.
fn take_device(words: &mut Vec<&str>) -> Option<String> {
    let at = words.iter().position(|word| word.starts_with("-F") || word.starts_with("--file"))?;
    let word = words.remove(at);
    let attached = word.strip_prefix("-F").or_else(|| word.strip_prefix("--file=")).unwrap_or("");
    if !attached.is_empty() {
        return Some(attached.to_owned());
    }
    Some(if at < words.len() { words.remove(at).to_owned() } else { String::new() })
}

/// Why the input, or the device, is no terminal of this session.
fn refusal(shell: &mut Shell, device: Option<&str>) -> Option<String> {
    let own_device = shell.live.facts.tty.as_ref().map(|tty| format!("/dev/{tty}"));
    let musl = shell.live.flavour == Flavour::Alpine && !shell.applet;
    let reason = if musl { "Not a tty" } else { "Inappropriate ioctl for device" };
    match device {
        None if shell.in_is_terminal() => None,
        None if shell.flavour().busybox() || shell.live.versions().coreutils_number() < (8, 25) => {
            Some(format!("standard input: {reason}"))
        }
        None => Some(format!("'standard input': {reason}")),
        Some(path) if own_device.is_some() && (path == "/dev/tty" || own_device.as_deref() == Some(path)) => {
            None
        }
        Some(path) => match shell.fs.stat(path) {
            Ok(_) => Some(format!("{path}: {reason}")),
            Err(error) => Some(format!("{path}: {error}")),
        },
    }
}

/// Columns that the settings are wrapped to.
fn width(shell: &Shell) -> usize {
    let told = usize::try_from(shell.tty.window.0).unwrap_or(0);
    let set = || {
        let exported = shell.state.variables.environment().find(|(name, _)| *name == "COLUMNS");
        exported.and_then(|(_, columns)| columns.parse().ok()).filter(|columns| *columns > 0)
    };
    if told > 0 { told } else { set().unwrap_or(80) }
}

/// Text in lines of at most `width` columns, broken between entries.
struct Wrapped {
    text: String,
    column: usize,
    width: usize,
}

impl Wrapped {
    fn put(&mut self, entry: &str) {
        if self.column > 0 {
            let full = self.width.saturating_sub(self.column) <= entry.len();
            self.text.push(if full { '\n' } else { ' ' });
            self.column = if full { 0 } else { self.column + 1 };
        }
        self.text.push_str(entry);
        self.column += entry.len();
    }

    /// Ends the line, if one was begun.
    fn end(&mut self) {
        if std::mem::take(&mut self.column) > 0 {
            self.text.push('\n');
        }
    }
}

fn visible(byte: u8) -> String {
    match byte {
        0 => "<undef>".into(),
        127 => "^?".into(),
        control @ 1..=31 => format!("^{}", char::from(control + 64)),
        plain @ 32..=126 => char::from(plain).to_string(),
        high @ 128..=255 => format!("M-{}", visible(high - 128).replace("<undef>", "^@")),
    }
}

fn character_entry(tty: &Tty, name: &str, place: usize, busybox: bool) -> String {
    let name = if busybox && name == "discard" { "flush" } else { name };
    format!("{name} = {};", visible(tty.character(place)))
}

/// `stty`: what is not as it would be after `stty sane`.
fn changed(tty: &Tty, busybox: bool, width: usize) -> String {
    let mut out = Wrapped { text: String::new(), column: 0, width };
    out.put(&format!("speed {} baud; line = 0;", tty.speed));
    out.end();
    for (name, place, usual) in CHARACTERS {
        // BusyBox shows them all.
        if busybox || tty.character(place) != usual {
            out.put(&character_entry(tty, name, place, busybox));
        }
    }
    if busybox || !tty.has("icanon") {
        if !busybox {
            out.end();
        }
        out.put(&format!("min = {}; time = {};", tty.character(MIN), tty.character(TIME)));
    }
    out.end();
    for group in GROUPS {
        for flag in shown(group) {
            let set = tty.is_set(flag);
            if let Some(true) = flag.sane.map(|sane| sane != set).filter(|_| flag.can_be_off()) {
                out.put(&flag_entry(flag, set));
            }
        }
        out.end();
    }
    out.text
}

fn flag_entry(flag: &Flag, set: bool) -> String {
    format!("{}{}", if set { "" } else { "-" }, flag.name)
}

/// `stty -a`.
fn everything(tty: &Tty, busybox: bool, width: usize) -> String {
    let mut out = Wrapped { text: String::new(), column: 0, width };
    let (columns, rows) = tty.window;
    for entry in [
        format!("speed {} baud;", tty.speed),
        format!("rows {rows};"),
        format!("columns {columns};"),
        "line = 0;".to_owned(),
    ] {
        out.put(&entry);
    }
    out.end();
    for (name, place, _) in CHARACTERS {
        out.put(&character_entry(tty, name, place, busybox));
    }
    out.put(&format!("min = {}; time = {};", tty.character(MIN), tty.character(TIME)));
    out.end();
    for group in GROUPS {
        for flag in shown(group) {
            let set = tty.is_set(flag);
            if set || flag.can_be_off() {
                out.put(&flag_entry(flag, set));
            }
        }
        out.end();
    }
    out.text
}

/// Settings that stand for several.
fn combination(tty: &mut Tty, name: &str) -> bool {
    match name {
        "sane" => tty.make_sane(),
        "raw" | "-cooked" => {
            tty.set_all(
                "-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr -icrnl -ixon -ixoff -iuclc",
            );
            tty.set_all("-ixany -imaxbel -opost -isig -icanon -xcase");
            tty.set_character(MIN, 1);
            tty.set_character(TIME, 0);
        }
        "-raw" | "cooked" => tty.set_all("brkint ignpar istrip icrnl ixon opost isig icanon"),
        "cbreak" => tty.set_all("-icanon"),
        "-cbreak" => tty.set_all("icanon"),
        "nl" => tty.set_all("-icrnl -onlcr"),
        "-nl" => tty.set_all("icrnl -inlcr -igncr onlcr -ocrnl -onlret"),
        "crt" => tty.set_all("echoe echoctl echoke"),
        "dec" => {
            tty.set_all("echoe echoctl echoke -ixany");
            for (place, value) in [(0, 3), (2, 127), (3, 21)] {
                tty.set_character(place, value);
            }
        }
        "ek" => {
            tty.set_character(2, 127);
            tty.set_character(3, 21);
        }
        "evenp" | "parity" => tty.set_all("parenb -parodd cs7"),
        "oddp" => tty.set_all("parenb parodd cs7"),
        "-evenp" | "-parity" | "-oddp" => tty.set_all("-parenb cs8"),
        "pass8" => tty.set_all("-parenb -istrip cs8"),
        "-pass8" => tty.set_all("parenb istrip cs7"),
        _ => return false,
    }
    true
}

/// A special character as it is written: `^C`, `undef`, a number, or itself.
fn character(word: &str) -> Option<u8> {
    let bytes = text::encode(word);
    match bytes.as_slice() {
        b"undef" | b"^-" => Some(0),
        [one] if !one.is_ascii_digit() => Some(*one),
        b"^?" => Some(127),
        [b'^', letter] => Some(letter & 0x1f),
        _ => word.parse().ok(),
    }
}

fn set(shell: &mut Shell, words: &[&str]) -> Status {
    let busybox = shell.flavour().busybox();
    // Nothing is set unless everything can be.
    let mut tty = shell.tty.clone();
    let mut shown = String::new();
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let (name, on) = word.strip_prefix('-').map_or((word, true), |name| (name, false));
        match find(name) {
            Some(flag) if on || flag.can_be_off() => {
                tty.set(flag, on);
                continue;
            }
            _ => {}
        }
        if combination(&mut tty, word) || tty.restore(word) {
            continue;
        }
        let special =
            CHARACTERS.iter().find(|(name, ..)| *name == word || word == "flush" && *name == "discard");
        let takes = special.is_some()
            || matches!(word, "rows" | "cols" | "columns" | "min" | "time" | "ispeed" | "ospeed");
        if takes {
            let Some(argument) = words.next() else {
                return refuse(shell, &missing(word, busybox), !busybox);
            };
            let place = special.map(|(_, place, _)| *place);
            if !set_value(&mut tty, word, argument, place) {
                let text = if busybox { "invalid number" } else { "invalid integer argument:" };
                return refuse(shell, &format!("{text} {}", quoted(argument, busybox)), false);
            }
            continue;
        }
        match word {
            "size" => shown.push_str(&format!("{} {}\n", tty.window.1, tty.window.0)),
            "speed" => shown.push_str(&format!("{}\n", tty.speed)),
            _ => match word.parse().ok().filter(|speed| SPEEDS.contains(speed)) {
                Some(speed) => tty.speed = speed,
                None => {
                    let text = if busybox { "invalid number" } else { "invalid argument" };
                    return refuse(shell, &format!("{text} {}", quoted(word, busybox)), !busybox);
                }
            },
        }
    }
    shell.tty = tty;
    shell.out(&shown)?;
    Ok(0)
}

fn missing(word: &str, busybox: bool) -> String {
    if busybox {
        format!("{word} requires an argument")
    } else {
        format!("missing argument to {}", quoted(word, false))
    }
}

/// A word in the quotes of the program's locale.
fn quoted(word: &str, busybox: bool) -> String {
    if busybox { format!("'{word}'") } else { format!("‘{word}’") }
}

/// Sets what takes a value. `false`: the value is none for it.
fn set_value(tty: &mut Tty, name: &str, value: &str, place: Option<usize>) -> bool {
    if let Some(place) = place {
        let Some(byte) = character(value) else { return false };
        tty.set_character(place, byte);
        return true;
    }
    let Ok(number) = value.parse::<u32>() else { return false };
    match name {
        "rows" if number <= 0xffff => tty.window.1 = number,
        "cols" | "columns" if number <= 0xffff => tty.window.0 = number,
        "ispeed" | "ospeed" if SPEEDS.contains(&number) => tty.speed = number,
        "min" | "time" => {
            let Ok(byte) = u8::try_from(number) else { return false };
            tty.set_character(if name == "min" { MIN } else { TIME }, byte);
        }
        _ => return false,
    }
    true
}

fn refuse(shell: &mut Shell, message: &str, hint: bool) -> Status {
    let hint = if hint { "Try 'stty --help' for more information.\n" } else { "" };
    shell.err(&format!("stty: {message}\n{hint}"))?;
    Ok(1)
}

fn tty(shell: &mut Shell, arguments: &[String]) -> Status {
    let silent = rest(arguments).iter().any(|word| matches!(word.as_str(), "-s" | "--silent" | "--quiet"));
    let device = shell.live.facts.tty.clone().filter(|_| shell.in_is_terminal());
    if !silent {
        let shown = device.as_ref().map_or_else(|| "not a tty".to_owned(), |tty| format!("/dev/{tty}"));
        shell.out(&format!("{shown}\n"))?;
    }
    Ok(i32::from(device.is_none()))
}

fn mesg(shell: &mut Shell, arguments: &[String]) -> Status {
    if !shell.in_is_terminal() {
        return Ok(2);
    }
    if rest(arguments).is_empty() {
        shell.out("is y\n")?;
    }
    Ok(0)
}
