//! Which TLS library a machine has, and whether what it shows is of that kind.

use crate::jarm::Jarm;
use netsvc_persona::Persona;

/// Extensions that Schannel never answers with: OpenSSL and its kin do, when a client asks for them.
const FOREIGN: [(u16, &str); 2] = [(11, "a list of point formats"), (1, "a limit of fragments")];

/// A library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Library {
    pub(super) name: &'static str,
    /// Whether it speaks TLS 1.3; `None`: nobody knows.
    pub(super) modern: Option<bool>,
}

/// The library of a machine: Schannel has TLS 1.3 since Windows Server 2022 and Windows 11, OpenSSL since
/// 1.1.1.
pub(super) fn of(persona: &Persona) -> Library {
    let (family, system) = (persona.os.family.as_str(), persona.os.id.as_str());
    match family {
        "windows" | "windows_server" => {
            Library { name: "Schannel", modern: Some(matches!(system, "windows11" | "windows_server_2022")) }
        }
        "linux" | "bsd" => Library {
            name: "OpenSSL",
            modern: Some(!matches!(system, "centos6" | "centos7" | "debian9" | "freebsd11")),
        },
        _ => Library { name: "OpenSSL", modern: None },
    }
}

/// What in `jarm` no server with `library` says.
pub(super) fn contradiction(library: Library, jarm: &Jarm) -> Option<String> {
    let foreign = FOREIGN.iter().find(|(kind, _)| library.name == "Schannel" && jarm.extends(*kind));
    if let Some((_, what)) = foreign {
        return Some(format!("its TLS answers with {what}, which Schannel does not"));
    }
    // Schannel answers with extensions in the order of their numbers, renegotiation last; OpenSSL begins with it.
    if library.name == "Schannel" && !jarm.ascends() {
        return Some("its TLS answers with extensions in an order that is not Schannel's".to_owned());
    }
    let modern = library.modern == Some(false) && jarm.modern();
    modern.then(|| format!("it speaks TLS 1.3, which the {} of its system does not", library.name))
}
