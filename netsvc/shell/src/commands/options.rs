//! Options as `getopt(3)` and `getopt_long(3)` read them.

use crate::{
    flavour::Flavour,
    interpret::{Flow, Shell},
};

pub(super) use super::operand::inputs;

/// Options and operands of a command.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    flags: Vec<(char, String)>,
    pub(super) operands: Vec<String>,
}

impl Options {
    /// Whether an option was given.
    pub(super) fn has(&self, flag: char) -> bool {
        self.flags.iter().any(|(found, _)| *found == flag)
    }

    /// The last value of an option.
    pub(super) fn value(&self, flag: char) -> Option<&str> {
        self.flags.iter().rev().find(|(found, _)| *found == flag).map(|(_, value)| value.as_str())
    }

    /// All values of an option.
    pub(super) fn values(&self, flag: char) -> impl Iterator<Item = &str> {
        self.flags.iter().filter(move |(found, _)| *found == flag).map(|(_, value)| value.as_str())
    }

    /// The last value as a number.
    pub(super) fn number(&self, flag: char) -> Option<u64> {
        self.value(flag)?.parse().ok()
    }

    /// The last of several options that exclude each other.
    pub(super) fn last_of(&self, flags: &str) -> Option<char> {
        self.flags.iter().rev().map(|(flag, _)| *flag).find(|flag| flags.contains(*flag))
    }
}

/// Reads `arguments` (name first). `short` is a getopt string, a leading `+` stops at the first operand;
/// `long` maps names to letters. `None`: wrong use, already complained about.
pub(super) fn options(
    shell: &mut Shell,
    arguments: &[String],
    short: &str,
    long: &[(&str, char)],
) -> Result<Option<Options>, Flow> {
    match parse(arguments, short, long) {
        Ok(options) => Ok(Some(options)),
        Err(reason) => {
            let name = super::own(arguments).to_owned();
            if shell.flavour().busybox() {
                refuse(shell, &name, &reason)?;
            } else {
                let hint = super::help::hint(&name);
                shell.err(&format!("{name}: {reason}\n{hint}"))?;
            }
            Ok(None)
        }
    }
}

/// What an applet says of a word that getopt refused.
pub(super) fn refuse(shell: &mut Shell, name: &str, reason: &str) -> Result<(), Flow> {
    // Alpine's C library has words of its own for this.
    let musl = || {
        let quoted = reason.split_once('\'')?.1.strip_suffix('\'')?;
        let word = quoted.trim_start_matches('-');
        let said = if reason.starts_with("option requires") {
            "option requires an argument"
        } else {
            "unrecognized option"
        };
        Some(format!("{said}: {word}"))
    };
    let said = if shell.flavour() == Flavour::Alpine { musl() } else { None };
    let said = said.as_deref().unwrap_or(reason);
    shell.err(&format!("{name}: {said}\n"))?;
    super::help::usage(shell, name)
}

fn parse(arguments: &[String], short: &str, long: &[(&str, char)]) -> Result<Options, String> {
    let stop = short.starts_with('+');
    let mut options = Options::default();
    let mut rest = super::rest(arguments).iter();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            options.operands.extend(rest.by_ref().cloned());
        } else if let Some(text) = argument.strip_prefix("--") {
            let (name, value) =
                text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
            let found = long.iter().find(|(known, _)| *known == name).or_else(|| {
                let mut fitting = long.iter().filter(|(known, _)| known.starts_with(name));
                fitting.next().filter(|_| fitting.next().is_none())
            });
            let Some((_, letter)) = found else { return Err(format!("unrecognized option '--{text}'")) };
            let value = match (value, takes_value(short, *letter)) {
                (Some(value), _) => value.to_owned(),
                (None, true) => {
                    rest.next().cloned().ok_or_else(|| format!("option '--{name}' requires an argument"))?
                }
                (None, false) => String::new(),
            };
            options.flags.push((*letter, value));
        } else if argument.len() > 1 && argument.starts_with('-') {
            cluster(argument, short, &mut rest, &mut options)?;
        } else {
            options.operands.push(argument.clone());
            if stop {
                options.operands.extend(rest.by_ref().cloned());
            }
        }
    }
    Ok(options)
}

fn cluster(
    argument: &str,
    short: &str,
    rest: &mut std::slice::Iter<'_, String>,
    options: &mut Options,
) -> Result<(), String> {
    let mut letters = argument.chars().skip(1);
    while let Some(letter) = letters.next() {
        if letter == ':' || !short.contains(letter) {
            return Err(format!("invalid option -- '{letter}'"));
        }
        if !takes_value(short, letter) {
            options.flags.push((letter, String::new()));
            continue;
        }
        let inline: String = letters.by_ref().collect();
        let value = if inline.is_empty() {
            rest.next().cloned().ok_or_else(|| format!("option requires an argument -- '{letter}'"))?
        } else {
            inline
        };
        options.flags.push((letter, value));
    }
    Ok(())
}

fn takes_value(short: &str, letter: char) -> bool {
    let mut letters = short.chars().skip_while(|found| *found != letter);
    letters.next().is_some() && letters.next() == Some(':')
}
