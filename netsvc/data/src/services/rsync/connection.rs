//! A connection: greetings, the choice of a module, a login, arguments, and what both sides agree on
//! (`clientserver.c`, `compat.c`).

use super::{
    agree::{Agreed, PROTOCOL},
    config::{self, Module},
    digest::{BASE64, LOGIN, Login},
    files::Files,
    options::{self, Options},
    receive::Receiving,
    release::Release,
    send::Sending,
    step::Step,
    wire::{Reader, Tag, frame, message},
};
use base64::Engine;
use netsvc_kit::{Accounts, Credential, Gathered, Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use rand_core::RngCore;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Longest line before arguments.
const LINE: usize = 4096;
/// Bytes and number of arguments.
const ARGUMENTS: usize = 64 * 1024;
const MOST_ARGUMENTS: usize = 1000;
/// Bytes that wait, as they came and out of their frames.
const WAITING: usize = 256 * 1024;
/// Most bytes of a message of the peer that is looked at.
const MESSAGE: usize = 4;

/// What comes next.
#[derive(Debug)]
enum State {
    Greeting,
    Choice,
    Login(Module, Login, String),
    /// Whether these are those that others have hidden.
    Arguments(Module, Vec<Vec<u8>>, bool),
    Lists(Box<Agreed>),
    Transfer(Transfer),
    /// Only what ends it is heard.
    Over,
}

#[derive(Debug)]
enum Transfer {
    Out(Box<Sending>),
    In(Box<Receiving>),
}

/// A connection.
pub(super) struct Connection {
    host: Arc<Host>,
    link: Link,
    release: Release,
    state: State,
    /// Bytes as they came, and those of the stream out of frames.
    came: Gathered,
    stream: Gathered,
    /// Kind and bytes left of the frame that is being read.
    frame: Option<(u32, usize)>,
    message: Vec<u8>,
    /// The peer's protocol, and digests that it named.
    protocol: u32,
    digests: Vec<String>,
    files: Option<Files>,
}

impl Connection {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        Connection {
            host: host.clone(),
            link: *link,
            release: Release::of(host),
            state: State::Greeting,
            came: Gathered::new(WAITING),
            stream: Gathered::new(WAITING),
            frame: None,
            message: Vec::new(),
            protocol: 0,
            digests: Vec::new(),
            files: None,
        }
    }

    fn files(&mut self) -> &mut Files {
        self.files.get_or_insert_with(|| Files::new(&self.host, &self.link))
    }

    fn modules(&mut self) -> Vec<Module> {
        let mut modules = config::modules(&self.files().text("/etc/rsyncd.conf"));
        match self.host.setting("logins") {
            Some("all") => modules.iter_mut().filter(|module| module.users.is_empty()).for_each(|module| {
                module.users = vec!["backup".to_owned()];
                "/etc/rsyncd.secrets".clone_into(&mut module.secrets);
            }),
            Some("none") => modules.iter_mut().for_each(|module| module.users.clear()),
            _ => {}
        }
        if let Some(writable) = self.host.setting("writable").filter(|value| *value != "some") {
            let writable = writable == "all";
            modules.iter_mut().for_each(|module| module.read_only = !writable);
        }
        modules
    }

    /// The next line without its end.
    fn line(&mut self, out: &mut Out) -> Option<Vec<u8>> {
        let Some(end) = self.came.find(b"\n").filter(|end| *end < LINE) else {
            if LINE <= self.came.len() {
                out.close();
            }
            return None;
        };
        let mut line = self.came.take(end + 1);
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Some(line)
    }

    fn refuse(&mut self, text: &str, out: &mut Out) {
        out.send(format!("@ERROR: {text}\n"));
        out.close();
    }

    /// Takes a step; false when there is not enough for one.
    fn advance(&mut self, out: &mut Out) -> bool {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Greeting => self.with_line(State::Greeting, out, Self::greeting),
            State::Choice => self.with_line(State::Choice, out, Self::choice),
            State::Login(module, digest, challenge) => {
                let Some(line) = self.line(out) else {
                    self.state = State::Login(module, digest, challenge);
                    return false;
                };
                self.login(module, digest, &challenge, &line, out);
                true
            }
            State::Arguments(module, arguments, hidden) => self.argument(module, arguments, hidden, out),
            State::Lists(agreed) => self.lists(agreed, out),
            State::Transfer(transfer) => self.transfer(transfer, out),
            State::Over => {
                self.stream.clear();
                self.unframe(out)
            }
        }
    }

    fn with_line(&mut self, state: State, out: &mut Out, act: fn(&mut Self, &[u8], &mut Out)) -> bool {
        let Some(line) = self.line(out) else {
            self.state = state;
            return false;
        };
        act(self, &line, out);
        true
    }

    fn greeting(&mut self, line: &[u8], out: &mut Out) {
        let text = String::from_utf8_lossy(line).into_owned();
        let Some(rest) = text.strip_prefix("@RSYNCD: ") else {
            let data = line.iter().copied().take(256).collect();
            out.record(Kind::Malformed, vec![(field::REASON, b"no greeting".to_vec()), (field::DATA, data)]);
            return self.refuse("protocol startup error", out);
        };
        out.record(Kind::ClientFingerprint, vec![(field::CLIENT_VERSION, line.to_vec())]);
        let (version, digests) = rest.split_once(' ').unwrap_or((rest, ""));
        let (protocol, part) =
            version.split_once('.').map_or((version, None), |(main, part)| (main, Some(part)));
        let Ok(protocol) = protocol.trim().parse::<u32>() else {
            return self.refuse("protocol startup error", out);
        };
        if 30 <= protocol && part.is_none() {
            let text = format!("your client is speaking an incompatible beta of protocol {protocol}");
            return self.refuse(&text, out);
        }
        self.protocol = protocol.min(self.release.protocol);
        self.digests = digests.split(' ').take(16).map(str::to_owned).collect();
        self.state = State::Choice;
    }

    fn choice(&mut self, line: &[u8], out: &mut Out) {
        let name = String::from_utf8_lossy(line).into_owned();
        out.record(Kind::Command, vec![(field::COMMAND, line.to_vec())]);
        let modules = self.modules();
        if name.is_empty() || name == "#list" {
            out.send(self.host.setting("motd").map_or_else(String::new, |text| format!("{text}\n")));
            for module in modules.iter().filter(|module| module.listed) {
                out.send(module.line());
            }
            out.send("@RSYNCD: EXIT\n");
            return out.close();
        }
        if name.starts_with('#') {
            return self.refuse(&format!("Unknown command '{name}'"), out);
        }
        match modules.into_iter().find(|module| module.name == name) {
            None => self.refuse(&format!("Unknown module '{name}'"), out),
            Some(module) if module.users.is_empty() => self.enter(module, out),
            Some(module) => self.challenge(module, out),
        }
    }

    /// The digest that both sides know: the first of the client's, as rsync chooses.
    fn digest(&self) -> Login {
        let known = |name: &String| LOGIN.iter().find(|(known, _)| known == name).map(|(_, digest)| *digest);
        let offered = self.digests.iter().find_map(known).filter(|_| self.release.lists_digests);
        offered.unwrap_or(if self.protocol < 30 { Login::OldMd4 } else { Login::Md5 })
    }

    fn challenge(&mut self, module: Module, out: &mut Out) {
        let digest = self.digest();
        let mut drawn = [0; 16];
        self.host.generator(&format!("challenge {}", self.link.session)).fill_bytes(&mut drawn);
        let challenge = BASE64.encode(digest.of(&[&drawn]));
        out.send(format!("@RSYNCD: AUTHREQD {challenge}\n"));
        self.state = State::Login(module, digest, challenge);
    }

    fn login(&mut self, module: Module, digest: Login, challenge: &str, line: &[u8], out: &mut Out) {
        let space = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        let (user, answer) = line.split_at_checked(space).unwrap_or((line, &[]));
        let given = BASE64.decode(answer.trim_ascii()).unwrap_or_default();
        let fits = |password: &[u8]| {
            let made = digest.of(&[password, challenge.as_bytes()]);
            bool::from(made.ct_eq(&given))
        };
        let name = String::from_utf8_lossy(user).into_owned();
        let listed = module.users.contains(&name);
        let secrets = self.files().text(&module.secrets);
        let secret = config::secret(&secrets, &name).is_some_and(|secret| fits(secret.as_bytes()));
        let known = self.host.password_of(&self.link, Accounts::Application, user, fits);
        let account =
            known.is_some_and(|password| self.host.login(&self.link, Accounts::Application, user, &password));
        let accepted = listed && secret || account;
        out.credential(Credential {
            principal: user.to_vec(),
            kind: digest.kind(),
            secret: answer.trim_ascii().to_vec(),
            challenge: Some(challenge.as_bytes().to_vec()),
            crack_line: digest.crack_line(&given, challenge).filter(|_| !given.is_empty()),
            method: "AUTHREQD",
            accepted,
        });
        if accepted {
            return self.enter(module, out);
        }
        self.refuse(&format!("auth failed on module {}", module.name), out);
    }

    fn enter(&mut self, module: Module, out: &mut Out) {
        if self.protocol < 30 || !self.files().is_folder(&module.path) {
            // What is said where the folder of a module is gone; clients of before 2008 hear it too.
            return self.refuse("chdir failed", out);
        }
        out.send("@RSYNCD: OK\n");
        self.state = State::Arguments(module, Vec::new(), false);
    }

    fn argument(&mut self, module: Module, mut arguments: Vec<Vec<u8>>, hidden: bool, out: &mut Out) -> bool {
        let size: usize = arguments.iter().map(|argument| argument.len() + 32).sum();
        let Some(end) = self.came.find(b"\0") else {
            if ARGUMENTS < size + self.came.len() {
                out.close();
            }
            self.state = State::Arguments(module, arguments, hidden);
            return false;
        };
        let mut argument = self.came.take(end + 1);
        argument.pop();
        if ARGUMENTS < size + argument.len() || MOST_ARGUMENTS <= arguments.len() {
            out.close();
            return true;
        }
        if !argument.is_empty() {
            arguments.push(if hidden { argument } else { options::plain(argument) });
            self.state = State::Arguments(module, arguments, hidden);
            return true;
        }
        let options = Options::read(&arguments);
        if options.is_secluded() && !hidden {
            self.state = State::Arguments(module, Vec::new(), true);
            return true;
        }
        let line = options::line(&arguments);
        out.record(
            Kind::Command,
            vec![(field::COMMAND, line), (field::NAME, module.name.clone().into_bytes())],
        );
        let (agreed, said) = Agreed::new(module, options, self.release);
        out.send(said);
        self.state = State::Lists(Box::new(agreed));
        true
    }

    /// Reads what the peer offers, and begins.
    fn lists(&mut self, mut agreed: Box<Agreed>, out: &mut Out) -> bool {
        let mut reader = Reader::new(self.came.bytes());
        let whole = agreed.read(&mut reader, self.release);
        let read = reader.read();
        if !whole {
            self.state = State::Lists(agreed);
            return false;
        }
        self.came.skip(read);
        let mut seed = [0; 4];
        self.host.generator(&format!("seed {}", self.link.session)).fill_bytes(&mut seed);
        out.send(seed);
        match agreed.form(self.protocol) {
            Err((text, code)) => self.leave(&text, code, out),
            Ok((form, rest)) => {
                let Agreed { module, options, .. } = *agreed;
                self.state = State::Transfer(if options.sender {
                    Transfer::Out(Box::new(Sending::new(module, options, form, rest)))
                } else {
                    Transfer::In(Box::new(Receiving::new(module, options, form, rest)))
                });
            }
        }
        true
    }

    /// Ends with an error text and an exit code.
    fn leave(&mut self, text: &str, code: i32, out: &mut Out) {
        out.send(message(Tag::Error, text.as_bytes()));
        if 31 <= self.protocol {
            out.send(message(Tag::Exit, &code.to_le_bytes()));
        } else {
            // Such a peer waits for the end of the connection.
            out.close();
        }
        self.state = State::Over;
    }

    fn transfer(&mut self, mut transfer: Transfer, out: &mut Out) -> bool {
        if self.files.is_none() {
            self.files();
        }
        let Some(files) = self.files.as_mut() else { return false };
        let step = match &mut transfer {
            Transfer::Out(sending) => sending.advance(&mut self.stream, files, out),
            Transfer::In(receiving) => receiving.advance(&mut self.stream, files, out),
        };
        match step {
            Step::Done => {
                self.state = State::Transfer(transfer);
                true
            }
            Step::Wait => {
                self.state = State::Transfer(transfer);
                self.unframe(out)
            }
            Step::Over => true,
            Step::Failed(text) => {
                self.leave(&text, PROTOCOL, out);
                true
            }
        }
    }

    /// Takes what stands in frames out of them; false when nothing came.
    fn unframe(&mut self, out: &mut Out) -> bool {
        let Some((tag, left)) = self.frame else {
            let Some(head) = self.came.bytes().first_chunk::<4>().copied() else { return false };
            self.came.skip(4);
            self.frame = frame(head);
            self.message.clear();
            if self.frame.is_none() {
                out.close();
            }
            return self.ended(out);
        };
        if self.came.is_empty() {
            return false;
        }
        let piece = self.came.take(left);
        if tag == Tag::Data as u32 {
            if self.stream.push(&piece).is_err() {
                // It sends more than anybody asked for.
                out.close();
            }
        } else {
            let room = MESSAGE.saturating_sub(self.message.len());
            self.message.extend(piece.iter().take(room));
        }
        self.frame = Some((tag, left - piece.len()));
        self.ended(out)
    }

    /// The frame may be over.
    fn ended(&mut self, out: &mut Out) -> bool {
        let Some((tag, 0)) = self.frame else { return true };
        self.frame = None;
        if tag == Tag::Exit as u32 {
            if !self.message.is_empty() {
                out.send(message(Tag::Exit, &[]));
            }
            out.close();
        }
        true
    }
}

impl Machine for Connection {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => out.send(self.release.greeting()),
            Input::Bytes(bytes) => {
                // What waits is part of a line, of an argument or of a frame's head: far from the cap.
                if self.came.push(bytes).is_err() {
                    return out.close();
                }
                while !out.closing() && !out.full() && self.advance(out) {}
            }
            Input::Eof => {
                if let (State::Transfer(Transfer::In(receiving)), Some(files)) =
                    (&mut self.state, &mut self.files)
                {
                    receiving.give_up(files, out);
                }
            }
        }
        if (out.closing() || matches!(input, Input::Eof))
            && let Some(files) = &mut self.files
        {
            files.settle();
        }
    }
}
