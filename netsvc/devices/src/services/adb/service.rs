//! What a stream can be opened to (AOSP, `SERVICES.TXT`).

/// A service of the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// A shell, or one command in it.
    Shell(Call),
    /// Files.
    Sync,
    /// What is answered with a line: the line, and whether the connection ends with it.
    Told(String, bool),
    /// A connection to elsewhere.
    Forward(String),
    /// What is not there.
    Unknown,
}

/// How a command is run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    /// The line; empty: a prompt.
    pub(super) line: String,
    /// Whether streams and exit status are told apart (`shell_v2`).
    pub(super) framed: bool,
    /// Whether it has a terminal.
    pub(super) terminal: bool,
    /// Kind of the terminal.
    pub(super) term: String,
}

/// The service called `name`.
pub(super) fn named(name: &str) -> Service {
    let (head, rest) = name.split_once(':').unwrap_or((name, ""));
    let mut words = head.split(',');
    match (words.next().unwrap_or_default(), rest) {
        ("shell", line) => {
            let mut call = Call { line: line.to_owned(), terminal: line.is_empty(), ..Call::default() };
            for word in words {
                match word.split_once('=') {
                    Some(("TERM", term)) => call.term = term.chars().take(32).collect(),
                    _ => match word {
                        "v2" => call.framed = true,
                        "raw" => call.terminal = false,
                        "pty" => call.terminal = true,
                        _ => {}
                    },
                }
            }
            Service::Shell(call)
        }
        ("exec", line) => Service::Shell(Call { line: line.to_owned(), ..Call::default() }),
        ("sync", "") => Service::Sync,
        ("root", "") => Service::Told("adbd is already running as root\n".to_owned(), false),
        ("unroot", "") => Service::Told("restarting adbd as non root\n".to_owned(), true),
        ("remount", _) => Service::Told("remount succeeded\n".to_owned(), false),
        ("tcpip", port) if port.parse::<u16>().is_ok_and(|port| port != 0) => {
            Service::Told(format!("restarting in TCP mode port: {port}\n"), true)
        }
        ("tcpip", _) => Service::Told("invalid port\n".to_owned(), false),
        ("usb", "") => Service::Told("restarting in USB mode\n".to_owned(), true),
        ("reboot", _) => Service::Told(String::new(), true),
        ("tcp" | "local" | "localabstract" | "localreserved" | "localfilesystem" | "dev" | "reverse", _) => {
            Service::Forward(name.to_owned())
        }
        _ => Service::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_known_by_their_names() {
        let call = |line: &str, framed: bool, terminal: bool, term: &str| {
            Service::Shell(Call { line: line.to_owned(), framed, terminal, term: term.to_owned() })
        };
        for (name, service) in [
            ("shell:", call("", false, true, "")),
            ("shell:echo a:b", call("echo a:b", false, false, "")),
            ("shell,v2,TERM=xterm-256color,raw:id", call("id", true, false, "xterm-256color")),
            ("shell,v2,pty:", call("", true, true, "")),
            ("exec:cat", call("cat", false, false, "")),
            ("sync:", Service::Sync),
            ("tcpip:5556", Service::Told("restarting in TCP mode port: 5556\n".to_owned(), true)),
            ("tcpip:x", Service::Told("invalid port\n".to_owned(), false)),
            ("tcp:80", Service::Forward("tcp:80".to_owned())),
            ("jdwp:1", Service::Unknown),
        ] {
            assert_eq!(named(name), service, "{name}");
        }
    }
}
