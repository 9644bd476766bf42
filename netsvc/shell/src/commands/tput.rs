//! `tput`, `clear`, `reset`: what a terminal of a type can do.
//!
//! The capabilities are those of ncurses' database (terminfo(5)) as `ncurses-base` ships it.

use super::{Run, own, rest};
use crate::interpret::{Shell, Status};

pub(super) const COMMANDS: &[(&str, Run)] = &[("tput", tput), ("clear", clear), ("reset", clear)];

const USAGE: &str = "Usage: tput [options] [command]

Options:
  -S <<       read commands from standard input
  -T TERM     use this instead of $TERM
  -V          print curses-version
  -x          do not try to clear scrollback

Commands:
  clear       clear the screen
  init        initialize the terminal
  reset       reinitialize the terminal
  capname     unlike clear/init/reset, print value for capability \"capname\"
";

/// Kinds of terminals that differ in what they are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Xterm,
    Screen,
    Console,
    Vt100,
    Dumb,
}

/// A type: its kind, number of colours (-1: none) and long name.
struct Terminal {
    kind: Kind,
    colors: i32,
    long_name: &'static str,
}

/// The type of a name; `None`: the database has none.
fn terminal(name: &str) -> Option<Terminal> {
    let (kind, colors, long_name) = match name {
        "xterm" | "xterm-debian" => (Kind::Xterm, 8, "xterm terminal emulator (X Window System)"),
        "xterm-256color" => (Kind::Xterm, 256, "xterm with 256 colors"),
        "xterm-color" => (Kind::Xterm, 8, "generic color xterm"),
        "xterm-mono" => (Kind::Xterm, -1, "monochrome xterm"),
        "screen" => (Kind::Screen, 8, "VT 100/ANSI X3.64 virtual terminal"),
        "screen-256color" => (Kind::Screen, 256, "GNU Screen with 256 colors"),
        "tmux" => (Kind::Screen, 8, "tmux terminal multiplexer"),
        "tmux-256color" => (Kind::Screen, 256, "tmux with 256 colors"),
        "linux" => (Kind::Console, 8, "Linux console"),
        "vt100" => (Kind::Vt100, -1, "DEC VT100 (w/advanced video)"),
        "vt102" => (Kind::Vt100, -1, "DEC VT102"),
        "vt220" => (Kind::Vt100, -1, "DEC VT220"),
        "dumb" => (Kind::Dumb, -1, "80-column dumb tty"),
        _ => return None,
    };
    Some(Terminal { kind, colors, long_name })
}

/// Whether the database has the type, and it can move its cursor.
pub(crate) fn is_screen(name: &str) -> bool {
    terminal(name).is_some_and(|terminal| terminal.kind != Kind::Dumb)
}

/// Value of a variable of the environment that a program gets.
fn exported(shell: &Shell, wanted: &str) -> Option<String> {
    shell.state.variables.environment().find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned())
}

impl Terminal {
    /// What is sent for a capability. `None`: there is no such capability; `Some(None)`: this type lacks it.
    fn string(&self, name: &str, numbers: &[u32]) -> Option<Option<String>> {
        let first = numbers.first().copied().unwrap_or(0);
        let second = numbers.get(1).copied().unwrap_or(0);
        let found = match name {
            "bel" => return Some(Some("\x07".to_owned())),
            "cr" => return Some(Some("\r".to_owned())),
            "ind" => return Some(Some("\n".to_owned())),
            "setaf" | "setab" => (self.colors > 0).then(|| self.color(name == "setaf", first)),
            "op" => (self.colors > 0).then(|| "\x1b[39;49m".to_owned()),
            "cup" => Some(format!("\x1b[{};{}H", u64::from(first) + 1, u64::from(second) + 1)),
            "cuu" => Some(format!("\x1b[{first}A")),
            "cud" => Some(format!("\x1b[{first}B")),
            "cuf" => Some(format!("\x1b[{first}C")),
            "cub" => Some(format!("\x1b[{first}D")),
            "kcuu1" | "kcud1" | "kcuf1" | "kcub1" => {
                let letter = match name {
                    "kcuu1" => 'A',
                    "kcud1" => 'B',
                    "kcuf1" => 'C',
                    _ => 'D',
                };
                Some(format!("\x1b{}{letter}", if self.kind == Kind::Console { '[' } else { 'O' }))
            }
            _ => fixed(self.kind, name)?.map(str::to_owned),
        };
        Some(found.filter(|_| self.kind != Kind::Dumb))
    }

