//! The control connection: commands, login and state.

use super::{
    bait::Bait,
    data::{self, Plan},
    say::{Family, Names, Say},
    tree::{Actor, FileTree, TreeError, resolve},
};
use netsvc_kit::{Gathered, Host, Link, Session};
use netsvc_shell::text::{decode, encode};
use netsvc_wire::{Kind, field};
use std::{io, net::SocketAddr, sync::Arc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Longest command line.
const LINE: usize = 4096;

/// A connection.
pub struct Control {
    pub(super) session: Session,
    pub(super) host: Arc<Host>,
    pub(super) link: Link,
    pub(super) names: Names,
    pub(super) tree: Arc<dyn FileTree>,
    pub(super) buffer: Gathered,
    pub(super) offered: Option<String>,
    pub(super) failures: u32,
    pub(super) user: (u32, String),
    /// What the user sees as `/`; empty for the whole tree.
    pub(super) root: String,
    pub(super) folder: String,
    pub(super) plan: Plan,
    pub(super) data_port: u16,
    pub(super) rest: u64,
    rename_from: Option<String>,
    buffer_set: bool,
    pub(super) private: bool,
    extended_only: bool,
}

/// Whether the connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It does.
    Go,
    /// It ends.
    End,
}

impl Control {
    /// A fresh connection.
    pub fn new(session: Session) -> Self {
        let host = session.host().clone();
        let link = *session.link();
        let mut names = Names::of(&host, link.local.ip().to_string(), link.peer.ip().to_string(), link.port);
        names.tls = link.tls;
        let tree = host.node.shared(|| Bait::new(host.persona()));
        Control {
            session,
            names,
            tree,
            link,
            buffer: Gathered::new(2 * LINE),
            offered: None,
            failures: 0,
            user: (65_534, "nobody".to_owned()),
            root: String::new(),
            folder: "/".to_owned(),
            plan: Plan::None,
            data_port: link.peer.port(),
            rest: 0,
            rename_from: None,
            buffer_set: link.tls,
            private: link.tls,
            extended_only: false,
            host,
        }
    }

