//! What a subshell gets a copy of: variables, functions, aliases, options. Copied on write.

use super::{Flow, Shell, table::Table};
use crate::{
    dialect::{Dialect, Reading},
    flavour::Flavour,
    fs::{Fs, join},
    live::{Arrival, Live},
    parse::Command,
    text::{decode, lines},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Bytes that all variables together may take.
const MAX_VARIABLES: usize = 1 << 20;
/// What a variable or an item takes beside its text.
const EACH: usize = 64;

/// A variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) value: String,
    pub(crate) list: Option<BTreeMap<i64, String>>,
    /// The pairs of an associative array.
    pub(crate) table: Option<Table>,
    pub(crate) exported: bool,
    pub(crate) readonly: bool,
}

/// All variables, bounded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables {
    pub(crate) map: BTreeMap<String, Variable>,
    bytes: usize,
}

impl Variable {
    /// The item of a list at `index`; what is no list is the first item of one.
    pub(crate) fn item(&self, index: i64) -> Option<&str> {
        match &self.list {
            Some(list) => list.get(&index).map(String::as_str),
            None => (index == 0).then_some(self.value.as_str()),
        }
    }

    /// The place that `index` means: one below zero counts from the end.
    pub(crate) fn place(&self, index: i64) -> i64 {
        let last = self.list.as_ref().map_or(0, |list| list.keys().next_back().copied().unwrap_or(-1));
        if index < 0 { last.saturating_add(index).saturating_add(1) } else { index }
    }

    /// Bytes that the items of a list count for.
    fn list_bytes(&self) -> usize {
        self.list.iter().flat_map(BTreeMap::values).map(|value| EACH + value.len()).sum()
    }
}