    /// The text that sets a colour.
    fn color(&self, foreground: bool, color: u32) -> String {
        let base = if foreground { 3 } else { 4 };
        match color {
            0..=7 => format!("\x1b[{base}{color}m"),
            8..=15 if self.colors == 256 => format!("\x1b[{}{}m", if foreground { 9 } else { 10 }, color - 8),
            _ if self.colors == 256 => format!("\x1b[{base}8;5;{color}m"),
            _ => format!("\x1b[{base}{color}m"),
        }
    }
}

/// What is sent for a capability that takes no numbers, as [`Terminal::string`] gives it.
fn fixed(kind: Kind, name: &str) -> Option<Option<&'static str>> {
    use Kind::{Console, Dumb, Screen, Vt100, Xterm};
    Some(match (name, kind) {
        ("clear", Xterm) => Some("\x1b[H\x1b[2J\x1b[3J"),
        ("clear", Console) => Some("\x1b[H\x1b[J\x1b[3J"),
        ("clear", _) => Some("\x1b[H\x1b[J"),
        ("bold", _) => Some("\x1b[1m"),
        ("blink", _) => Some("\x1b[5m"),
        ("rev", _) => Some("\x1b[7m"),
        ("dim", Vt100) => None,
        ("dim", _) => Some("\x1b[2m"),
        ("sgr0", Xterm) => Some("\x1b(B\x1b[m"),
        ("sgr0", _) => Some("\x1b[m\x0f"),
        ("smso", Screen) => Some("\x1b[3m"),
        ("smso", _) => Some("\x1b[7m"),
        ("rmso", Screen) => Some("\x1b[23m"),
        ("rmso" | "rmul", Vt100) => Some("\x1b[m"),
        ("rmso", _) => Some("\x1b[27m"),
        ("smul", _) => Some("\x1b[4m"),
        ("rmul", _) => Some("\x1b[24m"),
        ("home", _) => Some("\x1b[H"),
        ("el", _) => Some("\x1b[K"),
        ("el1", _) => Some("\x1b[1K"),
        ("ed", _) => Some("\x1b[J"),
        ("sc", _) => Some("\x1b7"),
        ("rc", _) => Some("\x1b8"),
        ("civis", Console) => Some("\x1b[?25l\x1b[?1c"),
        ("civis" | "cnorm", Vt100 | Dumb) => None,
        ("civis", _) => Some("\x1b[?25l"),
        ("cnorm", Xterm) => Some("\x1b[?12l\x1b[?25h"),
        ("cnorm", Screen) => Some("\x1b[34h\x1b[?25h"),
        ("cnorm", Console) => Some("\x1b[?25h\x1b[?0c"),
        ("smcup", Xterm) => Some("\x1b[?1049h\x1b[22;0;0t"),
        ("rmcup", Xterm) => Some("\x1b[?1049l\x1b[23;0;0t"),
        ("smcup", Screen) => Some("\x1b[?1049h"),
        ("rmcup", Screen) => Some("\x1b[?1049l"),
        ("smcup" | "rmcup", _) => None,
        _ => return None,
    })
}

/// Status of `tput` for a capability that there is not.
const UNKNOWN: i32 = 4;

fn tput(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut words: Vec<&str> = rest(arguments).iter().map(String::as_str).collect();
    let mut name = exported(shell, "TERM").unwrap_or_default();
    if let Some(at) = words.iter().position(|word| word.starts_with("-T")) {
        let word = words.remove(at);
        let attached = word.get(2..).unwrap_or("");
        let given = if attached.is_empty() && at < words.len() { words.remove(at) } else { attached };
        given.clone_into(&mut name);
    }
    if words.first() == Some(&"-V") {
        shell.out("ncurses 6.4.20221231\n")?;
        return Ok(0);
    }
    words.retain(|word| *word != "-x");
    if name.is_empty() {
        shell.err("tput: No value for $TERM and no -T specified\n")?;
        return Ok(2);
    }
    let Some(terminal) = terminal(&name) else {
        shell.err(&format!("tput: unknown terminal \"{name}\"\n"))?;
        return Ok(3);
    };
    match words.split_first() {
        Some((&"-S", _)) => {
            let input = shell.read_all()?;
            for line in crate::text::lines(&crate::text::decode(&input)) {
                shell.spend(1)?;
                let words: Vec<&str> = line.split_whitespace().collect();
                if let Some((capability, parameters)) = words.split_first() {
                    show(shell, &terminal, capability, parameters)?;
                }
            }
            Ok(0)
        }
        Some((capability, parameters)) => show(shell, &terminal, capability, parameters),
        None => {
            shell.err(USAGE)?;
            Ok(2)
        }
    }
}

