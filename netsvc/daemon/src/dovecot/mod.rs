//! What the services of Dovecot have in common: how a node's is set up, whom it lets in, and what runs it.
//!
//! Behaviour was taken from Dovecot 2.3.19 of Debian 12, beside which the services are compared.

mod daemons;
mod products;
mod sasl;

pub use daemons::DAEMONS;
pub use products::PRODUCTS;
pub use sasl::{Outcome, Progress, Step};

use crate::mailbox;
use netsvc_kit::{Beyond, Credential, Full, Host, Link, Out, Setting, SettingKind};
use netsvc_persona::subkey;
use rand_core::RngCore;
use std::{sync::Arc, time::Duration};

/// `auth_failure_delay`.
const FAILURE: Duration = Duration::from_secs(2);
/// Values of `auth_mechanisms`.
const SETS: &[&str] = &["plain", "plain login", "plain login cram-md5", "plain login cram-md5 apop"];
/// Services that show the same mailboxes; a setting of one holds for both.
const SERVICES: [&str; 2] = ["imap", "pop3"];

/// What can be set.
pub const SETTINGS: &[Setting] = &[
    Setting {
        key: "mechanisms",
        kind: SettingKind::Enum(SETS),
        default: "",
        help: "how clients may log in (auth_mechanisms); empty: from the persona",
    },
    Setting {
        key: "plaintext",
        kind: SettingKind::Bool,
        default: "yes",
        help: "take passwords on connections without TLS, too (disable_plaintext_auth = no)",
    },
    Setting {
        key: "mails",
        kind: SettingKind::Int(0, 100),
        default: "",
        help: "most mails that an inbox holds at first; empty: what came in the last weeks",
    },
];

/// How Dovecot is set up on a node.
#[derive(Clone, Debug)]
pub struct Dovecot {
    pub host: Arc<Host>,
    pub link: Link,
    /// Names of its mechanisms but APOP, in the order in which they are offered.
    pub mechanisms: Vec<String>,
    /// Whether APOP is one of them.
    pub apop: bool,
    plaintext: bool,
}

/// `process_limit` of the login services; one more connection waits.
pub fn full(_host: &Host) -> Full {
    Full::of(100, Beyond::Wait)
}

impl Dovecot {
    /// The one that answers on `link`.
    pub fn new(host: &Arc<Host>, link: &Link) -> Self {
        let set = setting(host, "mechanisms").unwrap_or_else(|| drawn(host).to_owned());
        let names = set.split(' ').filter(|name| !name.is_empty());
        let plaintext = setting(host, "plaintext")
            .is_none_or(|value| matches!(value.to_ascii_lowercase().as_str(), "yes" | "true" | "on" | "1"));
        Dovecot {
            host: host.clone(),
            link: *link,
            mechanisms: names.clone().filter(|name| *name != "apop").map(str::to_ascii_uppercase).collect(),
            apop: names.clone().any(|name| name == "apop"),
            plaintext,
        }
    }

    /// Whether a password may come as it is.
    pub fn takes_passwords(&self, tls: bool) -> bool {
        self.plaintext || tls
    }

    /// Mechanisms that are offered.
    pub fn offered(&self, tls: bool) -> impl Iterator<Item = &str> {
        let all = self.takes_passwords(tls);
        let names = self.mechanisms.iter().map(String::as_str);
        names.filter(move |name| all || !matches!(*name, "PLAIN" | "LOGIN"))
    }

    /// What it calls itself in its greeting: distributions put their name in.
    pub fn greeting(&self) -> &'static str {
        match self.host.persona().os.id.as_str() {
            id if id.starts_with("debian") || id == "kali" => "Dovecot (Debian) ready.",
            id if id.starts_with("ubuntu") => "Dovecot (Ubuntu) ready.",
            _ => "Dovecot ready.",
        }
    }

    /// Records what was judged; a failure is answered late (`auth_failure_delay`).
    pub fn judged(&self, credential: Option<Box<Credential>>, outcome: &Outcome, out: &mut Out) {
        if let Some(credential) = credential {
            out.credential(*credential);
        }
        if *outcome == Outcome::Failed && self.host.natural_delays() {
            out.wait(FAILURE);
        }
    }

    /// The mailbox of `user`, who has logged in.
    pub fn mailbox(&self, user: &[u8]) -> mailbox::Shared {
        let most = most_mails(&self.host);
        let account = sasl::bare(&self.host, user).to_ascii_lowercase();
        mailbox::open(&self.host, &self.link, &account, most)
    }
}

/// Whether the node of `host` shows mailboxes.
pub fn is_on(host: &Host) -> bool {
    SERVICES.iter().any(|slug| host.persona().products.contains_key(*slug))
}

/// Most mails of an inbox, where that is set.
pub fn most_mails(host: &Host) -> Option<usize> {
    setting(host, "mails")?.parse().ok()
}

/// A setting of this service or of the other that shows the same mailboxes.
fn setting(host: &Host, key: &str) -> Option<String> {
    let other = || SERVICES.iter().find_map(|slug| host.setting_of(slug, key));
    host.setting(key).map(str::to_owned).or_else(other)
}

/// Mechanisms as the node's key draws them, the same for all its services.
fn drawn(host: &Host) -> &'static str {
    let key = host.persona().subkey.hex_bytes().unwrap_or_default();
    let draw = subkey::generator(&key, &["dovecot", "mechanisms"]).next_u32();
    SETS.get(2 + draw as usize % 2).copied().unwrap_or_default()
}
