//! The first exchange of each protocol, with a nonce that the service has to record.
//!
//! A client of its own per protocol, as small as can be: it waits for what a real server says first,
//! says something that only this touch says, and waits for the answer.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(8);
/// The same where a key may have to be made first.
const PATIENCE_TLS: Duration = Duration::from_secs(30);

/// Completes the first exchange of `slug` over `stream`, leaving `nonce` (letters and digits) behind.
///
/// # Errors
/// What was expected and what came instead.
pub fn talk(slug: &str, tls: bool, mut stream: TcpStream, nonce: &str) -> Result<(), String> {
    let prepared = stream
        .set_read_timeout(Some(if tls { PATIENCE_TLS } else { PATIENCE }))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
        .and_then(|()| stream.set_nodelay(true));
    prepared.map_err(|error| error.to_string())?;
    let mut exchange = Exchange { stream: &mut stream, heard: Vec::new(), refuse_options: false };
    if tls {
        return exchange.hello_over_tls(nonce);
    }
    match slug {
        "ssh" => {
            exchange.wait("an SSH version", |heard| heard.starts_with(b"SSH-2.0-"))?;
            exchange.say(format!("SSH-2.0-{nonce}\r\n").as_bytes())?;
            exchange.wait("a KEXINIT", |heard| heard.get(5) == Some(&20) || heard.len() > 256)
        }
        "telnet" => {
            exchange.refuse_options = true;
            exchange.wait("a login prompt", |heard| {
                ends_with_prompt(heard, &[b"ogin:", b"sername:", b"ccount:"])
            })?;
            exchange.say(format!("{nonce}\r\n").as_bytes())?;
            exchange
                .wait("a password prompt", |heard| ends_with_prompt(heard, &[b"assword:", b"ASSWORD:"]))?;
            exchange.say(b"firedrill\r\n")?;
            exchange.wait("an answer to the login", |heard| heard.len() > 2)
        }
        "http" => {
            exchange.say(
                format!("GET /{nonce} HTTP/1.1\r\nHost: {nonce}\r\nConnection: close\r\n\r\n").as_bytes(),
            )?;
            exchange.wait("a status line", |heard| heard.starts_with(b"HTTP/1."))
        }
        "ftp" => {
            exchange.wait("a 220 greeting", |heard| heard.starts_with(b"220") && heard.ends_with(b"\n"))?;
            exchange.say(format!("USER {nonce}\r\n").as_bytes())?;
            exchange.wait("a 331 reply", |heard| heard.starts_with(b"331"))?;
            exchange.say(b"PASS firedrill\r\n")?;
            exchange.wait("a reply to PASS", |heard| heard.len() > 3)
        }
        "smtp" => {
            exchange.wait("a 220 greeting", |heard| heard.starts_with(b"220") && heard.ends_with(b"\n"))?;
            exchange.say(format!("EHLO {nonce}\r\n").as_bytes())?;
            exchange.wait("a 250 reply", |heard| heard.starts_with(b"250"))
        }
        "redis" => {
            exchange.say(format!("*2\r\n$4\r\nECHO\r\n${}\r\n{nonce}\r\n", nonce.len()).as_bytes())?;
            exchange.wait("a reply", |heard| {
                matches!(heard.first(), Some(b'$' | b'-')) && heard.ends_with(b"\r\n")
            })
        }
        "mysql" => {
            exchange.wait("a greeting", |heard| heard.get(4) == Some(&10) && heard.len() > 60)?;
            exchange.say(&mysql_login(nonce))?;
            exchange
                .wait("an answer to the login", |heard| matches!(heard.get(4), Some(0xff | 0xfe | 0x01 | 0)))
        }
        other => Err(format!("no first exchange is known for service {other:?}")),
    }
}

struct Exchange<'a> {
    stream: &'a mut TcpStream,
    heard: Vec<u8>,
    /// Whether Telnet options are refused as they come: telnetd prompts nobody who does not answer.
    refuse_options: bool,
}

