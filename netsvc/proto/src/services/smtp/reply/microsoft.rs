//! The words of Microsoft Exchange and of the SMTP service of IIS.

use super::{Family, Names, Reply, keywords};

/// `reply` without the last line end.
pub(super) fn say(names: &Names, reply: &Reply<'_>) -> String {
    let exchange = names.family == Family::Exchange;
    match reply {
        Reply::Greeting if exchange => {
            format!("220 {} Microsoft ESMTP MAIL Service ready at {}", names.host, names.date)
        }
        Reply::Greeting => format!(
            "220 {} Microsoft ESMTP MAIL Service, Version: {} ready at  {} ",
            names.host, names.product.version, names.date
        ),
        Reply::Helo => format!("250 {} Hello [{}]", names.host, names.peer),
        Reply::Ehlo(tls) => {
            keywords(&format!("{} Hello [{}]", names.host, names.peer), &offered(names, *tls, exchange))
        }
        Reply::Help => format!(
            "214-This server supports the following commands:\r\n214 HELO EHLO STARTTLS RCPT DATA RSET MAIL \
             QUIT HELP AUTH {}",
            if exchange { "BDAT" } else { "TURN ETRN BDAT VRFY" }
        ),
        Reply::Quit if exchange => "221 2.0.0 Service closing transmission channel".to_owned(),
        Reply::Quit => format!("221 2.0.0 {} Service closing transmission channel", names.host),
        Reply::Unknown(line) if exchange => {
            let verb = line.split(' ').next().unwrap_or_default();
            format!("500 5.3.3 Unrecognized command '{verb}'")
        }
        Reply::SenderOk(address) if !exchange => format!("250 2.1.0 {address}....Sender OK"),
        Reply::RecipientOk(address) if !exchange => format!("250 2.1.5 {address} "),
        Reply::Relay(_) if exchange => {
            "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain".to_owned()
        }
        Reply::Relay(address) => format!("550 5.7.1 Unable to relay for {address}"),
        Reply::UserUnknown(_) if exchange => {
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup".to_owned()
        }
        Reply::UserUnknown(address) => format!("550 5.1.1 User unknown; {address}"),
        Reply::Queued(id, size, _) if exchange => format!(
            "250 2.6.0 <{id}@{}> [InternalId={}, Hostname={}] {size} bytes in 0.1{}, {}.{} KB/sec Queued mail \
             for delivery",
            names.host,
            size.wrapping_mul(7_919) % 89_000_000 + 10_000_000,
            names.host,
            size % 90 + 10,
            size * 8 / 1024,
            size % 997
        ),
        Reply::Queued(id, ..) => format!("250 2.6.0 <{id}@{}> Queued mail for delivery", names.host),
        Reply::Chunk(size) => format!("250 2.6.0 CHUNK received OK, {size} octets"),
        Reply::VrfyOk(address) if !exchange => {
            format!("252 2.1.5 Cannot VRFY user, but will take message for <{address}>")
        }
        other => fixed(other).to_owned(),
    }
}

fn fixed(reply: &Reply<'_>) -> &'static str {
    match reply {
        Reply::Noop => "250 2.0.0 OK",
        Reply::Reset => "250 2.0.0 Resetting",
        Reply::NeedHello => "503 5.5.2 Send hello first",
        Reply::HelloSyntax(_) => "501 5.5.4 Invalid domain name",
        Reply::MailSyntax => "501 5.5.4 Unrecognized parameter",
        Reply::MailNested => "503 5.5.2 Sender already specified",
        Reply::SenderBad(_) => "501 5.1.7 Invalid address",
        Reply::SenderOk(_) => "250 2.1.0 Sender OK",
        Reply::SizeTooLarge | Reply::TooLarge => "552 5.3.4 Message size exceeds fixed maximum message size",
        Reply::SizeSyntax => "501 5.5.4 Invalid arguments",
        Reply::Parameter(_) => "501 5.5.4 Unrecognized parameter",
        Reply::RcptSyntax => "501 5.5.4 Unrecognized parameter",
        Reply::RcptNeedsMail => "503 5.5.2 Need mail command",
        Reply::RecipientBad(_) => "501 5.1.3 Invalid address",
        Reply::RecipientOk(_) => "250 2.1.5 Recipient OK",
        Reply::RecipientsTooMany => "452 4.5.3 Too many recipients",
        Reply::DataNeedsRcpt(false) => "503 5.5.2 Need mail command",
        Reply::DataNeedsRcpt(true) => "503 5.5.2 Need rcpt command",
        Reply::DataAfterBdat => "503 5.5.2 Bad sequence of commands",
        Reply::DataGo => "354 Start mail input; end with <CRLF>.<CRLF>",
        Reply::BdatSyntax | Reply::NoArgument(_) => "501 5.5.4 Invalid arguments",
        Reply::VrfySyntax => "501 5.5.4 Argument missing",
        Reply::VrfyOk(_) | Reply::VrfyUnknown(_) | Reply::VrfyRelay(_) => "252 2.1.5 Cannot VRFY user",
        Reply::Etrn(_) => "501 5.5.4 Invalid arguments",
        Reply::AuthSyntax => "501 5.5.4 Unrecognized authentication type",
        Reply::AuthUnknown(_) => "504 5.7.4 Unrecognized authentication type",
        Reply::AuthInMail => "503 5.5.2 Bad sequence of commands",
        Reply::AuthBase64(_) | Reply::AuthFailed => "535 5.7.3 Authentication unsuccessful",
        Reply::AuthAborted => "501 5.7.0 Authentication aborted",
        Reply::AuthOk => "235 2.7.0 Authentication successful",
        Reply::AuthAlready => "503 5.5.2 Already authenticated",
        Reply::AuthNotOffered => "503 5.5.2 Send hello first",
        Reply::TlsGo => "220 2.0.0 SMTP server ready",
        Reply::TlsActive => "503 5.5.2 Only one STARTTLS command can be issued per session",
        Reply::TooMany => "421 4.7.0 Too many errors on this connection, closing transmission channel",
        _ => "500 5.3.3 Unrecognized command",
    }
}

fn offered(names: &Names, tls: bool, exchange: bool) -> Vec<String> {
    let size = format!("SIZE {}", names.size_limit);
    let auth = format!("AUTH {}", names.family.mechanisms().join(" "));
    let words: Vec<&str> = if exchange {
        let tls = if tls { "" } else { "STARTTLS" };
        vec![
            &size,
            "PIPELINING",
            "DSN",
            "ENHANCEDSTATUSCODES",
            tls,
            "X-ANONYMOUSTLS",
            &auth,
            "X-EXPS GSSAPI NTLM",
            "8BITMIME",
            "BINARYMIME",
            "CHUNKING",
            "XRDST",
        ]
    } else {
        let tls = if tls { ["", ""] } else { ["TLS", "STARTTLS"] };
        let head = vec![&auth, "TURN", &size, "ETRN", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "8bitmime"];
        [head, vec!["BINARYMIME", "CHUNKING", "VRFY"], tls.to_vec(), vec!["OK"]].concat()
    };
    words.into_iter().filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
