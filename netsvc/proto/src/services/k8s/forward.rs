//! Ports of pods, reached through the API server: what listens there is a machine of another service, on a host that is
//! the pod.

use super::{
    spdy::{self, Spdy},
    target::Target,
    websocket,
};
use crate::{
    container,
    services::{http, memcached, mysql, postgres, redis},
};
use netsvc_kit::{Action, Charge, Def, Fields, Gathered, Host, Input, Link, Machine, Out, Session};
use netsvc_persona::Product;
use netsvc_wire::{Kind, field};
use std::{collections::BTreeMap, io, sync::Arc, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Bytes that are read at once, that wait for the rest of a frame, and that a frame has at most.
const PIECE: usize = 8 * 1024;
const WAITING: usize = 512 * 1024;
const FRAME: usize = 32 * 1024;
/// Connections at a time.
const MOST: usize = 32;
/// What a pod takes that is reached, in bytes.
const POD: usize = 48 * 1024;
/// First bytes of what passes that an event has.
const SHOWN: usize = 1024;
/// Longest that an answer waits.
const PAUSE: Duration = Duration::from_secs(5);
/// What listens in pods, by words of their images: the service, its port, and the product where it has several.
static LISTENERS: &[(&str, &Def, u16, &str)] = &[
    ("nginx", &http::SERVICE, 80, "nginx"),
    ("httpd", &http::SERVICE, 80, "Apache"),
    ("postgres", &postgres::SERVICE, 5432, ""),
    ("redis", &redis::SERVICE, 6379, ""),
    ("mysql", &mysql::SERVICE, 3306, ""),
    ("mariadb", &mysql::SERVICE, 3306, ""),
    ("memcached", &memcached::SERVICE, 11_211, ""),
];

/// What comes on a connection.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    /// A connection to a port is wanted.
    Open(u32, u16),
    Bytes(u32, Vec<u8>),
    Over(u32),
    /// Nothing that is said to a port.
    Other,
}

/// A connection whose second stream has not come: the port, and the streams for errors and data.
type Half = (u16, Option<u32>, Option<u32>);

/// How connections are told apart: by the stream, or the number of the channel, that has their data.
enum Way {
    /// Channels: those for data are even, each followed by that for errors.
    Frames,
    Streams {
        spdy: Spdy,
        halves: BTreeMap<String, Half>,
        errors: BTreeMap<u32, u32>,
    },
}

/// A connection to a port of the pod.
struct Reached {
    machine: Box<dyn Machine>,
    port: u16,
    first: Vec<u8>,
    passed: (u64, u64),
    _charge: Charge,
}

/// Ports that are reached over a connection.
pub(super) struct Forward<'a> {
    session: &'a mut Session,
    host: Arc<Host>,
    link: Link,
    target: Target,
    bytes: Gathered,
    way: Way,
    reached: BTreeMap<u32, Reached>,
}

impl<'a> Forward<'a> {
    /// `early`: what came behind the request. `framed`: it speaks WebSockets.
    pub(super) fn new(session: &'a mut Session, target: Target, early: &[u8], framed: bool) -> Self {
        let mut bytes = Gathered::new(WAITING);
        // What there is no room for ends the connection when more comes.
        let _ = bytes.push(early);
        let (host, link) = (session.host().clone(), *session.link());
        let way = match framed {
            true => Way::Frames,
            false => Way::Streams { spdy: Spdy::default(), halves: BTreeMap::new(), errors: BTreeMap::new() },
        };
        Forward { session, host, link, target, bytes, way, reached: BTreeMap::new() }
    }

    /// Serves it to its end; `ports`: those that the request names.
    ///
    /// # Errors
    /// When the connection fails.
    pub(super) async fn run(mut self, ports: &[u16]) -> io::Result<()> {
        let served = self.serve(ports).await;
        for (_, reached) in std::mem::take(&mut self.reached) {
            self.told(&reached);
        }
        served
    }

