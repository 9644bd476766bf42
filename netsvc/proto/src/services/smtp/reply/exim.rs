//! The words of Exim. Checked against 4.96 of Debian 12.

use super::{Names, Reply, keywords};

/// `reply` without the last line end.
pub(super) fn say(names: &Names, reply: &Reply<'_>) -> String {
    match reply {
        Reply::Greeting => format!("220 {} ESMTP Exim {} {}", names.host, version(names), names.date),
        Reply::Helo => format!("250 {} Hello {} [{}]", names.host, names.client, names.peer),
        Reply::Ehlo(tls) => {
            let first = format!("{} Hello {} [{}]", names.host, names.client, names.peer);
            keywords(&first, &offered(names, *tls))
        }
        Reply::HelloSyntax(verb) => format!("501 Syntactically invalid {verb} argument(s)"),
        Reply::Help => {
            "214-Commands supported:\r\n214 AUTH STARTTLS HELO EHLO MAIL RCPT DATA BDAT NOOP QUIT RSET HELP"
                .to_owned()
        }
        Reply::Quit => format!("221 {} closing connection", names.host),
        Reply::SenderBad(address) => format!("501 {address}: {}", complaint(address)),
        Reply::RecipientBad(address) => format!("501 {address}: {}", complaint(address)),
        Reply::Parameter(argument) => {
            let (address, word) = argument.rsplit_once(' ').unwrap_or((argument, ""));
            format!("501 {argument}: malformed address: {word} may not follow {address} ")
        }
        Reply::Queued(id, ..) => format!("250 OK id={id}"),
        Reply::Chunk(size) => format!("250 {size} byte chunk received"),
        Reply::VrfyUnknown(address) | Reply::VrfyOk(address) if !address.contains('@') => {
            format!("501 {address}: recipient address must contain a domain")
        }
        Reply::AuthUnknown(name) => format!("504 {name} authentication mechanism not supported"),
        Reply::TooMany => "Too many syntax or protocol errors".to_owned(),
        other => fixed(other).to_owned(),
    }
}

/// Why Exim does not take `address`, which stands in its brackets.
fn complaint(address: &str) -> String {
    let inner = address.trim_start_matches('<').trim_end_matches('>');
    if inner.is_empty() {
        return "missing or malformed local part".to_owned();
    }
    match inner.split_once(' ') {
        Some((word, _)) if !word.contains('@') => format!("\"@\" or \".\" expected after \"{word}\""),
        Some((_, rest)) => format!("malformed address: {rest} may not follow <{inner}"),
        None if !inner.contains('@') => "recipient address must contain a domain".to_owned(),
        None => "malformed address".to_owned(),
    }
}

fn version(names: &Names) -> &str {
    if names.product.version.is_empty() { "4.96" } else { &names.product.version }
}

fn fixed(reply: &Reply<'_>) -> &'static str {
    match reply {
        Reply::Noop => "250 OK",
        Reply::Reset => "250 Reset OK",
        Reply::NeedHello => "503 HELO or EHLO required",
        Reply::NoArgument(_) => "501 unexpected argument data",
        Reply::MailSyntax => "501 MAIL must have an address operand",
        Reply::MailNested => "503 sender already given",
        Reply::SenderOk(_) => "250 OK",
        Reply::SizeTooLarge => "552 Message size exceeds maximum permitted",
        Reply::SizeSyntax => "501 invalid data for SIZE",
        Reply::RcptSyntax => "501 RCPT must have an address operand",
        Reply::RcptNeedsMail => "503 sender not yet given",
        Reply::RecipientOk(_) => "250 Accepted",
        Reply::Relay(_) => "550 relay not permitted",
        Reply::UserUnknown(_) => "550 Unrouteable address",
        Reply::RecipientsTooMany => "452 too many recipients",
        Reply::DataNeedsRcpt(_) => "503 valid RCPT command must precede DATA",
        Reply::DataAfterBdat => "503 only BDAT permissible after non-LAST BDAT",
        Reply::DataGo => "354 Enter message, ending with \".\" on a line by itself",
        Reply::TooLarge => "552 Message size exceeds maximum permitted",
        Reply::BdatSyntax => "501 missing size for BDAT command",
        Reply::VrfySyntax => "501 empty address",
        Reply::VrfyOk(_) | Reply::VrfyUnknown(_) | Reply::VrfyRelay(_) => "252 Administrative prohibition",
        Reply::Expn => "550 Administrative prohibition",
        Reply::Etrn(_) => "458 Administrative prohibition",
        Reply::AuthSyntax => "504  authentication mechanism not supported",
        Reply::AuthInMail => "503 not permitted in mail transaction",
        Reply::AuthBase64(_) => "501 Invalid base64 data",
        Reply::AuthAborted => "501 Authentication cancelled",
        Reply::AuthFailed => "535 Incorrect authentication data",
        Reply::AuthOk => "235 Authentication succeeded",
        Reply::AuthAlready => "503 already authenticated",
        Reply::AuthNotOffered => "503 AUTH command used when not advertised",
        Reply::TlsGo => "220 TLS go ahead",
        Reply::TlsActive => "503 STARTTLS command used when not advertised",
        _ => "500 unrecognized command",
    }
}

/// Keywords of EHLO in order. PIPECONNECT came with 4.94, CHUNKING with 4.88.
fn offered(names: &Names, tls: bool) -> Vec<String> {
    let minor: u32 = version(names).split('.').nth(1).and_then(|part| part.parse().ok()).unwrap_or(96);
    let mut words =
        vec![format!("SIZE {}", names.size_limit), "8BITMIME".to_owned(), "PIPELINING".to_owned()];
    if minor >= 94 {
        words.push("PIPECONNECT".to_owned());
    }
    words.push(format!("AUTH {}", names.family.mechanisms().join(" ")));
    if minor >= 88 {
        words.push("CHUNKING".to_owned());
    }
    if !tls {
        words.push("STARTTLS".to_owned());
    }
    words.extend(["PRDR", "SMTPUTF8", "HELP"].map(str::to_owned));
    words
}
