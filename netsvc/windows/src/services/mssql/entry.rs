//! Who gets in: logins of the server and those of Windows.

use super::{
    connection::{Connection, State},
    login::Login,
    packet,
    tokens::{self, DONE, Said},
};
use netsvc_daemon::{
    ntlm::{self, Authenticate},
    spnego::{self, Progress, Token},
};
use netsvc_kit::{Accounts, Credential, Out};
use netsvc_wire::{Kind, field};
use std::time::Duration;

/// The login of the server's own administrator.
const ADMINISTRATOR: &str = "sa";
/// What a wrong password costs.
const PAUSE: Duration = Duration::from_millis(15);
/// Longest password of an old login.
const OLD_FIELD: usize = 30;

impl Connection {
    /// A client logs in.
    pub(super) fn logs_in(&mut self, message: &[u8], out: &mut Out) {
        let Some(login) = Login::read(message) else {
            return self.refuse(
                &Said::error(
                    17_832,
                    1,
                    20,
                    "The login packet used to open the connection is structurally invalid.",
                ),
                out,
            );
        };
        out.record(Kind::ClientFingerprint, described(&login));
        self.login = login;
        self.uncovered();
        if self.login.integrated {
            return self.asks(out);
        }
        let (user, secret) = (self.login.user.clone(), self.login.password.clone());
        let account = self.account_of(&user);
        let accepted = self.host.login(&self.link, Accounts::Database, account.as_bytes(), secret.as_bytes());
        let mut fields =
            Credential::plaintext(user.as_bytes(), secret.as_bytes(), "SQL Server", accepted).fields();
        fields.push((field::DATABASE, self.login.database.clone().into_bytes()));
        fields.push((field::CLIENT_NAME, self.login.host.clone().into_bytes()));
        out.record(Kind::AuthAttempt, fields);
        if accepted { self.accept(&user, "SQL Server", out) } else { self.reject(&user, out) }
    }

    /// The account of the node that a login stands for: the server's administrator is the system's.
    fn account_of(&self, user: &str) -> String {
        let users = &self.host.persona().users;
        if user.eq_ignore_ascii_case(ADMINISTRATOR) && !users.iter().any(|known| known.name == ADMINISTRATOR)
        {
            return users.first().map_or_else(|| user.to_owned(), |first| first.name.clone());
        }
        let known = users.iter().find(|known| known.name.eq_ignore_ascii_case(user));
        known.map_or_else(|| user.to_owned(), |known| known.name.clone())
    }

    fn reject(&mut self, user: &str, out: &mut Out) {
        if self.host.natural_delays() {
            out.wait(PAUSE);
        }
        self.refuse(&Said::error(18_456, 1, 14, format!("Login failed for user '{user}'.")), out);
    }

    /// A client that would be who it is to Windows is asked.
    fn asks(&mut self, out: &mut Out) {
        let token = self.login.token.clone();
        let plain = ntlm::message_type(&token) == Some(1);
        let inner = if plain { Some(token) } else { Token::read(&token).map(|token| token.inner) };
        let answer = match inner {
            Some(inner) if ntlm::message_type(&inner) == Some(1) => {
                let challenge =
                    ntlm::challenge_to(self.host.persona(), &inner, self.nonce, self.host.clock());
                if plain { challenge } else { spnego::answer(Progress::Incomplete, true, &challenge, b"") }
            }
            // A ticket, or nothing that is known: NTLM is asked for.
            Some(_) => spnego::answer(Progress::Incomplete, true, b"", b""),
            None => return self.untrusted(out),
        };
        self.state = State::Sspi;
        self.result(&tokens::sspi(&answer), out);
    }

    /// Its proof.
    pub(super) fn proves(&mut self, message: &[u8], out: &mut Out) {
        let inner = match ntlm::message_type(message) {
            Some(_) => message.to_vec(),
            None => Token::read(message).map(|token| token.inner).unwrap_or_default(),
        };
        if ntlm::message_type(&inner) == Some(1) {
            let challenge = ntlm::challenge_to(self.host.persona(), &inner, self.nonce, self.host.clock());
            return self
                .result(&tokens::sspi(&spnego::answer(Progress::Incomplete, true, &challenge, b"")), out);
        }
        let Some(answer) = Authenticate::parse(&inner).filter(|answer| !answer.is_anonymous()) else {
            return self.untrusted(out);
        };
        let judged = answer.judge(&self.host, &self.link, self.nonce);
        let accepted = judged.session_key.is_some();
        let mut fields = judged.credential.fields();
        fields.push((field::REALM, answer.domain.clone().into_bytes()));
        fields.push((field::CLIENT_NAME, answer.workstation.clone().into_bytes()));
        out.record(Kind::AuthAttempt, fields);
        if accepted {
            self.account = format!("{}\\{}", ntlm::domain(self.host.persona()), judged.account);
            let account = self.account.clone();
            self.accept(&account, "NTLM", out);
        } else {
            self.untrusted(out);
        }
    }

