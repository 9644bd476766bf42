//! Commands of the Printer Job Language, and what answers them.

use super::{
    file_system::{Entry, path},
    job::Job,
    model::Model,
    panel::Panel,
};
use std::fmt::Write;

/// What ends an answer.
const END: &str = "\r\n\x0c";
/// Names of a list at most.
const LIST: usize = 64;

/// Variables as delivered, with the values that they take.
const VARIABLES: [(&str, &str, &str); 12] = [
    ("COPIES", "1", "2 RANGE\r\n\t1\r\n\t999"),
    ("PAPER", "A4", "4 ENUMERATED\r\n\tLETTER\r\n\tLEGAL\r\n\tA4\r\n\tA5"),
    ("ORIENTATION", "PORTRAIT", "2 ENUMERATED\r\n\tPORTRAIT\r\n\tLANDSCAPE"),
    ("FORMLINES", "64", "2 RANGE\r\n\t5\r\n\t128"),
    ("MANUALFEED", "OFF", "2 ENUMERATED\r\n\tOFF\r\n\tON"),
    ("RESOLUTION", "600", "2 ENUMERATED\r\n\t600\r\n\t1200"),
    ("PERSONALITY", "AUTO", "3 ENUMERATED\r\n\tAUTO\r\n\tPCL\r\n\tPOSTSCRIPT"),
    ("TIMEOUT", "15", "2 RANGE\r\n\t5\r\n\t300"),
    ("DUPLEX", "OFF", "2 ENUMERATED\r\n\tOFF\r\n\tON"),
    ("CPLOCK", "OFF", "2 ENUMERATED\r\n\tOFF\r\n\tON"),
    ("DISKLOCK", "OFF", "2 ENUMERATED\r\n\tOFF\r\n\tON"),
    ("PASSWORD", "0", "2 RANGE\r\n\t0\r\n\t65535"),
];

/// What a command leads to beside its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) answer: Vec<u8>,
    /// Data of a job follows.
    pub(super) enters: bool,
    /// A file of so many bytes follows; its path, and whether it is added to what is there.
    pub(super) file: Option<(usize, String, bool)>,
    /// A file was read.
    pub(super) read: Option<String>,
}

/// A command: its name, and the parameters behind it.
struct Command<'a> {
    name: String,
    rest: &'a str,
}

impl<'a> Command<'a> {
    fn read(line: &'a str) -> Command<'a> {
        let line = line.trim();
        let (name, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        Command { name: name.to_ascii_uppercase(), rest: rest.trim() }
    }

    /// The value of a parameter, without quotes.
    fn value(&self, name: &str) -> Option<&'a str> {
        let upper = self.rest.to_ascii_uppercase();
        // Letters of ASCII alone change, so places in both are the same.
        let at = upper.match_indices(name).find_map(|(at, _)| {
            let before = at.checked_sub(1).and_then(|at| upper.as_bytes().get(at));
            let free = before.is_none_or(|byte| byte.is_ascii_whitespace());
            let after = upper.get(at + name.len()..)?.trim_start();
            (free && after.starts_with('=')).then_some(at)
        })?;
        let value = self.rest.get(at..)?.split_once('=')?.1.trim_start();
        match value.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next(),
            None => value.split_whitespace().next(),
        }
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.value(name)?.parse().ok()
    }
}

/// A printer that a peer gives commands.
pub(super) struct Desk<'a> {
    pub(super) model: &'a Model,
    pub(super) panel: &'a mut Panel,
    pub(super) job: &'a mut Job,
}

