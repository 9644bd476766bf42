//! Telnet: the login of a Debian telnetd or of a device, then the node's shell.

mod options;
mod voice;

use crate::{account, away::away, cast::Cast};
use netsvc_kit::{Beyond, Credential, Def, Full, Host, Port, Serve, Session, def::ServeFuture, recorder};
use netsvc_shell::{Terminal, TerminalOutput};
use netsvc_wire::{Kind, field};
use options::Options;
use std::{io, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use voice::Voice;

/// The service.
pub static SERVICE: Def = Def {
    slug: "telnet",
    about: "Telnet login of a server or a device",
    ports: &[Port::tcp(23)],
    settings: &[],
    idle: Duration::from_secs(300),
    total: Duration::from_secs(6 * 3600),
    full,
    serve: Serve::Task(serve),
};

/// Wrong passwords before the connection is closed (login(1): LOGIN_RETRIES; BusyBox login: 3).
const TRIES: u32 = 3;
/// Empty names before login(1) gives up (util-linux: LOGIN_MAX_TRIES of bare line feeds).
const EMPTY: u32 = 50;
/// As [`EMPTY`] of BusyBox (EMPTY_USERNAME_COUNT).
const EMPTY_BUSYBOX: u32 = 10;
/// Longest line at a prompt.
const LINE: usize = 256;
/// Time that login(1) takes for a wrong password (FAIL_DELAY).
const FAILURE: Duration = Duration::from_secs(3);
/// Longest wait for output that is due.
const PAUSE: Duration = Duration::from_secs(600);

/// Devices have few lines (`line vty 0 15` of IOS); inetd starts a server for each, as long as there are terminals
/// and processes.
fn full(host: &Host) -> Full {
    match host.product().map(|product| product.name.as_str()) {
        Some("Cisco IOS telnetd") => Full::of(16, Beyond::Close),
        Some("VxWorks telnetd") => Full::of(4, Beyond::Close),
        Some("Junos telnetd") => Full::of(75, Beyond::Close),
        _ => Full::of(1000, Beyond::Close),
    }
}

fn serve(session: Session) -> ServeFuture {
    Box::pin(async move {
        let mut connection = Connection { session, options: Options::default(), typed: Vec::new() };
        let served = connection.run().await;
        account::save(connection.session.host());
        served
    })
}

struct Connection {
    session: Session,
    options: Options,
    /// Typed bytes that are not used up.
    typed: Vec<u8>,
}

impl Connection {
    async fn run(&mut self) -> io::Result<()> {
        let voice = Voice::of(self.session.host());
        let device = voice.device;
        self.session.write_all(voice.opening).await?;
        if !device {
            // netkit telnetd says who it is only after the client has said something, or a moment has passed.
            let _ = tokio::time::timeout(Duration::from_millis(500), self.fill()).await;
            self.session.write_all(options::NETKIT_SECOND).await?;
        }
        self.session.write_all(voice.banner.as_bytes()).await?;
        for _ in 0..TRIES {
            let Some(user) = self.user(&voice).await? else { return Ok(()) };
            self.session.write_all(b"Password: ").await?;
            let Some(password) = self.line(false).await? else { return Ok(()) };
            let host = self.session.host().clone();
            let accepted = host.login(self.session.link(), &user, &password);
            host.credential(self.session.link(), Credential::plaintext(&user, &password, "login", accepted));
            if accepted {
                return self.shell(&user).await;
            }
            if host.natural_delays() {
                tokio::time::sleep(FAILURE).await;
            }
            self.session.write_all(voice.wrong).await?;
        }
        self.session.set_reason("too many tries");
        self.session.write_all(voice.last).await?;
        self.session.shutdown().await
    }

    /// A name at the prompt, which comes again until there is one; `None` when the peer is gone or never
    /// gives one.
    async fn user(&mut self, voice: &Voice) -> io::Result<Option<Vec<u8>>> {
        for _ in 0..if voice.device { EMPTY_BUSYBOX } else { EMPTY } {
            self.session.write_all(voice.prompt.as_bytes()).await?;
            match self.line(true).await? {
                Some(user) if user.is_empty() => {}
                given => return Ok(given),
            }
        }
        Ok(None)
    }

    /// Reads more of what the peer types; false at the end of input.
    async fn fill(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 1024];
        let count = self.session.read(&mut buffer).await?;
        let (typed, answers) = self.options.take(buffer.get(..count).unwrap_or_default());
        self.typed.extend(typed);
        if !answers.is_empty() {
            self.session.write_all(&answers).await?;
        }
        Ok(count > 0)
    }

    /// A line at a prompt, shown as it is typed or not; `None` when the peer is gone.
    async fn line(&mut self, shown: bool) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        loop {
            let mut used = 0;
            let mut echo = Vec::new();
            let mut whole = false;
            for &byte in &self.typed {
                used += 1;
                match byte {
                    b'\r' | b'\n' => whole = true,
                    0x7f | 8 if line.pop().is_some() => echo.extend_from_slice(b"\x08 \x08"),
                    0x7f | 8 => {}
                    3 | 4 => return Ok(None),
                    _ if line.len() < LINE => {
                        line.push(byte);
                        echo.push(byte);
                    }
                    _ => {}
                }
                if whole {
                    break;
                }
            }
            self.typed.drain(..used);
            if !shown {
                echo.clear();
            }
            if whole {
                echo.extend_from_slice(b"\r\n");
            }
            self.session.write_all(&echo).await?;
            if whole {
                return Ok(Some(line));
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    async fn shell(&mut self, user: &[u8]) -> io::Result<()> {
        let (host, link) = (self.session.host().clone(), *self.session.link());
        host.record(&link, Kind::SessionStart, vec![(field::PRINCIPAL, user.to_vec())]);
        let facts = account::facts(&host, &link, Some("pts/0".to_owned()));
        let shell = account::shell(&host).login(&String::from_utf8_lossy(user), link.peer.ip(), facts);
        let terminal = Terminal::new(shell);
        let (columns, rows) = self.options.size.unwrap_or((80, 24));
        let name = String::from_utf8_lossy(&self.options.terminal).into_owned();
        let mut cast = Cast::begin(columns.into(), rows.into(), &name, recorder::now());
        let (terminal, served) = self.converse(terminal, &mut cast).await;
        if let Some(mut terminal) = terminal {
            account::record(&host, &link, terminal.hangup());
        }
        cast.store(&host, &link);
        served?;
        self.session.shutdown().await
    }

    /// Lets the peer and the terminal talk; the terminal comes back unless it failed inside.
    async fn converse(
        &mut self,
        mut terminal: Terminal,
        cast: &mut Cast,
    ) -> (Option<Terminal>, io::Result<()>) {
        let (host, link) = (self.session.host().clone(), *self.session.link());
        let mut output = terminal.start(recorder::now());
        loop {
            match self.show(&mut output, cast).await {
                Ok(true) => {}
                Ok(false) => return (Some(terminal), Ok(())),
                Err(error) => return (Some(terminal), Err(error)),
            }
            let typed = std::mem::take(&mut self.typed);
            cast.input(&typed);
            let worked = away(&host, &link, terminal, move |terminal| {
                if typed.is_empty() {
                    terminal.poll(recorder::now())
                } else {
                    terminal.input(&typed, recorder::now())
                }
            });
            match worked.await {
                Ok(done) => (terminal, output) = done,
                Err(error) => return (None, Err(error)),
            }
        }
    }

    /// Shows `output` and waits for what comes next; false at the end.
    async fn show(&mut self, output: &mut TerminalOutput, cast: &mut Cast) -> io::Result<bool> {
        cast.output(&output.bytes);
        let host = self.session.host().clone();
        account::record(&host, self.session.link(), std::mem::take(&mut output.events));
        self.session.write_all(&escaped(&output.bytes)).await?;
        if output.closed {
            return Ok(false);
        }
        Ok(!self.typed.is_empty() || self.wait(output).await?)
    }

    /// Waits until something is typed or output is due; false when the peer is gone.
    async fn wait(&mut self, output: &TerminalOutput) -> io::Result<bool> {
        let Some(at) = output.wake_at else { return self.fill().await };
        let due = Duration::from_micros(at.saturating_sub(recorder::now()).max(0).unsigned_abs()).min(PAUSE);
        tokio::time::timeout(due, self.fill()).await.unwrap_or(Ok(true))
    }
}

/// Takes Telnet commands out of `bytes`; what was typed, and the answers.
pub(crate) fn take_options(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    Options::default().take(bytes)
}

/// Bytes for the wire: 255 is doubled (RFC 854).
fn escaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        out.push(byte);
        if byte == 255 {
            out.push(255);
        }
    }
    out
}
