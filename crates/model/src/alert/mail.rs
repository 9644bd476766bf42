//! A mailbox as a target: `smtps://USER@HOST:PORT/TO,TO?from=FROM`.

use super::{BadTarget, host_and_port};

/// Most recipients of a message.
const RECIPIENTS: usize = 20;
/// Longest address (RFC 5321 §4.5.3.1), and longest part before its `@`.
const ADDRESS: usize = 254;
const LOCAL: usize = 64;

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314), port 465.
    Tls,
    /// TLS after STARTTLS (RFC 3207), and nothing without it; port 587.
    StartTls,
    /// Without TLS, and so without a password; port 25.
    Plain,
}

impl Security {
    pub(super) fn of_scheme(scheme: &str) -> Option<Self> {
        [Security::Tls, Security::StartTls, Security::Plain].into_iter().find(|one| one.scheme() == scheme)
    }

    /// As it stands before `://`.
    pub fn scheme(self) -> &'static str {
        match self {
            Security::Tls => "smtps",
            Security::StartTls => "smtp+starttls",
            Security::Plain => "smtp",
        }
    }

    fn port(self) -> u16 {
        match self {
            Security::Tls => 465,
            Security::StartTls => 587,
            Security::Plain => 25,
        }
    }
}

/// Who is written to, and through which server.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// How the server is spoken to.
    pub security: Security,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who logs in there; the rule's secret is the password.
    pub user: Option<String>,
    /// Who writes.
    pub from: String,
    /// Who is written to: one at least.
    pub to: Vec<String>,
}

impl Mail {
    /// Reads what stands after `://`.
    pub(super) fn read(security: Security, rest: &str) -> Result<Self, BadTarget> {
        let (authority, path) = rest.split_once('/').ok_or(BadTarget("no recipient after the host"))?;
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(decoded(user)?), authority),
            None => (None, authority),
        };
        if user.as_ref().is_some_and(|user| user.contains(':')) {
            return Err(BadTarget("a password is not taken here, it is the rule's secret"));
        }
        if user.is_some() && security == Security::Plain {
            return Err(BadTarget("whoever logs in needs smtps or smtp+starttls"));
        }
        let (host, port) = host_and_port(authority)?;
        let (to, query) = path.split_once('?').unwrap_or((path, ""));
        let to: Vec<String> = decoded(to)?.split(',').map(str::to_owned).collect();
        if to.len() > RECIPIENTS {
            return Err(BadTarget("20 recipients at most"));
        }
        let from = match query.strip_prefix("from=") {
            Some(from) => decoded(from)?,
            None if query.is_empty() => {
                let domain = to.first().and_then(|to| to.rsplit_once('@')).map_or("", |(_, domain)| domain);
                format!("decnet@{domain}")
            }
            None => return Err(BadTarget("only from=ADDRESS may stand after the question mark")),
        };
        if !to.iter().chain([&from]).all(|address| is_address(address)) {
            return Err(BadTarget("no mail address"));
        }
        Ok(Mail { security, host, port: port.unwrap_or(security.port()), user, from, to })
    }
}

/// A plain address (RFC 5322 `dot-atom`), nothing quoted.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let dotted = |text: &str, fits: &dyn Fn(u8) -> bool| {
        text.split('.').all(|part| !part.is_empty() && part.bytes().all(fits))
    };
    text.len() <= ADDRESS && local.len() <= LOCAL && dotted(local, &atom) && dotted(domain, &label)
}

/// Text with `%40` for `@` and so on (RFC 3986 §2.1).
fn decoded(text: &str) -> Result<String, BadTarget> {
    const BAD: BadTarget = BadTarget("a % without two hexadecimal digits");
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16)).ok_or(BAD);
        let (high, low) = (digit()?, digit()?);
        out.push(u8::try_from(high * 16 + low).unwrap_or_default());
    }
    let text = String::from_utf8(out).map_err(|_| BadTarget("no UTF-8"))?;
    if text.chars().any(char::is_control) { Err(BadTarget("control characters")) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use crate::alert::{Mail, Security, Target};

    fn mail(text: &str) -> Option<Mail> {
        match text.parse() {
            Ok(Target::Mail(mail)) => Some(mail),
            _ => None,
        }
    }

    #[test]
    fn a_mailbox_is_a_target_and_shows_no_secret() {
        let read =
            mail("smtps://alerts%40example.com@mail.example.com/soc@example.com,a.b@x.org?from=ids@x.org");
        let read = read.unwrap();
        assert_eq!((read.security, read.port), (Security::Tls, 465));
        assert_eq!((read.user.as_deref(), read.from.as_str()), (Some("alerts@example.com"), "ids@x.org"));
        assert_eq!(read.to, ["soc@example.com", "a.b@x.org"]);
        let usual = mail("smtp://127.0.0.1:2525/soc@example.com").unwrap();
        assert_eq!((usual.from.as_str(), usual.user), ("decnet@example.com", None));
        assert_eq!(mail("smtp+starttls://u@[::1]/a@b").unwrap().port, 587);
        let target: Target = "smtps://who@mail.example.com/soc@example.com".parse().unwrap();
        assert_eq!(format!("{target:?}"), "smtps://mail.example.com:465 to soc@example.com");
    }

    #[test]
    fn what_is_no_mailbox_is_refused() {
        for text in [
            "smtp://host",
            "smtp://host/",
            "smtp://host/nobody",
            "smtp://host/a@b@c",
            "smtp://host/a@b?cc=x@y",
            "smtp://host/a@b?from=x",
            "smtp://host/a@b%0d%0aBcc:x@y",
            "smtp://host/a%zz@b",
            "smtp://user@host/a@b",
            "smtps://user:password@host/a@b",
            "smtps://host:0/a@b",
            "smtps://host/<a@b>",
            "smtps://host/a..b@c",
        ] {
            assert!(mail(text).is_none(), "{text}");
        }
    }
}
