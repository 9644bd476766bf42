//! A mail's way in: MAIL, RCPT, DATA, BDAT, and VRFY, which asks for the same.

use super::{
    address::Path,
    machine::{Duty, Expect, Smtp},
    message::{Message, RECIPIENTS, queue_id},
    reply::{Family, Reply},
};
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};

/// Users that a mail server has besides its accounts.
const ALIASES: &[&str] =
    &["postmaster", "abuse", "hostmaster", "webmaster", "root", "mailer-daemon", "admin", "info"];

enum Delivery {
    Taken,
    NoUser,
    Elsewhere,
}

impl Smtp {
    pub(super) fn mail(&mut self, argument: &str, out: &mut Out) {
        let fields = |outcome: &str| {
            vec![
                (field::MAIL_FROM, argument.as_bytes().to_vec()),
                (field::OUTCOME, outcome.as_bytes().to_vec()),
            ]
        };
        if !self.greeted && self.names.family != Family::Postfix {
            out.record(Kind::MailFrom, fields("rejected"));
            return self.reply(&Reply::NeedHello, out);
        }
        if self.message.is_some() {
            return self.reply(&Reply::MailNested, out);
        }
        let Some(path) = Path::parse(argument, "FROM") else { return self.reply(&Reply::MailSyntax, out) };
        let shown = argument.split_once(':').map_or("", |(_, rest)| rest.trim()).to_owned();
        if let Some(refusal) = self.refusal(&path, &shown) {
            out.record(Kind::MailFrom, fields("rejected"));
            return self.reply(&refusal, out);
        }
        out.record(Kind::MailFrom, fields("accepted"));
        self.reply(&Reply::SenderOk(&path.address), out);
        self.message = Some(Message { sender: path.address, ..Message::default() });
    }

