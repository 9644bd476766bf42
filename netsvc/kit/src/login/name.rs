//! Whose accounts a login names, and which names those can have.
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
/// Longest name of a client of a broker that is taken for one; mosquitto has no limit of its own.
const CLIENT: usize = 255;
/// Longest name that a device's configuration takes.
const DEVICE: usize = 64;

/// Whose accounts a login names: which names they can have, and whether one may be without a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// The system's.
    System,
    /// The system's, each perhaps with a domain behind it, as mail servers take them.
    Mailboxes,
    /// Those of a database server, in which accounts without a password are known: MySQL makes them so unless told
    /// otherwise.
    Database,
    /// Those of a database server that asks each for a password.
    Roles,
    /// Those of a web application.
    Application,
    /// Those of the clients of a message broker, whose password file has each name before a colon.
    Clients,
}

impl Accounts {
    /// Whether those whom the operator lists without a password get in without one. sshd has `PermitEmptyPasswords no`,
    /// PAM's `nullok` is not given to remote logins, and ftpds refuse empty ones.
    pub(super) fn may_lack_passwords(self) -> bool {
        self == Accounts::Database
    }

    /// Whether a password that is set on the system (passwd(1), chpasswd(8)) is theirs.
    pub(super) fn are_of_the_system(self) -> bool {
        matches!(self, Accounts::System | Accounts::Mailboxes)
    }

    /// Whether one of them can be called `name` on a system of `family`.
    pub(super) fn can_have(self, family: &str, name: &[u8]) -> bool {
        let Ok(name) = std::str::from_utf8(name) else { return false };
        match self {
            Accounts::System => of_system(family, name),
            Accounts::Mailboxes => match name.rsplit_once('@') {
                Some((mailbox, domain)) => is_domain(domain) && of_system(family, mailbox),
                None => of_system(family, name),
            },
            Accounts::Database => printable(name, DATABASE) && !name.starts_with(' '),
            Accounts::Roles => printable(name, ROLE) && !name.starts_with(' '),
            Accounts::Application => {
                printable(name, MAILBOX) && !name.starts_with(' ') && !name.ends_with(' ')
            }
            Accounts::Clients => printable(name, CLIENT) && !name.contains(':'),
        }
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
    fn names_are_possible_as_systems_and_servers_have_it() {
        for (family, accounts, name, wanted) in [
            ("embedded", Accounts::Clients, "Living Room", true),
            ("linux", Accounts::Clients, "a:b", false),
            ("linux", Accounts::System, "root", true),
            ("linux", Accounts::System, "john.doe", true),
            ("linux", Accounts::System, "_apt", true),
            ("linux", Accounts::System, "host$", true),
            ("linux", Accounts::System, "", false),
            ("linux", Accounts::System, "OPTIONS sip:nm SIP/2.0", false),
            ("linux", Accounts::System, "GET / HTTP/1.0", false),
            ("linux", Accounts::System, "HELP", false),
            ("linux", Accounts::System, "-froot", false),
            ("linux", Accounts::System, "a:b", false),
            ("linux", Accounts::System, "../../etc", false),
            ("linux", Accounts::System, "123456", false),
            ("linux", Accounts::System, "abcdefghijklmnopqrstuvwxyzabcdefg", false),
            ("windows", Accounts::System, "Administrator", true),
            ("windows_server", Accounts::System, "CORP\\j.doe", true),
            ("windows_server", Accounts::Mailboxes, "j.doe@corp.example", true),
            ("windows", Accounts::System, "two words", true),
            ("windows", Accounts::System, "OPTIONS sip:nm", false),
            ("windows", Accounts::System, "GET / HTTP/1.0", false),
            ("windows", Accounts::System, "a name of more than twenty", false),
            ("cisco", Accounts::System, "Admin", true),
            ("embedded", Accounts::System, "GET / HTTP/1.0", false),
            ("linux", Accounts::Mailboxes, "bob@example.com", true),
            ("linux", Accounts::Mailboxes, "bob@exam ple", false),
            ("linux", Accounts::Application, "bob@example.com", true),
            ("linux", Accounts::Application, "Max Muster", true),
            ("linux", Accounts::Application, "a\r\nb", false),
            ("linux", Accounts::Database, "Root", true),
            ("linux", Accounts::Database, "a\0b", false),
        ] {
            assert_eq!(accounts.can_have(family, name.as_bytes()), wanted, "{family} {accounts:?} {name}");
        }
        assert!(!Accounts::System.can_have("linux", b"\xff\xfe"));
    }
}
