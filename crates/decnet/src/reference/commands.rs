//! The command line.

use super::{cell, code, table};
use crate::{cli, former};
use clap::{Arg, Command};
use std::fmt::Write;

pub(super) fn verbs() -> String {
    let mut root = cli::command();
    root.build();
    let mut text = "# Commands\n\nEvery verb takes `--help`. Lists take `--json`.\n".to_owned();
    let mut verbs: Vec<&Command> = root.get_subcommands().filter(|verb| shown(verb)).collect();
    verbs.sort_by_key(|verb| verb.get_name());
    for verb in verbs {
        describe(verb, "decnet", &mut text);
    }
    text + &gone()
}

/// What DECNET 1 had.
fn gone() -> String {
    let verbs = former::verbs().map(|(verb, instead)| vec![code(verb), String::new(), cell(instead)]);
    let options = former::options().map(|(verb, option, instead)| {
        let verb = if verb.is_empty() { "all".to_owned() } else { code(verb) };
        vec![verb, code(option), cell(instead)]
    });
    format!(
        "\n## Verbs and options of DECNET 1\n\nThese are not there any more, and the program says so where it meets \
         one. `collect`, `ingest`, `reuse-correlate`, `orchestrate`, `webhook`, `geoip`, `ttp` and `db-reset` are \
         other names of verbs above.\n\n{}",
        table(&["Verb", "Option", "What does it now"], verbs.chain(options))
    )
}

fn shown(verb: &Command) -> bool {
    !verb.is_hide_set() && verb.get_name() != "help"
}

/// A verb and those under it. The depth is that of the command line's own table.
fn describe(verb: &Command, before: &str, text: &mut String) {
    let name = format!("{before} {}", verb.get_name());
    let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
    // Writing to a String cannot fail.
    let _ = write!(text, "\n## {name}\n\n{about}.\n");
    let arguments: Vec<&Arg> = verb.get_arguments().filter(|argument| is_own(argument)).collect();
    if !arguments.is_empty() {
        let rows = arguments.iter().map(|argument| vec![form(argument), help(argument)]);
        let _ = write!(text, "\n{}", table(&["Argument", "What it does"], rows));
    }
    for inner in verb.get_subcommands().filter(|verb| shown(verb)) {
        describe(inner, &name, text);
    }
}

/// Whether an argument belongs to the verb and not to all.
fn is_own(argument: &Arg) -> bool {
    let of_clap = ["help", "version"].contains(&argument.get_id().as_str());
    !argument.is_hide_set() && !argument.is_global_set() && !of_clap
}

fn form(argument: &Arg) -> String {
    let takes = argument.get_action().takes_values();
    let names = argument.get_value_names().unwrap_or_default();
    let value = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" ");
    let option = match (argument.get_short(), argument.get_long()) {
        (Some(short), Some(long)) => format!("-{short}, --{long}"),
        (None, Some(long)) => format!("--{long}"),
        (Some(short), None) => format!("-{short}"),
        (None, None) => String::new(),
    };
    let value = if takes { value } else { String::new() };
    code(format!("{option} {value}").trim())
}

fn help(argument: &Arg) -> String {
    let mut text = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let defaults = argument.get_default_values();
    if argument.get_action().takes_values() && !defaults.is_empty() {
        let shown: Vec<_> = defaults.iter().map(|value| value.to_string_lossy()).collect();
        text = format!("{text}; {} if not said", shown.join(" "));
    }
    cell(&text)
}
