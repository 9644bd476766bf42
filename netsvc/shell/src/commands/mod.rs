//! The commands: one file per group. A command takes the shell and its arguments, name first.

mod accepted;
mod accounts;
mod applet;
mod archive;
mod awk;
mod blocks;
mod builtin;
mod busybox;
mod calculate;
mod compare;
mod compress;
mod curl;
mod digest;
mod download;
mod elevate;
mod files;
mod filter;
mod find_files;
mod grep;
mod hardware;
mod help;
mod input;
mod interface;
mod jobs;
mod list;
mod login;
mod lookup;
mod marks;
mod meters;
mod moment;
mod nc;
mod network;
mod operand;
mod options;
mod order;
mod output;
mod package;
mod pieces;
mod ping;
mod posix;
mod process;
mod ps;
mod ps_columns;
mod query;
mod scripting;
mod secret;
mod sed;
mod service;
mod settings;
mod shells;
mod shopt;
mod signal;
mod space;
mod ssh;
mod stat;
mod stty;
mod system;
mod telnet;
mod tput;
mod url;
mod variables;
mod web;
mod wording;
mod wrap;
mod xargs;

pub(crate) use applet::answer;
pub(crate) use output::{quote, unescape};
pub(crate) use posix::expression;
pub(crate) use signal::description as signal_description;
pub(crate) use tput::is_screen;
pub(crate) use wording::bad_number;

use crate::{
    dialect::Dialect,
    interpret::{Shell, Status},
};
use std::{collections::BTreeMap, sync::OnceLock};

/// How a command is run.
pub(crate) type Run = fn(&mut Shell, &[String]) -> Status;

/// A command.
#[derive(Clone, Copy)]
pub(crate) struct Command {
    /// Part of the shell: there even without a file in `PATH`.
    pub(crate) builtin: bool,
    pub(crate) run: Run,
}

/// Programs that connect to other hosts.
fn outward() -> Vec<(&'static str, Run)> {
    [nc::COMMANDS, network::COMMANDS, ping::COMMANDS, ssh::COMMANDS, telnet::COMMANDS].concat()
}

fn table() -> &'static BTreeMap<&'static str, Command> {
    static TABLE: OnceLock<BTreeMap<&'static str, Command>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let builtins = [
            builtin::COMMANDS,
            lookup::COMMANDS,
            variables::COMMANDS,
            output::COMMANDS,
            jobs::COMMANDS,
            input::COMMANDS,
        ];
        let builtins = builtins.concat();
        let programs = [
            busybox::COMMANDS,
            calculate::COMMANDS,
            compare::COMMANDS,
            compress::COMMANDS,
            digest::COMMANDS,
            files::COMMANDS,
            filter::COMMANDS,
            find_files::COMMANDS,
            grep::COMMANDS,
            space::COMMANDS,
            awk::COMMANDS,
            settings::COMMANDS,
            elevate::COMMANDS,
            blocks::COMMANDS,
            login::COMMANDS,
            marks::COMMANDS,
            order::COMMANDS,
            pieces::COMMANDS,
            archive::COMMANDS,
            package::COMMANDS,
            scripting::COMMANDS,
            service::COMMANDS,
            shells::COMMANDS,
            download::COMMANDS,
            accounts::COMMANDS,
            list::COMMANDS,
            signal::COMMANDS,
            stat::COMMANDS,
            stty::COMMANDS,
            sed::COMMANDS,
            process::COMMANDS,
            interface::COMMANDS,
            meters::COMMANDS,
            ps::COMMANDS,
            hardware::COMMANDS,
            outward().as_slice(),
            system::COMMANDS,
            tput::COMMANDS,
            wrap::COMMANDS,
            xargs::COMMANDS,
        ]
        .concat();
        let programs = programs.into_iter().map(|(name, run)| (name, Command { builtin: false, run }));
        let builtins = builtins.into_iter().map(|(name, run)| (name, Command { builtin: true, run }));
        programs.chain(builtins).collect()
    })
}

/// The command called `name`, if this system's shell knows it.
pub(crate) fn find(shell: &Shell, name: &str) -> Option<Command> {
    let command = *table().get(name)?;
    (!command.builtin || has_builtin(shell.dialect(), name)).then_some(command)
}

/// Whether a dialect has a built-in that others have.
fn has_builtin(dialect: Dialect, name: &str) -> bool {
    match name {
        "declare" | "typeset" | "shopt" | "pushd" | "popd" | "dirs" | "disown" | "mapfile" | "readarray"
        | "enable" | "builtin" | "caller" | "compgen" | "complete" | "compopt" | "bind" | "logout"
        | "suspend" => dialect.is_bash(),
        "let" | "source" | "help" | "history" => dialect != Dialect::Dash,
        "[[" => dialect == Dialect::Ash,
        "fc" => dialect.is_bash(),
        "chdir" => !dialect.is_bash(),
        _ => true,
    }
}

/// Whether an error of this built-in ends a shell that reads no terminal (XCU 2.14).
pub(crate) fn is_special(name: &str) -> bool {
    const NAMES: [&str; 15] = [
        ".", ":", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set",
        "shift", "times", "trap", "unset",
    ];
    NAMES.contains(&name)
}

/// Names that can be typed as a command: built-ins and what `PATH` has.
pub(crate) fn names(shell: &Shell) -> impl Iterator<Item = String> {
    let mut names: Vec<String> =
        table().iter().filter(|(_, command)| command.builtin).map(|(name, _)| (*name).to_owned()).collect();
    for folder in shell.variable("PATH").unwrap_or("").split(':') {
        names.extend(shell.fs.readdir(folder).unwrap_or_default());
    }
    names.sort();
    names.dedup();
    names.into_iter()
}

/// Arguments after the name.
fn rest(arguments: &[String]) -> &[String] {
    arguments.get(1..).unwrap_or(&[])
}

/// Name of the running command.
fn own(arguments: &[String]) -> &str {
    arguments.first().map_or("", |name| crate::fs::name(name))
}
