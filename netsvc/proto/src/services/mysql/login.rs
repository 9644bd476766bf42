//! How a client gets in: its response to the greeting, the plugins, and a change of user later.

use super::{
    Connection, State,
    auth::{self, First, Response},
    flavour::{NATIVE, capability},
    rows,
};
use netsvc_kit::{Accounts, Credential, Out};
use netsvc_wire::{Kind, field};
use std::time::Duration;

/// Wrong passwords cost the server nothing; it answers at once. This is the pause of its network thread.
const PAUSE: Duration = Duration::from_millis(2);
/// Failed changes of user after which MariaDB takes no more.
const CHANGES: u8 = 3;

/// The change of user that is going on, and those that failed.
#[derive(Debug, Default)]
pub(super) struct Changing {
    /// What the client was before.
    pub before: Option<Box<Response>>,
    /// Changes that failed.
    pub failed: u8,
}

impl Connection {
    pub(super) fn first(&mut self, payload: &[u8], out: &mut Out) {
        match auth::first(payload) {
            Some(First::Tls) if self.flavour.capabilities & capability::SSL != 0 && !self.secure => {
                // The client goes on without an answer: its hello may be here already.
                out.start_tls(self.reader.take_all());
            }
            Some(First::Response(response)) => {
                self.response = *response;
                // What was not offered is not taken.
                self.response.capabilities &= self.flavour.capabilities | capability::SSL;
                self.response.extended &= self.flavour.extended;
                self.agree();
                self.fingerprint(out);
                self.choose(out);
            }
            _ => {
                out.record(Kind::Malformed, vec![(field::REASON, b"bad handshake".to_vec())]);
                self.error(out, 1043, "08S01", "Bad handshake");
                out.close();
            }
        }
    }

    fn fingerprint(&self, out: &mut Out) {
        let capabilities = format!("{:08x}", self.response.capabilities).into_bytes();
        out.record(
            Kind::ClientFingerprint,
            vec![
                (field::CLIENT_VERSION, capabilities),
                (field::CLIENT_NAME, self.response.attributes.clone()),
                (field::METHOD_NAME, self.response.plugin.clone()),
                (field::DATABASE, self.response.database.clone()),
            ],
        );
    }

    /// Takes up what both sides can do.
    fn agree(&mut self) {
        let has = |flag: u32| self.response.capabilities & flag != 0;
        self.multiple = has(capability::MULTI_STATEMENTS);
        self.form = rows::Form {
            deprecate_eof: has(capability::DEPRECATE_EOF),
            extended: self.response.extended & capability::EXTENDED_METADATA != 0,
            cached: self.response.extended & capability::CACHE_METADATA != 0,
            optional: !self.flavour.mariadb && has(capability::OPTIONAL_METADATA),
        };
    }

    /// COM_CHANGE_USER: the login begins anew, on the same connection.
    pub(super) fn change_user(&mut self, body: &[u8], out: &mut Out) {
        if self.flavour.mariadb && CHANGES <= self.changing.failed {
            return self.error(out, 1047, "08S01", "Unknown command");
        }
        let Some(response) = auth::changed(body, &self.response) else {
            out.record(Kind::Malformed, vec![(field::REASON, b"bad change of user".to_vec())]);
            return self.error(out, 1047, "08S01", "Unknown command");
        };
        self.changing.before = Some(Box::new(std::mem::replace(&mut self.response, response)));
        self.state = State::Response;
        self.choose(out);
    }

    /// Takes the answer as it is, or asks for one by the server's own plugin.
    fn choose(&mut self, out: &mut Out) {
        let offered = self.response.plugin.as_slice();
        let plugin = self.flavour.plugin;
        if offered == plugin.as_bytes() || (offered.is_empty() && plugin == NATIVE) {
            return self.answered(out);
        }
        if self.response.capabilities & capability::PLUGIN_AUTH == 0 {
            self.decide_by_scramble(out, false);
            let text = "Client does not support authentication protocol requested by server; consider upgrading \
                        MySQL client";
            self.error(out, 1251, "08004", text);
            return out.close();
        }
        let mut body = vec![0xfe];
        body.extend_from_slice(plugin.as_bytes());
        body.push(0);
        body.extend_from_slice(&self.salt);
        body.push(0);
        self.send(out, &body);
        self.state = State::Switched;
    }

    pub(super) fn answered(&mut self, out: &mut Out) {
        if self.flavour.plugin == NATIVE {
            let accepted = self.decide_by_scramble(out, true);
            return self.decided(accepted, !self.response.answer.is_empty(), out);
        }
        self.caching_answered(out);
    }

    /// Writes down a native scramble, or none at all; whether it is accepted.
    pub(super) fn decide_by_scramble(&mut self, out: &mut Out, may: bool) -> bool {
        let answer = self.response.answer.clone();
        let fits = |password: &[u8]| auth::native_matches(&self.salt, &answer, password);
        let known = self.host.password_of(&self.link, Accounts::Database, &self.response.user, fits);
        // Without the password itself, a policy that counts attempts can only know the account.
        let secret = known.unwrap_or_else(|| if answer.is_empty() { Vec::new() } else { b"\0".to_vec() });
        let accepted = may && self.host.login(&self.link, Accounts::Database, &self.response.user, &secret);
        out.credential(Credential {
            principal: self.response.user.clone(),
            kind: if answer.is_empty() { "plaintext" } else { NATIVE },
            secret: answer.clone(),
            challenge: (!answer.is_empty()).then(|| self.salt.to_vec()),
            crack_line: auth::native_crack_line(&self.salt, &answer),
            method: NATIVE,
            accepted,
        });
        accepted
    }

    pub(super) fn decided(&mut self, accepted: bool, with_password: bool, out: &mut Out) {
        if self.host.natural_delays() {
            out.wait(PAUSE);
        }
        if !accepted {
            let user = String::from_utf8_lossy(&self.response.user).into_owned();
            let using = if with_password { "YES" } else { "NO" };
            let text = format!(
                "Access denied for user '{user}'@'{}' (using password: {using})",
                self.link.peer.ip()
            );
            self.error(out, 1045, "28000", &text);
            return self.turned_away(out);
        }
        if self.changing.before.is_some() {
            self.forget();
        }
        let database = String::from_utf8_lossy(&self.response.database).into_owned();
        if !database.is_empty()
            && let Err((code, state, text)) = self.choose_database(&database)
        {
            self.error(out, code, state, &text);
            return self.turned_away(out);
        }
        self.changing.before = None;
        out.record(Kind::SessionStart, vec![(field::PRINCIPAL, self.response.user.clone())]);
        self.send(out, &rows::ok(0, 0, rows::AUTOCOMMIT, 0));
        self.state = State::Query;
        if self.response.capabilities & capability::COMPRESS != 0 {
            self.compressed = Some(0);
            self.reader.compress();
        }
    }

    /// After a refusal: the connection ends, or goes on as the user that it was.
    fn turned_away(&mut self, out: &mut Out) {
        match self.changing.before.take() {
            Some(before) if self.flavour.mariadb => {
                self.response = *before;
                self.changing.failed += 1;
                self.state = State::Query;
            }
            _ => out.close(),
        }
    }

    /// The client went away: what it showed of a password before is written down.
    pub(super) fn gone(&mut self, out: &mut Out) {
        if matches!(self.state, State::Full | State::Key | State::Sealed) {
            self.state = State::Greeting;
            self.scramble_only(out);
        }
    }
}
