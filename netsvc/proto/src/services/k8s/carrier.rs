//! Channels of a program on a connection that was taken over, in frames of WebSockets or of SPDY.

use super::{
    spdy::{self, Spdy},
    target::Target,
    websocket::{self, channel},
};
use netsvc_kit::{Gathered, Session};
use serde_json::Value;
use std::{
    collections::{BTreeMap, VecDeque},
    io,
    time::Duration,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Bytes that are read at once, and that wait for the rest of a frame.
const PIECE: usize = 8 * 1024;
const WAITING: usize = 512 * 1024;
/// Bytes that a frame has at most, as those of the server.
const FRAME: usize = 32 * 1024;
/// Time in which a client opens the streams that it asked for (`defaultStreamCreationTimeout`).
const OPENING: Duration = Duration::from_secs(30);
/// Most streams of a program.
const STREAMS: usize = 16;

/// What comes on a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Bytes(u8, Vec<u8>),
    /// Nothing more comes on it.
    Over(u8),
}

/// How the channels are told apart.
enum Way {
    Frames,
    /// Streams by their number.
    Streams {
        spdy: Spdy,
        channels: BTreeMap<u32, u8>,
    },
}

/// A connection with channels.
pub(super) struct Carrier<'a> {
    session: &'a mut Session,
    bytes: Gathered,
    way: Way,
    /// What has come and was not asked for yet.
    heard: VecDeque<Heard>,
}

impl<'a> Carrier<'a> {
    /// Over WebSockets. `early`: what came behind the request.
    pub(super) fn frames(session: &'a mut Session, early: &[u8]) -> Self {
        Carrier { session, bytes: gathered(early), way: Way::Frames, heard: VecDeque::new() }
    }

