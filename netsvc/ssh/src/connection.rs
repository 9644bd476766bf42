//! The connection protocol (RFC 4254): channels, requests and forwarding.

mod forward;

use crate::{
    authentication::Login,
    channel::{Channel, PACKET},
    channel_io::ChannelIo,
    codec::{Malformed, Reader, Writer},
    error::Error,
    handler::{Forward, ForwardAnswer, Handler, Program, ProgramKind, Running, Terminal},
    link::Link,
    numbers::{
        CHANNEL_CLOSE, CHANNEL_DATA, CHANNEL_EOF, CHANNEL_EXTENDED_DATA, CHANNEL_FAILURE, CHANNEL_OPEN,
        CHANNEL_OPEN_CONFIRMATION, CHANNEL_REQUEST, CHANNEL_SUCCESS, CHANNEL_WINDOW_ADJUST, DEBUG,
        GLOBAL_REQUEST, OPEN_CONNECT_FAILED, REQUEST_FAILURE, REQUEST_SUCCESS,
    },
    sftp,
    terms::{Exit, WindowSize},
};
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
    sync::Notify,
    task::JoinSet,
    time::sleep,
};

/// Channels of all kinds, closing ones included, that a peer may have.
const CHANNELS_MAX: usize = 64;
/// Bytes that may wait for the programs of a connection before nothing more is read.
const WAITING_MAX: usize = 4 * 1024 * 1024;
/// Environment variables of a session.
const VARIABLES_MAX: usize = 128;
/// Programs that may run, those of closed channels included.
const TASKS_MAX: usize = 96;
/// Time in which a program whose channel was closed may still report its status.
const PATIENCE: Duration = Duration::from_millis(150);
/// Signals that sshd passes on (`name2sig` of `session.c`).
const SIGNALS: [&str; 7] = ["HUP", "INT", "KILL", "QUIT", "TERM", "USR1", "USR2"];
/// Longest name or value that is kept of a peer.
const VALUE_MAX: usize = 4 * 1024;

/// State of a connection after authentication.
struct Connection<'a, S, H> {
    link: &'a mut Link<S>,
    handler: &'a mut H,
    user: Vec<u8>,
    channels: BTreeMap<u32, Channel>,
    notify: Arc<Notify>,
    tasks: JoinSet<()>,
    /// Channels that nobody was reached for wait until the client hears of it, and what it hears.
    waits: JoinSet<()>,
    late: Arc<Mutex<Vec<Vec<u8>>>>,
    no_more_sessions: bool,
}

/// Runs an authenticated connection to its end.
pub(crate) async fn run<S, H>(link: &mut Link<S>, handler: &mut H, login: &Login) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Handler,
{
    let mut connection = Connection {
        link,
        handler,
        user: login.user.clone(),
        channels: BTreeMap::new(),
        notify: Arc::new(Notify::new()),
        tasks: JoinSet::new(),
        waits: JoinSet::new(),
        late: Arc::default(),
        no_more_sessions: false,
    };
    connection.announce_keys().await?;
    if login.method == "publickey" {
        connection.tell_key_options()?;
    }
    let notify = Arc::clone(&connection.notify);
    let result = loop {
        if let Err(error) = connection.pump() {
            break Err(error);
        }
        let waiting = connection.channels.values().map(Channel::waiting).sum();
        connection.link.transport.waiting = waiting;
        let full = WAITING_MAX < waiting;
        select! {
            payload = connection.link.transport.receive_if(!full) => {
                let handled = match payload {
                    Ok(payload) => connection.message(payload).await,
                    Err(error) => Err(error),
                };
                if let Err(error) = handled {
                    break Err(error);
                }
            }
            () = notify.notified() => {}
        }
    };
    for channel in connection.channels.values_mut() {
        channel.stop();
    }
    connection.drain().await;
    result
}

impl<S, H> Connection<'_, S, H>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Handler,
{
    /// `hostkeys-00@openssh.com`: all keys, for clients that keep them up to date.
    async fn announce_keys(&mut self) -> Result<(), Error> {
        let mut writer = Writer::message(GLOBAL_REQUEST);
        writer.string("hostkeys-00@openssh.com").bool(false);
        for key in self.link.config.keys.public().await {
            writer.string(key);
        }
        self.link.transport.send(writer.finish())
    }

    /// Debug messages about the options of the key that let the user in. OpenSSH sends them twice: once from each of
    /// its processes.
    fn tell_key_options(&mut self) -> Result<(), Error> {
        let user = String::from_utf8_lossy(&self.user);
        let home = if user == "root" { "/root".to_owned() } else { format!("/home/{user}") };
        let options = "agent-forwarding port-forwarding pty user-rc x11-forwarding";
        let text = format!("{home}/.ssh/authorized_keys:1: key options: {options}");
        for _ in 0..2 {
            let message = Writer::message(DEBUG).bool(false).string(&text).string("").take();
            self.link.transport.send(message)?;
        }
        Ok(())
    }

