//! The words of Postfix. Checked against 3.7.11 of Debian 12 with Dovecot's SASL.

use super::{Names, Reply, keywords};

/// `reply` without the last line end.
pub(super) fn say(names: &Names, reply: &Reply<'_>) -> String {
    match reply {
        Reply::Greeting if names.product.packaging.is_empty() => format!("220 {} ESMTP Postfix", names.host),
        Reply::Greeting => format!("220 {} ESMTP Postfix ({})", names.host, names.product.packaging),
        Reply::Helo => format!("250 {}", names.host),
        Reply::Ehlo(tls) => keywords(&names.host, &offered(names, *tls)),
        Reply::HelloSyntax(verb) => format!("501 Syntax: {verb} hostname"),
        Reply::TooMany => format!("421 4.7.0 {} Error: too many errors", names.host),
        Reply::SenderBad(_) => "501 5.1.7 Bad sender address syntax".to_owned(),
        Reply::Parameter(argument) => {
            let word = argument.rsplit(' ').next().unwrap_or(argument);
            format!("555 5.5.4 Unsupported option: {word}")
        }
        Reply::Relay(address) | Reply::VrfyRelay(address) => {
            format!("554 5.7.1 <{address}>: Relay access denied")
        }
        Reply::UserUnknown(address) | Reply::VrfyUnknown(address) => {
            format!(
                "550 5.1.1 <{address}>: Recipient address rejected: User unknown in local recipient table"
            )
        }
        Reply::Queued(id, size, true) => format!("250 2.0.0 Ok: {size} bytes queued as {id}"),
        Reply::Queued(id, _, false) => format!("250 2.0.0 Ok: queued as {id}"),
        Reply::Chunk(size) => format!("250 2.0.0 Ok: {size} bytes"),
        Reply::VrfyOk(address) => format!("252 2.0.0 {address}"),
        Reply::Etrn("") => "500 Syntax: ETRN domain".to_owned(),
        Reply::Etrn(name) => format!("459 <{name}>: service unavailable"),
        Reply::AuthFailed => failed("(reason unavailable)"),
        Reply::AuthUnknown(_) => failed("Invalid authentication mechanism"),
        Reply::AuthBase64(true) => failed("Invalid base64 data in initial response"),
        Reply::AuthBase64(false) => failed("Invalid base64 data in continued response"),
        Reply::NoArgument(verb) => format!("501 5.5.4 Syntax: {verb}"),
        other => fixed(other).to_owned(),
    }
}

fn failed(reason: &str) -> String {
    format!("535 5.7.8 Error: authentication failed: {reason}")
}

fn fixed(reply: &Reply<'_>) -> &'static str {
    match reply {
        Reply::Forbidden => "221 2.7.0 Error: I can break rules, too. Goodbye.",
        Reply::Noop | Reply::Reset => "250 2.0.0 Ok",
        Reply::Quit => "221 2.0.0 Bye",
        Reply::MailSyntax => "501 5.5.4 Syntax: MAIL FROM:<address>",
        Reply::MailNested => "503 5.5.1 Error: nested MAIL command",
        Reply::SenderOk(_) => "250 2.1.0 Ok",
        Reply::SizeTooLarge => "552 5.3.4 Message size exceeds fixed limit",
        Reply::SizeSyntax => "501 5.5.4 Bad message size syntax",
        Reply::RcptSyntax => "501 5.5.4 Syntax: RCPT TO:<address>",
        Reply::RcptNeedsMail => "503 5.5.1 Error: need MAIL command",
        Reply::RecipientBad(_) => "501 5.1.3 Bad recipient address syntax",
        Reply::RecipientOk(_) => "250 2.1.5 Ok",
        Reply::RecipientsTooMany => "452 4.5.3 Error: too many recipients",
        Reply::DataNeedsRcpt(_) => "503 5.5.1 Error: need RCPT command",
        Reply::DataAfterBdat => "503 5.5.1 Error: DATA after BDAT",
        Reply::DataGo => "354 End data with <CR><LF>.<CR><LF>",
        Reply::TooLarge => "552 5.3.4 Error: message file too big",
        Reply::BdatSyntax => "521 5.5.4 Syntax: BDAT count [LAST]",
        Reply::VrfySyntax => "501 5.5.4 Syntax: VRFY address [SMTPUTF8]",
        Reply::NeedHello => "503 5.5.1 Error: send HELO/EHLO first",
        Reply::AuthSyntax => "501 5.5.4 Syntax: AUTH mechanism",
        Reply::AuthAborted => "501 5.7.0 Authentication aborted",
        Reply::AuthOk => "235 2.7.0 Authentication successful",
        Reply::AuthAlready => "503 5.5.1 Error: already authenticated",
        Reply::AuthInMail => "503 5.5.1 Error: MAIL transaction in progress",
        Reply::AuthNotOffered => "503 5.5.1 Error: authentication not enabled",
        Reply::TlsGo => "220 2.0.0 Ready to start TLS",
        Reply::TlsActive => "554 5.5.1 Error: TLS already active",
        _ => "500 5.5.2 Error: command not recognized",
    }
}

/// Keywords of EHLO in order. CHUNKING came with 3.4, SMTPUTF8 with 3.0.
fn offered(names: &Names, tls: bool) -> Vec<String> {
    let mut numbers = names.product.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(3), numbers.next().unwrap_or(7));
    let version = if names.product.version.is_empty() { (3, 7) } else { version };
    let mut words = vec!["PIPELINING".to_owned(), format!("SIZE {}", names.size_limit)];
    words.extend(["VRFY", "ETRN"].map(str::to_owned));
    if !tls {
        words.push("STARTTLS".to_owned());
    }
    words.push(format!("AUTH {}", names.family.mechanisms().join(" ")));
    words.extend(["ENHANCEDSTATUSCODES", "8BITMIME", "DSN"].map(str::to_owned));
    if version >= (3, 0) {
        words.push("SMTPUTF8".to_owned());
    }
    if version >= (3, 4) {
        words.push("CHUNKING".to_owned());
    }
    words
}