    /// Why a sender is not taken.
    fn refusal<'a>(&self, path: &Path, shown: &'a str) -> Option<Reply<'a>> {
        if !path.valid {
            return Some(Reply::SenderBad(shown));
        }
        for parameter in &path.parameters {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match key.to_ascii_uppercase().as_str() {
                "SIZE" => match value.parse::<u64>() {
                    Ok(size) if size > self.names.size_limit as u64 => return Some(Reply::SizeTooLarge),
                    Ok(_) => {}
                    Err(_) => return Some(Reply::SizeSyntax),
                },
                "BODY" if ["7BIT", "8BITMIME"].iter().any(|known| value.eq_ignore_ascii_case(known)) => {}
                "BODY" if self.names.family.is_microsoft() && value.eq_ignore_ascii_case("BINARYMIME") => {}
                "RET" | "ENVID" | "AUTH" | "SMTPUTF8" | "PRDR" => {}
                _ => return Some(Reply::Parameter(shown)),
            }
        }
        None
    }

    pub(super) fn recipient(&mut self, argument: &str, out: &mut Out) {
        let note = |outcome: &str, out: &mut Out| {
            let fields = vec![
                (field::RCPT_TO, argument.as_bytes().to_vec()),
                (field::OUTCOME, outcome.as_bytes().to_vec()),
            ];
            out.record(Kind::RcptTo, fields);
        };
        let Some(message) = &self.message else {
            note("rejected", out);
            self.refused = self.names.say(&Reply::RcptNeedsMail);
            return self.reply(&Reply::RcptNeedsMail, out);
        };
        let Some(path) = Path::parse(argument, "TO") else { return self.reply(&Reply::RcptSyntax, out) };
        let shown = argument.split_once(':').map_or("", |(_, rest)| rest.trim()).to_owned();
        let bare = self.names.family == Family::Exim && !path.address.contains('@');
        if !path.valid || path.address.is_empty() || bare {
            note("rejected", out);
            if bare {
                // No fault of the protocol for Exim, so it does not count.
                out.send(self.names.say(&Reply::RecipientBad(&shown)));
                return;
            }
            return self.reply(&Reply::RecipientBad(&shown), out);
        }
        if message.recipients.len() >= RECIPIENTS {
            return self.reply(&Reply::RecipientsTooMany, out);
        }
        let reply = match self.delivery(&path) {
            Delivery::Taken => Reply::RecipientOk(&path.address),
            Delivery::NoUser => Reply::UserUnknown(&path.address),
            Delivery::Elsewhere => Reply::Relay(&path.address),
        };
        let taken = matches!(reply, Reply::RecipientOk(_));
        note(if taken { "accepted" } else { "rejected" }, out);
        self.refused = if taken { String::new() } else { self.names.say(&reply) };
        self.reply(&reply, out);
        if let Some(message) = self.message.as_mut().filter(|_| taken) {
            message.recipients.push(path.address.clone());
        }
    }

    /// Whether mail for `path` is taken here.
    fn delivery(&self, path: &Path) -> Delivery {
        let persona = self.host.persona();
        let own = path.domain().is_none_or(|domain| {
            let further = self.host.setting("domains").unwrap_or_default();
            [persona.domain.as_str(), &persona.fqdn(), &persona.hostname, "localhost"]
                .into_iter()
                .chain(further.split_ascii_whitespace())
                .any(|known| !known.is_empty() && known.eq_ignore_ascii_case(domain))
                || domain == format!("[{}]", persona.ip)
        });
        let user = path.user().to_ascii_lowercase();
        let known = ALIASES.contains(&user.as_str())
            || persona.users.iter().any(|known| known.name == user)
            || persona.people.iter().any(|known| known.is_called(&user));
        let relays = self.duty == Duty::Relay;
        if !own {
            return if relays || self.authenticated { Delivery::Taken } else { Delivery::Elsewhere };
        }
        if known || self.host.flag("catch_all", relays) { Delivery::Taken } else { Delivery::NoUser }
    }

    pub(super) fn verify(&mut self, argument: &str, out: &mut Out) {
        let address = argument.trim_matches(['<', '>']);
        if address.is_empty() {
            return self.reply(&Reply::VrfySyntax, out);
        }
        let path =
            Path { address: address.to_owned(), parameters: Vec::new(), valid: true, bracketed: false };
        let reply = match self.delivery(&path) {
            Delivery::Taken => Reply::VrfyOk(address),
            Delivery::NoUser => Reply::VrfyUnknown(address),
            Delivery::Elsewhere => Reply::VrfyRelay(address),
        };
        self.reply(&reply, out);
    }

    pub(super) fn data(&mut self, argument: &str, out: &mut Out) {
        let refusal = match &self.message {
            _ if !argument.is_empty() => Some(Reply::NoArgument("DATA")),
            Some(message) if message.chunked => Some(Reply::DataAfterBdat),
            Some(message) if message.recipients.is_empty() => Some(Reply::DataNeedsRcpt(true)),
            Some(_) => None,
            None => Some(Reply::DataNeedsRcpt(false)),
        };
        match refusal {
            Some(Reply::DataNeedsRcpt(_))
                if self.names.family == Family::Exim && !self.refused.is_empty() =>
            {
                let last = self.refused.trim_end();
                out.send(format!("503-All RCPT commands were rejected with this error:\r\n503-{last}\r\n"));
                self.reply(&Reply::DataNeedsRcpt(true), out);
            }
            Some(refusal) => self.reply(&refusal, out),
            None => {
                self.reply(&Reply::DataGo, out);
                self.expect = Expect::Data(true);
            }
        }
    }

    pub(super) fn chunk(&mut self, argument: &str, out: &mut Out) {
        let mut words = argument.split_ascii_whitespace();
        let size = words.next().and_then(|word| word.parse::<usize>().ok());
        let last = words.next().is_some_and(|word| word.eq_ignore_ascii_case("LAST"));
        let Some(size) = size else {
            self.reply(&Reply::BdatSyntax, out);
            if self.names.family == Family::Postfix {
                out.close();
            }
            return;
        };
        let taken = self.message.as_ref().is_some_and(|message| !message.recipients.is_empty());
        self.expect = Expect::Chunk { left: size, last, size, taken };
        if size == 0 {
            self.chunk_end(last, size, taken, out);
        }
    }

    pub(super) fn chunk_end(&mut self, last: bool, size: usize, taken: bool, out: &mut Out) {
        self.expect = Expect::Command;
        if !taken {
            return self.reply(&Reply::DataNeedsRcpt(self.message.is_some()), out);
        }
        if last && self.names.family == Family::Exim {
            let total = self.message.as_ref().map_or(0, |message| message.size);
            out.send(format!("250- {size} byte chunk, total {total}\r\n"));
        }
        if last { self.accept(out) } else { self.reply(&Reply::Chunk(size), out) }
    }

    /// The message is complete.
    pub(super) fn accept(&mut self, out: &mut Out) {
        self.expect = Expect::Command;
        let Some(message) = self.message.take() else { return };
        if message.size > self.names.size_limit {
            return self.reply(&Reply::TooLarge, out);
        }
        let id = queue_id(&self.names, &self.host);
        let chunked = message.chunked;
        // A last line without an end gets one.
        let size = message.size + if message.content.bytes().ends_with(b"\n") { 0 } else { 2 };
        message.deliver(&self.names, &id, &self.host, &self.link);
        message.store(&id, out);
        self.reply(&Reply::Queued(&id, size, chunked), out);
    }
}