impl Variables {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let variable = self.map.get(name)?;
        match &variable.table {
            Some(table) => table.get("0"),
            None => variable.item(0),
        }
    }

    /// The place that `index` means in what `name` is.
    pub(crate) fn place(&self, name: &str, index: i64) -> i64 {
        self.map.get(name).map_or(index, |variable| variable.place(index))
    }

    /// Bytes that a variable counts for.
    fn weight(name: &str, variable: &Variable) -> usize {
        let table = variable.table.as_ref().map_or(0, |table| table.bytes(EACH));
        EACH + name.len() + variable.value.len() + variable.list_bytes() + table
    }

    /// The variable called `name`, which is made where there is none; `None`: there is no room.
    pub(crate) fn made(&mut self, name: &str) -> Option<&mut Variable> {
        if !self.map.contains_key(name) {
            let bytes = self.bytes + EACH + name.len();
            if MAX_VARIABLES < bytes {
                return None;
            }
            self.bytes = bytes;
            self.map.insert(name.to_owned(), Variable::default());
        }
        self.map.get_mut(name)
    }

    /// Has `name` be again what it was before, whatever it is now; `None`: it was not.
    pub(crate) fn put_back(&mut self, name: String, variable: Option<Variable>) {
        self.remove(&name);
        if let Some(variable) = variable {
            self.bytes += Self::weight(&name, &variable);
            self.map.insert(name, variable);
        }
    }

    /// Sets a variable. `false`: it is read-only or there is no room.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> bool {
        let old = self.map.get(name).map_or(0, |variable| EACH + name.len() + variable.value.len());
        let bytes = self.bytes.saturating_sub(old) + EACH + name.len() + value.len();
        if bytes > MAX_VARIABLES || self.map.get(name).is_some_and(|variable| variable.readonly) {
            return false;
        }
        self.bytes = bytes;
        let variable = self.map.entry(name.to_owned()).or_default();
        if let Some(table) = &mut variable.table {
            table.set("0", value);
            return true;
        }
        match &mut variable.list {
            Some(list) => {
                list.insert(0, value.to_owned());
            }
            None => value.clone_into(&mut variable.value),
        }
        true
    }

    pub(crate) fn set_element(&mut self, name: &str, index: i64, value: &str) -> bool {
        let Some(variable) = self.made(name) else { return false };
        let item = variable.list.as_ref().and_then(|list| list.get(&index));
        let old = item.map_or(0, |old| EACH + old.len());
        let bytes = self.bytes.saturating_sub(old) + value.len() + EACH;
        if bytes > MAX_VARIABLES {
            return false;
        }
        self.bytes = bytes;
        let Some(variable) = self.map.get_mut(name) else { return false };
        let old = std::mem::take(&mut variable.value);
        let list = variable
            .list
            .get_or_insert_with(|| if old.is_empty() { BTreeMap::new() } else { BTreeMap::from([(0, old)]) });
        list.insert(index, value.to_owned());
        true
    }

    /// Makes `name` an associative array, if it is none.
    pub(crate) fn make_table(&mut self, name: &str) {
        if let Some(variable) = self.made(name) {
            variable.table.get_or_insert_with(Table::default);
        }
    }

    /// Whether `name` is an associative array.
    pub(crate) fn is_table(&self, name: &str) -> bool {
        self.map.get(name).is_some_and(|variable| variable.table.is_some())
    }

    pub(crate) fn set_pair(&mut self, name: &str, key: &str, value: &str) -> bool {
        let Some(table) = self.map.get_mut(name).and_then(|variable| variable.table.as_mut()) else {
            return false;
        };
        let old = table.get(key).map_or(0, |old| EACH + key.len() + old.len());
        let bytes = self.bytes.saturating_sub(old) + EACH + key.len() + value.len();
        if bytes > MAX_VARIABLES {
            return false;
        }
        self.bytes = bytes;
        table.set(key, value);
        true
    }

    pub(crate) fn set_list(&mut self, name: &str, values: Vec<String>) -> bool {
        self.set_elements(name, (0..).zip(values).collect())
    }

    pub(crate) fn set_elements(&mut self, name: &str, values: BTreeMap<i64, String>) -> bool {
        let Some(variable) = self.made(name).filter(|variable| !variable.readonly) else { return false };
        let old = variable.list_bytes();
        let bytes =
            self.bytes.saturating_sub(old) + values.values().map(|value| value.len() + EACH).sum::<usize>();
        if bytes > MAX_VARIABLES {
            return false;
        }
        self.bytes = bytes;
        let Some(variable) = self.map.get_mut(name) else { return false };
        variable.list = Some(values);
        true
    }

    pub(crate) fn export(&mut self, name: &str, value: &str) {
        if self.set(name, value) {
            self.mark_exported(name);
        }
    }

    pub(crate) fn mark_exported(&mut self, name: &str) {
        if let Some(variable) = self.made(name) {
            variable.exported = true;
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if let Some(variable) = self.map.remove(name) {
            self.bytes = self.bytes.saturating_sub(Self::weight(name, &variable));
        }
    }

    /// Forgets what is not exported, as a new program does.
    pub(crate) fn keep_exported(&mut self) {
        self.map.retain(|name, variable| {
            variable.exported || ["IFS", "OPTIND", "PS4", "PS2"].contains(&name.as_str())
        });
        self.set("IFS", " \t\n");
    }

    pub(crate) fn environment(&self) -> impl Iterator<Item = (&str, &str)> {
        self.map
            .iter()
            .filter(|(_, variable)| variable.exported)
            .map(|(name, variable)| (name.as_str(), variable.value.as_str()))
    }
}

