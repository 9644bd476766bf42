//! Listings and files over data connections, and what is said about files without one.

use super::{
    control::Control,
    data::{self, Data, Plan},
    listing::{self, Moment},
    say::{Family, Say},
    tree::{Attributes, TreeError, parent, resolve},
};
use crate::date;
use netsvc_kit::Gathered;
use netsvc_shell::text::encode;
use netsvc_wire::{Kind, field};
use std::{fmt::Write, io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

/// Most bytes of an upload that are kept.
const KEPT: usize = 16 << 20;
/// Longest pause within a transfer.
const PAUSE: Duration = Duration::from_secs(120);

impl Control {
    /// Commands that list, read or write; whether `verb` was one.
    pub(super) async fn transfer_command(&mut self, verb: &str, argument: &str) -> io::Result<bool> {
        let extended = matches!(self.names.family, Family::ProFtpd | Family::PureFtpd);
        match verb {
            "LIST" | "NLST" => self.list(verb, argument).await?,
            "MLSD" if extended => self.list(verb, argument).await?,
            "MLST" if extended => self.one(argument).await?,
            "STAT" => self.status(argument).await?,
            "SIZE" | "MDTM" => self.about(verb, argument).await?,
            "RETR" => self.retrieve(argument).await?,
            "STOR" | "APPE" | "STOU" => self.store(verb, argument).await?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The data connection, after the reply `begins`; `None` when there is none and that was said.
    async fn connect(&mut self, begins: &Say<'_>) -> io::Result<Option<Data>> {
        let plan = std::mem::take(&mut self.plan);
        if matches!(plan, Plan::None) {
            self.say(&Say::NoData).await?;
            return Ok(None);
        }
        // The Unix daemons announce a connection that is there: a peer who waits for the announcement before it
        // connects waits in vain. IIS and print servers announce first.
        let first = matches!(self.names.family, Family::Microsoft | Family::JetDirect)
            && !matches!(plan, Plan::Active(_));
        if first {
            self.say(begins).await?;
        }
        match data::open(plan, &self.host, &self.link, self.private && self.names.tls).await {
            Ok(data) => {
                if !first {
                    self.say(begins).await?;
                }
                Ok(Some(data))
            }
            Err(_) => {
                self.say(&Say::DataFailed(self.data_port)).await?;
                Ok(None)
            }
        }
    }

    fn entries(&self, path: &str, hidden: bool) -> Result<Vec<(String, Attributes)>, TreeError> {
        let real = self.real(&resolve(&self.folder, path));
        let entry = self.tree.stat(&self.actor(), &real)?;
        if !entry.is_directory() {
            return Ok(vec![(path.to_owned(), entry)]);
        }
        let mut entries = self.tree.list(&self.actor(), &real)?;
        entries.retain(|(name, _)| hidden || !name.starts_with('.'));
        if hidden {
            let up = parent(&real).map_or("/", |(folder, _)| folder).to_owned();
            let above = self.tree.stat(&self.actor(), &up).unwrap_or_else(|_| entry.clone());
            entries.insert(0, ("..".to_owned(), above));
            entries.insert(0, (".".to_owned(), entry));
        }
        Ok(entries)
    }

    async fn list(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        let (options, path) = options(argument);
        let always = verb == "MLSD" || verb == "NLST" && self.names.family == Family::PureFtpd;
        let hidden = self.names.family != Family::Microsoft && (options.contains('a') || always);
        let entries = match self.entries(path, hidden) {
            Ok(entries) => entries,
            Err(error) if self.names.family != Family::Vsftpd => {
                return self.say(&Say::Failed(verb, path, error)).await;
            }
            // vsftpd lists nothing rather than to complain.
            Err(_) => Vec::new(),
        };
        let text = self.listed(verb, &entries);
        let Some(data) = self.connect(&Say::ListBegins).await? else { return Ok(()) };
        let sent = send(data, &encode(&text)).await;
        self.say(&if sent.is_ok() { Say::ListDone(entries.len()) } else { Say::Broken }).await
    }

    fn listed(&self, verb: &str, entries: &[(String, Attributes)]) -> String {
        let moment = Moment { clock: self.host.clock(), offset: self.host.persona().zone.offset_minutes };
        let family = self.names.family;
        let mut text = String::new();
        for (name, entry) in entries {
            let kind = match (name.as_str(), entry.is_directory()) {
                (".", _) => "cdir",
                ("..", _) => "pdir",
                (_, true) => "dir",
                (_, false) => "file",
            };
            // Writing into a text cannot fail.
            let _ = match verb {
                "LIST" | "STAT" => write!(text, "{}", listing::line(family, name, entry, moment)),
                "MLSD" => write!(text, "{}{name}\r\n", listing::facts(family, name, entry, kind)),
                _ => write!(text, "{name}\r\n"),
            };
        }
        text
    }

    async fn one(&mut self, argument: &str) -> io::Result<()> {
        let seen = resolve(&self.folder, argument);
        let entry = match self.tree.stat(&self.actor(), &self.real(&seen)) {
            Ok(entry) => entry,
            Err(error) => return self.say(&Say::Failed("MLST", argument, error)).await,
        };
        let kind = if entry.is_directory() { "cdir" } else { "file" };
        let facts = listing::facts(self.names.family, &seen, &entry, kind);
        let text = match self.names.family {
            Family::ProFtpd => {
                let shown = if argument.is_empty() { seen.as_str() } else { argument };
                format!("250-Start of list for {shown}\r\n {facts}{seen}\r\n250 End of list\r\n")
            }
            _ => {
                let shown = if argument.is_empty() { "." } else { argument };
                format!("250-Begin\r\n {facts}{shown}\r\n250 End.\r\n")
            }
        };
        self.session.write_all(&encode(&text)).await?;
        self.session.flush().await
    }

    async fn status(&mut self, argument: &str) -> io::Result<()> {
        let (_, path) = options(argument);
        let hidden = matches!(self.names.family, Family::Vsftpd | Family::ProFtpd);
        let entries = match self.entries(path, hidden) {
            Ok(entries) => entries,
            Err(error) if self.names.family == Family::ProFtpd => {
                return self.say(&Say::Failed("STAT", path, error)).await;
            }
            Err(_) => Vec::new(),
        };
        let lines = self.listed("STAT", &entries);
        let text = match self.names.family {
            Family::ProFtpd => {
                let code = if entries.len() == 1 { 213 } else { 212 };
                let lines: String = lines.split_inclusive('\n').map(|line| format!(" {line}")).collect();
                format!("{code}-Status of {path}:\r\n{lines}{code} End of status\r\n")
            }
            Family::PureFtpd => format!("213-STAT\r\n{lines}213 End.\r\n"),
            _ => format!("213-Status follows:\r\n{lines}213 End of status\r\n"),
        };
        self.session.write_all(&encode(&text)).await?;
        self.session.flush().await
    }

    async fn about(&mut self, verb: &str, path: &str) -> io::Result<()> {
        if path.is_empty() && self.names.family != Family::Vsftpd {
            return self.say(&Say::NoArgument(if verb == "SIZE" { "SIZE" } else { "MDTM" })).await;
        }
        match self.tree.stat(&self.actor(), &self.real(&resolve(&self.folder, path))) {
            Ok(entry) if entry.is_directory() => self.say(&Say::NoFile(verb, path)).await,
            Ok(entry) if verb == "SIZE" => self.say(&Say::Size(entry.size)).await,
            Ok(entry) => self.say(&Say::Time(&date::compact(entry.modified))).await,
            Err(error) => self.say(&Say::Failed(verb, path, error)).await,
        }
    }

    async fn retrieve(&mut self, path: &str) -> io::Result<()> {
        let rest = usize::try_from(std::mem::take(&mut self.rest)).unwrap_or(usize::MAX);
        // vsftpd and IIS look for the data connection first.
        let early = matches!(self.names.family, Family::Vsftpd | Family::Microsoft);
        if early && matches!(self.plan, Plan::None) {
            return self.say(&Say::NoData).await;
        }
        if path.is_empty() && !early {
            return self.say(&Say::NoArgument("RETR")).await;
        }
        let seen = resolve(&self.folder, path);
        let content = match self.tree.read(&self.actor(), &self.real(&seen)) {
            Ok(content) => content,
            Err(TreeError::IsDirectory) => return self.say(&Say::NoFile("RETR", path)).await,
            Err(error) => return self.say(&Say::Failed("RETR", path, error)).await,
        };
        let fields =
            vec![(field::PATH, encode(&seen)), (field::SIZE, content.len().to_string().into_bytes())];
        self.session.record(Kind::FileRead, fields);
        let begins = Say::SendBegins(path, content.len() as u64, self.names.ascii);
        let Some(data) = self.connect(&begins).await? else { return Ok(()) };
        let bytes = content.get(rest..).unwrap_or_default();
        let sent = send(data, bytes).await;
        self.say(&if sent.is_ok() { Say::Transferred(bytes.len() as u64) } else { Say::Broken }).await
    }

    async fn store(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        let rest = usize::try_from(std::mem::take(&mut self.rest)).unwrap_or(0);
        let early = matches!(self.names.family, Family::Vsftpd | Family::Microsoft);
        if early && matches!(self.plan, Plan::None) {
            return self.say(&Say::NoData).await;
        }
        if argument.is_empty() && verb != "STOU" {
            return self.say(&Say::NoArgument("STOR")).await;
        }
        let name = if argument.is_empty() { self.unique() } else { argument.to_owned() };
        let seen = resolve(&self.folder, &name);
        let (real, actor) = (self.real(&seen), self.actor());
        if let Err(error) = self.tree.may_write(&actor, &real) {
            let error = if error == TreeError::IsDirectory { TreeError::Denied } else { error };
            return self.say(&Say::Failed(verb, argument, error)).await;
        }
        let Some(data) = self.connect(&Say::ReceiveBegins(&name, self.names.ascii)).await? else {
            return Ok(());
        };
        let (received, size, whole) = receive(data).await;
        let old = if verb == "APPE" || rest > 0 { self.tree.read(&actor, &real).ok() } else { None };
        let kept =
            old.as_deref().map(|old| if verb == "APPE" { old } else { old.get(..rest).unwrap_or(old) });
        let content = [kept.unwrap_or_default(), received.bytes()].concat();
        let written = self.tree.write(&actor, &real, &content);
        let fields = vec![
            (field::PATH, encode(&seen)),
            (field::ORIGIN, b"upload".to_vec()),
            (field::COMMAND, verb.as_bytes().to_vec()),
        ];
        self.session.capture(Kind::FileCaptured, fields, received.bytes());
        self.say(&if whole && written.is_ok() { Say::Transferred(size) } else { Say::Broken }).await
    }

    /// A name for STOU that nobody has.
    fn unique(&self) -> String {
        let count = self.host.clock().unsigned_abs() / 1000 % 0xffff_ffff;
        match self.names.family {
            Family::PureFtpd => format!("pureftpd.{count:08x}.1b.0000"),
            _ => format!("ftp{count:x}"),
        }
    }
}

/// Options and path of LIST and its like: `-la /tmp`.
fn options(argument: &str) -> (&str, &str) {
    let argument = argument.trim();
    match argument.strip_prefix('-') {
        Some(rest) => rest.split_once(' ').map_or((rest, ""), |(options, path)| (options, path.trim())),
        None => ("", argument),
    }
}

async fn send(mut data: Data, bytes: &[u8]) -> io::Result<()> {
    let work = async {
        data.write_all(bytes).await?;
        data.shutdown().await
    };
    timeout(PAUSE, work).await.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut)))
}

/// What came, how many bytes in all, and whether the end was in order.
async fn receive(mut data: Data) -> (Gathered, u64, bool) {
    let mut content = Gathered::new(KEPT);
    let mut size = 0_u64;
    let mut piece = vec![0; 16 * 1024];
    loop {
        match timeout(PAUSE, data.read(&mut piece)).await {
            Ok(Ok(0)) => {
                // In TLS the peer waits for our end of it.
                let _ = timeout(PAUSE, data.shutdown()).await;
                return (content, size, true);
            }
            Ok(Ok(count)) => {
                size += count as u64;
                // The rest is counted only.
                let _ = content.push(piece.get(..count).unwrap_or_default());
            }
            Ok(Err(_)) | Err(_) => return (content, size, false),
        }
    }
}
