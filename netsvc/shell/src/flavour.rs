//! Which kind of system a persona is, as far as the shell's behaviour depends on it.

use netsvc_persona::Persona;

/// Family of user space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flavour {
    /// Debian and its close relatives.
    Debian,
    /// Ubuntu.
    Ubuntu,
    /// RHEL, Rocky, Alma, CentOS, Fedora.
    Redhat,
    /// Alpine: BusyBox with musl and apk.
    Alpine,
    /// An embedded system: BusyBox and nothing else.
    Busybox,
}

impl Flavour {
    /// The flavour of a persona, from its family and distribution.
    pub fn of(persona: &Persona) -> Flavour {
        let id = persona.os.id.as_str();
        if persona.os.family == "embedded" {
            return Flavour::Busybox;
        }
        if id.starts_with("ubuntu") {
            return Flavour::Ubuntu;
        }
        if id.starts_with("alpine") {
            return Flavour::Alpine;
        }
        let redhat = ["rocky", "centos", "alma", "rhel", "fedora", "oracle", "amazon"];
        if redhat.iter().any(|name| id.starts_with(name)) {
            return Flavour::Redhat;
        }
        Flavour::Debian
    }

    /// Whether the tools are BusyBox applets.
    pub fn busybox(self) -> bool {
        matches!(self, Flavour::Alpine | Flavour::Busybox)
    }

    /// Whether packages are deb.
    pub fn deb(self) -> bool {
        matches!(self, Flavour::Debian | Flavour::Ubuntu)
    }

    /// `ID` of os-release.
    pub fn id(self, persona: &Persona) -> String {
        match self {
            Flavour::Debian if persona.os.id.starts_with("kali") => "kali".into(),
            Flavour::Debian => "debian".into(),
            Flavour::Ubuntu => "ubuntu".into(),
            Flavour::Alpine => "alpine".into(),
            Flavour::Busybox => "buildroot".into(),
            Flavour::Redhat => persona.os.id.chars().take_while(char::is_ascii_alphabetic).collect(),
        }
    }
}

/// Version of BusyBox with its build date, as the applets print it.
pub(crate) fn busybox_version(persona: &Persona) -> String {
    match persona.os.id.as_str() {
        "debian12" => return "BusyBox v1.35.0 (Debian 1:1.35.0-4+b3)".into(),
        "debian11" => return "BusyBox v1.30.1 (Debian 1:1.30.1-6+b3)".into(),
        "ubuntu2204" => return "BusyBox v1.30.1 (Ubuntu 1:1.30.1-7ubuntu3)".into(),
        "ubuntu2004" => return "BusyBox v1.30.1 (Ubuntu 1:1.30.1-4ubuntu6.4)".into(),
        "kali" => return "BusyBox v1.36.1 (Debian 1:1.36.1-6)".into(),
        _ => {}
    }
    if Flavour::of(persona) == Flavour::Alpine {
        return "BusyBox v1.36.1 (2023-11-07 18:53:09 UTC)".into();
    }
    match crate::text::hash(&[&persona.hardware.product, "busybox"]) % 3 {
        0 => "BusyBox v1.19.4 (2018-04-09 11:26:33 CST)".into(),
        1 => "BusyBox v1.24.1 (2017-10-26 17:02:48 CST)".into(),
        _ => "BusyBox v1.22.1 (2019-06-17 15:40:02 CST)".into(),
    }
}
