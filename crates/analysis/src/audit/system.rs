//! Whether a scanner takes a decky for the system that it claims.

use super::{Finding, Strength};
use netsvc_persona::Persona;

/// What a scanner said about one address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Systems that fit exactly; empty: none did.
    pub exact: Vec<String>,
}

/// Words one of which names the system of a family in a scanner's answer.
fn words(persona: &Persona) -> &'static [&'static str] {
    match (persona.os.family.as_str(), persona.os.id.as_str()) {
        ("windows" | "windows_server", _) => &["Windows"],
        ("bsd", _) => &["FreeBSD"],
        ("macos", _) => &["macOS", "Mac OS X"],
        ("cisco", _) => &["Cisco"],
        ("junos", _) => &["Juniper", "JUNOS"],
        ("esxi", _) => &["ESXi"],
        ("embedded", "hp_printer") => &["HP LaserJet"],
        ("embedded", "brother_printer") => &["Brother"],
        ("embedded", "ip_camera") => &["camera"],
        ("embedded", "vxworks" | "modicon_plc" | "rtu" | "building_controller") => &["VxWorks"],
        ("embedded", "siemens_plc") => &["Siemens"],
        ("embedded", "qnap") => &["QNAP"],
        ("embedded", "synology") => &["Synology"],
        _ => &["Linux"],
    }
}

/// Whether `system`, which a passive observer names, may be that of `persona`. An observer tells kernels apart, not who
/// builds on them, and a face that was chosen need not be one that it knows.
pub(super) fn passes(persona: &Persona, system: &str) -> bool {
    let kernel = ["ip_camera", "qnap", "synology"].contains(&persona.os.id.as_str());
    let words = words(persona).iter().chain(kernel.then_some(&"Linux"));
    persona.face.is_some() || words.into_iter().any(|word| system.contains(word))
}

/// What a scan says against `persona`; `None` when it names the claimed system exactly.
pub fn recognised(persona: &Persona, scanned: &Scanned) -> Option<Finding> {
    let finding = |strength, detail| Finding {
        decky: persona.node.clone(),
        strength,
        tell: "OS-01",
        detail,
        remedy: "deploy it on the native runtime; if it is, tell us the output of `nmap -O -d`".to_owned(),
    };
    // Behind a packet filter no real host can be told exactly either.
    if persona.firewall && scanned.exact.is_empty() {
        return None;
    }
    let own = persona.face_name();
    let named = |system: &String| match own {
        // nmap prints several names in one line where they share a fingerprint.
        Some(own) => system == own,
        None => words(persona).iter().any(|word| system.contains(word)),
    };
    let claimed = own.unwrap_or(&persona.os.pretty_name);
    if scanned.exact.iter().any(named) {
        return None;
    }
    Some(match scanned.exact.first() {
        Some(other) => {
            let detail = format!("nmap takes {claimed} for {other}");
            finding(Strength::Decisive, detail)
        }
        None => {
            let detail = format!("nmap finds no exact match for {claimed}");
            finding(Strength::AddsUp, detail)
        }
    })
}
