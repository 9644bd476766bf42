//! `type`, `command`, `hash`: what a name stands for.

use super::{Run, find, rest};
use crate::{
    dialect::Dialect,
    interpret::{Shell, Status, command_path},
};

pub(super) const COMMANDS: &[(&str, Run)] =
    &[("type", kind), ("command", command), ("builtin", command), ("hash", hash)];

const KEYWORDS: [&str; 16] = [
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "in",
    "function", "time", "[[",
];

fn is_keyword(dialect: Dialect, name: &str) -> bool {
    KEYWORDS.contains(&name) && (dialect.is_bash() || !["function", "time", "[["].contains(&name))
}

fn kind(shell: &mut Shell, arguments: &[String]) -> Status {
    kind_as(shell, arguments, "type")
}

/// `type`, and `command -V`, which differ in the name that messages have.
fn kind_as(shell: &mut Shell, arguments: &[String], builtin_name: &str) -> Status {
    let first = rest(arguments).first().map_or("", String::as_str);
    if shell.dialect() == Dialect::Ash && builtin_name == "type" && first.starts_with('-') {
        // Any option makes it say what `command -v` says.
        let all: Vec<String> = ["command".to_owned(), "-v".to_owned()]
            .into_iter()
            .chain(rest(arguments).iter().skip(1).cloned())
            .collect();
        return command(shell, &all);
    }
    let bash = shell.dialect().is_bash();
    let short = bash && first == "-t";
    let path_only = rest(arguments).first().is_some_and(|word| word == "-p" || word == "-P");
    let mut status = 0;
    for name in rest(arguments).iter().filter(|word| !bash || !word.starts_with('-')) {
        let path = command_path(shell, name);
        let builtin = find(shell, name).is_some_and(|command| command.builtin);
        let line = if path_only {
            path.clone()
        } else if let Some(alias) = shell.state.aliases.get(name) {
            Some(if short { "alias".into() } else { format!("{name} is aliased to `{alias}'") })
        } else if is_keyword(shell.dialect(), name) {
            Some(if short { "keyword".into() } else { format!("{name} is a shell keyword") })
        } else if shell.state.functions.contains_key(name) {
            Some(if short { "function".into() } else { format!("{name} is a function") })
        } else if builtin {
            Some(if short { "builtin".into() } else { format!("{name} is a shell builtin") })
        } else {
            path.map(|path| if short { "file".into() } else { format!("{name} is {path}") })
        };
        match line {
            Some(line) => shell.out(&format!("{line}\n"))?,
            None => {
                status = 1;
                if !shell.dialect().is_bash() {
                    shell.out(&format!("{name}: not found\n"))?;
                    status = 127;
                } else if !short && !path_only {
                    shell.complain(&format!("{builtin_name}: {name}: not found"))?;
                }
            }
        }
    }
    Ok(status)
}

fn command(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    match words.first().map(String::as_str) {
        Some("-V") => {
            let all: Vec<String> =
                std::iter::once("type".to_owned()).chain(words.iter().skip(1).cloned()).collect();
            kind_as(shell, &all, "command")
        }
        Some("-v") => {
            let missing = if shell.dialect().is_bash() { 1 } else { 127 };
            let mut status = missing;
            for name in words.iter().skip(1) {
                let known = find(shell, name).is_some_and(|command| command.builtin)
                    || is_keyword(shell.dialect(), name)
                    || shell.state.functions.contains_key(name);
                let alias = shell.state.aliases.get(name).map(|value| format!("alias {name}='{value}'"));
                if let Some(line) =
                    alias.or_else(|| if known { Some(name.clone()) } else { command_path(shell, name) })
                {
                    shell.out(&format!("{line}\n"))?;
                    status = 0;
                }
            }
            Ok(status)
        }
        Some("-p") => shell.run_program(words.get(1..).unwrap_or(&[])),
        Some(_) => shell.run_program(words),
        None => Ok(0),
    }
}

fn hash(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut status = 0;
    let bash = shell.dialect().is_bash();
    if rest(arguments).is_empty() && bash {
        shell.err("hash: hash table empty\n")?;
    }
    for name in rest(arguments).iter().filter(|word| !word.starts_with('-')) {
        let known = find(shell, name).is_some_and(|command| command.builtin);
        if !known && command_path(shell, name).is_none() {
            shell.complain_of("hash", &format!("{name}: not found"))?;
            status = 1;
        }
    }
    Ok(status)
}