/// The copied part of a shell.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) variables: Variables,
    pub(crate) functions: BTreeMap<String, Arc<Command>>,
    pub(crate) aliases: BTreeMap<String, String>,
    pub(crate) positional: Vec<String>,
    /// `$0`.
    pub(crate) name: String,
    /// The file that is being sourced, which messages name.
    pub(crate) source_name: Option<String>,
    pub(crate) dialect: Dialect,
    pub(crate) reading: Reading,
    /// A login shell.
    pub(crate) login: bool,
    /// Lines that were typed at this shell.
    pub(crate) typed_lines: u32,
    /// Letters of `set`: e, x, u, f, n, v.
    pub(crate) options: BTreeSet<char>,
    pub(crate) pipefail: bool,
    pub(crate) traps: BTreeMap<String, String>,
    /// Saved values of `local` variables, innermost function last.
    pub(crate) locals: Vec<Vec<(String, Option<Variable>)>>,
}

/// What [`Shell::restore`] needs to end a subshell.
pub(crate) struct Saved {
    state: Arc<State>,
    cwd: String,
    umask: u32,
}

impl Saved {
    pub(super) fn variables_mut(&mut self) -> &mut Variables {
        &mut Arc::make_mut(&mut self.state).variables
    }
}

/// Lines of the history that a login begins with.
pub(super) fn history(fs: &mut Fs) -> Vec<String> {
    let read = fs.read_file(&join(fs.cwd(), ".bash_history"));
    read.map(|bytes| lines(&decode(&bytes)).map(String::from).collect()).unwrap_or_default()
}

impl State {
    pub(super) fn of_login(fs: &Fs) -> State {
        let live = &fs.live;
        let mut state = State::default();
        let root = fs.credentials.uid == 0;
        let home = fs.cwd().to_owned();
        let busybox = live.flavour.busybox();
        let path = match (busybox, root) {
            (true, _) => "/sbin:/usr/sbin:/bin:/usr/bin",
            (false, true) => "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            (false, false) => "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games",
        };
        let account = live.persona.users.iter().find(|user| user.name == live.user);
        let usual = match live.flavour {
            Flavour::Alpine => "/bin/ash",
            Flavour::Busybox => "/bin/sh",
            _ => "/bin/bash",
        };
        let shell = account.map(|user| user.shell.as_str()).filter(|_| !busybox).unwrap_or(usual);
        let program = crate::fs::name(shell);
        state.dialect = Dialect::of_program(program, live.flavour).unwrap_or_default();
        state.name = format!("-{program}");
        state.login = true;
        let variables = &mut state.variables;
        for (name, value) in [
            ("HOME", home.as_str()),
            ("USER", &live.user),
            ("LOGNAME", &live.user),
            ("PATH", path),
            ("SHELL", shell),
            ("PWD", &home),
            ("LANG", "en_US.UTF-8"),
            ("SHLVL", "1"),
            ("TERM", "xterm-256color"),
            ("_", "/usr/bin/env"),
        ] {
            let absent =
                name == "TERM" && live.facts.tty.is_none() || busybox && ["LANG", "_"].contains(&name);
            if !absent {
                variables.export(name, value);
            }
        }
        connection(variables, live);
        state.shell_variables(live);
        if live.facts.tty.is_some() {
            state.set_prompt(live);
        }
        state
    }

    /// The variables that a shell of this dialect begins with.
    pub(super) fn shell_variables(&mut self, live: &Live) {
        let bash = self.dialect.is_bash();
        let variables = &mut self.variables;
        for (name, value) in [("IFS", " \t\n"), ("PS2", "> "), ("PS4", "+ "), ("OPTIND", "1")] {
            variables.set(name, value);
        }
        if !bash {
            return;
        }
        if variables.get("TERM").is_none() {
            variables.set("TERM", "dumb");
        }
        let home = variables.get("HOME").unwrap_or("/root").to_owned();
        let versions = live.versions();
        let (whole, machine) = (versions.bash, live.persona.os.machine.as_str());
        let system = if live.flavour == Flavour::Redhat { "redhat-linux-gnu" } else { "pc-linux-gnu" };
        let kind = if live.flavour == Flavour::Alpine { "linux-musl" } else { "linux-gnu" };
        for (name, value) in [
            ("BASH", "/bin/bash"),
            ("BASH_VERSION", whole),
            ("HOSTTYPE", machine),
            ("MACHTYPE", &format!("{machine}-{system}")),
            ("OSTYPE", kind),
            ("HOSTNAME", &live.persona.hostname),
        ] {
            variables.set(name, value);
        }
        let parts = whole.split(['.', '(', ')', '-']).filter(|part| !part.is_empty());
        let parts: Vec<String> = parts.map(String::from).collect();
        let all = parts.into_iter().chain([format!("{machine}-{system}")]);
        variables.set_list("BASH_VERSINFO", all.collect());
        if live.facts.tty.is_some() {
            for (name, value) in [
                ("HISTSIZE", "1000"),
                ("HISTFILESIZE", "2000"),
                ("HISTFILE", &format!("{home}/.bash_history")),
            ] {
                variables.set(name, value);
            }
        }
    }

