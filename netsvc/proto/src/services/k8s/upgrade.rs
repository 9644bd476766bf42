//! What a connection becomes that a client asks to take over: frames of WebSockets, streams of SPDY, or nothing.

use super::{
    release::Release,
    websocket::{self, PROTOCOLS},
};
use crate::date;
use netsvc_daemon::http::request::Request;

/// Field by which clients and server agree on what is in the streams of SPDY.
const VERSION: &str = "x-stream-protocol-version";
/// The protocol of ports.
const PORTS: &[&str] = &["portforward.k8s.io"];

/// What becomes of a connection, with what is said first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Upgrade {
    Frames(Vec<u8>),
    Streams(Vec<u8>),
    /// It ends.
    Refused(Vec<u8>),
}

impl Upgrade {
    /// What `request` asks for; `ports`: it is for ports of a pod, and not for a program. `clock`: µs since the epoch.
    pub(super) fn of(request: &Request, release: &Release, ports: bool, clock: i64) -> Upgrade {
        let date = date::http(clock);
        let wish = request.field("upgrade").unwrap_or_default();
        if wish.eq_ignore_ascii_case("websocket") {
            // Channels that can be closed came with 1.30.
            let known = match PROTOCOLS {
                [_, older @ ..] if ports || release.number() < 30 => older,
                all => all,
            };
            return match websocket::upgrade(request, known) {
                Some((head, _)) => Upgrade::Frames(head),
                None => Upgrade::Refused(b"HTTP/1.1 403 Forbidden\r\n\r\n".to_vec()),
            };
        }
        let refused = |status: &str, more: &str, text: &str| {
            Upgrade::Refused(
                format!(
                    "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n{more}X-Content-Type-Options: \
                     nosniff\r\nDate: {date}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}\n",
                    text.len() + 1
                )
                .into_bytes(),
            )
        };
        if !wish.eq_ignore_ascii_case("spdy/3.1") {
            return refused("400 Bad Request", "", "unable to upgrade: missing upgrade headers in request");
        }
        // SPDY never got the newest protocol.
        let known = if ports { PORTS } else { PROTOCOLS.get(1..).unwrap_or_default() };
        let offered: Vec<&str> = request
            .fields
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(VERSION))
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .collect();
        let Some(protocol) = offered.iter().find(|offer| known.contains(*offer)) else {
            let accepted: String =
                known.iter().map(|name| format!("X-Accepted-Stream-Protocol-Versions: {name}\r\n")).collect();
            let text = format!(
                "unable to upgrade: unable to negotiate protocol: client supports [{}], server accepts [{}]",
                offered.join(" "),
                known.join(" ")
            );
            return refused("403 Forbidden", &accepted, &text);
        };
        Upgrade::Streams(
            format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: \
                 SPDY/3.1\r\nX-Stream-Protocol-Version: {protocol}\r\nDate: {date}\r\n\r\n"
            )
            .into_bytes(),
        )
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    fn asked(fields: &str, release: &Release, ports: bool) -> String {
        let head = format!("POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n{fields}\r\n");
        let (Upgrade::Frames(said) | Upgrade::Streams(said) | Upgrade::Refused(said)) =
            Upgrade::of(&Request::read(head.as_bytes()), release, ports, 0);
        String::from_utf8(said).unwrap()
    }

    #[test]
    fn a_connection_becomes_what_both_sides_know() {
        let old = Release::named("1.26.0");
        let new = Release::named("1.30.0");
        let spdy = "Upgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v5.channel.k8s.io\r\n\
                    X-Stream-Protocol-Version: v4.channel.k8s.io\r\n";
        let said = asked(spdy, old, false);
        assert!(
            said.starts_with(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
            )
        );
        assert!(said.contains("\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n"), "{said}");
        assert!(asked(spdy, old, true).starts_with("HTTP/1.1 403 Forbidden\r\n"));
        let web = "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                   Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n";
        assert_eq!(asked(web, old, false), "HTTP/1.1 403 Forbidden\r\n\r\n");
        assert!(asked(web, new, false).contains("Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n"));
        assert!(asked("Upgrade: h2c\r\n", new, false).starts_with("HTTP/1.1 400 Bad Request\r\n"));
    }
}
