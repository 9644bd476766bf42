//! A message as mail: plain text, so that nothing in it is obeyed by whoever shows it, and headers in which no line can
//! begin that is not ours.

use crate::{
    answer::{Answer, SendError},
    tls,
};
use decnet_model::{
    alert::{Mail, Security},
    record::{AlertDelivery, AlertRule},
};
use decnet_shape::message::Body;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::{Certificate, CertificateStore, Tls, TlsParameters},
        extension::ClientId,
    },
};
use netsvc_wire::escape::printable;
use std::path::Path;

/// Longest subject, in characters.
const SUBJECT: usize = 150;
/// Longest line of a body, in characters.
const LINE: usize = 2000;
/// Name beside the address of whom it is from.
const SENDER: &str = "DECNET";
/// How one logs in: what each server knows.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// Mails a message.
pub(crate) async fn mail(
    rule: &AlertRule,
    place: &Mail,
    message: &AlertDelivery,
    folder: &Path,
) -> Result<Answer, SendError> {
    let letter = letter(place, message)?;
    let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&place.host)
        .port(place.port)
        .hello_name(ClientId::Domain(domain(&place.from).to_owned()))
        .tls(match place.security {
            Security::Tls => Tls::Wrapper(trust(place, folder)?),
            Security::StartTls => Tls::Required(trust(place, folder)?),
            Security::Plain => Tls::None,
        });
    if let Some(user) = &place.user {
        let credentials = Credentials::new(user.clone(), rule.secret.clone());
        server = server.credentials(credentials).authentication(MECHANISMS.to_vec());
    }
    let said = server.build().send(letter).await.map_err(|error| SendError::Mail(told(&error)))?;
    Ok(Answer::of_mail(said.code(), &said.message().collect::<Vec<_>>().join(" ")))
}

/// The letter itself. Its id is the message's token, so that one that comes twice is known.
fn letter(place: &Mail, message: &AlertDelivery) -> Result<Message, SendError> {
    let (subject, text) = words(message);
    let mailbox = |address: &str, name: Option<&str>| -> Result<Mailbox, SendError> {
        let address: Address = address.parse().map_err(|_| SendError::Name)?;
        Ok(Mailbox::new(name.map(str::to_owned), address))
    };
    let mut letter = Message::builder()
        .from(mailbox(&place.from, Some(SENDER))?)
        .subject(subject)
        .message_id(Some(format!("<{}@{}>", message.token, domain(&place.from))))
        // No machine answers it (RFC 3834 §5).
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-DECNET-Event-Id", &message.token))
        .raw_header(header("X-DECNET-Event-Topic", &format!("incident.{}", message.kind)))
        .header(ContentType::TEXT_PLAIN)
        .header(ContentTransferEncoding::Base64);
    if message.incident != 0 {
        // What is said of one incident is one thread.
        let thread = format!("<incident.{}@{}>", message.incident, domain(&place.from));
        letter = letter.references(thread);
    }
    for to in &place.to {
        letter = letter.to(mailbox(to, None)?);
    }
    letter.body(text).map_err(|error| SendError::Mail(error.to_string()))
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// Subject and text of a letter.
fn words(message: &AlertDelivery) -> (String, String) {
    let body = serde_json::from_str::<Body>(&message.body).ok();
    let severity = message.severity.name().to_uppercase();
    let subject: String = format!("[{severity}] {}", shown(&message.title)).chars().take(SUBJECT).collect();
    let mut lines = vec![cut(&message.title), String::new(), format!("Severity: {severity}")];
    lines.push(format!("Rule: {}", message.rule));
    if let Some(body) = body {
        lines.push(format!("At: {}", body.at));
        lines.extend(body.lines.iter().map(|line| cut(line)));
        lines.extend(body.link.map(|link| format!("\r\n{}", cut(&link))));
    }
    (subject, lines.join("\r\n") + "\r\n")
}

fn cut(text: &str) -> String {
    shown(text).chars().take(LINE).collect()
}

/// Text without anything hidden. What is escaped in it already stays as it is.
fn shown(text: &str) -> String {
    let parts: Vec<String> = text.split('\\').map(|part| printable(part.as_bytes()).into_string()).collect();
    parts.join("\\")
}

fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain)
}

/// What the server is believed by.
fn trust(place: &Mail, folder: &Path) -> Result<TlsParameters, SendError> {
    let mut trust =
        TlsParameters::builder(place.host.clone()).certificate_store(CertificateStore::WebpkiRoots);
    if let Some(text) = tls::own(folder).map_err(SendError::Trust)? {
        trust = trust.add_root_certificate(Certificate::from_pem(&text).map_err(unusable)?);
    }
    trust.build().map_err(unusable)
}

fn unusable(error: lettre::transport::smtp::Error) -> SendError {
    SendError::Trust(std::io::Error::other(error))
}

/// A failure in one line. What a server says is in it; what we said is not.
fn told(error: &lettre::transport::smtp::Error) -> String {
    shown(&error.to_string()).chars().take(LINE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::{
        alert::{Asked, Target},
        record::{AlertKind, Severity},
    };
    use decnet_shape::message;

    fn written(title: &str) -> String {
        let asked = Asked { target: Some("smtp://h/a@b.c,d@e.f".to_owned()), ..Asked::default() };
        let rule = asked.rule("siem", None, "eve", 1).unwrap();
        let mut message = message::test(&rule, "eve", 5);
        message.title = title.to_owned();
        message.severity = Severity::Critical;
        message.incident = 7;
        let Ok(Target::Mail(place)) = rule.target.parse() else { panic!("no mail") };
        assert_eq!(message.kind, AlertKind::Test);
        String::from_utf8(letter(&place, &message).unwrap().formatted()).unwrap()
    }

    #[test]
    fn no_text_begins_a_header_or_ends_a_letter() {
        let hostile = "x\r\nBcc: victim@example.com\r\n\r\n.\r\nMAIL FROM:<a@b>\u{202e}<script>\0 é \\x41";
        let letter = written(hostile);
        let (head, body) = letter.split_once("\r\n\r\n").unwrap();
        for line in head.split("\r\n").filter(|line| !line.starts_with(' ')) {
            let (name, _) = line.split_once(':').unwrap();
            let known = [
                "From",
                "To",
                "Subject",
                "Message-ID",
                "Auto-Submitted",
                "X-DECNET-Event-Id",
                "References",
                "X-DECNET-Event-Topic",
                "Content-Type",
                "Content-Transfer-Encoding",
                "MIME-Version",
                "Date",
            ];
            assert!(known.contains(&name), "{line}");
        }
        assert!(head.is_ascii() && !head.contains('\0'), "{head}");
        assert!(head.lines().all(|line| line.len() < 998), "{head}");
        let packed: String = body.split_whitespace().collect();
        let text = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, packed).unwrap();
        let text = String::from_utf8(text).unwrap();
        let first = text.lines().next().unwrap();
        assert_eq!(
            first,
            "x\\x0d\\x0aBcc: victim@example.com\\x0d\\x0a\\x0d\\x0a.\\x0d\\x0aMAIL FROM:<a@b>\\xe2\\x80\\xae<script>\
             \\x00 é \\x41"
        );
        assert!(text.contains("Severity: CRITICAL\r\nRule: siem\r\n"), "{text}");
    }

    #[test]
    fn a_long_title_is_a_short_subject() {
        let letter = written(&"ß".repeat(100_000));
        assert!(letter.len() < 12_000, "{}", letter.len());
        assert!(letter.lines().all(|line| line.len() < 998));
    }
}
