//! Who gets in: one decision for all services of a node, so that a pair that works on one works on all.

mod kept;
mod name;

pub use name::Accounts;

use crate::network;
use kept::{Change, Journal, What};
use netsvc_persona::{LoginPolicy, Persona};
use parking_lot::Mutex;
use std::{collections::BTreeMap, net::IpAddr, path::Path, sync::Arc};

/// Sources whose attempts are remembered; beyond that the oldest is forgotten.
const REMEMBERED: usize = 50_000;

/// Attempts of the sources of one process, by node.
#[derive(Clone, Debug, Default)]
pub struct Logins {
    inner: Arc<Mutex<Memory>>,
    /// Where changes are kept, and those that are still to be written, in their order.
    journal: Option<Arc<Mutex<Journal>>>,
    waiting: Arc<Mutex<Vec<Change>>>,
}

#[derive(Debug, Default)]
struct Memory {
    sources: BTreeMap<(String, IpAddr), Source>,
    /// Order of arrival, for forgetting.
    arrivals: std::collections::VecDeque<(String, IpAddr)>,
}

#[derive(Debug, Default)]
struct Source {
    attempts: u32,
    accepted: Option<(Vec<u8>, Vec<u8>)>,
    /// Passwords that the source itself gave accounts of the system.
    set: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// What is remembered of a source at a node stands under this.
fn key(node: &str, source: IpAddr) -> (String, IpAddr) {
    (node.to_owned(), network(source))
}

/// Accounts whose passwords one source can have set.
const MAX_SET: usize = 64;

impl Logins {
    /// Attempts of a process that keeps in the file `path` what a restart must not undo.
    pub fn open(path: &Path) -> Logins {
        let (journal, changes) = Journal::open(path);
        let logins = Logins { journal: Some(Arc::new(Mutex::new(journal))), ..Logins::default() };
        let mut memory = logins.inner.lock();
        for change in changes {
            memory.apply(change);
        }
        drop(memory);
        logins
    }

    /// Writes `change` down, off the threads that serve connections.
    fn keep(&self, change: Change) {
        let Some(journal) = self.journal.clone() else { return };
        self.waiting.lock().push(change);
        let (inner, waiting) = (self.inner.clone(), self.waiting.clone());
        let write = move || {
            // One writer at a time takes all that waits, so that the order stays.
            let journal = journal.lock();
            let changes = std::mem::take(&mut *waiting.lock());
            // What cannot be written holds until the process ends.
            let _ = journal.add(&changes, || inner.lock().changes());
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(write)),
            Err(_) => write(),
        }
    }

    /// Whether `user` with `password` gets in, from `source`, as one of `accounts` of the node of `persona`.
    ///
    /// An empty password never does where real servers refuse it, and no attempt is counted for it; the same holds
    /// for names that no account there can have, such as a scanner's probe lines.
    pub fn check(
        &self,
        persona: &Persona,
        accounts: Accounts,
        source: IpAddr,
        user: &[u8],
        password: &[u8],
    ) -> bool {
        if let Some(set) = self.set_by(persona, accounts, source, user) {
            return !password.is_empty() && set == password;
        }
        match persona.login {
            LoginPolicy::Deny => false,
            LoginPolicy::AcceptListed => {
                (!password.is_empty() || accounts.may_lack_passwords()) && listed(persona, user, password)
            }
            LoginPolicy::AcceptAfter(attempts) => {
                !password.is_empty()
                    && accounts.can_have(&persona.os.family, user)
                    && self.after(persona, source, user, password, attempts)
            }
        }
    }

    /// `source` gave `user` a new password at the node of `persona`: from now on it is the one that lets in from there,
    /// and no other.
    pub fn set_password(&self, persona: &Persona, source: IpAddr, user: &[u8], password: &[u8]) {
        let change = Change {
            node: persona.node.clone(),
            source,
            what: What::Set,
            user: user.to_vec(),
            password: password.to_vec(),
        };
        self.inner.lock().apply(change.clone());
        self.keep(change);
    }

    /// The password that `source` gave `user`, where that is one of the system's accounts.
    fn set_by(&self, persona: &Persona, accounts: Accounts, source: IpAddr, user: &[u8]) -> Option<Vec<u8>> {
        if !accounts.are_of_the_system() {
            return None;
        }
        let memory = self.inner.lock();
        memory.sources.get(&key(&persona.node, source))?.set.get(user).cloned()
    }