    /// Over SPDY, once the client has opened the streams of what it asked for.
    ///
    /// # Errors
    /// When it does not.
    pub(super) async fn streams(
        session: &'a mut Session,
        early: &[u8],
        target: &Target,
    ) -> io::Result<Carrier<'a>> {
        let way = Way::Streams { spdy: Spdy::default(), channels: BTreeMap::new() };
        let mut carrier = Carrier { session, bytes: gathered(early), way, heard: VecDeque::new() };
        let wanted = [
            (channel::STATUS, true),
            (channel::INPUT, target.input),
            (channel::OUTPUT, target.output),
            (channel::ERRORS, target.errors && !target.terminal),
            (channel::SIZE, target.terminal),
        ];
        let wanted: Vec<u8> =
            wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(name, _)| name).collect();
        let opened = async {
            // What comes before the last stream is little: the client waits for each of them.
            while !carrier.has(&wanted) && carrier.heard.len() <= STREAMS {
                carrier.advance().await?;
            }
            io::Result::Ok(())
        };
        tokio::time::timeout(OPENING, opened).await.map_err(|_| io::ErrorKind::TimedOut)??;
        Ok(carrier)
    }

    fn has(&self, wanted: &[u8]) -> bool {
        match &self.way {
            Way::Frames => true,
            Way::Streams { channels, .. } => {
                wanted.iter().all(|wanted| channels.values().any(|known| known == wanted))
            }
        }
    }

    /// Says `bytes` on a channel; those that the client did not open are not said.
    ///
    /// # Errors
    /// When the connection fails.
    pub(super) async fn say(&mut self, channel: u8, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(FRAME) {
            let frame = match &self.way {
                Way::Frames => websocket::on(channel, piece),
                Way::Streams { channels, .. } => match stream(channels, channel) {
                    Some(stream) => spdy::data(stream, piece, false),
                    None => continue,
                },
            };
            self.session.write_all(&frame).await?;
        }
        self.session.flush().await
    }

    /// Says how the program ended, and that nothing more comes.
    ///
    /// # Errors
    /// When the connection fails.
    pub(super) async fn end(&mut self, status: &Value) -> io::Result<()> {
        let status = status.to_string();
        let told = match &self.way {
            Way::Frames => [websocket::on(channel::STATUS, status.as_bytes()), websocket::close()].concat(),
            Way::Streams { channels, .. } => {
                let ends = |channel: u8, bytes: &[u8]| {
                    stream(channels, channel)
                        .map(|stream| spdy::data(stream, bytes, true))
                        .unwrap_or_default()
                };
                let last = channels.keys().next_back().copied().unwrap_or_default();
                [
                    ends(channel::OUTPUT, &[]),
                    ends(channel::ERRORS, &[]),
                    ends(channel::STATUS, status.as_bytes()),
                    spdy::leave(last),
                ]
                .concat()
            }
        };
        self.session.write_all(&told).await?;
        self.session.flush().await
    }

    /// What comes next; it may be left and asked for again.
    ///
    /// # Errors
    /// When the peer is gone, or sends what is no frame.
    pub(super) async fn hear(&mut self) -> io::Result<Heard> {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Ok(heard);
            }
            self.advance().await?;
        }
    }

    /// Takes a frame, or reads more.
    async fn advance(&mut self) -> io::Result<()> {
        let heard = &mut self.heard;
        let taken = match &mut self.way {
            Way::Frames => web(&mut self.bytes, heard)?,
            Way::Streams { spdy, channels } => streamed(&mut self.bytes, spdy, channels, heard)?,
        };
        if let Some(answer) = taken {
            if !answer.is_empty() {
                self.session.write_all(&answer).await?;
                self.session.flush().await?;
            }
            return Ok(());
        }
        let mut buffer = [0; PIECE];
        let count = self.session.read(&mut buffer).await?;
        let room = self.bytes.push(buffer.get(..count).unwrap_or_default()).is_ok();
        if count == 0 || !room { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}

fn gathered(early: &[u8]) -> Gathered {
    let mut bytes = Gathered::new(WAITING);
    // What there is no room for ends the connection when more comes.
    let _ = bytes.push(early);
    bytes
}

fn stream(channels: &BTreeMap<u32, u8>, wanted: u8) -> Option<u32> {
    channels.iter().find(|(_, channel)| **channel == wanted).map(|(stream, _)| *stream)
}

/// Takes a frame of WebSockets; what is said to it at once. `None`: there is no whole one.
fn web(bytes: &mut Gathered, heard: &mut VecDeque<Heard>) -> io::Result<Option<Vec<u8>>> {
    let read = websocket::read(bytes.bytes()).map_err(|()| io::ErrorKind::InvalidData)?;
    let Some((frame, length)) = read else { return Ok(None) };
    bytes.skip(length);
    match frame {
        websocket::Frame::Data(data) => match data.split_first() {
            Some((&channel::OVER, [over, ..])) => heard.push_back(Heard::Over(*over)),
            Some((channel, rest)) if !rest.is_empty() => {
                heard.push_back(Heard::Bytes(*channel, rest.to_vec()));
            }
            _ => {}
        },
        websocket::Frame::Ping(bytes) => return Ok(Some(websocket::pong(&bytes))),
        websocket::Frame::Close => return Err(io::ErrorKind::UnexpectedEof.into()),
        websocket::Frame::Other => {}
    }
    Ok(Some(Vec::new()))
}

/// Takes a frame of SPDY; what is said to it at once. `None`: there is no whole one.
fn streamed(
    bytes: &mut Gathered,
    spdy: &mut Spdy,
    channels: &mut BTreeMap<u32, u8>,
    heard: &mut VecDeque<Heard>,
) -> io::Result<Option<Vec<u8>>> {
    let read =
        spdy.read(bytes.bytes()).map_err(|broken| io::Error::new(io::ErrorKind::InvalidData, broken))?;
    let Some((frame, length)) = read else { return Ok(None) };
    bytes.skip(length);
    let mut answer = Vec::new();
    match frame {
        spdy::Frame::Open { stream, headers, end } => match named(&headers) {
            Some(channel) if channels.len() < STREAMS => {
                channels.insert(stream, channel);
                heard.extend(end.then_some(Heard::Over(channel)));
                answer = spdy.reply(stream);
            }
            _ => answer = spdy::reset(stream),
        },
        spdy::Frame::Data { stream, bytes, end } => {
            if let Some(channel) = channels.get(&stream).copied() {
                heard.extend((!bytes.is_empty()).then_some(Heard::Bytes(channel, bytes)));
                heard.extend(end.then_some(Heard::Over(channel)));
            }
        }
        spdy::Frame::Reset(stream) => heard.extend(channels.remove(&stream).map(Heard::Over)),
        spdy::Frame::Ping(number) => answer = spdy::ping(number),
        spdy::Frame::Leave => return Err(io::ErrorKind::UnexpectedEof.into()),
        spdy::Frame::Other => {}
    }
    Ok(Some(answer))
}

/// The channel that a stream is for.
fn named(headers: &[spdy::Header]) -> Option<u8> {
    let (_, name) = headers.iter().find(|(name, _)| name == "streamtype")?;
    Some(match name.as_str() {
        "error" => channel::STATUS,
        "stdin" => channel::INPUT,
        "stdout" => channel::OUTPUT,
        "stderr" => channel::ERRORS,
        "resize" => channel::SIZE,
        _ => return None,
    })
}