    /// Programs learn that the connection is gone and have a moment to put things away.
    async fn drain(&mut self) {
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        select! {
            () = ended => {}
            () = sleep(Duration::from_secs(2)) => {}
        }
        self.tasks.shutdown().await;
    }

    fn pump(&mut self) -> Result<(), Error> {
        for channel in self.channels.values_mut() {
            channel.pump(&mut self.link.transport)?;
        }
        self.channels.retain(|_, channel| !channel.is_done());
        while self.tasks.try_join_next().is_some() {}
        while self.waits.try_join_next().is_some() {}
        let late = std::mem::take(&mut *self.late.lock());
        for message in late {
            self.link.transport.send(message)?;
        }
        self.link.rekey_if_due()
    }

    async fn message(&mut self, payload: Vec<u8>) -> Result<(), Error> {
        let Some(payload) = self.link.absorb(payload).await? else { return Ok(()) };
        let mut reader = Reader::new(&payload);
        match reader.u8()? {
            GLOBAL_REQUEST => self.global_request(reader).await,
            CHANNEL_OPEN => self.open(reader).await,
            CHANNEL_REQUEST => self.channel_request(reader),
            CHANNEL_WINDOW_ADJUST => self.window_adjust(reader),
            CHANNEL_DATA => {
                let channel = self.channel(&mut reader, "data")?;
                channel.data(reader.string()?);
                Ok(())
            }
            CHANNEL_EXTENDED_DATA => self.channel(&mut reader, "extended data").map(drop),
            CHANNEL_EOF => {
                self.channel(&mut reader, "ieof")?.end();
                Ok(())
            }
            CHANNEL_CLOSE => {
                let tasks = (self.channel(&mut reader, "oclose")?.close(), &mut self.tasks);
                if let (Some(shared), tasks) = tasks {
                    tasks.spawn(async move {
                        sleep(PATIENCE).await;
                        shared.abandon();
                    });
                }
                Ok(())
            }
            // OpenSSH ignores answers to its own keep-alives.
            REQUEST_SUCCESS | REQUEST_FAILURE => Ok(()),
            CHANNEL_SUCCESS | CHANNEL_FAILURE => channel_number(&mut reader, "status confirm").map(drop),
            _ => self.link.transport.unimplemented(),
        }
    }

    fn channel(&mut self, reader: &mut Reader<'_>, what: &str) -> Result<&mut Channel, Error> {
        let number = channel_number(reader, what)?;
        let text = || format!("{what} packet referred to nonexistent channel {number}");
        self.channels.get_mut(&number).ok_or_else(|| Error::Disconnected(text()))
    }

    fn window_adjust(&mut self, mut reader: Reader<'_>) -> Result<(), Error> {
        let number = channel_number(&mut reader, "window adjust")?;
        let bytes = reader.u32()?;
        let Some(channel) = self.channels.get_mut(&number) else { return Ok(()) };
        let window = channel.peer_window.checked_add(bytes);
        channel.peer_window = window.ok_or(Error::Malformed(Malformed))?;
        Ok(())
    }

    async fn global_request(&mut self, mut reader: Reader<'_>) -> Result<(), Error> {
        let (name, answer) = (reader.string()?, reader.bool()?);
        let reply = match name {
            b"no-more-sessions@openssh.com" => {
                self.no_more_sessions = true;
                Some(Vec::new())
            }
            b"tcpip-forward" => {
                let (address, port) = (reader.string()?.to_vec(), reader.u32()?);
                self.listen(Forward::Listen { address, port }, port)
            }
            b"streamlocal-forward@openssh.com" => {
                self.listen(Forward::ListenSocket(reader.string()?.to_vec()), 1)
            }
            b"hostkeys-prove-00@openssh.com" => self.prove(reader).await?,
            _ => None,
        };
        match (answer, reply) {
            (false, _) => Ok(()),
            (true, None) => self.link.transport.send(vec![REQUEST_FAILURE]),
            (true, Some(data)) => self.link.transport.send([&[REQUEST_SUCCESS], data.as_slice()].concat()),
        }
    }

    /// A listener that nobody connects to; a port of its own where the client left the choice to us.
    fn listen(&mut self, forward: Forward, port: u32) -> Option<Vec<u8>> {
        match self.handler.forward(&forward) {
            ForwardAnswer::Accepted if port == 0 => {
                let [high, low] = crate::crypto::random_array::<2>();
                let port = 32768 + u32::from(u16::from_be_bytes([high, low])) % 28232;
                Some(port.to_be_bytes().to_vec())
            }
            ForwardAnswer::Accepted => Some(Vec::new()),
            _ => None,
        }
    }