    /// The password of `user` that `fits`, out of those that the persona lists and the one that `source` got in with:
    /// for protocols that send a proof of the password instead of it.
    pub fn password_of(
        &self,
        persona: &Persona,
        accounts: Accounts,
        source: IpAddr,
        user: &[u8],
        fits: impl Fn(&[u8]) -> bool,
    ) -> Option<Vec<u8>> {
        if let Some(set) = self.set_by(persona, accounts, source, user) {
            return Some(set).filter(|set| fits(set));
        }
        let memory = self.inner.lock();
        let known = memory.sources.get(&key(&persona.node, source));
        let accepted = known
            .and_then(|source| source.accepted.as_ref())
            .filter(|(name, _)| name == user)
            .map(|(_, password)| password.as_slice());
        let listed = persona.users.iter().filter(|known| known.name.as_bytes() == user);
        listed
            .filter_map(|known| known.password.as_ref())
            .map(|secret| secret.0.as_bytes())
            .chain(accepted)
            .find(|password| fits(password))
            .map(<[u8]>::to_vec)
    }

    fn after(&self, persona: &Persona, source: IpAddr, user: &[u8], password: &[u8], needed: u32) -> bool {
        let mut memory = self.inner.lock();
        let known = memory.source(key(&persona.node, source));
        if let Some((accepted_user, accepted_password)) = &known.accepted {
            return accepted_user == user && accepted_password == password;
        }
        known.attempts = known.attempts.saturating_add(1);
        if known.attempts < needed {
            return false;
        }
        known.accepted = Some((user.to_vec(), password.to_vec()));
        drop(memory);
        self.keep(Change {
            node: persona.node.clone(),
            source,
            what: What::Accepted,
            user: user.to_vec(),
            password: password.to_vec(),
        });
        true
    }
}

impl Memory {
    fn apply(&mut self, change: Change) {
        let Change { node, source, what, user, password } = change;
        let source = self.source(key(&node, source));
        match what {
            What::Accepted => source.accepted = Some((user, password)),
            What::Set if source.set.len() < MAX_SET || source.set.contains_key(&user) => {
                source.set.insert(user, password);
            }
            What::Set => {}
        }
    }

    /// What is remembered, as changes, the oldest source first.
    fn changes(&self) -> Vec<Change> {
        let mut all = Vec::new();
        for key in &self.arrivals {
            let Some(known) = self.sources.get(key) else { continue };
            let change = |what, user: &[u8], password: &[u8]| Change {
                node: key.0.clone(),
                source: key.1,
                what,
                user: user.to_vec(),
                password: password.to_vec(),
            };
            all.extend(known.accepted.iter().map(|(user, password)| change(What::Accepted, user, password)));
            all.extend(known.set.iter().map(|(user, password)| change(What::Set, user, password)));
        }
        all
    }

    /// What is remembered of a source; the oldest is forgotten for a new one.
    fn source(&mut self, key: (String, IpAddr)) -> &mut Source {
        if !self.sources.contains_key(&key) {
            if REMEMBERED <= self.sources.len()
                && let Some(oldest) = self.arrivals.pop_front()
            {
                self.sources.remove(&oldest);
            }
            self.arrivals.push_back(key.clone());
        }
        self.sources.entry(key).or_default()
    }
}

