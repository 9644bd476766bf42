//! How a client gets in: by SCRAM, by an MD5 of its password, or by the password itself; then what the server tells
//! of itself.

use super::{
    Connection, State,
    flavour::Method,
    message::{Fields, message},
    refusal::Refusal,
    scram::{self, Exchange},
    startup::Start,
    worlds::{ADMINISTRATOR, Worlds},
};
use md5::{Digest, Md5};
use netsvc_kit::{Accounts, Credential, Out};
use netsvc_persona::LoginPolicy;
use netsvc_wire::{Kind, field};
use rand_core::RngCore;

/// Codes of `R` messages.
const OK: u32 = 0;
const PASSWORD: u32 = 3;
const MD5: u32 = 5;
const SASL: u32 = 10;
const SASL_CONTINUE: u32 = 11;
const SASL_FINAL: u32 = 12;

/// The answer of a client to [`MD5`] without the salt being known: of password and user.
fn hashed(password: &[u8], user: &[u8], salt: &[u8]) -> String {
    let inner = hex::encode(Md5::new().chain_update(password).chain_update(user).finalize());
    format!("md5{}", hex::encode(Md5::new().chain_update(inner).chain_update(salt).finalize()))
}

impl Connection {
    /// A client says who it is: it is asked for its password.
    pub(super) fn begin(&mut self, start: Start, out: &mut Out) {
        self.start = start;
        let start = &self.start;
        out.record(
            Kind::ClientFingerprint,
            vec![
                (field::PRINCIPAL, start.user.clone()),
                (field::DATABASE, start.database.clone()),
                (field::CLIENT_NAME, start.application.clone()),
                (field::CLIENT_VERSION, start.parameters.clone()),
            ],
        );
        if let Some(unknown) = &start.newer {
            let count = u32::try_from(unknown.len()).unwrap_or(0);
            let mut body = [196_608_u32.to_be_bytes(), count.to_be_bytes()].concat();
            for name in unknown {
                body.extend_from_slice(name);
                body.push(0);
            }
            out.send(message(b'v', &body));
        }
        if start.replication {
            let refusal = self.no_entry();
            return self.refuse(&refusal, out);
        }
        self.state = match self.flavour.method {
            Method::Password => {
                self.ask(PASSWORD, b"", out);
                State::Password
            }
            Method::Md5 => {
                let salt = self.salt;
                self.ask(MD5, &salt, out);
                State::Password
            }
            Method::Scram => {
                // With TLS the client may bind its proof to the channel; release 10 cannot yet.
                let plus = self.secure && self.flavour.major >= 11;
                let names: Vec<&str> =
                    [scram::PLUS, scram::PLAIN].into_iter().skip(usize::from(!plus)).collect();
                self.ask(SASL, format!("{}\0\0", names.join("\0")).as_bytes(), out);
                State::Mechanism
            }
        };
    }

    fn ask(&self, code: u32, rest: &[u8], out: &mut Out) {
        out.send(message(b'R', &[&code.to_be_bytes(), rest].concat()));
    }

    /// `pg_hba.conf` says nothing of such a connection.
    fn no_entry(&self) -> Refusal {
        let encryption = match (self.flavour.major < 14, self.secure) {
            (true, true) => "SSL on",
            (true, false) => "SSL off",
            (false, true) => "SSL encryption",
            (false, false) => "no encryption",
        };
        let text = format!(
            "no pg_hba.conf entry for replication connection from host \"{}\", user \"{}\", {encryption}",
            self.link.peer.ip(),
            String::from_utf8_lossy(&self.start.user)
        );
        Refusal::fatal("no_hba_replication", "28000", text)
    }

    /// A message of type `kind` came where a password is due.
    pub(super) fn answer(&mut self, kind: u8, body: &[u8], out: &mut Out) {
        if kind != b'p' {
            let (place, what) = match self.flavour.method {
                Method::Scram => ("not_sasl", "SASL"),
                Method::Md5 | Method::Password => ("not_password", "password"),
            };
            let text = format!("expected {what} response, got message type {kind}");
            return self.refuse(&Refusal::fatal(place, "08P01", text), out);
        }
        match std::mem::replace(&mut self.state, State::Start) {
            State::Mechanism => self.mechanism(body, out),
            State::First(plus) => self.first(body, plus, out),
            State::Proof(exchange) => self.proof(*exchange, body, out),
            _ => self.password(body, out),
        }
    }

    fn password(&mut self, body: &[u8], out: &mut Out) {
        let Some(answer) = body.strip_suffix(&[0]).filter(|answer| !answer.contains(&0)) else {
            return self
                .refuse(&Refusal::fatal("password_size", "08P01", "invalid password packet size"), out);
        };
        let user = self.start.user.clone();
        if self.flavour.method == Method::Password {
            let accepted = self.lets_in(Some(answer));
            out.credential(Credential::plaintext(&user, answer, "password", accepted));
            return self.decided(accepted, out);
        }
        let fits = |password: &[u8]| hashed(password, &user, &self.salt).as_bytes() == answer;
        let known = self.known(&fits);
        let accepted = self.lets_in(known.as_deref());
        let hash = answer.strip_prefix(b"md5").filter(|hash| {
            hash.len() == 32 && hash.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        });
        let line = hash.map(|hash| {
            let (user, hash) = (String::from_utf8_lossy(&user), String::from_utf8_lossy(hash));
            format!("$postgres${user}*{}*{hash}", hex::encode(self.salt))
        });
        out.credential(Credential {
            principal: user.clone(),
            kind: "postgres_md5_challenge",
            secret: answer.to_vec(),
            challenge: Some(self.salt.to_vec()),
            crack_line: line.filter(|_| !user.iter().any(|byte| matches!(byte, b'*' | b'$'))),
            method: "md5",
            accepted,
        });
        self.decided(accepted, out);
    }

