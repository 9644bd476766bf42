//! USER, PASS and AUTH: who gets in, and where they find themselves.

use super::{
    control::{Control, Next},
    node::NodeFiles,
    say::{Family, Say},
};
use netsvc_kit::{Accounts, Credential};
use netsvc_shell::text::encode;
use netsvc_wire::{Kind, field};
use std::{io, sync::Arc, time::Duration};

/// Where anonymous is locked in.
const ANONYMOUS_ROOT: &str = "/srv/ftp";

impl Control {
    pub(super) async fn user(&mut self, name: &str) -> io::Result<Next> {
        if self.names.inside {
            let same = self.names.family == Family::Vsftpd && name == self.names.user;
            self.say(if same { &Say::AnyPassword } else { &Say::UserAgain }).await?;
            return Ok(Next::Go);
        }
        if name.is_empty() && self.names.family == Family::ProFtpd {
            self.say(&Say::NoArgument("USER")).await?;
            return Ok(Next::Go);
        }
        let anonymous = is_anonymous(name);
        // Only Pure-FTPd says so before the password, and ends.
        if (anonymous || name.is_empty()) && !self.names.anonymous && self.names.family == Family::PureFtpd {
            self.say(&Say::NoAnonymous).await?;
            return Ok(Next::End);
        }
        self.offered = Some(name.to_owned());
        if anonymous && self.names.family == Family::PureFtpd {
            // It asks for no password; one that comes all the same is welcome.
            return self.let_in(name, true).await;
        }
        let open = anonymous && (self.names.anonymous || self.names.family == Family::JetDirect);
        self.say(&Say::NeedPassword(name, open)).await?;
        Ok(Next::Go)
    }

    pub(super) async fn password(&mut self, password: &str) -> io::Result<Next> {
        if self.names.inside {
            let unasked = self.names.family == Family::PureFtpd && !self.root.is_empty();
            if let Some(name) = self.offered.take().filter(|_| unasked) {
                let credential = Credential::plaintext(&encode(&name), &encode(password), "PASS", true);
                self.host.credential(&self.link, credential);
                self.say(&Say::AnyPassword).await?;
                return Ok(Next::Go);
            }
            self.say(&Say::PassAgain).await?;
            return Ok(Next::Go);
        }
        let Some(name) = self.offered.take() else {
            self.say(&Say::NeedUser).await?;
            return Ok(Next::Go);
        };
        let anonymous = is_anonymous(&name) && self.names.anonymous;
        // Print servers take anybody, until somebody sets a password.
        let open = anonymous || self.names.family == Family::JetDirect;
        let (user, secret) = (encode(&name), encode(password));
        // Where anonymous is not let in, no number of tries changes that.
        let accepted =
            open || !is_anonymous(&name) && self.host.login(&self.link, Accounts::System, &user, &secret);
        let credential = Credential::plaintext(&user, &secret, "PASS", accepted);
        self.host.credential(&self.link, credential);
        if !accepted {
            return self.refuse_login().await;
        }
        self.let_in(&name, anonymous).await
    }

    async fn let_in(&mut self, name: &str, anonymous: bool) -> io::Result<Next> {
        self.enter(name, anonymous);
        let folder = self.folder.clone();
        self.session.record(Kind::SessionStart, vec![(field::PRINCIPAL, encode(name))]);
        self.say(&Say::LoggedIn(name, &folder, anonymous)).await?;
        Ok(Next::Go)
    }

    async fn refuse_login(&mut self) -> io::Result<Next> {
        if self.host.natural_delays() {
            // PAM and the daemons' own delay.
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        self.failures += 1;
        self.say(&Say::LoginFailed).await?;
        let limit = match self.names.family {
            Family::Vsftpd | Family::ProFtpd => 3,
            Family::PureFtpd => 5,
            Family::Microsoft | Family::JetDirect => 10,
        };
        Ok(if self.failures >= limit { Next::End } else { Next::Go })
    }

    fn enter(&mut self, name: &str, anonymous: bool) {
        self.names.inside = true;
        self.names.user = if anonymous { "ftp".to_owned() } else { name.to_owned() };
        if matches!(self.names.family, Family::Microsoft | Family::JetDirect) {
            let user = if anonymous { "ftp" } else { name };
            self.user = (if anonymous { 998 } else { 0 }, user.to_owned());
            return;
        }
        // vsftpd's local_umask is 077, the others follow the system.
        let umask = if self.names.family == Family::Vsftpd { 0o077 } else { 0o022 };
        let files = NodeFiles::new(&self.host, &self.link, (!anonymous).then_some(name), umask);
        self.user = files.user().clone();
        if anonymous {
            ANONYMOUS_ROOT.clone_into(&mut self.root);
        } else {
            files.home().clone_into(&mut self.folder);
        }
        self.tree = Arc::new(files);
    }

    pub(super) async fn authenticate(&mut self, argument: &str) -> io::Result<Next> {
        let wanted = argument.to_ascii_uppercase();
        let known = matches!(wanted.as_str(), "TLS" | "TLS-C" | "SSL");
        if !known || self.names.tls || self.names.family == Family::JetDirect {
            self.say(&Say::TlsUnknown).await?;
            return Ok(Next::Go);
        }
        self.say(&Say::TlsGo).await?;
        // vsftpd reads line by line, so what follows is part of the handshake; the others throw away what could be a
        // command from outside (CVE-2011-1575).
        let rest = self.buffer.take_all();
        let early = if self.names.family == Family::Vsftpd { rest } else { Vec::new() };
        self.session.start_tls(early).await?;
        self.names.tls = true;
        Ok(Next::Go)
    }
}

fn is_anonymous(name: &str) -> bool {
    name.eq_ignore_ascii_case("anonymous") || name.eq_ignore_ascii_case("ftp")
}