/// Whether the persona lists this pair.
pub fn listed(persona: &Persona, user: &[u8], password: &[u8]) -> bool {
    persona.users.iter().any(|known| {
        known.name.as_bytes() == user
            && known.password.as_ref().is_some_and(|secret| secret.0.as_bytes() == password)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::persona;

    #[test]
    fn the_pair_of_the_third_attempt_stays_valid_and_no_other_becomes_so() {
        let logins = Logins::default();
        let mut persona = persona("db-01");
        persona.login = LoginPolicy::AcceptAfter(3);
        let attempt = |source: &str, password: &str| {
            logins.check(&persona, Accounts::System, source.parse().unwrap(), b"root", password.as_bytes())
        };
        assert!(!attempt("192.0.2.1", "a"));
        assert!(!attempt("192.0.2.1", "b"));
        assert!(!attempt("192.0.2.2", "b"), "another source counts for itself");
        assert!(attempt("192.0.2.1", "c"));
        assert!(attempt("192.0.2.1", "c"));
        assert!(!attempt("192.0.2.1", "d"));
        assert!(!attempt("2001:db8::1", "a") && !attempt("2001:db8::2", "b"));
        assert!(attempt("2001:db8::3", "c"), "a /64 is one source");
        assert!(attempt("2001:db8::4", "c") && !attempt("2001:db8::5", "d"));
        assert!(!attempt("2001:db8:0:1::1", "c"), "another network counts for itself");
        let proven = |source: &str| {
            let source = source.parse().unwrap();
            logins.password_of(&persona, Accounts::System, source, b"root", |password| password == b"c")
        };
        assert_eq!(proven("192.0.2.1").as_deref(), Some(&b"c"[..]), "a proof of the password is enough");
        assert_eq!(proven("192.0.2.2"), None);
    }

    #[test]
    fn a_password_that_a_source_sets_is_the_one_that_works_for_it() {
        let logins = Logins::default();
        let mut persona = persona("db-01");
        for policy in [LoginPolicy::AcceptListed, LoginPolicy::AcceptAfter(1)] {
            persona.login = policy;
            let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
            let old = persona.users.first().and_then(|user| user.password.clone()).unwrap().0;
            logins.set_password(&persona, one, b"root", b"new");
            let check = |source, password: &str| {
                logins.check(&persona, Accounts::System, source, b"root", password.as_bytes())
            };
            assert!(check(one, "new") && !check(one, &old), "{:?}", persona.login);
            assert!(check(other, &old), "another source sees no change");
            let proof = |accounts, password: &str| {
                logins.password_of(&persona, accounts, one, b"root", |known| known == password.as_bytes())
            };
            assert_eq!(proof(Accounts::System, "new").as_deref(), Some(&b"new"[..]));
            assert_eq!(proof(Accounts::Database, "new"), None, "a database has accounts of its own");
            assert!(logins.check(&persona, Accounts::Database, one, b"root", old.as_bytes()));
        }
    }

    #[test]
    fn what_was_set_and_what_was_let_in_survive_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logins");
        let mut persona = persona("db-01");
        persona.login = LoginPolicy::AcceptAfter(2);
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let check = |logins: &Logins, source, password: &str| {
            logins.check(&persona, Accounts::System, source, b"root", password.as_bytes())
        };
        let before = Logins::open(&path);
        assert!(!check(&before, one, "a") && check(&before, one, "b"));
        before.set_password(&persona, other, b"root", b"first");
        before.set_password(&persona, other, b"root", b"last");
        let after = Logins::open(&path);
        assert!(check(&after, one, "b") && !check(&after, one, "a"));
        assert!(check(&after, other, "last") && !check(&after, other, "first"));
    }

    #[test]
    fn an_empty_password_lets_in_only_where_it_is_listed_and_servers_are_known_for_it() {
        let source = "192.0.2.1".parse().unwrap();
        let mut persona = persona("db-01");
        if let Some(user) = persona.users.first_mut() {
            user.password = Some(netsvc_persona::Secret(String::new()));
        }
        let all = [
            Accounts::System,
            Accounts::Mailboxes,
            Accounts::Application,
            Accounts::Roles,
            Accounts::Database,
        ];
        for accounts in all {
            let (logins, accepted) = (Logins::default(), accounts == Accounts::Database);
            assert_eq!(logins.check(&persona, accounts, source, b"root", b""), accepted, "{accounts:?}");
        }
        persona.login = LoginPolicy::AcceptAfter(1);
        let logins = Logins::default();
        for accounts in all {
            assert!(!logins.check(&persona, accounts, source, b"root", b""), "{accounts:?}");
        }
        assert!(
            logins.check(&persona, Accounts::System, source, b"root", b"x"),
            "the empty ones fixed no pair"
        );
    }

    #[test]
    fn attempts_with_a_name_that_no_account_can_have_are_neither_let_in_nor_counted() {
        let source = "192.0.2.1".parse().unwrap();
        let mut persona = persona("db-01");
        persona.login = LoginPolicy::AcceptAfter(2);
        let logins = Logins::default();
        for _ in 0..5 {
            let probe = b"OPTIONS sip:nm SIP/2.0";
            assert!(!logins.check(&persona, Accounts::System, source, probe, b"Via: SIP/2.0/TCP nm"));
        }
        assert!(!logins.check(&persona, Accounts::System, source, b"admin", b"1"));
        assert!(logins.check(&persona, Accounts::System, source, b"admin", b"2"));
    }
}
