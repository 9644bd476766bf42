//! Users of ACL SETUSER: what they may run, on which keys and channels.
//!
//! Source: the reference of ACL SETUSER; texts of redis-server 7.0.15.

use super::{
    pattern::glob,
    table::{self, Command},
    words::Words,
};
use sha2::{Digest, Sha256};

/// Most rules, passwords, keys and channels of a user.
const MOST: usize = 64;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    on: bool,
    no_password: bool,
    /// SHA-256 of the passwords, hex.
    passwords: Vec<String>,
    keys: Vec<Key>,
    channels: Vec<Vec<u8>>,
    /// Rules about commands in their order, with their signs.
    commands: Vec<String>,
}

/// A pattern of keys, and whether they may be read and written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    read: bool,
    write: bool,
    pattern: Vec<u8>,
}

/// Why a command is denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// The command, by its full name.
    Command(String),
    /// A key.
    Key(Vec<u8>),
    /// A channel.
    Channel(Vec<u8>),
}

impl Denied {
    /// What a client hears.
    pub(super) fn refusal(&self) -> String {
        match self {
            Denied::Command(name) => {
                format!("NOPERM this user has no permissions to run the '{name}' command")
            }
            Denied::Key(_) => {
                "NOPERM this user has no permissions to access one of the keys used as arguments".to_owned()
            }
            Denied::Channel(_) => {
                "NOPERM this user has no permissions to access one of the channels used as arguments"
                    .to_owned()
            }
        }
    }

    /// What ACL DRYRUN says.
    pub(super) fn dry(&self) -> String {
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match self {
            Denied::Command(name) => {
                format!("This user has no permissions to run the '{name}' command")
            }
            Denied::Key(key) => format!("This user has no permissions to access the '{}' key", shown(key)),
            Denied::Channel(channel) => {
                format!("This user has no permissions to access the '{}' channel", shown(channel))
            }
        }
    }

    /// Reason and object, as ACL LOG has them.
    pub(super) fn logged(&self) -> (&'static str, String) {
        match self {
            Denied::Command(name) => ("command", name.clone()),
            Denied::Key(key) => ("key", String::from_utf8_lossy(key).into_owned()),
            Denied::Channel(channel) => ("channel", String::from_utf8_lossy(channel).into_owned()),
        }
    }
}

impl User {
    /// A user who may nothing.
    pub(super) fn fresh() -> Self {
        User {
            on: false,
            no_password: false,
            passwords: Vec::new(),
            keys: Vec::new(),
            channels: Vec::new(),
            commands: vec!["-@all".to_owned()],
        }
    }

    /// The user that everybody is, with `password` if there is one.
    pub(super) fn default(password: Option<&str>) -> Self {
        User {
            on: true,
            no_password: password.is_none(),
            passwords: password.into_iter().map(|password| hex::encode(Sha256::digest(password))).collect(),
            keys: vec![Key { read: true, write: true, pattern: b"*".to_vec() }],
            channels: vec![b"*".to_vec()],
            commands: vec!["+@all".to_owned()],
        }
    }

    /// Whether `secret` lets the user in.
    pub(super) fn admits(&self, secret: &[u8]) -> bool {
        self.on && (self.no_password || self.passwords.contains(&hex::encode(Sha256::digest(secret))))
    }

