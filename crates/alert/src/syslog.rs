//! A message as a line of syslog: RFC 5424 over UDP (RFC 5426), or over TCP with its length before it (RFC 6587
//! §3.4.1).

use crate::answer::SendError;
use decnet_model::record::{AlertDelivery, Severity};
use decnet_shape::message::Body;
use netsvc_wire::stamp;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpStream, UdpSocket},
};

/// The facility `local0`.
const FACILITY: u8 = 16;
/// Longest text, in characters: a datagram of 2 KiB is taken by every server (RFC 5424 §6.1).
const LONGEST: usize = 1200;

/// Sends a message, with `said` in place of its title.
pub(crate) async fn tell(
    tcp: bool,
    host: &str,
    port: u16,
    message: &AlertDelivery,
    said: Option<&str>,
) -> Result<(), SendError> {
    let line = line(message, said);
    if tcp {
        let mut socket = TcpStream::connect((host, port)).await.map_err(SendError::Connect)?;
        let framed = format!("{} {line}", line.len());
        socket.write_all(framed.as_bytes()).await.map_err(SendError::Talk)?;
        return socket.shutdown().await.map_err(SendError::Talk);
    }
    let address = tokio::net::lookup_host((host, port)).await.map_err(SendError::Connect)?.next();
    let address = address.ok_or(SendError::Name)?;
    let own = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(own).await.map_err(SendError::Connect)?;
    socket.connect(address).await.map_err(SendError::Connect)?;
    socket.send(line.as_bytes()).await.map_err(SendError::Talk).map(drop)
}

fn line(message: &AlertDelivery, said: Option<&str>) -> String {
    let severity = match message.severity {
        Severity::Info => 6,
        Severity::Low => 5,
        Severity::Medium => 4,
        Severity::High => 3,
        Severity::Critical => 2,
    };
    let link =
        serde_json::from_str::<Body>(&message.body).ok().and_then(|body| body.link).unwrap_or_default();
    // What programs read begins with its own first sign.
    let text = said.map_or_else(
        || format!("\u{feff}{}", message.title.chars().take(LONGEST).collect::<String>()),
        str::to_owned,
    );
    format!(
        "<{}>1 {} - decnet - {} [alert@32473 rule=\"{}\" token=\"{}\" incident=\"{}\" stage=\"{}\" severity=\"{}\" \
         link=\"{}\"] {text}",
        FACILITY * 8 + severity,
        stamp::format(message.created_at),
        message.kind,
        value(&message.rule),
        message.token,
        message.incident,
        message.stage,
        message.severity,
        value(&link),
    )
}

/// A parameter's value (RFC 5424 §6.3.3).
fn value(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::record::{AlertKind, DeliveryState, Stage};

    #[test]
    fn a_line_is_one_and_says_who_and_what() {
        let message = AlertDelivery {
            id: 1,
            token: "t".into(),
            rule: "a\"]b".into(),
            kind: AlertKind::Alert,
            state: DeliveryState::Waiting,
            incident: 7,
            stage: Stage::LoggedIn,
            severity: Severity::High,
            title: "192.0.2.1 logged in as a\\x0ab".into(),
            body: "{}".into(),
            attempts: 0,
            created_at: 1_764_000_000_000_000,
            next_at: 0,
            done_at: None,
            answer: String::new(),
        };
        let text = line(&message, None);
        assert!(
            text.starts_with(
                "<131>1 2025-11-24T16:00:00.000000Z - decnet - alert [alert@32473 rule=\"a\\\"\\]b\""
            ),
            "{text}"
        );
        assert!(text.ends_with("192.0.2.1 logged in as a\\x0ab") && !text.contains('\n'), "{text}");
        assert!(line(&message, Some("CEF:0|x")).ends_with("link=\"\"] CEF:0|x"));
    }
}
