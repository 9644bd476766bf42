//! Looks at the services of deckies as their clients see them.

use super::{ssh, tls};
use crate::firedrill::Way;
use decnet_analysis::audit::Seen;
use decnet_model::fleet::Fleet;
use netsvc_persona::{Persona, stage::PortSpec};
use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};
use time::{Date, Month, OffsetDateTime, Time};
use tokio::{sync::Semaphore, task::JoinSet};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Looks at the same time.
const PARALLEL: usize = 16;
/// Bytes of a head that are read.
const HEAD: usize = 8192;

/// One thing that a port shows.
enum Shown {
    Ssh(ssh::Ssh),
    Tls(tls::Tls),
    Http { server: Option<String>, ahead: Option<i64> },
}

/// What the ports of `judged` show, by decky; and how many did not answer.
pub(super) async fn run(way: &Way, fleet: &Fleet, judged: &[&Persona]) -> (BTreeMap<String, Seen>, usize) {
    let gate = Arc::new(Semaphore::new(PARALLEL));
    let mut looks = JoinSet::new();
    for persona in judged {
        let decky = fleet.deckies.values().find(|decky| decky.name.as_str() == persona.node);
        for port in decky.map(|decky| decky.ports()).unwrap_or_default() {
            if port.tls || matches!(port.slug.as_str(), "ssh" | "http") {
                let (way, gate, ip, node) = (way.clone(), gate.clone(), persona.ip, persona.node.clone());
                looks.spawn(async move {
                    let _turn = gate.acquire().await;
                    let stream = way.connect(ip, port.port).await?;
                    let shown = tokio::task::spawn_blocking(move || look(&port, stream)).await??;
                    Ok::<_, io::Error>((node, shown))
                });
            }
        }
    }
    let (mut all, mut silent) = (BTreeMap::<String, Seen>::new(), 0);
    while let Some(ended) = looks.join_next().await {
        let Ok(Ok((node, shown))) = ended else {
            silent += 1;
            continue;
        };
        note(all.entry(node).or_default(), shown);
    }
    (all, silent)
}

fn note(seen: &mut Seen, shown: Shown) {
    match shown {
        Shown::Ssh(ssh) => {
            seen.ssh_version = Some(ssh.version);
            seen.hassh = Some(ssh.hassh);
            seen.host_keys.extend(ssh.host_key);
        }
        Shown::Tls(tls) => (seen.tls, seen.certificate) = (tls.answer, tls.certificate),
        Shown::Http { server, ahead } => (seen.http_server, seen.http_ahead) = (server, ahead),
    }
}

fn look(port: &PortSpec, stream: TcpStream) -> io::Result<Shown> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    if port.tls {
        return tls::look(stream).map(Shown::Tls);
    }
    if port.slug == "ssh" {
        return ssh::look(stream).map(Shown::Ssh);
    }
    http(stream)
}

fn http(mut stream: TcpStream) -> io::Result<Shown> {
    stream.write_all(b"HEAD / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\nConnection: close\r\n\r\n")?;
    let mut head = Vec::new();
    let mut some = [0; 1024];
    while head.len() < HEAD && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut some)? {
            0 => break,
            read => head.extend_from_slice(some.get(..read).unwrap_or_default()),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let now = OffsetDateTime::now_utc();
    let ahead = field(&head, "date").and_then(moment).map(|date| {
        // A date has whole seconds.
        i64::try_from((date - now).whole_microseconds()).unwrap_or(i64::MAX) + 500_000
    });
    Ok(Shown::Http { server: field(&head, "server").map(str::to_owned), ahead })
}

/// A header field's value.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
fn moment(text: &str) -> Option<OffsetDateTime> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [_, day, month, year, clock, "GMT"] = words.as_slice() else { return None };
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| name == month)?;
    let month = Month::try_from(u8::try_from(month + 1).ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    let mut parts = clock.split(':').map(|part| part.parse::<u8>().ok());
    let time = Time::from_hms(parts.next()??, parts.next()??, parts.next()??).ok()?;
    Some(date.with_time(time).assume_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read() {
        let read = |text| moment(text).map(OffsetDateTime::unix_timestamp);
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(read("Sun, 06 Nov 1994 08:49 GMT"), None);
        assert_eq!(read("yesterday"), None);
    }

    #[test]
    fn a_field_is_found_whatever_its_case() {
        let head = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDATE: x\r\n\r\n";
        assert_eq!((field(head, "server"), field(head, "date")), (Some("nginx/1.22.1"), Some("x")));
        assert_eq!(field(head, "etag"), None);
    }
}