    /// Follows one rule of ACL SETUSER.
    ///
    /// # Errors
    /// What is wrong with it, in the server's words.
    pub(super) fn follow(&mut self, rule: &[u8], version: (u32, u32)) -> Result<(), &'static str> {
        let text = String::from_utf8_lossy(rule).to_ascii_lowercase();
        match text.as_str() {
            "on" => self.on = true,
            "off" => self.on = false,
            "nopass" => {
                self.no_password = true;
                self.passwords.clear();
            }
            "resetpass" => {
                self.no_password = false;
                self.passwords.clear();
            }
            "allkeys" => return self.follow(b"~*", version),
            "resetkeys" => self.keys.clear(),
            "allchannels" => return self.follow(b"&*", version),
            "resetchannels" => self.channels.clear(),
            "allcommands" => return self.follow(b"+@all", version),
            "nocommands" => return self.follow(b"-@all", version),
            "reset" => *self = User::fresh(),
            _ => return self.marked(rule, &text, version),
        }
        Ok(())
    }

    /// A rule that begins with a mark.
    fn marked(&mut self, rule: &[u8], text: &str, version: (u32, u32)) -> Result<(), &'static str> {
        let Some((mark, rest)) = rule.split_first() else { return Err("Syntax error") };
        match mark {
            b'>' | b'#' | b'<' | b'!' => self.password(*mark, rest),
            b'~' => self.key(true, true, rest),
            b'%' => {
                let at = rest.iter().position(|byte| *byte == b'~').ok_or("Syntax error")?;
                let (flags, pattern) = rest.split_at_checked(at).ok_or("Syntax error")?;
                let flags = flags.to_ascii_lowercase();
                if flags.is_empty() || flags.iter().any(|flag| !matches!(flag, b'r' | b'w')) {
                    return Err("Syntax error");
                }
                self.key(flags.contains(&b'r'), flags.contains(&b'w'), pattern.get(1..).unwrap_or_default())
            }
            b'&' => {
                if rest == b"*" {
                    self.channels.clear();
                } else if self.channels.iter().any(|channel| channel == b"*") {
                    return Err(
                        "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does \
                                not have any effect. Try 'resetchannels' to start with an empty list of channels",
                    );
                }
                if self.channels.len() < MOST && !self.channels.contains(&rest.to_vec()) {
                    self.channels.push(rest.to_vec());
                }
                Ok(())
            }
            b'+' | b'-' => self.command(text, version),
            _ => Err("Syntax error"),
        }
    }

    fn password(&mut self, mark: u8, rest: &[u8]) -> Result<(), &'static str> {
        let hash = if matches!(mark, b'>' | b'<') {
            hex::encode(Sha256::digest(rest))
        } else {
            let hash = String::from_utf8_lossy(rest).into_owned();
            let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            if hash.len() != 64 || !hash.bytes().all(lower) {
                return Err(
                    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal \
                            characters",
                );
            }
            hash
        };
        let known = self.passwords.iter().position(|known| *known == hash);
        match (mark, known) {
            (b'>' | b'#', None) if self.passwords.len() < MOST => self.passwords.push(hash),
            (b'>' | b'#', _) => {}
            (_, Some(at)) => {
                self.passwords.remove(at);
                return Ok(());
            }
            (_, None) => return Err("The password you are trying to remove from the user does not exist"),
        }
        self.no_password = false;
        Ok(())
    }

    fn key(&mut self, read: bool, write: bool, pattern: &[u8]) -> Result<(), &'static str> {
        let all = self.keys.iter().any(|key| key.read && key.write && key.pattern == b"*");
        if pattern == b"*" && read && write {
            self.keys.clear();
        } else if all {
            return Err(
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any \
                        effect. Try 'resetkeys' to start with an empty list of patterns",
            );
        }
        let key = Key { read, write, pattern: pattern.to_vec() };
        if self.keys.len() < MOST && !self.keys.contains(&key) {
            self.keys.push(key);
        }
        Ok(())
    }

    fn command(&mut self, rule: &str, version: (u32, u32)) -> Result<(), &'static str> {
        const UNKNOWN: &str = "Unknown command or category name in ACL";
        let name = rule.get(1..).unwrap_or_default();
        if name == "@all" {
            self.commands = vec![rule.to_owned()];
            return Ok(());
        }
        let known = match name.strip_prefix('@') {
            Some(_) => table::known(version).any(|command| {
                command.categories.iter().any(|category| category == name)
                    || command.subcommands.values().any(|inner| inner.categories.iter().any(|is| is == name))
            }),
            None => {
                let (outer, inner) =
                    name.split_once('|').map_or((name, None), |(outer, inner)| (outer, Some(inner)));
                table::find(outer.as_bytes(), version)
                    .is_some_and(|command| inner.is_none_or(|inner| command.subcommands.contains_key(inner)))
            }
        };
        if !known {
            return Err(UNKNOWN);
        }
        // A rule that comes again replaces what was said before of the same.
        self.commands.retain(|kept| kept.get(1..) != Some(name));
        if self.commands.len() < MOST {
            self.commands.push(rule.to_owned());
        }
        Ok(())
    }

    /// Whether the user may run `command` with these words.
    ///
    /// # Errors
    /// What stands against it.
    pub(super) fn may(&self, command: &Command, words: Words<'_>) -> Result<(), Denied> {
        let outer = command.name.split('|').next().unwrap_or_default();
        let mut allowed = false;
        for rule in &self.commands {
            let (sign, name) = rule.split_at_checked(1).unwrap_or_default();
            let meant = name == "@all"
                || name == command.name
                || name == outer
                || command.categories.iter().any(|category| category == name);
            if meant {
                allowed = sign == "+";
            }
        }
        if !allowed && !command.has("no_auth") {
            return Err(Denied::Command(command.name.clone()));
        }
        let writes = command.has("write");
        for key in command.keys_of(words.0) {
            let fits = |kept: &Key| (if writes { kept.write } else { kept.read }) && glob(&kept.pattern, key);
            if !self.keys.iter().any(fits) {
                return Err(Denied::Key(key.clone()));
            }
        }
        for channel in channels(outer, words) {
            let pattern = outer == "psubscribe";
            let fits =
                |kept: &Vec<u8>| if pattern { kept == channel || kept == b"*" } else { glob(kept, channel) };
            if !self.channels.iter().any(fits) {
                return Err(Denied::Channel(channel.clone()));
            }
        }
        Ok(())
    }

    /// Flags, as ACL GETUSER lists them.
    pub(super) fn flags(&self) -> Vec<&'static str> {
        let mut flags = vec![if self.on { "on" } else { "off" }];
        flags.extend(self.no_password.then_some("nopass"));
        flags
    }

    /// SHA-256 of the passwords, hex.
    pub(super) fn passwords(&self) -> &[String] {
        &self.passwords
    }

    /// Rules about commands.
    pub(super) fn commands(&self) -> String {
        self.commands.join(" ")
    }

    /// Patterns of keys.
    pub(super) fn keys(&self) -> String {
        let key = |key: &Key| {
            let pattern = String::from_utf8_lossy(&key.pattern);
            match (key.read, key.write) {
                (true, true) => format!("~{pattern}"),
                (true, false) => format!("%R~{pattern}"),
                _ => format!("%W~{pattern}"),
            }
        };
        self.keys.iter().map(key).collect::<Vec<_>>().join(" ")
    }

    /// Patterns of channels.
    pub(super) fn channels(&self) -> String {
        let channel = |channel: &Vec<u8>| format!("&{}", String::from_utf8_lossy(channel));
        self.channels.iter().map(channel).collect::<Vec<_>>().join(" ")
    }

    /// The line of ACL LIST.
    pub(super) fn line(&self, name: &str) -> String {
        let mut parts: Vec<String> = vec![format!("user {name}")];
        parts.extend(self.flags().into_iter().map(str::to_owned));
        parts.extend(self.passwords.iter().map(|hash| format!("#{hash}")));
        parts.extend(Some(self.keys()).filter(|keys| !keys.is_empty()));
        let channels = self.channels();
        if channels != "&*" {
            parts.push("resetchannels".to_owned());
        }
        parts.extend(Some(channels).filter(|channels| !channels.is_empty()));
        parts.push(self.commands());
        parts.join(" ")
    }
}

/// The channels that a command names.
fn channels<'a>(name: &str, words: Words<'a>) -> &'a [Vec<u8>] {
    match name {
        "publish" | "spublish" => words.from(1).get(..1).unwrap_or_default(),
        "subscribe" | "psubscribe" | "ssubscribe" => words.from(1),
        _ => &[],
    }
}