    /// Serves the connection to its end.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn run(mut self) -> io::Result<()> {
        self.say(&Say::Greeting).await?;
        loop {
            let line = match self.line().await {
                Ok(Some(line)) => line,
                Ok(None) => return self.session.shutdown().await,
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    self.say(&Say::Timeout).await?;
                    return self.session.shutdown().await;
                }
                Err(error) => return Err(error),
            };
            if self.command(&line).await? == Next::End {
                return self.session.shutdown().await;
            }
        }
    }

    /// Sends `say`.
    pub(super) async fn say(&mut self, say: &Say<'_>) -> io::Result<()> {
        let text = self.names.say(say);
        self.session.write_all(&encode(&text)).await?;
        self.session.flush().await
    }

    /// The next command line without Telnet commands; `None` at the end.
    async fn line(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.buffer.find(b"\n") {
                let mut line = self.buffer.take(end + 1);
                line.truncate(end);
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(Some(decode(&without_telnet(&line))));
            }
            if self.buffer.len() > LINE {
                self.session.write_all(b"500 Input line too long.\r\n").await?;
                return Ok(None);
            }
            let mut piece = [0; 2048];
            let count = self.session.read(&mut piece).await?;
            if count == 0 {
                return Ok(None);
            }
            // What waits is at most a line, and a piece half as long.
            let _ = self.buffer.push(piece.get(..count).unwrap_or_default());
        }
    }

    async fn command(&mut self, line: &str) -> io::Result<Next> {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        let verb = verb.trim().to_ascii_uppercase();
        if verb.is_empty() && self.names.family != Family::ProFtpd {
            return Ok(Next::Go);
        }
        if verb != "PASS" {
            self.session.record(Kind::Command, vec![(field::COMMAND, encode(line))]);
        }
        match verb.as_str() {
            "QUIT" => {
                self.say(&Say::Quit).await?;
                return Ok(Next::End);
            }
            "USER" => return self.user(argument).await,
            "PASS" => return self.password(argument).await,
            "AUTH" => return self.authenticate(argument).await,
            _ => {}
        }
        if self.session_command(&verb, argument).await? {
            return Ok(Next::Go);
        }
        if !self.names.inside {
            let known = is_known(&verb);
            self.say(&if known { Say::NotLoggedIn } else { Say::Unknown(&verb) }).await?;
        } else if !self.setting_command(&verb, argument).await?
            && !self.file_command(&verb, argument).await?
            && !self.transfer_command(&verb, argument).await?
        {
            self.session.record(
                Kind::UnknownCommand,
                vec![(field::COMMAND, encode(line)), (field::NAME, encode(&verb))],
            );
            self.say(&Say::Unknown(&verb)).await?;
        }
        Ok(Next::Go)
    }

    /// Commands that need no login; whether `verb` was one.
    async fn session_command(&mut self, verb: &str, argument: &str) -> io::Result<bool> {
        let family = self.names.family;
        let inside = self.names.inside;
        // vsftpd wants a login even for these.
        let open = inside || family != Family::Vsftpd;
        let reply = match verb {
            "FEAT" => Say::Feat,
            "NOOP" if open => Say::Noop,
            "SYST" if open => Say::Syst,
            "HELP" if open => Say::Help(argument),
            "PBSZ" | "PROT" if !self.names.tls => Say::NeedTls(verb),
            "PBSZ" => {
                self.buffer_set = true;
                Say::Pbsz
            }
            "PROT" => match argument.to_ascii_uppercase().as_str() {
                "P" | "C" if !self.buffer_set && family == Family::PureFtpd => Say::NeedTls("PROT"),
                "P" | "C" => {
                    self.private = argument.eq_ignore_ascii_case("P");
                    Say::Prot(self.private)
                }
                _ => Say::ProtBad,
            },
            "OPTS" => {
                let upper = argument.to_ascii_uppercase();
                match upper.strip_prefix("MLST") {
                    Some(_) => Say::OptsMlst(argument.get(5..).unwrap_or_default()),
                    None if upper.starts_with("UTF8") || upper.starts_with("UTF-8") => Say::Utf8,
                    None => Say::OptsUnknown(argument),
                }
            }
            "ACCT" | "SMNT" | "REIN" if inside => match family {
                Family::PureFtpd => Say::Unknown(verb),
                _ => Say::NotImplemented(verb),
            },
            _ => return Ok(false),
        };
        self.say(&reply).await?;
        Ok(true)
    }

    /// Commands that set how transfers go; whether `verb` was one.
    async fn setting_command(&mut self, verb: &str, argument: &str) -> io::Result<bool> {
        let upper = argument.to_ascii_uppercase();
        match verb {
            "TYPE" => self.set_type(&upper).await?,
            "MODE" => self.say(&Say::Mode(&upper)).await?,
            "STRU" => self.say(&Say::Stru(&upper)).await?,
            "REST" => self.set_rest(argument).await?,
            "ALLO" => self.say(&Say::Allo).await?,
            "ABOR" => {
                self.plan = Plan::None;
                self.say(&Say::Abor).await?;
            }
            "STAT" if argument.is_empty() => self.say(&Say::Stat).await?,
            "PASV" | "EPSV" => self.passive(verb, &upper).await?,
            "PORT" | "EPRT" => self.active(verb, argument).await?,
            "SITE" => self.site(argument).await?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    async fn set_type(&mut self, kind: &str) -> io::Result<()> {
        let first = kind.split(' ').next().unwrap_or_default();
        match first {
            "A" => self.names.ascii = true,
            "I" | "L" => self.names.ascii = false,
            _ => return self.say(&Say::TypeBad(kind)).await,
        }
        self.say(&Say::Type(first)).await
    }

    async fn set_rest(&mut self, argument: &str) -> io::Result<()> {
        let parsed: Option<u64> = argument.trim().parse().ok();
        self.rest = parsed.unwrap_or(0);
        let reply = if parsed.is_some() { Say::Rest(self.rest) } else { Say::RestBad };
        self.say(&reply).await
    }

    async fn passive(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        if verb == "EPSV" && argument == "ALL" {
            self.extended_only = true;
            return self.say(&Say::EpsvAll).await;
        }
        let six = self.link.local.is_ipv6();
        let strict = self.names.family != Family::PureFtpd;
        if strict && verb == "EPSV" && !argument.is_empty() && argument != if six { "2" } else { "1" } {
            return self.say(&Say::ProtocolBad).await;
        }
        let Ok((listener, port)) = data::listen(&self.host, &self.link).await else {
            self.plan = Plan::None;
            return self.say(&Say::DataFailed(0)).await;
        };
        self.plan = Plan::Passive(listener);
        self.data_port = port;
        if verb == "EPSV" {
            return self.say(&Say::Epsv(port)).await;
        }
        let [high, low] = port.to_be_bytes();
        let address = self.link.local.ip().to_string().replace('.', ",");
        self.say(&Say::Pasv(&format!("{address},{high},{low}"))).await
    }

    async fn active(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        let parsed: Option<SocketAddr> =
            if verb == "PORT" { data::port_argument(argument) } else { data::eprt_argument(argument) };
        if self.names.family == Family::Vsftpd {
            self.plan = Plan::None;
        }
        let Some(target) = parsed else { return self.say(&Say::PortBad(verb)).await };
        let refused = target.ip() != self.link.peer.ip() || target.port() < 1024 || self.extended_only;
        if refused {
            self.session.record(
                Kind::ForwardRequest,
                vec![
                    (field::TARGET, target.to_string().into_bytes()),
                    (field::OUTCOME, b"rejected".to_vec()),
                ],
            );
            let address = target.ip().to_string();
            return self.say(&Say::PortRefused(verb, &address, target.port())).await;
        }
        self.plan = Plan::Active(target);
        self.data_port = target.port();
        self.say(&Say::Port(verb)).await
    }

    async fn site(&mut self, argument: &str) -> io::Result<()> {
        let (verb, rest) = argument.split_once(' ').unwrap_or((argument, ""));
        match verb.to_ascii_uppercase().as_str() {
            "" => self.say(&Say::SiteBare).await,
            "HELP" => self.say(&Say::SiteHelp).await,
            "UMASK" => self.say(&Say::Umask).await,
            "CHMOD" => {
                let (mode, path) = rest.trim().split_once(' ').unwrap_or(("", ""));
                let Ok(mode) = u32::from_str_radix(mode, 8) else {
                    return self.say(&Say::SiteUnknown(argument)).await;
                };
                let real = self.real(&resolve(&self.folder, path));
                let done = self.tree.set_mode(&self.actor(), &real, mode);
                self.done("CHMOD", path, done, &Say::Chmod(path)).await
            }
            _ => self.say(&Say::SiteUnknown(argument)).await,
        }
    }

    /// Commands on names; whether `verb` was one.
    async fn file_command(&mut self, verb: &str, path: &str) -> io::Result<bool> {
        let verb = match verb {
            "XCWD" => "CWD",
            "XCUP" => "CDUP",
            "XPWD" => "PWD",
            "XMKD" => "MKD",
            "XRMD" => "RMD",
            other => other,
        };
        // vsftpd's `anon_mkdir_write_enable` and `anon_other_write_enable` are off.
        let changes = matches!(verb, "MKD" | "RMD" | "DELE" | "RNFR" | "RNTO");
        if changes && self.names.family == Family::Vsftpd && !self.root.is_empty() {
            self.say(&Say::NotForAnonymous).await?;
            return Ok(true);
        }
        let seen = resolve(&self.folder, if verb == "CDUP" { ".." } else { path });
        let (real, actor) = (self.real(&seen), self.actor());
        match verb {
            "PWD" => self.say(&Say::Folder(&self.folder.clone())).await?,
            "CWD" | "CDUP" => self.change(verb, path, &seen).await?,
            "MKD" => {
                let made = self.tree.make_directory(&actor, &real);
                self.done("MKD", path, made, &Say::Made(&seen, path)).await?;
            }
            "RMD" => {
                let removed = self.tree.remove(&actor, &real, true);
                self.done("RMD", path, removed, &Say::FolderRemoved).await?;
            }
            "DELE" => {
                let removed = self.tree.remove(&actor, &real, false);
                self.done("DELE", path, removed, &Say::Deleted(path)).await?;
            }
            "RNFR" => {
                let found = self.tree.stat(&actor, &real).map(|_| ());
                self.rename_from = found.is_ok().then_some(real);
                self.done("RNFR", path, found, &Say::RenameFrom).await?;
            }
            "RNTO" => match self.rename_from.take() {
                Some(from) => {
                    let renamed = self.tree.rename(&actor, &from, &real);
                    self.done("RNTO", path, renamed, &Say::Renamed).await?;
                }
                None => self.say(&Say::RenameFirst).await?,
            },
            _ => return Ok(false),
        }
        Ok(true)
    }

    async fn change(&mut self, verb: &str, path: &str, seen: &str) -> io::Result<()> {
        let (actor, real) = (self.actor(), self.real(seen));
        let entered = match self.tree.stat(&actor, &real) {
            Ok(entry) if entry.is_directory() => self.tree.enter(&actor, &real),
            Ok(_) => Err(TreeError::NotDirectory),
            Err(error) => Err(error),
        };
        match entered {
            Ok(()) => {
                seen.clone_into(&mut self.folder);
                let reply = if verb == "CWD" { Say::Changed(seen) } else { Say::ChangedUp(seen) };
                self.say(&reply).await
            }
            Err(error) => self.say(&Say::Failed(verb, path, error)).await,
        }
    }

    async fn done(
        &mut self,
        verb: &str,
        path: &str,
        result: Result<(), TreeError>,
        say: &Say<'_>,
    ) -> io::Result<()> {
        match result {
            Ok(()) => self.say(say).await,
            Err(error) => self.say(&Say::Failed(verb, path, error)).await,
        }
    }

    /// Who acts, for the tree.
    pub(super) fn actor(&self) -> Actor {
        Actor { source: self.link.source(), user: self.user.clone(), clock: self.host.clock() }
    }

    /// The path in the tree of what the user sees as `seen`.
    pub(super) fn real(&self, seen: &str) -> String {
        match (self.root.as_str(), seen) {
            ("", seen) => seen.to_owned(),
            (root, "/") => root.to_owned(),
            (root, seen) => format!("{root}{seen}"),
        }
    }
}

/// `line` without Telnet commands (RFC 959 §5.3, RFC 854), such as those around ABOR. A byte 255 that
/// begins none is part of a name or password and stays.
fn without_telnet(line: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((&byte, after)) = rest.split_first() {
        rest = match (byte, after) {
            (255, [251..=254, _, after @ ..] | [241..=249, after @ ..]) => after,
            (255, [255, after @ ..]) => {
                kept.push(255);
                after
            }
            _ => {
                kept.push(byte);
                after
            }
        };
    }
    kept
}

/// Whether `verb` is one that the servers know, so that before login they ask for one.
fn is_known(verb: &str) -> bool {
    const KNOWN: &[&str] = &[
        "CWD", "XCWD", "CDUP", "XCUP", "PWD", "XPWD", "MKD", "XMKD", "RMD", "XRMD", "DELE", "RNFR", "RNTO",
        "TYPE", "MODE", "STRU", "REST", "ALLO", "ABOR", "STAT", "PASV", "EPSV", "PORT", "EPRT", "SITE",
        "LIST", "NLST", "MLSD", "MLST", "RETR", "STOR", "APPE", "STOU", "SIZE", "MDTM", "NOOP", "SYST",
        "HELP", "ACCT", "SMNT", "REIN",
    ];
    KNOWN.contains(&verb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telnet_commands_go_and_other_bytes_stay() {
        let check = |line: &[u8], expected: &[u8]| assert_eq!(without_telnet(line), expected);
        check(b"\xff\xf4\xff\xf2ABOR", b"ABOR");
        check(b"\xff\xfb\x01NOOP", b"NOOP");
        check(b"PASS gr\xfcn\xff", b"PASS gr\xfcn\xff");
        check(b"PASS \xff\xff", b"PASS \xff");
        check("PASS \u{1f600}".as_bytes(), "PASS \u{1f600}".as_bytes());
    }
}