/// Writes one capability.
fn show(shell: &mut Shell, terminal: &Terminal, capability: &str, parameters: &[&str]) -> Status {
    let (columns, rows) = size(shell);
    let number = match capability {
        "cols" => Some(i64::from(columns)),
        "lines" => Some(i64::from(rows)),
        "colors" => Some(i64::from(terminal.colors)),
        "it" => Some(8),
        _ => None,
    };
    if let Some(number) = number {
        shell.out(&format!("{number}\n"))?;
        return Ok(0);
    }
    let can = match capability {
        "am" | "xenl" | "mir" => Some(terminal.kind != Kind::Dumb),
        "bce" | "km" | "npc" => Some(terminal.kind == Kind::Xterm),
        "hc" | "os" | "eo" => Some(false),
        _ => None,
    };
    if let Some(can) = can {
        return Ok(i32::from(!can));
    }
    if capability == "longname" {
        shell.out(terminal.long_name)?;
        return Ok(0);
    }
    let numbers: Vec<u32> = parameters.iter().map(|word| word.parse().unwrap_or(0)).collect();
    if matches!(capability, "init" | "reset") {
        if !shell.in_is_terminal() {
            shell.err("tput: terminal attributes: No such device or address\n\n")?;
            return Ok(10);
        }
        let text = if terminal.kind == Kind::Xterm { "\x1b[!p\x1b[?3;4l\x1b[4l\x1b>" } else { "" };
        shell.out(text)?;
        return Ok(0);
    }
    match terminal.string(capability, &numbers) {
        None => {
            shell.err(&format!("tput: unknown terminfo capability '{capability}'\n"))?;
            Ok(UNKNOWN)
        }
        Some(None) => Ok(if capability == "clear" { 2 } else { 1 }),
        Some(Some(text)) => {
            shell.out(&text)?;
            Ok(0)
        }
    }
}

/// Columns and rows: what the environment says, else the window's, else the database's.
fn size(shell: &Shell) -> (u32, u32) {
    let number = |name: &str| exported(shell, name)?.parse().ok().filter(|value| *value > 0);
    let (columns, rows) = if shell.live.facts.tty.is_some() { shell.tty.window } else { (0, 0) };
    let known = |told: u32, usual: u32| if told == 0 { usual } else { told };
    (
        number("COLUMNS").unwrap_or_else(|| known(columns, 80)),
        number("LINES").unwrap_or_else(|| known(rows, 24)),
    )
}

fn clear(shell: &mut Shell, arguments: &[String]) -> Status {
    if shell.flavour().busybox() {
        let text =
            if own(arguments) == "reset" { "\x1bc\x1b(B\x1b[m\x1b[J\x1b[?25h" } else { "\x1b[H\x1b[J" };
        shell.out(text)?;
        return Ok(0);
    }
    let name = exported(shell, "TERM").unwrap_or_default();
    if name.is_empty() {
        shell.err("TERM environment variable not set.\n")?;
        return Ok(1);
    }
    let Some(terminal) = terminal(&name) else {
        shell.err(&format!("'{name}': unknown terminal type.\n"))?;
        return Ok(1);
    };
    if own(arguments) == "reset" {
        shell.out("\x1bc\x1b[!p\x1b[?3;4l\x1b[4l\x1b>")?;
        return Ok(0);
    }
    match terminal.string("clear", &[]).flatten() {
        Some(text) => {
            shell.out(&text)?;
            Ok(0)
        }
        None => Ok(1),
    }
}