    /// Sets `PS1` as the system's profile or the shell itself does.
    pub(crate) fn set_prompt(&mut self, live: &Live) {
        let root = self.variables.get("USER").unwrap_or("root") == "root";
        let text = match (self.dialect, live.flavour) {
            (Dialect::Dash, _) if root => "# ",
            (Dialect::Dash, _) => "$ ",
            (Dialect::BashPosix, _) => "\\s-\\v\\$ ",
            (_, Flavour::Redhat) => "[\\u@\\h \\W]\\$ ",
            (_, Flavour::Alpine) => "\\h:\\w\\$ ",
            (_, Flavour::Busybox) => "\\$ ",
            (Dialect::Ash, _) => "\\w \\$ ",
            _ => "${debian_chroot:+($debian_chroot)}\\u@\\h:\\w\\$ ",
        };
        self.variables.set("PS1", text);
    }
}

/// What the secure shell's daemon says of the connection, and with it the mailbox; nothing over telnet.
fn connection(variables: &mut Variables, live: &Live) {
    if live.facts.arrival != Arrival::Ssh {
        return;
    }
    let client = format!("{} {} {}", live.facts.peer_ip, live.facts.peer_port, live.facts.local_port);
    let connection = format!(
        "{} {} {} {}",
        live.facts.peer_ip,
        live.facts.peer_port,
        live.own_end(),
        live.facts.local_port
    );
    variables.export("SSH_CLIENT", &client);
    variables.export("SSH_CONNECTION", &connection);
    if let Some(tty) = &live.facts.tty {
        variables.export("SSH_TTY", &format!("/dev/{tty}"));
    }
    variables.export("MAIL", &format!("/var/mail/{}", live.user));
}

impl Shell {
    pub(crate) fn state_mut(&mut self) -> &mut State {
        Arc::make_mut(&mut self.state)
    }

    /// Value of a variable.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.state.variables.get(name)
    }

    /// Sets a variable; complains if it is read-only.
    pub(crate) fn set_variable(&mut self, name: &str, value: &str) -> Result<bool, Flow> {
        self.spend(value.len() as u64 / 4096)?;
        if self.state.variables.map.get(name).is_some_and(|variable| variable.readonly) {
            let reason = if self.dialect().is_bash() { "readonly variable" } else { "is read only" };
            self.complain(&format!("{name}: {reason}"))?;
            return Ok(false);
        }
        Ok(self.state_mut().variables.set(name, value))
    }

    /// Begins a subshell.
    pub(crate) fn save(&mut self) -> Saved {
        Saved { state: Arc::clone(&self.state), cwd: self.fs.cwd().to_owned(), umask: self.fs.umask }
    }

    /// Ends a subshell.
    pub(crate) fn restore(&mut self, saved: Saved) {
        self.state = saved.state;
        self.fs.umask = saved.umask;
        if self.fs.cwd() != saved.cwd {
            // The directory may be gone by now; then the shell stays in what is left of it.
            let _ = self.fs.set_cwd(&saved.cwd);
        }
    }
}