    async fn serve(&mut self, ports: &[u16]) -> io::Result<()> {
        for (number, port) in (0_u32..).step_by(2).zip(ports.iter().take(MOST)) {
            // Each channel begins with the port that it is for.
            for channel in [number, number + 1] {
                self.say(channel, &port.to_le_bytes(), false).await?;
            }
            self.open(number, *port).await?;
        }
        loop {
            match self.next().await? {
                Event::Open(key, port) => self.open(key, port).await?,
                Event::Bytes(key, bytes) => self.pass(key, &Input::Bytes(&bytes)).await?,
                Event::Over(key) => {
                    self.pass(key, &Input::Eof).await?;
                    self.end(key).await?;
                }
                Event::Other => {}
            }
        }
    }

    fn name(&self, port: u16) -> String {
        format!("{}/{}:{port}", self.target.space, self.target.name)
    }

    async fn open(&mut self, key: u32, port: u16) -> io::Result<()> {
        let machine = self.listener(port).filter(|_| self.reached.len() < MOST);
        let outcome = if machine.is_some() { "accepted" } else { "rejected" };
        let fields = vec![
            (field::TARGET, self.name(port).into_bytes()),
            (field::OUTCOME, outcome.as_bytes().to_vec()),
            (field::COMMAND, b"port-forward".to_vec()),
        ];
        self.session.record(Kind::ForwardRequest, fields);
        let Some(machine) = machine else {
            let refusal = self.refusal(port);
            let errors = self.errors(key);
            self.say(errors, refusal.as_bytes(), true).await?;
            self.say(key, &[], true).await?;
            self.forget(key);
            return Ok(());
        };
        let charge = Charge::current(POD);
        let reached = Reached { machine, port, first: Vec::new(), passed: (0, 0), _charge: charge };
        self.reached.insert(key, reached);
        self.pass(key, &Input::Open).await
    }

    /// What the runtime says of a port at which nothing listens.
    fn refusal(&self, port: u16) -> String {
        let digits = self.target.inside(&self.host).files;
        let id: String = self.target.uid().chars().filter(char::is_ascii_hexdigit).collect();
        let space = digits.rsplit("pod-").next().unwrap_or_default();
        format!(
            "error forwarding port {port} to pod {id}, uid : failed to execute portforward in network namespace \
             \"/var/run/netns/cni-{space}\": failed to connect to localhost:{port} inside namespace \"{id}\", IPv4: \
             dial tcp4 127.0.0.1:{port}: connect: connection refused IPv6 dial tcp6: address localhost: no suitable \
             address found "
        )
    }