impl Exchange<'_> {
    fn say(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.heard.clear();
        self.stream.write_all(bytes).map_err(|error| format!("send: {error}"))
    }

    fn wait(&mut self, what: &str, done: impl Fn(&[u8]) -> bool) -> Result<(), String> {
        const MOST: usize = 64 * 1024;
        let mut buffer = [0; 4096];
        while !done(&self.heard) {
            if MOST < self.heard.len() {
                return Err(format!("waited for {what}, got {} other bytes", self.heard.len()));
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => {
                    return Err(format!("waited for {what}, the connection was closed {}", self.so_far()));
                }
                Ok(count) => {
                    let heard = buffer.get(..count).unwrap_or_default();
                    if self.refuse_options {
                        self.stream.write_all(&refusals(heard)).map_err(|error| format!("send: {error}"))?;
                    }
                    self.heard.extend_from_slice(heard);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("waited for {what}: {error} {}", self.so_far())),
            }
        }
        Ok(())
    }

    fn so_far(&self) -> String {
        let shown = self.heard.get(..self.heard.len().min(80)).unwrap_or_default();
        format!("after {:?}", netsvc_wire::escape::printable(shown))
    }

    /// A ClientHello that asks for a server called `nonce`; a ServerHello or an alert answers it.
    fn hello_over_tls(&mut self, nonce: &str) -> Result<(), String> {
        self.say(&client_hello(nonce))?;
        self.wait("a ServerHello", |heard| matches!(heard, [22, 3, _, _, _, 2, ..]))
    }
}

/// WONT to every DO, DONT to every WILL (RFC 854).
pub(crate) fn refusals(heard: &[u8]) -> Vec<u8> {
    let answers = heard.windows(3).filter_map(|window| match *window {
        [0xff, 0xfd, option] => Some([0xff, 0xfc, option]),
        [0xff, 0xfb, option] => Some([0xff, 0xfe, option]),
        _ => None,
    });
    answers.flatten().collect()
}

fn ends_with_prompt(heard: &[u8], prompts: &[&[u8]]) -> bool {
    let end = heard.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
    let heard = heard.get(..end).unwrap_or_default();
    prompts.iter().any(|prompt| heard.ends_with(prompt))
}

/// A `HandshakeResponse41` for `user` with a scramble of twenty bytes for mysql_native_password.
fn mysql_login(user: &str) -> Vec<u8> {
    // PROTOCOL_41, LONG_PASSWORD, SECURE_CONNECTION, PLUGIN_AUTH
    let mut body = 0x0008_8201_u32.to_le_bytes().to_vec();
    body.extend_from_slice(&(1_u32 << 24).to_le_bytes());
    body.push(45);
    body.extend_from_slice(&[0; 23]);
    body.extend_from_slice(user.as_bytes());
    body.extend_from_slice(&[0, 20]);
    body.extend_from_slice(&[0x41; 20]);
    body.extend_from_slice(b"mysql_native_password\0");
    let mut packet = u32::try_from(body.len()).unwrap_or(0).to_le_bytes().to_vec();
    packet.truncate(3);
    packet.push(1);
    packet.extend(body);
    packet
}

/// A TLS 1.2 ClientHello (RFC 5246 §7.4.1.2) with the server name `name`.
fn client_hello(name: &str) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend((0..32_u8).map(|byte| byte.wrapping_mul(7)));
    body.push(0);
    // ECDHE and plain RSA with AES-GCM and AES-CBC: at least one of them is known everywhere.
    push_counted(&mut body, &[0xc0, 0x2f, 0xc0, 0x30, 0xc0, 0x2b, 0x00, 0x9c, 0x00, 0x2f]);
    body.extend_from_slice(&[1, 0]);
    let mut extensions = Vec::new();
    let mut server_name = vec![0];
    push_counted(&mut server_name, name.as_bytes());
    let mut list = Vec::new();
    push_counted(&mut list, &server_name);
    extension(&mut extensions, 0, &list);
    extension(&mut extensions, 10, &[0, 6, 0, 29, 0, 23, 0, 24]);
    extension(&mut extensions, 11, &[1, 0]);
    extension(&mut extensions, 13, &[0, 8, 4, 1, 4, 3, 8, 4, 2, 1]);
    push_counted(&mut body, &extensions);
    let mut handshake = vec![1, 0];
    push_counted(&mut handshake, &body);
    let mut record = vec![22, 3, 1];
    push_counted(&mut record, &handshake);
    record
}

fn extension(out: &mut Vec<u8>, number: u16, body: &[u8]) {
    out.extend_from_slice(&number.to_be_bytes());
    push_counted(out, body);
}

/// Appends `bytes` after their length in two bytes.
fn push_counted(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn an_exchange_waits_for_the_server_and_names_what_is_missing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"220 ready\r\n").unwrap();
            let mut heard = [0; 64];
            let count = stream.read(&mut heard).unwrap();
            stream.write_all(b"250 hello\r\n").unwrap();
            heard[..count].to_vec()
        });
        talk("smtp", false, TcpStream::connect(address).unwrap(), "n0nce").unwrap();
        assert_eq!(server.join().unwrap(), b"EHLO n0nce\r\n");
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(other.local_addr().unwrap()).unwrap();
        assert!(talk("gopher", false, stream, "x").unwrap_err().contains("gopher"));
    }
}