    fn untrusted(&mut self, out: &mut Out) {
        let text = "Login failed. The login is from an untrusted domain and cannot be used with Integrated \
                    authentication.";
        self.refuse(&Said::error(18_452, 1, 14, text), out);
    }

    /// A login of the protocol before version 7, which no server here speaks any more.
    pub(super) fn refuse_old(&mut self, message: &[u8], out: &mut Out) {
        let text = |at: usize| {
            let length = message.get(at + OLD_FIELD).copied().map_or(0, usize::from).min(OLD_FIELD);
            message.get(at..at + length).unwrap_or_default().to_vec()
        };
        let (user, secret) = (text(31), text(62));
        out.credential(Credential::plaintext(&user, &secret, "SQL Server", false));
        let text = "The client is using an unsupported version of the protocol.";
        self.refuse(&Said::error(17_830, 1, 20, text), out);
    }

    /// The client is in: what it is told of its session.
    fn accept(&mut self, user: &str, method: &str, out: &mut Out) {
        let fields = vec![
            (field::PRINCIPAL, user.as_bytes().to_vec()),
            (field::METHOD_NAME, method.as_bytes().to_vec()),
        ];
        out.record(Kind::SessionStart, fields);
        self.entered();
        let server = self.release.server();
        let old = self.old();
        let mut answer = Vec::new();
        let wanted = self.login.database.trim_matches(['[', ']']).to_owned();
        if !wanted.is_empty() && !wanted.eq_ignore_ascii_case("master") && !self.opens(&wanted) {
            let text = format!("Cannot open database \"{wanted}\" requested by the login. The login failed.");
            let first = tokens::said(&Said::error(4060, 1, 11, text), &server, old);
            let refusal = Said::error(18_456, 1, 14, format!("Login failed for user '{user}'."));
            let all =
                [first, tokens::said(&refusal, &server, old), tokens::done(DONE, tokens::ERROR, 0, 0, old)];
            self.result(&all.concat(), out);
            return out.close();
        }
        let database = self.session.database.clone();
        answer.extend(tokens::changed(1, &database, "master"));
        let changed = Said::error(5701, 2, 0, format!("Changed database context to '{database}'."));
        answer.extend(tokens::said(&changed, &server, old));
        answer.extend(tokens::collation());
        answer.extend(tokens::changed(2, "us_english", ""));
        let language = Said::error(5703, 1, 0, "Changed language setting to us_english.");
        answer.extend(tokens::said(&language, &server, old));
        answer.extend(tokens::acknowledged(self.release.version(), self.protocol()));
        let size = self.packet_size().to_string();
        answer.extend(tokens::changed(4, &size, "4096"));
        answer.extend(tokens::done(DONE, 0, 0, 0, old));
        self.send(packet::RESULT, &answer, out);
    }

    /// The version of the protocol that is spoken: what the client asks for, up to 7.4.
    fn protocol(&self) -> u32 {
        match self.login.version {
            0x7100_0001 => 0x7100_0001,
            0x7209_0002 => 0x7209_0002,
            0x730a_0003 | 0x730b_0003 => self.login.version,
            version if version < 0x7100_0001 => 0x7000_0000,
            _ => 0x7400_0004,
        }
    }
}

/// What a client says of itself.
fn described(login: &Login) -> netsvc_kit::Fields {
    let told = format!(
        "library={}\nserver={}\nlanguage={}\nmac={}\nprocess={}",
        login.library,
        login.server,
        login.language,
        hex::encode(login.mac),
        login.process
    );
    vec![
        (field::CLIENT_NAME, login.host.clone().into_bytes()),
        (field::USER_AGENT, login.application.clone().into_bytes()),
        (field::CLIENT_VERSION, format!("0x{:08x}", login.version).into_bytes()),
        (field::DATABASE, login.database.clone().into_bytes()),
        (field::ENVIRONMENT, told.into_bytes()),
    ]
}
