//! The first exchange of each protocol, with a nonce that the service has to record.
//!
//! Each service declares it in the catalogue: what a real server says first, something that only this touch says,
//! and the answer.

use decnet_model::catalogue;
use netsvc_persona::{
    exchange::{Exchange, Talk, Turn},
    stage::PortSpec,
};
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream, UdpSocket},
    time::Duration,
};

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(8);
/// How often a datagram is sent that is not answered.
const TRIES: u32 = 4;
/// The same where a key may have to be made first.
const PATIENCE_TLS: Duration = Duration::from_secs(30);

/// Completes the first exchange of the service at `port` over `stream`, leaving `nonce` (16 letters and digits) behind.
///
/// # Errors
/// What was expected and what came instead.
pub fn talk(port: &PortSpec, stream: TcpStream, nonce: &str) -> Result<(), String> {
    let prepared = stream
        .set_read_timeout(Some(if port.tls { PATIENCE_TLS } else { PATIENCE }))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
        .and_then(|()| stream.set_nodelay(true));
    prepared.map_err(|error| error.to_string())?;
    if port.tls {
        return hello_over_tls(stream, nonce);
    }
    play(stream, Talk::new(first_exchange(port)?, nonce))
}

/// As [`talk`], in datagrams to `address`. One that is not answered is sent again: datagrams may be lost.
///
/// # Errors
/// What was expected and what came instead.
pub fn talk_in_datagrams(
    port: &PortSpec,
    socket: UdpSocket,
    address: SocketAddr,
    nonce: &str,
) -> Result<(), String> {
    socket.set_read_timeout(Some(PATIENCE / TRIES)).map_err(|error| error.to_string())?;
    let datagrams = Datagrams { socket, address, said: Vec::new() };
    play(datagrams, Talk::new(first_exchange(port)?, nonce))
}

fn first_exchange(port: &PortSpec) -> Result<&'static Exchange, String> {
    let exchange = catalogue::find(&port.slug).and_then(|service| service.exchange_at(port));
    exchange.ok_or_else(|| {
        format!("no first exchange over {} is known for service {:?}", port.transport.name(), port.slug)
    })
}

/// What an exchange is played over.
trait Wire {
    fn say(&mut self, bytes: &[u8]) -> Result<(), String>;

    /// What comes next, while `what` is waited for and `heard` came so far.
    fn hear(&mut self, what: &str, heard: &[u8]) -> Result<Vec<u8>, String>;
}

impl Wire for TcpStream {
    fn say(&mut self, bytes: &[u8]) -> Result<(), String> {
        send(self, bytes)
    }

    fn hear(&mut self, what: &str, heard: &[u8]) -> Result<Vec<u8>, String> {
        receive(self, what, heard)
    }
}

/// Datagrams to and from one address; answers may come from any port of it.
struct Datagrams {
    socket: UdpSocket,
    address: SocketAddr,
    /// What was said last.
    said: Vec<u8>,
}

impl Wire for Datagrams {
    fn say(&mut self, bytes: &[u8]) -> Result<(), String> {
        bytes.clone_into(&mut self.said);
        let sent = self.socket.send_to(bytes, self.address);
        sent.map(drop).map_err(|error| format!("send: {error}"))
    }

    fn hear(&mut self, what: &str, _heard: &[u8]) -> Result<Vec<u8>, String> {
        let mut buffer = vec![0; 64 * 1024];
        let mut tries = 1;
        loop {
            match self.socket.recv_from(&mut buffer) {
                Ok((count, from)) if from.ip() == self.address.ip() => {
                    buffer.truncate(count);
                    return Ok(buffer);
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if TRIES <= tries => return Err(format!("waited for {what}: {error}")),
                Err(_) => {
                    tries += 1;
                    let said = std::mem::take(&mut self.said);
                    self.say(&said)?;
                }
            }
        }
    }
}

fn play(mut wire: impl Wire, mut talk: Talk<'_>) -> Result<(), String> {
    loop {
        match talk.turn() {
            Turn::Done => return Ok(()),
            Turn::Say(bytes) => wire.say(&bytes)?,
            Turn::Hear(answer) => {
                let came = wire.hear(&answer.what, talk.heard())?;
                let said = talk.hear(&came);
                if !said.is_empty() {
                    wire.say(&said)?;
                }
            }
        }
    }
}

fn send(stream: &mut TcpStream, bytes: &[u8]) -> Result<(), String> {
    stream.write_all(bytes).map_err(|error| format!("send: {error}"))
}

/// What comes next, while `what` is waited for and `heard` came so far.
fn receive(stream: &mut TcpStream, what: &str, heard: &[u8]) -> Result<Vec<u8>, String> {
    const MOST: usize = 64 * 1024;
    if MOST < heard.len() {
        return Err(format!("waited for {what}, got {} other bytes", heard.len()));
    }
    let shown = heard.get(..heard.len().min(80)).unwrap_or_default();
    let so_far = || format!("after {:?}", netsvc_wire::escape::printable(shown));
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Err(format!("waited for {what}, the connection was closed {}", so_far())),
            Ok(count) => return Ok(buffer.get(..count).unwrap_or_default().to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(format!("waited for {what}: {error} {}", so_far())),
        }
    }
}

/// A ClientHello that asks for a server called `nonce`; a ServerHello or an alert answers it.
fn hello_over_tls(mut stream: TcpStream, nonce: &str) -> Result<(), String> {
    send(&mut stream, &client_hello(nonce))?;
    let mut heard = Vec::new();
    while !matches!(heard.as_slice(), [22, 3, _, _, _, 2, ..]) {
        heard.extend(receive(&mut stream, "a ServerHello", &heard)?);
    }
    Ok(())
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
    use netsvc_persona::stage::Transport;
    use std::net::TcpListener;

    fn port(slug: &str) -> PortSpec {
        PortSpec { slug: slug.to_owned(), transport: Transport::Tcp, port: 0, tls: false }
    }

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
        talk(&port("smtp"), TcpStream::connect(address).unwrap(), "n0nce").unwrap();
        assert_eq!(server.join().unwrap(), b"EHLO n0nce\r\n");
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(other.local_addr().unwrap()).unwrap();
        assert!(talk(&port("gopher"), stream, "x").unwrap_err().contains("gopher"));
    }
}
