//! Statements of remote PowerShell, as far as they ask where and who one is.

use super::{Account, Given, UNKNOWN, command_line, statement_of};
use netsvc_kit::Host;

/// Longest path of a folder.
const LONGEST: usize = 240;

/// Cmdlets and aliases that Windows brings; others are not known.
const KNOWN: &[&str] = &[
    "add-content",
    "add-localgroupmember",
    "add-mppreference",
    "add-type",
    "cat",
    "clear-content",
    "clear-eventlog",
    "clear-host",
    "cls",
    "compress-archive",
    "convertfrom-json",
    "convertto-json",
    "convertto-securestring",
    "copy-item",
    "cp",
    "del",
    "disable-localuser",
    "enable-localuser",
    "enable-psremoting",
    "enter-pssession",
    "expand-archive",
    "export-csv",
    "foreach-object",
    "format-list",
    "format-table",
    "gc",
    "gci",
    "get-acl",
    "get-alias",
    "get-childitem",
    "get-ciminstance",
    "get-command",
    "get-computerinfo",
    "get-content",
    "get-credential",
    "get-date",
    "get-eventlog",
    "get-executionpolicy",
    "get-help",
    "get-host",
    "get-hotfix",
    "get-item",
    "get-itemproperty",
    "get-localgroup",
    "get-localgroupmember",
    "get-localuser",
    "get-member",
    "get-module",
    "get-mpcomputerstatus",
    "get-mppreference",
    "get-netadapter",
    "get-netfirewallrule",
    "get-netipaddress",
    "get-netipconfiguration",
    "get-nettcpconnection",
    "get-process",
    "get-psdrive",
    "get-random",
    "get-scheduledtask",
    "get-service",
    "get-smbshare",
    "get-variable",
    "get-winevent",
    "get-wmiobject",
    "group-object",
    "gwmi",
    "iex",
    "import-module",
    "invoke-command",
    "invoke-expression",
    "invoke-restmethod",
    "invoke-webrequest",
    "irm",
    "iwr",
    "kill",
    "ls",
    "measure-object",
    "mkdir",
    "move-item",
    "mv",
    "new-item",
    "new-itemproperty",
    "new-localuser",
    "new-netfirewallrule",
    "new-object",
    "new-psdrive",
    "new-pssession",
    "new-scheduledtaskaction",
    "new-scheduledtasktrigger",
    "new-service",
    "out-file",
    "out-null",
    "out-string",
    "ps",
    "read-host",
    "register-scheduledtask",
    "remove-item",
    "remove-itemproperty",
    "rename-item",
    "resolve-dnsname",
    "restart-computer",
    "restart-service",
    "rm",
    "select-object",
    "select-string",
    "set-acl",
    "set-content",
    "set-executionpolicy",
    "set-item",
    "set-itemproperty",
    "set-localuser",
    "set-mppreference",
    "set-netfirewallprofile",
    "set-service",
    "set-variable",
    "sleep",
    "sort-object",
    "start-bitstransfer",
    "start-job",
    "start-process",
    "start-service",
    "start-sleep",
    "stop-computer",
    "stop-process",
    "stop-service",
    "tee-object",
    "test-connection",
    "test-netconnection",
    "test-path",
    "unblock-file",
    "wget",
    "where-object",
    "write-error",
    "write-verbose",
    "write-warning",
];

/// What `statement` gives in `folder`, which it may change.
pub(super) fn given(host: &Host, account: Account<'_>, statement: &str, folder: &mut String) -> Given {
    let (first, rest) = statement.split_once(char::is_whitespace).unwrap_or((statement, ""));
    let rest = rest.trim().trim_matches(['"', '\'']);
    let squeezed: String =
        statement.to_lowercase().chars().filter(|letter| !letter.is_whitespace()).collect();
    match squeezed.as_str() {
        "(get-location).path" | "(pwd).path" | "$pwd.path" | "(gl).path" => return Ok(vec![folder.clone()]),
        "get-location" | "pwd" | "gl" | "$pwd" => {
            let (empty, folder) = (String::new(), folder.clone());
            return Ok(vec![empty.clone(), "Path".into(), "----".into(), folder, empty.clone(), empty]);
        }
        _ => {}
    }
    let quoted = |quote: char| {
        statement.len() > 1
            && statement.starts_with(quote)
            && statement.ends_with(quote)
            && !statement.contains('$')
    };
    let lower = first.to_lowercase();
    match lower.as_str() {
        "cd" | "set-location" | "sl" | "chdir" => {
            enter(folder, rest);
            Ok(Vec::new())
        }
        _ if quoted('"') || quoted('\'') => Ok(vec![statement.trim_matches(['"', '\'']).to_owned()]),
        known if KNOWN.contains(&known) => Ok(Vec::new()),
        word if word.contains('-')
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
        {
            match word {
                "write-output" | "write-host" => Ok(statement_of(host, account, statement)),
                _ => Err(first.to_owned()),
            }
        }
        word if word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._\\:".contains(&byte)) => {
            let lines = command_line::lines(host, account, statement);
            let unknown = lines.first().is_some_and(|line| line.ends_with(UNKNOWN));
            if unknown { Err(first.to_owned()) } else { Ok(lines) }
        }
        _ => Ok(statement_of(host, account, statement)),
    }
}

/// Goes to another folder.
fn enter(folder: &mut String, wanted: &str) {
    let drive = wanted.get(1..2) == Some(":");
    let mut parts: Vec<&str> = if drive || wanted.starts_with(['\\', '/']) {
        vec![wanted.get(..2).filter(|_| drive).unwrap_or("C:")]
    } else {
        folder.split('\\').filter(|part| !part.is_empty()).collect()
    };
    let names = wanted.get(if drive { 2 } else { 0 }..).unwrap_or_default().split(['\\', '/']);
    for name in names.filter(|name| !name.is_empty() && *name != ".") {
        match name {
            ".." if parts.len() > 1 => drop(parts.pop()),
            ".." => {}
            name => parts.push(name),
        }
    }
    let there = if parts.len() == 1 { format!("{}\\", parts.concat()) } else { parts.join("\\") };
    if there.len() <= LONGEST {
        *folder = there;
    }
}

#[cfg(test)]
mod unit {
    use super::enter;

    #[test]
    fn folders_are_entered_as_they_are_written() {
        let mut folder = "C:\\Users\\eve\\Documents".to_owned();
        for (wanted, there) in [
            ("..", "C:\\Users\\eve"),
            ("..\\..", "C:\\"),
            ("..", "C:\\"),
            ("Windows\\System32", "C:\\Windows\\System32"),
            ("/temp", "C:\\temp"),
            ("D:\\data", "D:\\data"),
            (".", "D:\\data"),
        ] {
            enter(&mut folder, wanted);
            assert_eq!(folder, there, "{wanted}");
        }
    }
}