    fn mechanism(&mut self, body: &[u8], out: &mut Out) {
        let mut fields = Fields(body);
        let (name, value) = (fields.text(), fields.value());
        let plus = name == Some(scram::PLUS.as_bytes()) && self.secure && self.flavour.major >= 11;
        let (Some(name), Some(value)) = (name, value) else {
            let text = "insufficient data left in message";
            return self.refuse(&Refusal::fatal("short_message", "08P01", text), out);
        };
        if !plus && name != scram::PLAIN.as_bytes() {
            let text = "client selected an invalid SASL authentication mechanism";
            return self.refuse(&Refusal::fatal("bad_mechanism", "08P01", text), out);
        }
        match value {
            Some(text) => self.first(text, plus, out),
            None => {
                // Mechanisms may let the server begin; this one answers with nothing and waits.
                self.ask(SASL_CONTINUE, b"", out);
                self.state = State::First(plus);
            }
        }
    }

    fn first(&mut self, text: &[u8], plus: bool, out: &mut Out) {
        let user = String::from_utf8_lossy(&self.start.user).into_owned();
        let mut salt = [0; 16];
        self.host.generator(&format!("salt {user}")).fill_bytes(&mut salt);
        let mut nonce = [0; 18];
        self.host.generator(&format!("nonce {}", self.link.session)).fill_bytes(&mut nonce);
        let nonce = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, nonce);
        match Exchange::begin(text, plus, &salt, &nonce) {
            Ok(exchange) => {
                self.ask(SASL_CONTINUE, exchange.answer.as_bytes(), out);
                self.state = State::Proof(Box::new(exchange));
            }
            Err(refusal) => self.refuse(&refusal, out),
        }
    }

    fn proof(&mut self, exchange: Exchange, text: &[u8], out: &mut Out) {
        let proof = match exchange.end(text) {
            Ok(proof) => proof,
            Err(refusal) => return self.refuse(&refusal, out),
        };
        let known = self.known(&|password: &[u8]| proof.signature(password).is_some());
        let accepted = known.is_some() && self.lets_in(known.as_deref());
        let signature = known.as_deref().filter(|_| accepted).and_then(|known| proof.signature(known));
        if known.is_none() {
            // The policy counts the attempt, though it cannot let in whose password is unknown.
            let _ = self.lets_in(None);
        }
        out.credential(Credential {
            principal: self.start.user.clone(),
            kind: "postgres_scram_sha256",
            secret: proof.proof.clone(),
            challenge: Some(proof.message.clone().into_bytes()),
            crack_line: None,
            method: scram::PLAIN,
            accepted,
        });
        if let Some(signature) = signature {
            self.ask(SASL_FINAL, format!("v={signature}").as_bytes(), out);
        }
        self.decided(accepted, out);
    }

    /// The password of the user that `fits`, as far as one is known: the administrator of the databases has that of
    /// the system's, unless it was given one.
    fn known(&self, fits: &dyn Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
        if let Some(own) = self.given() {
            return Some(own).filter(|own| fits(own));
        }
        self.accounts().find_map(|account| self.host.password_of(&self.link, Accounts::Roles, &account, fits))
    }

    /// Whether the policy lets the user in with `password`; without one it can know the account only.
    fn lets_in(&self, password: Option<&[u8]>) -> bool {
        if let Some(own) = self.given() {
            return password == Some(own.as_slice());
        }
        let password = password.unwrap_or(b"\0");
        self.accounts().any(|account| self.host.login(&self.link, Accounts::Roles, &account, password))
    }

    /// What the user's password was made by a statement of the same peer.
    fn given(&self) -> Option<Vec<u8>> {
        let worlds = self.host.node.shared(Worlds::default);
        worlds.password(self.link.source(), &String::from_utf8_lossy(&self.start.user))
    }

    /// The accounts of the system that the user may be.
    fn accounts(&self) -> impl Iterator<Item = Vec<u8>> {
        let user = self.start.user.clone();
        let persona = self.host.persona();
        let listed = persona.login == LoginPolicy::AcceptListed;
        let named = persona.users.iter().any(|known| known.name.as_bytes() == user);
        let administrator = persona.users.iter().find(|known| known.uid == 0 && listed && !named);
        let administrator = administrator.filter(|_| user == ADMINISTRATOR.as_bytes());
        let administrator = administrator.map(|known| known.name.clone().into_bytes());
        std::iter::once(user).chain(administrator)
    }

    fn decided(&mut self, accepted: bool, out: &mut Out) {
        let user = String::from_utf8_lossy(&self.start.user).into_owned();
        if !accepted {
            let text = format!("password authentication failed for user \"{user}\"");
            return self.refuse(&Refusal::fatal("auth_failed", "28P01", text), out);
        }
        self.ask(OK, b"", out);
        out.record(Kind::SessionStart, vec![(field::PRINCIPAL, self.start.user.clone())]);
        self.enter(&user, out);
    }
}
