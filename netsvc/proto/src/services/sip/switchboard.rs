//! What all peers of a telephone system share: its name, its extensions, its challenges.

use crate::digest::Answer;
use netsvc_kit::{Host, Link, Out};
use netsvc_persona::LoginPolicy;
use parking_lot::Mutex;
use rand_core::RngCore;
use std::collections::VecDeque;

/// Challenges that may still be answered.
const CHALLENGES: usize = 1024;

/// The system.
#[derive(Debug)]
pub(super) struct Switchboard {
    /// How it calls its software.
    pub(super) server: String,
    realm: &'static str,
    /// Extensions; the first two have themselves for a password, as many leave it.
    extensions: Vec<u32>,
    challenges: Mutex<Challenges>,
}

/// Those that were given.
#[derive(Debug, Default)]
struct Challenges {
    open: VecDeque<String>,
    count: u64,
}

/// What credentials came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There are none, or none for a challenge of ours.
    Missing,
    Wrong,
    Right,
}

impl Switchboard {
    pub(super) fn of(host: &Host) -> Self {
        let server = host.product().map_or_else(String::new, |product| match product.name.as_str() {
            "FPBX" => format!("FPBX-{}({})", product.version, product.packaging),
            name => format!("{name} {}", product.version),
        });
        let mut random = host.generator("extensions");
        let first = [100, 200, 1000, 2000].get(random.next_u32() as usize % 4).copied().unwrap_or(100);
        let count = 6 + random.next_u32() % 20;
        let extensions = (0..count).map(|number| first + number).collect();
        Switchboard { server, realm: "asterisk", extensions, challenges: Mutex::default() }
    }

    #[cfg(test)]
    pub(super) fn first_extension(&self) -> u32 {
        self.extensions.first().copied().unwrap_or(0)
    }

    /// A field that asks for credentials. What is in it comes from the node's key and the peer's session:
    /// nobody foresees it, and the same conversation has the same.
    pub(super) fn challenge(&self, host: &Host, link: &Link) -> String {
        let mut challenges = self.challenges.lock();
        challenges.count += 1;
        let mut random = host.generator(&format!("challenge {} {}", link.session, challenges.count));
        let (mut nonce, mut opaque) = ([0; 16], [0; 8]);
        random.fill_bytes(&mut nonce);
        random.fill_bytes(&mut opaque);
        let nonce = format!("{}/{}", host.clock() / 1_000_000, hex::encode(nonce));
        let opaque = hex::encode(opaque);
        if CHALLENGES <= challenges.open.len() {
            challenges.open.pop_front();
        }
        challenges.open.push_back(nonce.clone());
        format!(
            "Digest realm=\"{}\",nonce=\"{nonce}\",opaque=\"{opaque}\",algorithm=MD5,qop=\"auth\"",
            self.realm
        )
    }

    /// Judges the credentials of a request and records them.
    pub(super) fn judge(
        &self,
        host: &Host,
        link: &Link,
        method: &str,
        field: &str,
        out: &mut Out,
    ) -> Verdict {
        let (scheme, text) = field.trim_start().split_once(' ').unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("digest") {
            return Verdict::Missing;
        }
        let answer = Answer::read(text);
        let ours = self.challenges.lock().open.contains(&answer.nonce);
        let weak = self.extensions.iter().take(2).map(u32::to_string).find(|known| *known == answer.user);
        let open = host.persona().login != LoginPolicy::Deny;
        let right = open && ours && weak.is_some_and(|password| answer.is_of(method, &password));
        out.credential(answer.credential(link, method, "http_digest_md5", right));
        match (ours, right) {
            (_, true) => Verdict::Right,
            (true, false) => Verdict::Wrong,
            (false, false) => Verdict::Missing,
        }
    }
}
