//! Telnet: the login of a Debian telnetd or of a device, then the node's shell.

mod daemons;
mod dialect;
mod numbers;
mod options;
mod products;
mod talks;
mod told;
mod voice;

use crate::{account, away::away, cast::Cast, onward, output::until};
use dialect::Dialect;
use netsvc_kit::{
    Accounts, Beyond, Credential, Def, Full, Host, Port, Serve, Session, Setting, SettingKind,
    def::ServeFuture, recorder,
};
use netsvc_persona::service::Look;
use netsvc_shell::{Arrival, SessionFacts, Terminal, TerminalOutput};
use netsvc_wire::{Kind, field};
use options::Options;
use rand_core::{OsRng, RngCore};
use std::{io, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use told::Told;
use voice::{Login, Voice};

/// Kinds of its events.
const RECORDS: &[Kind] = &[
    Kind::ClientFingerprint,
    Kind::AuthAttempt,
    Kind::ExploitAttempt,
    Kind::SessionStart,
    Kind::Command,
    Kind::UnknownCommand,
    Kind::DownloadAttempt,
    Kind::FileRead,
    Kind::FileCaptured,
    Kind::ForwardRequest,
    Kind::SessionRecorded,
];
/// What it leaves out.
const LIMITS: &[&str] = &["The options for encryption and Kerberos (RFC 2941, RFC 2946) are refused."];

/// The service.
pub static SERVICE: Def = Def {
    slug: "telnet",
    about: "Telnet login of a server or a device",
    ports: &[Port::tcp(23)],
    settings: &[
        Setting::ADMIN_PASSWORD,
        Setting::USER,
        Setting::USER_PASSWORD,
        Setting {
            key: "banner",
            kind: SettingKind::Text,
            default: "",
            help: "line above the first prompt (issue.net); empty: that of the system",
        },
    ],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: true,
    idle: Duration::from_secs(300),
    total: Duration::from_secs(6 * 3600),
    full,
    serve: Serve::Task(serve),
};

/// Longest line at a prompt.
const LINE: usize = 256;
/// Most that is typed ahead of the login and kept (a terminal's input queue).
const AHEAD: usize = 4096;
/// How often what a client tells of itself is written down on one connection.
const TELLINGS: u32 = 8;

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
        let mut voice = Voice::of(session.host());
        if let Some(line) = session.host().setting("banner") {
            voice.banner = format!("{line}\r\n");
        }
        let mut connection = Connection {
            session,
            options: Options::new(voice.dialect),
            typed: Vec::new(),
            recorded: (Told::default(), 0),
        };
        let served = connection.run(&voice).await;
        account::save(connection.session.host());
        served
    })
}

struct Connection {
    session: Session,
    options: Options,
    /// Typed bytes that are not used up.
    typed: Vec<u8>,
    /// What of the client's tellings is written down, and how often that was done.
    recorded: (Told, u32),
}

/// How a login ended.
enum Entry {
    /// This user is in.
    In(Vec<u8>),
    /// The peer is gone or never gave a name.
    Gone,
    /// Too many wrong passwords.
    Refused,
}

impl Connection {
    async fn run(&mut self, voice: &Voice) -> io::Result<()> {
        let opening = self.options.open();
        self.session.write_all(&opening).await?;
        while !self.options.ready() {
            if !self.fill().await? {
                return Ok(());
            }
            self.typed.truncate(AHEAD);
        }
        self.session.write_all(voice.banner.as_bytes()).await?;
        let login = voice.login;
        match tokio::time::timeout(login.time, self.login(voice)).await {
            Ok(Ok(Entry::In(user))) => return self.shell(&user).await,
            Ok(Ok(Entry::Gone)) => return Ok(()),
            Ok(Err(error)) => return Err(error),
            Ok(Ok(Entry::Refused)) => {
                self.session.set_reason("too many tries");
                self.session.write_all(login.last.as_bytes()).await?;
            }
            Err(_) => {
                self.session.set_reason("login timed out");
                self.session.write_all(login.late.as_bytes()).await?;
            }
        }
        self.session.shutdown().await
    }

