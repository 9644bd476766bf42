//! Active Directory: what its releases say.
//!
//! The identifiers (DSID) name a place in Microsoft's source and differ from release to release; `v…` is the build of
//! Windows in hexadecimal digits. Sources: diagnostic messages in public reports of each release; [MS-ADTS] §3.1.1.3.

mod descriptor;
mod maker;
pub(super) mod place;
pub(super) mod root;
pub(super) mod tree;

use super::reply::Outcome;
use netsvc_kit::Host;

/// A release of Windows Server as a domain controller.
#[derive(Debug)]
pub(super) struct Release {
    /// Id of the system.
    system: &'static str,
    /// Build, as messages have it.
    build: &'static str,
    /// Functional level.
    level: u8,
    /// Where a simple bind, one by SASL, and a search without a bind are refused.
    simple: &'static str,
    sasl: &'static str,
    bound: &'static str,
    /// Whether the entry of the server begins with the levels, as since 2019.
    levels_first: bool,
    /// How many controls it knows of those in the order in which they came.
    controls: usize,
}

const RELEASES: &[Release] = &[
    Release {
        system: "windows_server_2012r2",
        build: "2580",
        level: 6,
        simple: "0C09042F",
        sasl: "0C0905FB",
        bound: "0C0907E9",
        levels_first: false,
        controls: 35,
    },
    Release {
        system: "windows_server_2016",
        build: "3839",
        level: 7,
        simple: "0C090447",
        sasl: "0C0906A1",
        bound: "0C090A71",
        levels_first: false,
        controls: 36,
    },
    Release {
        system: "windows_server_2019",
        build: "4563",
        level: 7,
        simple: "0C090436",
        sasl: "0C090569",
        bound: "0C090A5C",
        levels_first: true,
        controls: 38,
    },
    Release {
        system: "windows_server_2022",
        build: "4f7c",
        level: 7,
        simple: "0C090434",
        sasl: "0C090587",
        bound: "0C090A5A",
        levels_first: true,
        controls: 38,
    },
];

/// The release that `host` shows; none where it is no domain controller.
pub(super) fn release(host: &Host) -> Option<&'static Release> {
    let name = host.product().map_or("", |product| product.name.as_str());
    let windows = host.persona().os.family.starts_with("windows");
    if name.is_empty() && !windows || name.eq_ignore_ascii_case("openldap") {
        return None;
    }
    let found = RELEASES.iter().find(|release| release.system == host.persona().os.id);
    found.or(RELEASES.get(2))
}

impl Release {
    /// Number of the functional level.
    pub(super) fn level(&self) -> u8 {
        self.level
    }

    /// Whether the entry of the server begins with the levels.
    pub(super) fn levels_first(&self) -> bool {
        self.levels_first
    }

    /// How many of the controls it knows.
    pub(super) fn controls(&self) -> usize {
        self.controls
    }

    /// An error of the LDAP server itself; every text ends with a zero byte.
    fn ldap(&self, code: u8, error: &str, place: &str, comment: &str, data: &str) -> Outcome {
        let build = self.build;
        let text = format!("{error}: LdapErr: DSID-{place}, comment: {comment}, data {data}, v{build}\0");
        Outcome::new(code, text)
    }

    /// An error of the directory service behind it.
    fn service(code: u8, error: &str, kind: &str, place: &str, problem: &str) -> Outcome {
        Outcome::new(code, format!("{error}: {kind}: DSID-{place}, problem {problem}, data 0\n\0"))
    }

    /// Name or password are wrong.
    pub(super) fn refused(&self) -> Outcome {
        self.ldap(49, "80090308", self.simple, "AcceptSecurityContext error", "52e")
    }

    /// The same by SASL.
    pub(super) fn refused_context(&self) -> Outcome {
        self.ldap(49, "8009030C", self.sasl, "AcceptSecurityContext error", "52e")
    }

    /// Nobody has logged in.
    pub(super) fn not_bound(&self) -> Outcome {
        let comment =
            "In order to perform this operation a successful bind must be completed on the connection.";
        self.ldap(1, "000004DC", self.bound, comment, "0")
    }

    /// No such mechanism.
    pub(super) fn no_method(&self) -> Outcome {
        let comment = "The server does not support the specified authentication method";
        self.ldap(7, "00002027", "0C0905ED", comment, "0")
    }

    /// The peer showed no certificate.
    pub(super) fn no_certificate(&self) -> Outcome {
        let comment = "The connection has not been encrypted, or no client certificate was sent";
        self.ldap(49, "8009030C", self.sasl, comment, "0")
    }

    /// A message that is none.
    pub(super) fn undecoded(&self) -> String {
        self.ldap(2, "00000057", "0C0C0095", "Error decoding ldap message", "0").text
    }

    /// A control that nobody knows must be obeyed.
    pub(super) fn critical(&self) -> Outcome {
        self.ldap(12, "00000057", "0C0907B4", "Error processing control", "0")
    }

    /// No such operation.
    pub(super) fn unknown_extension(&self) -> Outcome {
        self.ldap(2, "0000203D", "0C090B3E", "Unknown extended request OID", "0")
    }

    /// TLS is there already.
    pub(super) fn secure_already(&self) -> Outcome {
        self.ldap(1, "00002024", "0C0909F8", "TLS or SSL already in effect", "0")
    }

    /// There is no entry with that name; `matched` is the nearest above it.
    pub(super) fn no_entry(&self, matched: &str) -> Outcome {
        let text = format!(
            "0000208D: NameErr: DSID-03100245, problem 2001 (NO_OBJECT), data 0, best match of:\n\t'{matched}'\n\0"
        );
        Outcome { matched: matched.as_bytes().to_vec(), ..Outcome::new(32, text) }
    }

    /// That is no name.
    pub(super) fn bad_name(&self, name: &str) -> Outcome {
        let text = format!(
            "0000208F: NameErr: DSID-03100232, problem 2006 (BAD_NAME), data 8350, best match of:\n\t'{name}'\n\0"
        );
        Outcome::new(34, text)
    }

    /// Another server has what is called so.
    pub(super) fn elsewhere(&self, base: &str) -> Outcome {
        let labels = base.split(',').filter_map(|part| part.strip_prefix("dc="));
        let domain = labels.collect::<Vec<_>>().join(".");
        let text =
            format!("0000202B: RefErr: DSID-0310082F, data 0, 1 access points\n\tref 1: '{domain}'\n\0");
        Outcome { referral: Some(format!("ldap://{domain}/{base}")), ..Outcome::new(10, text) }
    }

    /// The peer may not do that.
    pub(super) fn no_rights(&self) -> Outcome {
        Self::service(50, "00002098", "SecErr", "031514A0", "4003 (INSUFF_ACCESS_RIGHTS)")
    }

    /// The server will not do that.
    pub(super) fn unwilling(&self) -> Outcome {
        Self::service(53, "0000001F", "SvcErr", "031A12D2", "5003 (WILL_NOT_PERFORM)")
    }

    /// The entry has others below it.
    pub(super) fn has_children(&self) -> Outcome {
        Self::service(66, "00002015", "UpdErr", "031A0FC9", "6003 (CANT_ON_NON_LEAF)")
    }

    /// There is an entry with that name.
    pub(super) fn exists(&self) -> Outcome {
        Self::service(68, "00002071", "UpdErr", "031B0D6C", "6005 (ENTRY_EXISTS)")
    }

    /// An entry needs a class.
    pub(super) fn no_class(&self) -> Outcome {
        Self::service(65, "00002079", "UpdErr", "030F0E5B", "6002 (OBJ_CLASS_VIOLATION)")
    }
}
