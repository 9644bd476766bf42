//! What command lines answer: those of cmd, and PowerShell's as far as they ask about the host itself.

mod remote;

use crate::command_line::{self, Account};
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_kit::{Host, Out};
use netsvc_wire::{Kind, field};

/// Most statements of a script that are answered.
const STATEMENTS: usize = 64;
/// Longest command line in an event.
const SHOWN: usize = 8192;

/// How cmd begins to say that there is no such program.
const UNKNOWN: &str = "is not recognized as an internal or external command,";
/// What intruders are known to run, by a word of it.
const TECHNIQUES: &[(&str, &str)] = &[
    ("downloadstring", "powershell download cradle"),
    ("downloadfile", "powershell download cradle"),
    ("invoke-webrequest", "powershell download cradle"),
    ("certutil -urlcache", "certutil download"),
    ("bitsadmin /transfer", "bitsadmin download"),
    ("invoke-mimikatz", "credential dumping"),
    ("sekurlsa", "credential dumping"),
    ("comsvcs.dll", "credential dumping"),
    ("reg save hklm\\sam", "credential dumping"),
    ("ntds.dit", "credential dumping"),
    ("delete shadows", "shadow copies deletion"),
    ("set-mppreference", "antivirus tampering"),
    ("add-mppreference", "antivirus tampering"),
    ("netsh advfirewall set", "firewall tampering"),
    ("schtasks /create", "scheduled task"),
    ("new-service", "service creation"),
    ("sc create", "service creation"),
];

/// What a command came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ran {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) status: i32,
}

/// Runs a command line for somebody; what it is, is written down.
pub(super) fn run(host: &Host, name: &str, line: &str, out: &mut Out) -> Ran {
    // What cmd takes on one line (KB830473).
    let line: String = line.chars().take(SHOWN).collect();
    let line = line.as_str();
    let script = script(line);
    match &script {
        Some(script) => record("powershell", script, Some(line), out),
        None => record("cmd", line, None, out),
    }
    let (account, machine) = named(host, name);
    let account = Account { name: &account, machine: &machine, elevated: true };
    match &script {
        Some(script) => powershell(host, account, script),
        None => command(host, account, line, out),
    }
}

/// Most lines that a script answers.
const LINES: usize = 2000;

/// What a statement of a script gives: lines, or the name of a command that there is not.
pub(super) type Given = Result<Vec<String>, String>;

/// Runs a script of remote PowerShell in `folder`, and writes it down; what each of its statements gives.
pub(super) fn script_in(
    host: &Host,
    name: &str,
    script: &str,
    folder: &mut String,
    out: &mut Out,
) -> Vec<Given> {
    record("powershell", script, None, out);
    let (account, machine) = named(host, name);
    let account = Account { name: &account, machine: &machine, elevated: true };
    let mut all: Vec<Given> = Vec::new();
    for statement in statements(script) {
        let given = remote::given(host, account, statement, folder);
        if let Err(name) = &given {
            let fields = vec![(field::NAME, name.clone().into_bytes()), (field::COMMAND, statement.into())];
            out.record(Kind::UnknownCommand, fields);
        }
        let lines: usize = all.iter().flatten().map(Vec::len).sum();
        all.extend((lines < LINES).then_some(given));
    }
    all
}

/// The account called `name` as its machine shows it, and the machine.
fn named(host: &Host, name: &str) -> (String, String) {
    let server = netsvc_daemon::ntlm::Server::of(host.persona());
    (format!("{}\\{name}", server.domain).to_lowercase(), server.computer)
}

/// The statements of a script that are answered.
fn statements(script: &str) -> impl Iterator<Item = &str> {
    script.split(['\n', ';']).map(str::trim).filter(|one| !one.is_empty()).take(STATEMENTS)
}

/// Writes down what `program` is told to do, and the command line that it comes from, where that is another.
fn record(program: &str, told: &str, line: Option<&str>, out: &mut Out) {
    let shown: String = told.chars().take(SHOWN).collect();
    let mut fields = vec![(field::COMMAND, shown.clone().into_bytes()), (field::NAME, program.into())];
    if let Some(line) = line {
        fields.push((field::DATA, line.chars().take(4096).collect::<String>().into_bytes()));
    }
    out.record(Kind::Command, fields);
    for url in command_line::urls(told) {
        let fields = vec![(field::URL, url.into_bytes()), (field::COMMAND, shown.clone().into_bytes())];
        out.record(Kind::DownloadAttempt, fields);
    }
    let lower = told.to_lowercase();
    let adds = lower.contains("net user") && lower.contains("/add") || lower.contains("new-localuser");
    let known = TECHNIQUES.iter().find(|(word, _)| lower.contains(word)).map(|(_, technique)| *technique);
    if let Some(technique) = known.or(adds.then_some("account creation")) {
        let fields =
            vec![(field::TECHNIQUE, technique.as_bytes().to_vec()), (field::DATA, shown.into_bytes())];
        out.record(Kind::ExploitAttempt, fields);
    }
}