    async fn login(&mut self, voice: &Voice) -> io::Result<Entry> {
        let login = voice.login;
        let mut told = self.options.user().map(<[u8]>::to_vec);
        for attempt in 1..=login.tries {
            let name = match told.take() {
                Some(user) => Some(user),
                None => self.user(voice).await?,
            };
            let Some(user) = name else { return Ok(Entry::Gone) };
            self.session.write_all(login.password.as_bytes()).await?;
            let Some(password) = self.line(false).await? else { return Ok(Entry::Gone) };
            let host = self.session.host().clone();
            let accepted = host.login(self.session.link(), Accounts::System, &user, &password);
            host.credential(self.session.link(), Credential::plaintext(&user, &password, "login", accepted));
            if accepted {
                return Ok(Entry::In(user));
            }
            if host.natural_delays() {
                tokio::time::sleep(failure(login)).await;
            }
            if attempt < login.tries {
                self.session.write_all(login.wrong.as_bytes()).await?;
            }
        }
        Ok(Entry::Refused)
    }

    /// A name at the prompt, which comes again until there is one; `None` when the peer is gone or never
    /// gives one.
    async fn user(&mut self, voice: &Voice) -> io::Result<Option<Vec<u8>>> {
        for _ in 0..voice.login.empty.unwrap_or(1) {
            self.session.write_all(voice.prompt.as_bytes()).await?;
            match self.line(true).await? {
                Some(user) if user.is_empty() && voice.login.empty.is_some() => {}
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
        self.record_told();
        if !answers.is_empty() {
            self.session.write_all(&answers).await?;
        }
        Ok(count > 0)
    }

    /// Writes down what the client has told of itself since the last time. A `USER` that is an option of login(1)
    /// lets in as anybody where the server hands it on (CVE-2026-24061, CVE-2007-0882).
    fn record_told(&mut self) {
        let (told, (recorded, count)) = (&self.options.told, &mut self.recorded);
        let fields = told.fields();
        if fields.is_empty() || fields == recorded.fields() || TELLINGS <= *count {
            return;
        }
        *count += 1;
        let user = told.variable(b"USER").filter(|user| user.starts_with(b"-"));
        if let Some(user) = user.filter(|_| recorded.variable(b"USER") != user) {
            let fields = vec![
                (field::TECHNIQUE, b"telnet USER option of login".to_vec()),
                (field::DATA, [b"USER=", user].concat()),
            ];
            self.session.record(Kind::ExploitAttempt, fields);
        }
        *recorded = told.clone();
        self.session.record(Kind::ClientFingerprint, fields);
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
                    0x15 => line.drain(..).for_each(|_| echo.extend_from_slice(b"\x08 \x08")),
                    // login(1) ignores the signal; the terminal forgets the line.
                    3 => {
                        line.clear();
                        echo.extend_from_slice(b"^C");
                    }
                    4 if line.is_empty() => return Ok(None),
                    4 => {}
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
            self.session.write_all(&escaped(&echo)).await?;
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
        let facts = SessionFacts { arrival: Arrival::Login, ..facts };
        let node = account::shell(&host);
        let mut shell = node.login(&String::from_utf8_lossy(user), link.source(), facts);
        onward::lead(&host, &link, &mut shell);
        shell.set_environment("TERM", &self.options.told.terminal_type(node.flavour()));
        let mut terminal = Terminal::new(shell);
        let (columns, rows) = self.options.told.size.unwrap_or_default();
        terminal.resize(columns.into(), rows.into());
        let name = String::from_utf8_lossy(&self.options.told.terminal).into_owned();
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
        let mut size = self.options.told.size;
        loop {
            match self.show(&mut output, cast).await {
                Ok(true) => {}
                Ok(false) => return (Some(terminal), Ok(())),
                Err(error) => return (Some(terminal), Err(error)),
            }
            if size != self.options.told.size {
                size = self.options.told.size;
                let (columns, rows) = size.unwrap_or_default();
                terminal.resize(columns.into(), rows.into());
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
        tokio::time::timeout(until(at), self.fill()).await.unwrap_or(Ok(true))
    }
}

/// Takes Telnet commands out of `bytes`; what was typed, and the answers.
pub(crate) fn take_options(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    Options::new(Dialect::of(None, false)).take(bytes)
}

/// What a wrong password costs: PAM's delay is the mean, give or take half (`pam_fail_delay(3)`).
fn failure(login: &Login) -> Duration {
    let (mean, varies) = login.delay;
    let parts: f64 = (0..3).map(|_| f64::from(OsRng.next_u32()) / f64::from(u32::MAX)).sum();
    if varies { mean.mul_f64(0.5 + parts / 3.0) } else { mean }
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