    /// What listens at a port of the pod.
    fn listener(&self, port: u16) -> Option<Box<dyn Machine>> {
        let image = self.target.image();
        let (_, def, _, wanted) =
            LISTENERS.iter().find(|(word, _, known, _)| *known == port && image.contains(word))?;
        let open = def.serve.streams().first().copied()?;
        let mut persona = container::persona(&self.host, &self.target.inside(&self.host));
        let info = def.info();
        let shown = info.products.iter().find(|product| wanted.is_empty() || product.name == *wanted)?;
        let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag.split('-').next().unwrap_or(tag));
        let told = tag.contains('.') && tag.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        // Of databases there are only the releases that are known.
        let version = if told && !wanted.is_empty() { tag } else { &shown.version };
        let product =
            Product { name: shown.name.clone(), version: version.to_owned(), packaging: String::new() };
        persona.products.insert(def.slug.to_owned(), product);
        let local = (persona.ip, port).into();
        // What an image of a web server shows until somebody changes it.
        let settings = [("app".to_owned(), "default".to_owned())].into();
        let other = Host::new(self.host.node.beyond(persona), def.slug, settings).ok()?;
        Some(open(&other, &Link { local, port, tls: false, ..self.link }))
    }

    /// Hands `input` to what listens, and does what it wants done.
    async fn pass(&mut self, key: u32, input: &Input<'_>) -> io::Result<()> {
        let mut input = *input;
        loop {
            let Some(reached) = self.reached.get_mut(&key) else { return Ok(()) };
            if let Input::Bytes(bytes) = input {
                reached.passed.0 += bytes.len() as u64;
                let room = SHOWN.saturating_sub(reached.first.len());
                reached.first.extend(bytes.iter().take(room));
            }
            let mut out = Out::default();
            reached.machine.step(input, &mut out);
            let full = out.full() && !out.closing();
            if !self.carry(key, &mut out).await? {
                return self.end(key).await;
            }
            if !full {
                return Ok(());
            }
            input = Input::Bytes(&[]);
        }
    }

    /// Does what is to be done; false: that ends the connection to the port.
    async fn carry(&mut self, key: u32, out: &mut Out) -> io::Result<bool> {
        let port = self.reached.get(&key).map_or(0, |reached| reached.port);
        let target = self.name(port);
        let named = |mut fields: Fields| {
            if !fields.iter().any(|(name, _)| *name == field::TARGET) {
                fields.push((field::TARGET, target.clone().into_bytes()));
            }
            fields
        };
        for action in out.take() {
            match action {
                Action::Send(bytes) | Action::Datagram(bytes) => {
                    if let Some(reached) = self.reached.get_mut(&key) {
                        reached.passed.1 += bytes.len() as u64;
                    }
                    self.say(key, &bytes, false).await?;
                }
                Action::Wait(time) => tokio::time::sleep(time.min(PAUSE)).await,
                Action::Record(kind, fields) => self.session.record(kind, named(fields)),
                Action::Capture(kind, fields, content) => {
                    self.session.capture(kind, named(fields), &content);
                }
                Action::OwnPort => {}
                Action::StartTls(_) | Action::Close => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The connection to a port ends.
    async fn end(&mut self, key: u32) -> io::Result<()> {
        let Some(reached) = self.reached.remove(&key) else { return Ok(()) };
        self.told(&reached);
        let errors = self.errors(key);
        self.say(errors, &[], true).await?;
        self.say(key, &[], true).await?;
        self.forget(key);
        Ok(())
    }

    fn forget(&mut self, key: u32) {
        if let Way::Streams { errors, .. } = &mut self.way {
            errors.remove(&key);
        }
    }

    fn told(&self, reached: &Reached) {
        let fields = vec![
            (field::TARGET, self.name(reached.port).into_bytes()),
            (field::OUTCOME, b"completed".to_vec()),
            (field::DATA, reached.first.clone()),
            (field::BYTES_IN, reached.passed.0.to_string().into_bytes()),
            (field::BYTES_OUT, reached.passed.1.to_string().into_bytes()),
        ];
        self.session.record(Kind::ForwardRequest, fields);
    }

    /// What has the errors of a connection.
    fn errors(&self, key: u32) -> u32 {
        match &self.way {
            Way::Frames => key + 1,
            Way::Streams { errors, .. } => errors.get(&key).copied().unwrap_or(key),
        }
    }

    /// Says bytes on a stream or channel.
    async fn say(&mut self, key: u32, bytes: &[u8], end: bool) -> io::Result<()> {
        let framed = matches!(self.way, Way::Frames);
        let channel = u8::try_from(key).unwrap_or(u8::MAX);
        for piece in bytes.chunks(FRAME) {
            let frame = if framed { websocket::on(channel, piece) } else { spdy::data(key, piece, false) };
            self.session.write_all(&frame).await?;
        }
        if end && !framed {
            self.session.write_all(&spdy::data(key, &[], true)).await?;
        }
        self.session.flush().await
    }

    /// What comes next.
    async fn next(&mut self) -> io::Result<Event> {
        loop {
            let taken = match self.way {
                Way::Frames => framed(&mut self.bytes)?,
                Way::Streams { .. } => self.streamed()?,
            };
            if let Some((event, answer)) = taken {
                if !answer.is_empty() {
                    self.session.write_all(&answer).await?;
                    self.session.flush().await?;
                }
                return Ok(event);
            }
            let mut buffer = [0; PIECE];
            let count = self.session.read(&mut buffer).await?;
            let room = self.bytes.push(buffer.get(..count).unwrap_or_default()).is_ok();
            if count == 0 || !room {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Takes a frame of SPDY, and what is said to it at once.
    fn streamed(&mut self) -> io::Result<Option<(Event, Vec<u8>)>> {
        let Way::Streams { spdy, halves, errors } = &mut self.way else { return Ok(None) };
        let read = spdy
            .read(self.bytes.bytes())
            .map_err(|broken| io::Error::new(io::ErrorKind::InvalidData, broken))?;
        let Some((frame, length)) = read else { return Ok(None) };
        self.bytes.skip(length);
        Ok(Some(match frame {
            spdy::Frame::Open { stream, headers, .. } => match paired(halves, stream, &headers) {
                Some((port, Some(error), Some(data))) => {
                    errors.insert(data, error);
                    (Event::Open(data, port), spdy.reply(stream))
                }
                Some(_) => (Event::Other, spdy.reply(stream)),
                None => (Event::Other, spdy::reset(stream)),
            },
            spdy::Frame::Data { stream, bytes, end } if bytes.is_empty() => {
                (if end { Event::Over(stream) } else { Event::Other }, Vec::new())
            }
            // What ends with its last bytes ends when it is answered.
            spdy::Frame::Data { stream, bytes, .. } => (Event::Bytes(stream, bytes), Vec::new()),
            spdy::Frame::Reset(stream) => {
                errors.remove(&stream);
                (Event::Over(stream), Vec::new())
            }
            spdy::Frame::Ping(number) => (Event::Other, spdy::ping(number)),
            spdy::Frame::Leave => return Err(io::ErrorKind::UnexpectedEof.into()),
            spdy::Frame::Other => (Event::Other, Vec::new()),
        }))
    }
}

/// The connection that a stream belongs to, with the streams that have come for it; whole ones are taken out. `None`:
/// it is no stream of a connection to a port.
fn paired(halves: &mut BTreeMap<String, Half>, stream: u32, headers: &[spdy::Header]) -> Option<Half> {
    let header =
        |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let port = header("port")?.parse::<u16>().ok().filter(|port| *port != 0)?;
    let id = header("requestid").unwrap_or_default();
    if MOST <= halves.len() && !halves.contains_key(id) {
        return None;
    }
    let half = halves.entry(id.to_owned()).or_insert((port, None, None));
    match header("streamtype")? {
        "error" => half.1 = Some(stream),
        "data" => half.2 = Some(stream),
        _ => return None,
    }
    let half = *half;
    if half.1.is_some() && half.2.is_some() {
        halves.remove(id);
    }
    Some(half)
}

/// Takes a frame of WebSockets, and what is said to it at once.
fn framed(bytes: &mut Gathered) -> io::Result<Option<(Event, Vec<u8>)>> {
    let read = websocket::read(bytes.bytes()).map_err(|()| io::ErrorKind::InvalidData)?;
    let Some((frame, length)) = read else { return Ok(None) };
    bytes.skip(length);
    Ok(Some(match frame {
        websocket::Frame::Data(data) => match data.split_first() {
            Some((channel, rest)) if channel.is_multiple_of(2) && !rest.is_empty() => {
                (Event::Bytes(u32::from(*channel), rest.to_vec()), Vec::new())
            }
            _ => (Event::Other, Vec::new()),
        },
        websocket::Frame::Ping(bytes) => (Event::Other, websocket::pong(&bytes)),
        websocket::Frame::Close => return Err(io::ErrorKind::UnexpectedEof.into()),
        websocket::Frame::Other => (Event::Other, Vec::new()),
    }))
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn two_streams_of_a_request_make_a_connection() {
        let mut halves = BTreeMap::new();
        let headers = |kind: &str, id: &str| -> Vec<spdy::Header> {
            [("streamtype", kind), ("port", "80"), ("requestid", id)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into()
        };
        assert_eq!(paired(&mut halves, 1, &headers("error", "0")), Some((80, Some(1), None)));
        assert_eq!(paired(&mut halves, 3, &headers("error", "1")), Some((80, Some(3), None)));
        assert_eq!(paired(&mut halves, 5, &headers("data", "0")), Some((80, Some(1), Some(5))));
        assert_eq!(halves.len(), 1);
        assert_eq!(paired(&mut halves, 7, &[("streamtype".to_owned(), "data".to_owned())]), None);
    }
}
