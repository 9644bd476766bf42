//! Programs that somebody seems to use, each with what says so. What a client says of itself is believed as far as
//! it goes: it is shown beside the guess.

use super::shown;
use decnet_model::record::EventRow;
use netsvc_wire::field;
use serde::{Deserialize, Serialize};

/// Programs that are kept of one address.
const TOOLS: usize = 16;
/// Bytes of what says so.
const EVIDENCE: usize = 120;

/// A program, and what says that it was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it is for: `scanner`, `guesser`, `library`, `client`, `bot`, `exploit`, `survey`.
    pub role: String,
    /// The field that says so.
    pub field: String,
    /// The value, escaped and cut.
    pub value: String,
    /// How often it was seen.
    pub times: u64,
    /// The first event.
    pub first_event: i64,
}

/// What a value has in it if a program is used.
struct Signature {
    field: &'static str,
    /// In lower case.
    part: &'static str,
    name: &'static str,
    role: &'static str,
}

macro_rules! signatures {
    ($($field:ident { $($part:literal => $name:literal, $role:literal;)+ })+) => {
        &[$($(Signature { field: field::$field, part: $part, name: $name, role: $role },)+)+]
    };
}

/// The first that fits a field wins: what is special stands before what is general.
const SIGNATURES: &[Signature] = signatures! {
    USER_AGENT {
        "nmap scripting engine" => "nmap", "scanner";
        "masscan" => "masscan", "scanner";
        "zgrab" => "zgrab", "scanner";
        "nikto" => "nikto", "scanner";
        "sqlmap" => "sqlmap", "exploit";
        "nuclei" => "nuclei", "scanner";
        "gobuster" => "gobuster", "scanner";
        "feroxbuster" => "feroxbuster", "scanner";
        "fuzz faster u fool" => "ffuf", "scanner";
        "dirbuster" => "dirbuster", "scanner";
        "dirsearch" => "dirsearch", "scanner";
        "wfuzz" => "wfuzz", "scanner";
        "wpscan" => "wpscan", "scanner";
        "whatweb" => "whatweb", "scanner";
        "(hydra)" => "hydra", "guesser";
        "l9explore" => "l9explore", "scanner";
        "l9tcpid" => "l9tcpid", "scanner";
        "acunetix" => "acunetix", "scanner";
        "openvas" => "openvas", "scanner";
        "nessus" => "nessus", "scanner";
        "netsparker" => "netsparker", "scanner";
        "censysinspect" => "Censys", "survey";
        "expanse" => "Palo Alto Expanse", "survey";
        "internetmeasurement" => "InternetMeasurement", "survey";
        "shodan" => "Shodan", "survey";
        "python-requests" => "python-requests", "library";
        "python-urllib" => "urllib", "library";
        "python-httpx" => "python-httpx", "library";
        "aiohttp" => "aiohttp", "library";
        "go-http-client" => "Go net/http", "library";
        "fasthttp" => "fasthttp", "library";
        "libwww-perl" => "libwww-perl", "library";
        "okhttp" => "okhttp", "library";
        "curl/" => "curl", "client";
        "wget/" => "wget", "client";
        "hello, world" => "Mozi or Gafgyt", "bot";
        "hello, world!" => "Mozi or Gafgyt", "bot";
    }
    CLIENT_VERSION {
        "nmap" => "nmap", "scanner";
        "zgrab" => "zgrab", "scanner";
        "masscan" => "masscan", "scanner";
        "medusa" => "medusa", "guesser";
        "ncrack" => "ncrack", "guesser";
        "check_ssh" => "check_ssh", "survey";
        "paramiko" => "paramiko", "library";
        "asyncssh" => "asyncssh", "library";
        "libssh2" => "libssh2", "library";
        "libssh" => "libssh", "library";
        "ssh-2.0-go" => "Go crypto/ssh", "library";
        "russh" => "russh", "library";
        "jsch" => "JSch", "library";
        "sshnet" => "SSH.NET", "library";
        "ssh-2.0-sshj" => "sshj", "library";
        "putty" => "PuTTY", "client";
        "winscp" => "WinSCP", "client";
        "filezilla" => "FileZilla", "client";
        "dropbear" => "dropbear", "client";
        "openssh" => "OpenSSH", "client";
    }
    CLIENT_NAME {
        "masscan" => "masscan", "scanner";
        "nmap" => "nmap", "scanner";
        "sqlmap" => "sqlmap", "exploit";
        "pymysql" => "PyMySQL", "library";
        "go-mysql-driver" => "Go MySQL driver", "library";
        "libmariadb" => "libmariadb", "library";
        "libmysql" => "libmysqlclient", "library";
        "psql" => "psql", "client";
        "impacket" => "impacket", "library";
    }
    TARGET {
        "nice%20ports%2c" => "nmap", "scanner";
        "nmaplowercheck" => "nmap", "scanner";
        "sdk/weblanguage" => "Hikvision exploit", "exploit";
    }
    COMMAND {
        "/bin/busybox mirai" => "Mirai", "bot";
        "/bin/busybox ecchi" => "Mirai family", "bot";
        "/bin/busybox satori" => "Satori", "bot";
        "/bin/busybox masuta" => "Masuta", "bot";
        "/bin/busybox owari" => "Owari", "bot";
        "/bin/busybox corona" => "Mirai family", "bot";
        "cat /proc/mounts; /bin/busybox " => "Mirai family", "bot";
        "mdrfckr" => "Outlaw", "bot";
    }
    DATA {
        "mstshash=nmap" => "nmap", "scanner";
        "mstshash=hello" => "RDP guesser", "guesser";
        "nice%20ports%2c" => "nmap", "scanner";
    }
};

/// Longest part of a value that is looked at, in bytes.
const LOOKED: usize = 1024;

/// Whether a client calls itself something that many do: a program that everybody can get, or a browser.
pub(super) fn is_known(field: &str, value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value.get(..LOOKED).unwrap_or(value)).to_lowercase();
    let of_field = SIGNATURES.iter().filter(|signature| signature.field == field);
    text.starts_with("mozilla/") || of_field.into_iter().any(|signature| text.contains(signature.part))
}

/// Notes the programs that an event shows.
pub(super) fn look(tools: &mut Vec<Tool>, row: &EventRow) {
    for (name, value) in &row.fields {
        let mut of_field = SIGNATURES.iter().filter(|signature| signature.field == name).peekable();
        if of_field.peek().is_none() {
            continue;
        }
        let text = String::from_utf8_lossy(value.get(..LOOKED).unwrap_or(value)).to_lowercase();
        let Some(found) = of_field.find(|signature| text.contains(signature.part)) else { continue };
        if let Some(tool) = tools.iter_mut().find(|tool| tool.name == found.name) {
            tool.times = tool.times.saturating_add(1);
        } else if tools.len() < TOOLS {
            tools.push(Tool {
                name: found.name.to_owned(),
                role: found.role.to_owned(),
                field: found.field.to_owned(),
                value: shown(value, EVIDENCE),
                times: 1,
                first_event: row.id,
            });
        }
    }
}
