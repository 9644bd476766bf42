//! What there is to say, and how each product says it.

mod exim;
mod microsoft;
mod postfix;

use super::lines::Excess;
use netsvc_kit::Host;
use netsvc_persona::Product;

/// Which server this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Postfix.
    Postfix,
    /// Exim.
    Exim,
    /// Microsoft Exchange.
    Exchange,
    /// The SMTP service of IIS.
    Iis,
}

/// Something to say to the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// First line.
    Greeting,
    /// Answer to HELO.
    Helo,
    /// Answer to EHLO; the flag: inside TLS.
    Ehlo(bool),
    /// The verb came without a name.
    HelloSyntax(&'a str),
    /// The verb needs HELO first.
    NeedHello,
    /// Not a command.
    Unknown(&'a str),
    /// A verb of another protocol.
    Forbidden,
    /// NOOP.
    Noop,
    /// RSET.
    Reset,
    /// The verb takes no argument.
    NoArgument(&'a str),
    /// QUIT.
    Quit,
    /// HELP.
    Help,
    /// MAIL without an address.
    MailSyntax,
    /// A second MAIL.
    MailNested,
    /// A sender that is none.
    SenderBad(&'a str),
    /// Sender taken.
    SenderOk(&'a str),
    /// The declared size is too large.
    SizeTooLarge,
    /// The declared size is no number.
    SizeSyntax,
    /// A parameter that is not known; the text is the whole argument.
    Parameter(&'a str),
    /// RCPT without an address.
    RcptSyntax,
    /// RCPT before MAIL.
    RcptNeedsMail,
    /// A recipient that is none.
    RecipientBad(&'a str),
    /// Recipient taken.
    RecipientOk(&'a str),
    /// A recipient elsewhere.
    Relay(&'a str),
    /// No such user.
    UserUnknown(&'a str),
    /// Too many recipients.
    RecipientsTooMany,
    /// DATA before MAIL; the flag: MAIL was given.
    DataNeedsRcpt(bool),
    /// DATA among BDAT.
    DataAfterBdat,
    /// Go on with the message.
    DataGo,
    /// The message was too large.
    TooLarge,
    /// Taken: queue id, size and whether by BDAT.
    Queued(&'a str, usize, bool),
    /// A chunk of this size was taken.
    Chunk(usize),
    /// BDAT without a number.
    BdatSyntax,
    /// VRFY without an address.
    VrfySyntax,
    /// VRFY of a user that exists.
    VrfyOk(&'a str),
    /// VRFY of one that does not.
    VrfyUnknown(&'a str),
    /// VRFY of an address elsewhere.
    VrfyRelay(&'a str),
    /// EXPN.
    Expn,
    /// ETRN with or without a name.
    Etrn(&'a str),
    /// AUTH without a mechanism.
    AuthSyntax,
    /// A mechanism that is not offered.
    AuthUnknown(&'a str),
    /// Not base64; the flag: in the first line.
    AuthBase64(bool),
    /// AUTH within a mail.
    AuthInMail,
    /// The peer gave up.
    AuthAborted,
    /// Wrong name or password.
    AuthFailed,
    /// Authenticated.
    AuthOk,
    /// A second AUTH.
    AuthAlready,
    /// AUTH before EHLO.
    AuthNotOffered,
    /// Begin TLS.
    TlsGo,
    /// TLS is active already.
    TlsActive,
    /// Too many errors, good-bye.
    TooMany,
}

/// What the texts are made from.
#[derive(Clone, Debug)]
pub struct Names {
    /// Which server.
    pub family: Family,
    /// Product as the persona gives it.
    pub product: Product,
    /// Name that the server calls itself.
    pub host: String,
    /// Name that the peer gave itself.
    pub client: String,
    /// Address of the peer.
    pub peer: String,
    /// Size limit of a message.
    pub size_limit: usize,
    /// Date as RFC 5322 writes it.
    pub date: String,
}

impl Family {
    /// The family that `name` belongs to; Postfix when it is unknown.
    pub fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        if name.contains("exim") {
            Family::Exim
        } else if name.contains("exchange") {
            Family::Exchange
        } else if name.contains("microsoft") || name.contains("iis") {
            Family::Iis
        } else {
            Family::Postfix
        }
    }

    /// Whether it is one of Microsoft's.
    pub fn is_microsoft(self) -> bool {
        matches!(self, Family::Exchange | Family::Iis)
    }

    /// Largest message by default, as shown after SIZE.
    pub fn size_limit(self) -> usize {
        match self {
            Family::Postfix => 10_240_000,
            Family::Exim => 52_428_800,
            Family::Exchange => 37_748_736,
            Family::Iis => 2_097_152,
        }
    }

    /// Longest command line and what becomes of the rest.
    pub fn line_limit(self) -> (usize, Excess) {
        match self {
            Family::Postfix => (2048, Excess::Dropped),
            Family::Exim => (16_384, Excess::Split),
            Family::Exchange | Family::Iis => (2000, Excess::Dropped),
        }
    }

    /// Mechanisms offered.
    pub fn mechanisms(self) -> &'static [&'static str] {
        match self {
            Family::Postfix | Family::Exim => &["PLAIN", "LOGIN", "CRAM-MD5"],
            Family::Exchange | Family::Iis => &["NTLM", "LOGIN"],
        }
    }

    /// Errors after which the connection is closed.
    pub fn error_limit(self) -> u32 {
        match self {
            Family::Postfix => 20,
            Family::Exim => 4,
            Family::Exchange | Family::Iis => 5,
        }
    }

    /// Whether `reply`, as text `said`, counts towards the limit of errors.
    pub fn counts(self, reply: &Reply<'_>, said: &str) -> bool {
        match self {
            Family::Postfix => said.starts_with(['4', '5']),
            Family::Exim => matches!(
                reply,
                Reply::Unknown(_)
                    | Reply::HelloSyntax(_)
                    | Reply::NeedHello
                    | Reply::NoArgument(_)
                    | Reply::MailSyntax
                    | Reply::MailNested
                    | Reply::SenderBad(_)
                    | Reply::Parameter(_)
                    | Reply::RcptSyntax
                    | Reply::RcptNeedsMail
                    | Reply::RecipientBad(_)
                    | Reply::AuthSyntax
                    | Reply::AuthUnknown(_)
                    | Reply::AuthAlready
                    | Reply::AuthNotOffered
                    | Reply::DataAfterBdat
            ),
            Family::Exchange | Family::Iis => {
                matches!(
                    reply,
                    Reply::Unknown(_) | Reply::MailSyntax | Reply::RcptSyntax | Reply::HelloSyntax(_)
                )
            }
        }
    }
}

impl Names {
    /// The names of `host` for a peer at `peer`.
    pub fn of(host: &Host, peer: String) -> Self {
        let product = host.product().cloned().unwrap_or_else(|| Product {
            name: "Postfix".to_owned(),
            version: String::new(),
            packaging: String::new(),
        });
        let family = Family::of(&product.name);
        let configured = host.setting("size_limit").and_then(|text| text.parse().ok());
        Names {
            family,
            product,
            host: host.persona().fqdn(),
            client: String::new(),
            peer,
            size_limit: configured.unwrap_or(family.size_limit()),
            date: String::new(),
        }
    }

    /// `reply` in the words of the product, with line ends.
    pub fn say(&self, reply: &Reply<'_>) -> String {
        let text = match self.family {
            Family::Postfix => postfix::say(self, reply),
            Family::Exim => exim::say(self, reply),
            Family::Exchange | Family::Iis => microsoft::say(self, reply),
        };
        text + "\r\n"
    }
}

/// Joins keywords to the lines of a 250 reply after `first`.
pub fn keywords(first: &str, words: &[String]) -> String {
    let mut text = format!("250-{first}\r\n");
    for (index, word) in words.iter().enumerate() {
        let mark = if index + 1 == words.len() { ' ' } else { '-' };
        text.push_str(&format!("250{mark}{word}"));
        if mark == '-' {
            text.push_str("\r\n");
        }
    }
    text
}
