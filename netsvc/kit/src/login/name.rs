//! Which names an account can have, by system and service.
//!
//! Sources: shadow-utils `chkname.c` and Debian's adduser (`NAME_REGEX`); pw(8) of FreeBSD; Microsoft, "sAMAccountName"
//! and "User name guidelines"; MySQL and MariaDB, "Account names"; Cisco IOS, `username`.

/// Longest name of an account of a Unix-like system (`login.defs`, `pw.conf`).
const UNIX: usize = 32;
/// Longest sAMAccountName.
const WINDOWS: usize = 20;
/// Longest name of an account of a database server (MariaDB 80, MySQL 32, both in characters).
const DATABASE: usize = 80;
/// Longest name of a role of PostgreSQL (`NAMEDATALEN`).
const ROLE: usize = 63;
/// Longest name of an account of a web application, which may be a mail address (RFC 5321 §4.5.3.1).
const MAILBOX: usize = 254;
/// Longest name that a device's configuration takes.
const DEVICE: usize = 64;

/// Whether an account called `name` can exist where `service` of a system of `family` looks for it.
pub(super) fn possible(family: &str, service: &str, name: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(name) else { return false };
    match service {
        // These keep accounts of their own.
        "mysql" => printable(name, DATABASE) && !name.starts_with(' '),
        "postgres" => printable(name, ROLE) && !name.starts_with(' '),
        "http" | "https" => printable(name, MAILBOX) && !name.starts_with(' ') && !name.ends_with(' '),
        "smtp" => match name.rsplit_once('@') {
            Some((mailbox, domain)) => is_domain(domain) && of_system(family, mailbox),
            None => of_system(family, name),
        },
        _ => of_system(family, name),
    }
}

fn of_system(family: &str, name: &str) -> bool {
    match family {
        "windows" | "windows_server" => windows(name),
        "linux" | "bsd" | "macos" => unix(name),
        // A few devices run a Unix and most do not; none takes a blank in a name.
        _ => !name.is_empty() && name.len() <= DEVICE && name.bytes().all(|byte| byte.is_ascii_graphic()),
    }
}

/// A lower-case letter or `_`, then letters, digits, `_`, `-` and `.`; machine accounts end in `$`.
fn unix(name: &str) -> bool {
    let plain = name.strip_suffix('$').unwrap_or(name);
    let begins = plain.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
    let rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte);
    begins && name.len() <= UNIX && plain.bytes().all(rest)
}

/// `name`, `DOMAIN\name` or `name@domain`.
fn windows(name: &str) -> bool {
    let (domain, account) = match (name.split_once('\\'), name.rsplit_once('@')) {
        (Some((domain, account)), _) | (None, Some((account, domain))) => (Some(domain), account),
        (None, None) => (None, name),
    };
    let forbidden = |letter: char| letter.is_control() || "\"/\\[]:;|=,+*?<>@".contains(letter);
    domain.is_none_or(|domain| domain == "." || is_domain(domain))
        && !account.is_empty()
        && account.chars().count() <= WINDOWS
        && !account.contains(forbidden)
        && !account.ends_with('.')
        && !account.starts_with(' ')
        && !account.ends_with(' ')
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    text.len() <= 253 && text.split('.').all(label)
}

fn printable(name: &str, longest: usize) -> bool {
    !name.is_empty() && name.chars().count() <= longest && !name.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_possible_as_systems_and_services_have_it() {
        for (family, service, name, wanted) in [
            ("linux", "ssh", "root", true),
            ("linux", "ssh", "john.doe", true),
            ("linux", "ssh", "_apt", true),
            ("linux", "ssh", "host$", true),
            ("linux", "ssh", "", false),
            ("linux", "ssh", "OPTIONS sip:nm SIP/2.0", false),
            ("linux", "ssh", "GET / HTTP/1.0", false),
            ("linux", "telnet", "HELP", false),
            ("linux", "ssh", "-froot", false),
            ("linux", "ssh", "a:b", false),
            ("linux", "ssh", "../../etc", false),
            ("linux", "ssh", "123456", false),
            ("linux", "ssh", "abcdefghijklmnopqrstuvwxyzabcdefg", false),
            ("windows", "ftp", "Administrator", true),
            ("windows_server", "ftp", "CORP\\j.doe", true),
            ("windows_server", "smtp", "j.doe@corp.example", true),
            ("windows", "ftp", "two words", true),
            ("windows", "ftp", "OPTIONS sip:nm", false),
            ("windows", "ftp", "GET / HTTP/1.0", false),
            ("windows", "ftp", "a name of more than twenty", false),
            ("cisco", "telnet", "Admin", true),
            ("embedded", "telnet", "GET / HTTP/1.0", false),
            ("linux", "smtp", "bob@example.com", true),
            ("linux", "smtp", "bob@exam ple", false),
            ("linux", "http", "bob@example.com", true),
            ("linux", "http", "Max Muster", true),
            ("linux", "http", "a\r\nb", false),
            ("linux", "mysql", "Root", true),
            ("linux", "mysql", "a\0b", false),
        ] {
            assert_eq!(possible(family, service, name.as_bytes()), wanted, "{family} {service} {name}");
        }
        assert!(!possible("linux", "ssh", b"\xff\xfe"));
    }
}