/// The script that a command line gives to PowerShell; `None` where it is none.
fn script(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let program = words.next()?.trim_matches('"').to_lowercase();
    let program = program.rsplit('\\').next().unwrap_or(&program);
    if !["powershell", "powershell.exe", "pwsh", "pwsh.exe"].contains(&program) {
        return None;
    }
    let mut rest: Vec<&str> = words.collect();
    while let Some(first) = rest.first().copied() {
        let option = first.to_lowercase();
        let Some(option) = option.strip_prefix(['-', '/']) else { break };
        rest.remove(0);
        if option.is_empty() {
            break;
        }
        if "encodedcommand".starts_with(option) || option == "ec" {
            let bytes = STANDARD.decode(rest.first().copied().unwrap_or_default().trim_matches('"')).ok()?;
            return Some(crate::wire::text(&bytes));
        }
        if "command".starts_with(option) {
            break;
        }
        let takes =
            ["executionpolicy", "ep", "windowstyle", "version", "inputformat", "outputformat", "file"];
        if takes.iter().any(|known| known.starts_with(option)) && !rest.is_empty() {
            rest.remove(0);
        }
    }
    Some(rest.join(" ").trim_matches('"').to_owned())
}

fn command(host: &Host, account: Account<'_>, line: &str, out: &mut Out) -> Ran {
    let plain = line.trim().trim_matches('"');
    let inner = plain.get(..4).filter(|start| start.eq_ignore_ascii_case("cmd ")).map_or(plain, |_| {
        let lower = plain.to_lowercase();
        lower.find("/c ").and_then(|at| plain.get(at + 3..)).unwrap_or(plain)
    });
    let mut ran = Ran::default();
    for part in inner.split(['&', '|']).filter(|part| !part.trim().is_empty()).take(STATEMENTS) {
        let part = part.trim().trim_matches('"');
        let lines = command_line::lines(host, account, part);
        let unknown = lines.first().is_some_and(|line| line.ends_with(UNKNOWN));
        let text: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        if unknown {
            ran.status = 1;
            ran.stderr.push_str(&text);
            let name = part.split_whitespace().next().unwrap_or_default();
            let fields = vec![(field::NAME, name.into()), (field::COMMAND, line.as_bytes().to_vec())];
            out.record(Kind::UnknownCommand, fields);
        } else {
            ran.status = 0;
            ran.stdout.push_str(&text);
        }
    }
    ran
}

fn powershell(host: &Host, account: Account<'_>, script: &str) -> Ran {
    let mut ran = Ran::default();
    for statement in statements(script) {
        for line in statement_of(host, account, statement) {
            ran.stdout.push_str(&line);
            ran.stdout.push_str("\r\n");
        }
    }
    ran
}

fn statement_of(host: &Host, account: Account<'_>, statement: &str) -> Vec<String> {
    let persona = host.persona();
    let (first, rest) = statement.split_once(char::is_whitespace).unwrap_or((statement, ""));
    let rest = rest.trim().trim_matches(['"', '\'']);
    let build = persona.os.build;
    match first.to_lowercase().as_str() {
        "$env:computername" => vec![account.machine.to_owned()],
        "$env:username" => vec![account.name.rsplit('\\').next().unwrap_or_default().to_owned()],
        "$env:userdomain" => vec![netsvc_daemon::ntlm::Server::of(persona).domain],
        "$psversiontable.psversion.major" => vec!["5".to_owned()],
        "$pid" => vec!["4312".to_owned()],
        "write-output" | "write-host" | "echo" => vec![rest.to_owned()],
        "[system.environment]::osversion.version.build" => vec![build.to_string()],
        "get-location" | "pwd" | "gl" => {
            let user = account.name.rsplit('\\').next().unwrap_or_default();
            vec![String::new(), "Path".into(), "----".into(), format!("C:\\Users\\{user}"), String::new()]
        }
        // Cmdlets that are not known here say nothing, as most do.
        cmdlet
            if cmdlet.contains('-')
                && cmdlet.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
        {
            Vec::new()
        }
        variable if variable.starts_with(['$', '[', '(', '&', '.', '{', '}', '#']) => Vec::new(),
        // PowerShell has other words for what it does not know than cmd.
        _ => {
            let lines = command_line::lines(host, account, statement);
            let unknown = lines.first().is_some_and(|line| line.ends_with(UNKNOWN));
            if unknown { Vec::new() } else { lines }
        }
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn scripts_are_taken_out_of_command_lines() {
        for (line, told) in [
            ("powershell -encodedcommand dwBoAG8AYQBtAGkA", Some("whoami")),
            ("powershell.exe -NoP -NonI -W Hidden -e dwBoAG8AYQBtAGkA", Some("whoami")),
            ("powershell -ep bypass -c \"Get-Process; whoami\"", Some("Get-Process; whoami")),
            ("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe hostname", Some("hostname")),
            ("ipconfig /all", None),
        ] {
            assert_eq!(script(line).as_deref(), told, "{line}");
        }
    }
}