    /// Signs a text with each key that the client asks proof of.
    async fn prove(&mut self, mut reader: Reader<'_>) -> Result<Option<Vec<u8>>, Error> {
        let config = Arc::clone(&self.link.config);
        let mut proofs = Writer::default();
        for _ in 0..8 {
            if reader.is_empty() {
                break;
            }
            let key = reader.string()?;
            let rsa = self.link.exchange.proving_scheme(config.profile.proves_with_sha512());
            let Some(scheme) = config.keys.scheme_of(key, rsa).await else { return Ok(None) };
            let mut text = Writer::default();
            text.string("hostkeys-prove-00@openssh.com").string(self.link.exchange.session()).string(key);
            let Some(signature) = config.keys.sign(scheme, text.finish()).await else { return Ok(None) };
            proofs.string(signature);
        }
        Ok(Some(proofs.finish()))
    }

    async fn open(&mut self, mut reader: Reader<'_>) -> Result<(), Error> {
        let kind = reader.string()?;
        let (peer, window, packet) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let refusal = match kind {
            b"session" if self.no_more_sessions => {
                let text = "Possible attack: attempt to open a session after additional sessions disabled";
                return Err(Error::Disconnected(text.to_owned()));
            }
            b"session" => match self.open_session(peer, window, packet) {
                Some(message) => return self.link.transport.send(message),
                None => (OPEN_CONNECT_FAILED, "open failed"),
            },
            b"direct-tcpip" => {
                let (host, port) = (reader.string()?.to_vec(), reader.u32()?);
                let (origin, origin_port) = (reader.string()?.to_vec(), reader.u32()?);
                let forward = Forward::Tcp { host, port, origin, origin_port };
                match self.connect(&forward, Channel::new(peer, window, packet, false, false)).await {
                    Ok(Some(message)) => return self.link.transport.send(message),
                    Ok(None) => return Ok(()),
                    Err(refusal) => refusal,
                }
            }
            b"direct-streamlocal@openssh.com" => {
                self.refusal(&Forward::Socket(reader.string()?.to_vec())).await
            }
            b"tun@openssh.com" => self.refusal(&Forward::Tunnel).await,
            _ => (OPEN_CONNECT_FAILED, "open failed"),
        };
        self.link.transport.send(forward::failure(peer, refusal))
    }

    /// OpenSSH confirms with a shut window, which opens when a program starts.
    fn open_session(&mut self, peer: u32, window: u32, packet: u32) -> Option<Vec<u8>> {
        let counts = |channel: &&Channel| !channel.close_received && !channel.forwarded;
        let open = self.channels.values().filter(counts).count();
        if self.link.config.sessions <= open
            || CHANNELS_MAX <= self.channels.len()
            || TASKS_MAX <= self.tasks.len()
        {
            return None;
        }
        let number = (0..).find(|number| !self.channels.contains_key(number))?;
        let openssh = self.link.is_openssh();
        let status_first = self.link.config.profile.tells_status_first();
        self.channels.insert(number, Channel::new(peer, window, packet, openssh, status_first));
        let mut writer = Writer::message(CHANNEL_OPEN_CONFIRMATION);
        writer.u32(peer).u32(number).u32(0).u32(PACKET);
        Some(writer.finish())
    }

    /// The channel of a request, whose absence has a text of its own.
    fn session(&mut self, number: u32) -> Result<&mut Channel, Error> {
        let text = || format!("server_input_channel_req: unknown channel {}", number.cast_signed());
        self.channels.get_mut(&number).ok_or_else(|| Error::Disconnected(text()))
    }

