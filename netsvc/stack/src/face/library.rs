//! The faces that there are, and which persona has which.

use super::Face;
use netsvc_persona::{Os, Persona};

/// No face has this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown(pub String);

macro_rules! faces {
    ($($name:literal)+) => {
        /// Every face by name.
        const FACES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../faces/", $name, ".face")))),+];
    };
}

faces! {
    "linux-2.6" "linux-3" "linux-4" "linux-5"
    "windows-7" "windows-10-1607" "windows-10" "windows-11"
    "windows-2012r2" "windows-2016" "windows-2019" "windows-2022"
    "freebsd-11" "freebsd-12" "macos-10.13" "esxi-6"
    "cisco-ios-15" "junos-12" "laserjet-1320" "brother-hl" "vxworks" "simatic-300"
    "camera-linux-3.4" "qnap-qts-4" "synology-dsm-5"
}

impl Face {
    /// Names of all faces.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FACES.iter().map(|(name, _)| *name)
    }

    /// The face of this name.
    ///
    /// # Errors
    /// [`Unknown`].
    pub fn named(name: &str) -> Result<Face, Unknown> {
        let found = FACES.iter().find(|(known, _)| *known == name);
        let face = found.and_then(|(_, text)| text.parse().ok());
        face.ok_or_else(|| Unknown(name.to_owned()))
    }

    /// The name of the face that a persona's system has.
    pub fn name_of(os: &Os) -> &'static str {
        match (os.family.as_str(), os.id.as_str()) {
            ("windows", id) if id.ends_with('7') => "windows-7",
            ("windows", id) if id.contains("11") => "windows-11",
            ("windows", _) => "windows-10",
            ("windows_server", id) if id.contains("2012") => "windows-2012r2",
            ("windows_server", id) if id.contains("2019") => "windows-2019",
            ("windows_server", id) if id.contains("2022") => "windows-2022",
            ("windows_server", _) => "windows-2016",
            ("bsd", "freebsd12" | "freebsd13") => "freebsd-12",
            ("bsd", _) => "freebsd-11",
            ("macos", _) => "macos-10.13",
            ("junos", _) => "junos-12",
            ("cisco", id) if id.contains("junos") => "junos-12",
            ("cisco", _) => "cisco-ios-15",
            ("esxi", _) => "esxi-6",
            ("embedded", id) => device(id, &os.kernel),
            _ => linux(&os.kernel),
        }
    }

    /// The face of a persona: its own, or that of its system.
    pub fn of_persona(persona: &Persona) -> Option<Face> {
        match &persona.face {
            Some(text) => text.parse().ok(),
            None => Face::of(&persona.os),
        }
    }

    /// The face of a persona's system.
    pub fn of(os: &Os) -> Option<Face> {
        Face::named(Face::name_of(os)).ok()
    }
}

fn device(id: &str, kernel: &str) -> &'static str {
    match id {
        "brother_printer" => "brother-hl",
        "ip_camera" => "camera-linux-3.4",
        "qnap" => "qnap-qts-4",
        "synology" => "synology-dsm-5",
        "modicon_plc" | "rtu" | "building_controller" => "vxworks",
        _ if id.contains("printer") => "laserjet-1320",
        _ if id.contains("plc") || id.contains("simatic") => "simatic-300",
        _ if id.contains("vxworks") => "vxworks",
        _ => linux(kernel),
    }
}

fn linux(kernel: &str) -> &'static str {
    match kernel.split('.').next() {
        Some("2") => "linux-2.6",
        Some("3") => "linux-3",
        Some("4") => "linux-4",
        _ => "linux-5",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_that_there_is_has_a_face_of_its_family() {
        for system in netsvc_persona::tables::systems::SYSTEMS {
            let (kernel, _) = system.kernels[0].1;
            let mut os = crate::gate_tests::sample().os;
            os.id = system.id.into();
            os.family = system.family.into();
            os.kernel = kernel.into();
            let face = Face::of(&os).unwrap();
            assert_eq!(face.ttl, system.ttl, "{}: {}", system.id, Face::name_of(&os));
        }
    }

    #[test]
    fn every_face_can_be_read() {
        for (name, text) in FACES {
            if let Err(error) = text.parse::<Face>() {
                panic!("{name}: {error}");
            }
            assert!(text.lines().count() <= 60, "{name} is too long");
            assert!(text.lines().any(|line| line.starts_with("# Source")), "{name} names no source");
        }
    }

    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,300}") {
            let _ = text.parse::<Face>();
        }

        #[test]
        fn a_face_with_a_line_of_any_value_is_read_or_refused(
            at in any::<prop::sample::Index>(),
            line in any::<prop::sample::Index>(),
            value in "[a-zA-Z0-9=. -]{0,24}",
        ) {
            let text = at.get(FACES).1;
            let line = line.index(text.lines().count());
            let changed: Vec<String> = text
                .lines()
                .enumerate()
                .map(|(number, old)| match old.split_once('=') {
                    Some((key, _)) if number == line => format!("{key}= {value}"),
                    _ => old.to_owned(),
                })
                .collect();
            if let Ok(face) = changed.join("\n").parse::<Face>() {
                let mut counters = crate::counters::Counters::new(1, 0);
                let _ = counters.isn(&face.isn, 90_000_000_000_000);
                let _ = counters.time(face.clock, 90_000_000_000_000, ([10, 0, 0, 1].into(), 1));
                let values = crate::options::Values { mss: 1, scale: 1, time: 1, echo: 1 };
                for layout in [&face.handshake.all, &face.handshake.no_time] {
                    prop_assert!(layout.write(&values).len() <= 40);
                }
            }
        }
    }
}
