//! Whether an answer lets in: the password behind it is one that is known, or one that everybody tries.

use super::Authenticate;
use netsvc_kit::{Accounts, Credential, Host, Link};
use netsvc_persona::LoginPolicy;

/// Passwords that are tried first by those who guess; an answer tells which of them it is made of.
const COMMON: &[&str] = &[
    "123456",
    "12345678",
    "123456789",
    "password",
    "Password",
    "password1",
    "Password1",
    "Password1!",
    "P@ssw0rd",
    "P@ssword",
    "P@ssw0rd1",
    "p@ssw0rd",
    "Passw0rd",
    "Passw0rd!",
    "admin",
    "Admin",
    "admin123",
    "Admin123",
    "Admin@123",
    "admin@123",
    "administrator",
    "Administrator",
    "root",
    "toor",
    "test",
    "Test123",
    "user",
    "guest",
    "qwerty",
    "Qwerty123",
    "1q2w3e4r",
    "1qaz2wsx",
    "1qaz@WSX",
    "1qaz!QAZ",
    "abc123",
    "Abc123",
    "Aa123456",
    "abc@123",
    "111111",
    "000000",
    "1234",
    "12345",
    "1234567",
    "1234567890",
    "123123",
    "654321",
    "letmein",
    "welcome",
    "Welcome1",
    "Welcome123",
    "changeme",
    "secret",
    "server",
    "Server2019",
    "windows",
    "Winter2024",
    "Summer2024",
    "pass",
    "pass123",
    "Pass@123",
    "pa$$w0rd",
    "Pa$$w0rd",
    "sa",
    "sql",
    "super",
    "support",
    "backup",
    "oracle",
    "company",
    "zaq12wsx",
    "monkey",
    "dragon",
    "iloveyou",
    "master",
    "login",
    "default",
    "temp",
    "scanner",
    "remote",
    "Remote1",
];

/// What comes of an answer.
#[derive(Debug)]
pub struct Judged {
    /// What is written down of it.
    pub credential: Credential,
    /// The account as the node spells it.
    pub account: String,
    /// The key of the session, where the peer is let in.
    pub session_key: Option<[u8; 16]>,
}

impl Authenticate {
    /// Judges the answer to `nonce` of the peer of `link`: it lets in whose password the node knows, and where attempts
    /// are counted, whose password is a common one. Names are the same in small and large letters.
    pub fn judge(&self, host: &Host, link: &Link, nonce: [u8; 8]) -> Judged {
        let known = host.persona().users.iter().find(|known| known.name.eq_ignore_ascii_case(&self.user));
        let account = known.map_or_else(|| self.user.clone(), |known| known.name.clone());
        let fits = |password: &[u8]| self.proven_by(password, nonce).is_some();
        let password = host
            .password_of(link, Accounts::System, account.as_bytes(), fits)
            .or_else(|| self.guessed(host, nonce));
        let session_key = password
            .filter(|password| host.login(link, Accounts::System, account.as_bytes(), password))
            .and_then(|password| self.proven_by(&password, nonce));
        let credential = self.credential(nonce, session_key.is_some());
        Judged { credential, account, session_key }
    }

    fn guessed(&self, host: &Host, nonce: [u8; 8]) -> Option<Vec<u8>> {
        if !matches!(host.persona().login, LoginPolicy::AcceptAfter(_)) {
            return None;
        }
        let user = &self.user;
        let own = [user.clone(), format!("{user}123"), format!("{user}@123"), format!("{user}1")];
        let all = COMMON.iter().map(|word| (*word).to_owned()).chain(own);
        all.map(String::into_bytes).find(|password| self.proven_by(password, nonce).is_some())
    }
}