    fn channel_request(&mut self, mut reader: Reader<'_>) -> Result<(), Error> {
        let (number, name, answer) = (reader.u32()?, reader.string()?, reader.bool()?);
        let signals = !self.link.config.profile.keeps_signals_from(&self.user);
        let channel = self.session(number)?;
        let idle = channel.program.is_none();
        let done = match name {
            b"exit-status" | b"exit-signal" => false,
            b"window-change" => {
                let size = window_size(&mut reader)?;
                if let Some((shared, _)) = &channel.program {
                    shared.resize(size);
                }
                true
            }
            b"signal" => {
                let name = reader.string()?;
                let known = SIGNALS.iter().find(|known| known.as_bytes() == name).filter(|_| signals);
                let running = channel.program.as_ref().filter(|_| !channel.subsystem);
                known
                    .zip(running)
                    .inspect(|(signal, (shared, _))| shared.signal((**signal).to_owned()))
                    .is_some()
            }
            b"break" => {
                reader.u32()?;
                let on_terminal = channel.terminal.is_some();
                on_terminal
                    && channel
                        .program
                        .as_ref()
                        .inspect(|(shared, _)| shared.signal("INT".to_owned()))
                        .is_some()
            }
            b"pty-req" if idle => self.terminal(number, &mut reader)?,
            b"env" if idle => self.variable(number, &mut reader)?,
            b"x11-req" if idle => self.handler.forward(&Forward::X11) == ForwardAnswer::Accepted,
            b"auth-agent-req@openssh.com" if idle => {
                channel.agent = true;
                true
            }
            b"shell" if idle => self.start(number, ProgramKind::Shell)?,
            b"exec" if idle => {
                let command = reader.string()?.to_vec();
                self.start(number, ProgramKind::Command(command))?
            }
            b"subsystem" if idle => match reader.string()? {
                b"sftp" => self.start(number, ProgramKind::Sftp)?,
                _ => false,
            },
            _ => false,
        };
        self.answer(number, answer, done)
    }

    fn answer(&mut self, number: u32, wanted: bool, done: bool) -> Result<(), Error> {
        let Some(channel) = self.channels.get(&number).filter(|_| wanted) else { return Ok(()) };
        let message = if done { CHANNEL_SUCCESS } else { CHANNEL_FAILURE };
        let payload = Writer::message(message).u32(channel.peer).take();
        self.link.transport.send(payload)
    }

    fn terminal(&mut self, number: u32, reader: &mut Reader<'_>) -> Result<bool, Error> {
        let name = bounded(reader.string()?);
        let size = window_size(reader)?;
        let modes = bounded(reader.string()?);
        let channel = self.session(number)?;
        if channel.terminal.is_some() {
            return Err(Error::Disconnected("Protocol error: you already have a pty.".to_owned()));
        }
        channel.terminal = Some(Terminal { name, size, modes });
        self.handler.interactive();
        Ok(true)
    }

    fn variable(&mut self, number: u32, reader: &mut Reader<'_>) -> Result<bool, Error> {
        let (name, value) = (bounded(reader.string()?), bounded(reader.string()?));
        if !self.link.config.takes_variable(&name) {
            return Ok(false);
        }
        let variables = &mut self.session(number)?.environment;
        let fits = variables.len() < VARIABLES_MAX;
        if fits {
            variables.push((name, value));
        }
        Ok(fits)
    }

    /// Starts a program. False: there is no such subsystem.
    fn start(&mut self, number: u32, kind: ProgramKind) -> Result<bool, Error> {
        let (io, shared) = ChannelIo::pair(&self.notify);
        let channel = self.session(number)?;
        let program = Program {
            channel: number,
            kind: kind.clone(),
            environment: std::mem::take(&mut channel.environment),
            terminal: channel.terminal.clone(),
            agent: channel.agent,
            user: Vec::new(),
        };
        let program = Program { user: self.user.clone(), ..program };
        let subsystem = kind == ProgramKind::Sftp;
        let running: Running = match kind {
            ProgramKind::Sftp => {
                let Some(files) = self.handler.files(&self.user) else { return Ok(false) };
                Box::pin(sftp::serve(io, files, self.link.config.profile.sftp_extensions()))
            }
            _ => self.handler.start(program, io),
        };
        let guard = ExitGuard(Arc::clone(&shared));
        let task = self.tasks.spawn(async move {
            let exit = running.await;
            guard.0.exit(exit);
        });
        let Some(channel) = self.channels.get_mut(&number) else { return Ok(false) };
        channel.subsystem = subsystem;
        channel.start(&mut self.link.transport, shared, task)?;
        Ok(true)
    }
}

/// A program that panics ends with the status of a shell that crashed.
struct ExitGuard(Arc<crate::channel_io::Shared>);

impl Drop for ExitGuard {
    fn drop(&mut self) {
        self.0.exit(Exit::Status(255));
    }
}

fn window_size(reader: &mut Reader<'_>) -> Result<WindowSize, Malformed> {
    Ok(WindowSize {
        columns: reader.u32()?,
        rows: reader.u32()?,
        width: reader.u32()?,
        height: reader.u32()?,
    })
}

fn bounded(bytes: &[u8]) -> Vec<u8> {
    bytes.get(..VALUE_MAX).unwrap_or(bytes).to_vec()
}

/// The number of a channel; one that is no `int` ends the connection.
fn channel_number(reader: &mut Reader<'_>, what: &str) -> Result<u32, Error> {
    let number = reader.u32()?;
    match i32::try_from(number) {
        Ok(_) => Ok(number),
        Err(_) => Err(Error::Disconnected(format!("Invalid {what} channel id"))),
    }
}
