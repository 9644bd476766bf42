//! What is found in a line of a program that is not one of ours: who the peer is, and a login.

use super::entry::Said;
use base64::{Engine, engine::general_purpose::STANDARD};
use decnet_model::{capture::Capture, custom::EXPRESSION_SIZE};
use netsvc_wire::{Event, HeaderText, Kind, field, stamp::Micros};
use regex::bytes::{Regex, RegexBuilder};
use std::net::{IpAddr, SocketAddr};

/// Most bytes of a line, and of a name and a secret, that are kept.
const DATA_MOST: usize = 4096;
const SECRET_MOST: usize = 1024;

/// Makes events of lines.
#[derive(Debug)]
pub(super) struct Finder {
    node: HeaderText,
    app: HeaderText,
    address: IpAddr,
    credential: Option<Regex>,
    source: Option<Regex>,
}

impl Finder {
    /// For the lines that `capture` is about. An expression that is none was refused when the fleet was read; here it
    /// finds nothing.
    ///
    /// # Errors
    /// A name that cannot stand in a line.
    pub(super) fn new(capture: &Capture) -> Result<Finder, String> {
        let header = |text: &String| text.parse::<HeaderText>().map_err(|_| text.clone());
        let expression = |text: &Option<String>| {
            let built = RegexBuilder::new(text.as_deref()?).size_limit(EXPRESSION_SIZE).build();
            let told = |error: &regex::Error| {
                tracing::warn!(service = capture.service, %error, "an expression finds nothing");
            };
            built.inspect_err(told).ok()
        };
        Ok(Finder {
            node: header(&capture.node)?,
            app: header(&capture.service)?,
            address: capture.address,
            credential: expression(&capture.credential),
            source: expression(&capture.source),
        })
    }

    /// The events of a line: itself, and the login that it tells of. `now`: when it came, if nobody noted it.
    pub(super) fn events(&self, said: &Said, now: Micros) -> Vec<Event> {
        let at = said.at.unwrap_or(now);
        let login = self.credential.as_ref().and_then(|expression| expression.captures(&said.text));
        let named = login.as_ref().and_then(|login| address(login.name("source")?.as_bytes()));
        let first = || address(self.source.as_ref()?.captures(&said.text)?.get(1)?.as_bytes());
        let peer = named.or_else(first);
        let event = |kind| {
            let event = Event::new(at, self.node.clone(), self.app.clone(), kind);
            let event = match peer {
                Some(peer) => event.with(field::SRC_IP, peer.to_string()),
                None => event,
            };
            event.with(field::DST_IP, self.address.to_string())
        };
        let line = event(Kind::CustomLine)
            .with(field::DATA, cut(&said.text, DATA_MOST))
            .with(field::STREAM, cut(said.stream.as_bytes(), DATA_MOST));
        let mut events = vec![line];
        if let Some(login) = login
            && let Some(secret) = login.name("password")
        {
            let secret = cut(secret.as_bytes(), SECRET_MOST);
            let mut attempt = event(Kind::AuthAttempt);
            if let Some(user) = login.name("user") {
                attempt = attempt.with(field::PRINCIPAL, cut(user.as_bytes(), SECRET_MOST));
            }
            let shown: Vec<u8> =
                secret.iter().map(|&byte| if (0x20..=0x7e).contains(&byte) { byte } else { b'?' }).collect();
            events.push(
                attempt
                    .with(field::SECRET_KIND, "plaintext")
                    .with(field::SECRET_PRINTABLE, shown)
                    .with(field::SECRET_B64, STANDARD.encode(&secret)),
            );
        }
        events
    }
}

fn cut(bytes: &[u8], most: usize) -> Vec<u8> {
    bytes.get(..most).unwrap_or(bytes).to_vec()
}

/// An address, perhaps with a port behind it or in brackets.
fn address(bytes: &[u8]) -> Option<IpAddr> {
    let text = String::from_utf8_lossy(bytes);
    let socket = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    text.trim_matches(['[', ']']).parse().ok().or_else(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::capture::Format;

    fn finder() -> Finder {
        Finder::new(&Capture {
            node: "web-01".to_owned(),
            service: "shop".to_owned(),
            address: IpAddr::from([192, 0, 2, 5]),
            writer: String::new(),
            sd_id: "ev@32473".to_owned(),
            format: Format::JsonFile,
            credential: Some("failed for (?P<user>\\S+) with (?P<password>.*)".to_owned()),
            source: Some("^(\\S+) ".to_owned()),
        })
        .unwrap()
    }

    #[test]
    fn a_login_in_a_line_is_an_event_of_its_own_with_the_peer() {
        let text = b"198.51.100.7:4711 login failed for bob with s3c\xc3\xa9".to_vec();
        let said = Said { at: None, stream: "stdout".to_owned(), text: text.clone() };
        let events = finder().events(&said, 7);
        let value = |event: &Event, name: &str| {
            let found = event.fields.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        assert_eq!((events[0].kind, events[0].at, events[1].kind), (Kind::CustomLine, 7, Kind::AuthAttempt));
        assert_eq!(value(&events[0], field::DATA), text);
        assert_eq!(value(&events[1], field::SRC_IP), b"198.51.100.7");
        assert_eq!(value(&events[1], field::PRINCIPAL), b"bob");
        assert_eq!(value(&events[1], field::SECRET_PRINTABLE), b"s3c??");
        assert_eq!(value(&events[1], field::SECRET_B64), STANDARD.encode(b"s3c\xc3\xa9").into_bytes());
    }

    #[test]
    fn a_line_without_either_is_a_line() {
        let said = Said { at: Some(3), stream: "stderr".to_owned(), text: b"ready".to_vec() };
        let events = finder().events(&said, 7);
        assert_eq!((events.len(), events[0].at), (1, 3));
        assert!(events[0].fields.iter().all(|(name, _)| *name != field::SRC_IP));
    }
}
