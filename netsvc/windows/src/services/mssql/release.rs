//! Releases of SQL Server: their numbers, and what they say of themselves.
//!
//! Source: Microsoft, "Latest updates and version history for SQL Server", and `@@VERSION` of such servers.

use netsvc_kit::Host;
use netsvc_persona::Persona;

/// A release.
#[derive(Debug, PartialEq, Eq)]
struct Build {
    number: &'static str,
    year: &'static str,
    level: &'static str,
    article: &'static str,
    made: &'static str,
    copyright: &'static str,
}

/// What is shown where the persona names none of these.
const USUAL: Build = Build {
    number: "15.0.2000.5",
    year: "2019",
    level: "RTM",
    article: "",
    made: "Sep 24 2019 13:48:23",
    copyright: "Copyright (C) 2019 Microsoft Corporation",
};

const BUILDS: &[Build] = &[
    Build {
        number: "12.0.6024.0",
        year: "2014",
        level: "SP3",
        article: " (KB4022619)",
        made: "Sep  7 2018 01:37:51",
        copyright: "Copyright (c) Microsoft Corporation",
    },
    Build {
        number: "13.0.5026.0",
        year: "2016",
        level: "SP2",
        article: " (KB4052908)",
        made: "Mar 18 2018 09:11:49",
        copyright: "Copyright (c) Microsoft Corporation",
    },
    Build {
        number: "14.0.1000.169",
        year: "2017",
        level: "RTM",
        article: "",
        made: "Aug 22 2017 17:04:49",
        copyright: "Copyright (C) 2017 Microsoft Corporation",
    },
    USUAL,
    Build {
        number: "16.0.1000.6",
        year: "2022",
        level: "RTM",
        article: "",
        made: "Oct  8 2022 05:58:25",
        copyright: "Copyright (C) 2022 Microsoft Corporation",
    },
];

/// The server of a host.
#[derive(Debug)]
pub(super) struct Release {
    build: &'static Build,
    /// The host's name in capitals, as servers have it.
    pub(super) machine: String,
    /// The name of its instance.
    pub(super) instance: String,
    edition: &'static str,
    system: String,
}

const DEFAULT_INSTANCE: &str = "MSSQLSERVER";

impl Release {
    /// That of `host`.
    pub(super) fn of(host: &Host) -> Release {
        let persona = host.persona();
        let version = host.product().map_or("", |product| product.version.as_str());
        let build = BUILDS.iter().find(|build| build.number == version).unwrap_or(&USUAL);
        let server = persona.os.family != "windows";
        Release {
            build,
            machine: persona.hostname.to_uppercase().chars().take(15).collect(),
            instance: host.setting("instance").unwrap_or(DEFAULT_INSTANCE).to_uppercase(),
            edition: if server { "Standard Edition (64-bit)" } else { "Express Edition (64-bit)" },
            system: system(persona),
        }
    }

    /// Version as the protocol has it.
    pub(super) fn version(&self) -> [u8; 4] {
        let mut parts = self.build.number.split('.').map(|part| part.parse::<u16>().unwrap_or_default());
        let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let [high, low] = parts.next().unwrap_or_default().to_be_bytes();
        [major.to_le_bytes()[0], minor.to_le_bytes()[0], high, low]
    }

    /// Version as text.
    pub(super) fn number(&self) -> &'static str {
        self.build.number
    }

    /// `SERVERPROPERTY('ProductLevel')`.
    pub(super) fn level(&self) -> &'static str {
        self.build.level
    }

    /// `SERVERPROPERTY('Edition')`.
    pub(super) fn edition(&self) -> &'static str {
        self.edition
    }

    /// Whether its instance is the one without a name.
    pub(super) fn is_default(&self) -> bool {
        self.instance == DEFAULT_INSTANCE
    }

    /// Name of the server: that of its host, with its instance if that has a name.
    pub(super) fn server(&self) -> String {
        if self.is_default() { self.machine.clone() } else { format!("{}\\{}", self.machine, self.instance) }
    }

    /// The account that runs it.
    pub(super) fn service_account(&self) -> String {
        if self.is_default() {
            "nt service\\mssqlserver".to_owned()
        } else {
            format!("nt service\\mssql${}", self.instance.to_lowercase())
        }
    }

    /// `@@VERSION`.
    pub(super) fn banner(&self) -> String {
        let Build { number, year, level, article, made, copyright } = self.build;
        format!(
            "Microsoft SQL Server {year} ({level}){article} - {number} (X64) \n\t{made} \n\t{copyright}\n\t{} on {}\n",
            self.edition, self.system
        )
    }
}

/// The system as the server names it.
fn system(persona: &Persona) -> String {
    let os = &persona.os;
    let name = match os.id.as_str() {
        "windows_server_2012r2" => "Windows NT 6.3".to_owned(),
        _ => {
            let plain = os.pretty_name.trim_end_matches(&os.codename).trim();
            format!("{plain} {}", os.version)
        }
    };
    format!("{name} <X64> (Build {}: ) (Hypervisor)", os.build)
}