impl Desk<'_> {
    /// Does what stands behind `@PJL`.
    pub(super) fn perform(&mut self, line: &str) -> Effect {
        let command = Command::read(line);
        let told =
            |text: String| Effect { answer: format!("@PJL {text}{END}").into_bytes(), ..Effect::default() };
        match command.name.as_str() {
            "ENTER" => Effect { enters: true, ..Effect::default() },
            "ECHO" => told(format!("ECHO {}", command.rest)),
            "INFO" => told(self.info(command.rest)),
            "INQUIRE" | "DINQUIRE" => {
                let name = command.rest.rsplit(':').next().unwrap_or_default().trim().to_ascii_uppercase();
                let own = VARIABLES.iter().find(|(known, ..)| *known == name).map(|(_, value, _)| *value);
                let value = own.map(|own| self.panel.variable(&name).unwrap_or(own));
                let value = if name == "PASSWORD" {
                    value.map(|value| if value == "0" { "DISABLED" } else { "ENABLED" })
                } else {
                    value
                };
                told(format!("{} {}\r\n{}", command.name, command.rest, value.unwrap_or("\"?\"")))
            }
            "SET" | "DEFAULT" => {
                self.set(command.rest);
                Effect::default()
            }
            "INITIALIZE" | "RESET" => {
                if command.name == "INITIALIZE" {
                    self.panel.reset();
                }
                Effect::default()
            }
            "RDYMSG" | "OPMSG" | "STMSG" => {
                self.panel.show(command.value("DISPLAY").unwrap_or_default());
                Effect::default()
            }
            "JOB" => {
                if let Some(name) = command.value("NAME") {
                    name.clone_into(&mut self.job.title);
                }
                Effect::default()
            }
            name if name.starts_with("FS") => self.files(&command),
            _ => Effect::default(),
        }
    }

    fn set(&mut self, rest: &str) {
        let Some((name, value)) = rest.split_once('=') else { return };
        let name = name.rsplit(':').next().unwrap_or_default().trim().to_ascii_uppercase();
        let value = value.trim().trim_matches('"');
        match name.as_str() {
            "USERNAME" => value.clone_into(&mut self.job.user),
            "JOBNAME" => value.clone_into(&mut self.job.title),
            _ => self.panel.set(&name, &value.to_ascii_uppercase()),
        }
    }

    fn info(&self, what: &str) -> String {
        let Model { id, memory, pages, .. } = self.model;
        let upper = what.to_ascii_uppercase();
        let text = match upper.as_str() {
            "ID" => format!("\"{id}\""),
            "STATUS" => {
                let usual = if self.model.hp { "Ready" } else { "Sleep" };
                let display = self.panel.message().unwrap_or(usual);
                format!("CODE=10001\r\nDISPLAY=\"{display}\"\r\nONLINE=TRUE")
            }
            "PAGECOUNT" => format!("PAGECOUNT={pages}"),
            "MEMORY" => format!("TOTAL={}\r\nLARGEST={}", memory * 512, memory * 380),
            "FILESYS" => "[1 TABLE]\r\n\tVOLUME  TOTAL SIZE  FREE SPACE  LOCATION  LABEL   STATUS\r\n\t\
                 0:      62914560    59637760    DISK      PERM    READ-WRITE"
                .to_owned(),
            "CONFIG" => format!(
                "IN TRAYS [2 ENUMERATED]\r\n\tINTRAY1 MP\r\n\tINTRAY2 PC\r\n\
                  PAPERS [4 ENUMERATED]\r\n\tLETTER\r\n\tLEGAL\
                 \r\n\tA4\r\n\tA5\r\nLANGUAGES [2 ENUMERATED]\r\n\tPCL\r\n\
                 \tPOSTSCRIPT\r\nUSTATUS [4 ENUMERATED]\
                 \r\n\tDEVICE\r\n\tJOB\r\n\tPAGE\r\n\tTIMED\r\nMEMORY={}\r\nDISPLAY LINES=2\r\n\
                  DISPLAY CHARACTER SIZE=16",
                memory * 1024
            ),
            "VARIABLES" => VARIABLES
                .iter()
                .map(|(name, own, values)| {
                    let value = self.panel.variable(name).unwrap_or(own);
                    format!("{name}={value} [{}", values.replacen("\r\n", "]\r\n", 1))
                })
                .collect::<Vec<_>>()
                .join("\r\n"),
            "USTATUS" => "DEVICE=OFF [3 ENUMERATED]\r\n\tOFF\r\n\tON\r\n\tVERBOSE\r\n\
                  JOB=OFF [2 ENUMERATED]\r\n\tOFF\r\n\tON"
                .to_owned(),
            "PRODINFO" if self.model.hp => format!(
                "ProductName={}\r\nFormatterNumber=Q910CHL\r\nPrinterNumber=Q910CHL\r\n\
                  ProductSerialNumber={}\r\n\
                 FirmwareDateCode={}",
                self.model.name, self.model.serial, self.model.firmware
            ),
            _ => "\"?\"".to_owned(),
        };
        format!("INFO {upper}\r\n{text}")
    }

    fn files(&mut self, command: &Command<'_>) -> Effect {
        let name = command.value("NAME").unwrap_or_default();
        let head = format!("@PJL {} ", command.name);
        let refused = |code: u32| format!("{head}NAME=\"{name}\"\r\nFILEERROR={code}{END}").into_bytes();
        let Some(at) = path(name) else {
            return Effect { answer: refused(3), ..Effect::default() };
        };
        let found = self.panel.files.get(&at);
        let mut effect = Effect::default();
        match (command.name.as_str(), found) {
            ("FSQUERY", Some(Entry::Folder)) => {
                effect.answer = format!("{head}NAME=\"{name}\" TYPE=DIR{END}").into_bytes()
            }
            ("FSQUERY", Some(Entry::File(content))) => {
                effect.answer =
                    format!("{head}NAME=\"{name}\" TYPE=FILE SIZE={}{END}", content.len()).into_bytes();
            }
            ("FSDIRLIST", Some(Entry::Folder)) => {
                effect.answer = self.list(name, &at, command).into_bytes();
            }
            ("FSUPLOAD", Some(Entry::File(content))) => {
                let from = command.number("OFFSET").unwrap_or(0).min(content.len());
                let rest = content.get(from..).unwrap_or_default();
                let piece = rest.get(..command.number("SIZE").unwrap_or(usize::MAX)).unwrap_or(rest);
                let head =
                    format!("{head}FORMAT:BINARY NAME=\"{name}\" OFFSET={from} SIZE={}\r\n", piece.len());
                effect.answer = [head.as_bytes(), piece, b"\x0c"].concat();
                effect.read = Some(name.to_owned());
            }
            ("FSUPLOAD", _) => {
                effect.answer = refused(3);
                effect.read = Some(name.to_owned());
            }
            ("FSDOWNLOAD" | "FSAPPEND", _) => {
                let size = command.number("SIZE").unwrap_or(0);
                effect.file = Some((size, name.to_owned(), command.name == "FSAPPEND"));
            }
            ("FSDELETE", _) => {
                if !self.panel.files.remove(&at) {
                    effect.answer = refused(3);
                }
            }
            ("FSMKDIR", None) => {
                if !self.panel.files.put(&at, Entry::Folder) {
                    effect.answer = refused(9);
                }
            }
            ("FSINIT", _) => {}
            _ => effect.answer = refused(3),
        }
        effect
    }

    fn list(&self, name: &str, at: &str, command: &Command<'_>) -> String {
        let first = command.number("ENTRY").unwrap_or(1).max(1);
        let most = command.number("COUNT").unwrap_or(LIST).min(LIST);
        let mut names = vec![".".to_owned(), "..".to_owned()];
        names.extend(self.panel.files.list(at));
        let mut text = format!("@PJL FSDIRLIST NAME=\"{name}\" ENTRY={first}");
        for entry in names.iter().skip(first - 1).take(most) {
            let below = if at.is_empty() { entry.clone() } else { format!("{at}/{entry}") };
            // A string takes what is written to it.
            let _ = match self.panel.files.get(&below) {
                Some(Entry::File(content)) => write!(text, "\r\n{entry} TYPE=FILE SIZE={}", content.len()),
                _ => write!(text, "\r\n{entry} TYPE=DIR"),
            };
        }
        text + END
    }
}
