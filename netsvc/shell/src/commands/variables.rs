//! Built-ins on variables, options and aliases.

use super::{Run, output::quote, own, rest};
use crate::interpret::{Shell, Status};

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("export", export),
    ("readonly", export),
    ("declare", declare),
    ("typeset", declare),
    ("local", local),
    ("unset", unset),
    ("set", set),
    ("shift", shift),
    ("alias", alias),
    ("unalias", unalias),
    ("getopts", getopts),
];

fn is_name(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|character| character == '_' || character.is_ascii_alphanumeric())
}

fn export(shell: &mut Shell, arguments: &[String]) -> Status {
    let command = own(arguments).to_owned();
    let remove = rest(arguments).first().is_some_and(|word| word == "-n");
    let words: Vec<&String> = rest(arguments).iter().filter(|word| !word.starts_with('-')).collect();
    if words.is_empty() {
        let prefix = if shell.flavour().busybox() { "export" } else { "declare -x" };
        let lines: String = shell
            .state
            .variables
            .environment()
            .map(|(name, value)| format!("{prefix} {name}=\"{value}\"\n"))
            .collect();
        shell.out(&lines)?;
        return Ok(0);
    }
    let mut status = 0;
    for word in words {
        let (name, value) =
            word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
        if !is_name(name) {
            shell.complain(&format!("{command}: `{word}': not a valid identifier"))?;
            status = 1;
            continue;
        }
        if let Some(value) = value
            && !shell.set_variable(name, value)?
        {
            status = 1;
            continue;
        }
        let variables = &mut shell.state_mut().variables;
        if command == "readonly" {
            variables.map.entry(name.to_owned()).or_default().readonly = true;
        } else if remove {
            variables.map.entry(name.to_owned()).or_default().exported = false;
        } else if value.is_some() || variables.map.contains_key(name) {
            variables.mark_exported(name);
        }
    }
    Ok(status)
}

fn declare(shell: &mut Shell, arguments: &[String]) -> Status {
    let flags: String = rest(arguments).iter().filter(|word| word.starts_with('-')).cloned().collect();
    for word in rest(arguments).iter().filter(|word| !word.starts_with('-')) {
        let (name, value) = word.split_once('=').map_or((word.as_str(), ""), |(name, value)| (name, value));
        let value = if flags.contains('i') {
            shell.arithmetic(value)?.unwrap_or(0).to_string()
        } else {
            value.to_owned()
        };
        if word.contains('=') || shell.variable(name).is_none() {
            shell.set_variable(name, &value)?;
        }
        if flags.contains('x') {
            shell.state_mut().variables.mark_exported(name);
        }
        if flags.contains('r') {
            shell.state_mut().variables.map.entry(name.to_owned()).or_default().readonly = true;
        }
    }
    Ok(0)
}

fn local(shell: &mut Shell, arguments: &[String]) -> Status {
    if shell.state.locals.is_empty() {
        shell.complain("local: can only be used in a function")?;
        return Ok(1);
    }
    for word in rest(arguments).iter().filter(|word| !word.starts_with('-')) {
        let (name, value) = word.split_once('=').map_or((word.as_str(), ""), |(name, value)| (name, value));
        let old = shell.state.variables.map.get(name).cloned();
        if let Some(frame) = shell.state_mut().locals.last_mut() {
            frame.push((name.to_owned(), old));
        }
        shell.set_variable(name, value)?;
    }
    Ok(0)
}

fn unset(shell: &mut Shell, arguments: &[String]) -> Status {
    let functions = rest(arguments).first().is_some_and(|word| word == "-f");
    for word in rest(arguments).iter().filter(|word| !word.starts_with('-')) {
        let state = shell.state_mut();
        if functions || (!state.variables.map.contains_key(word) && state.functions.contains_key(word)) {
            state.functions.remove(word);
        } else if !state.variables.map.get(word).is_some_and(|variable| variable.readonly) {
            state.variables.remove(word);
        }
    }
    Ok(0)
}

fn set(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    if words.is_empty() {
        let lines: String = shell
            .state
            .variables
            .map
            .iter()
            .map(|(name, variable)| format!("{name}={}\n", quote(&variable.value)))
            .collect();
        shell.out(&lines)?;
        return Ok(0);
    }
    let mut left = words.iter();
    while let Some(word) = left.next() {
        let (on, letters) = match (word.strip_prefix('-'), word.strip_prefix('+')) {
            (Some(""), _) | (Some("-"), _) => {
                shell.state_mut().positional = left.cloned().collect();
                return Ok(0);
            }
            (Some(letters), _) => (true, letters),
            (None, Some(letters)) => (false, letters),
            (None, None) => {
                shell.state_mut().positional = std::iter::once(word).chain(left).cloned().collect();
                return Ok(0);
            }
        };
        for letter in letters.chars() {
            let letter = if letter == 'o' {
                match left.next().map(String::as_str) {
                    Some("pipefail") => {
                        shell.state_mut().pipefail = on;
                        continue;
                    }
                    Some("errexit") => 'e',
                    Some("xtrace") => 'x',
                    Some("nounset") => 'u',
                    Some("noglob") => 'f',
                    _ => continue,
                }
            } else {
                letter
            };
            let options = &mut shell.state_mut().options;
            if on {
                options.insert(letter);
            } else {
                options.remove(&letter);
            }
        }
    }
    Ok(0)
}

fn shift(shell: &mut Shell, arguments: &[String]) -> Status {
    let count = rest(arguments).first().and_then(|text| text.parse().ok()).unwrap_or(1_usize);
    let positional = &mut shell.state_mut().positional;
    if count > positional.len() {
        return Ok(1);
    }
    positional.drain(..count);
    Ok(0)
}

fn alias(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut status = 0;
    if rest(arguments).is_empty() {
        let lines: String =
            shell.state.aliases.iter().map(|(name, value)| format!("alias {name}='{value}'\n")).collect();
        shell.out(&lines)?;
    }
    for word in rest(arguments) {
        match word.split_once('=') {
            Some((name, value)) if shell.state.aliases.len() < 256 => {
                shell.state_mut().aliases.insert(name.to_owned(), value.to_owned());
            }
            Some(_) => {}
            None => match shell.state.aliases.get(word).cloned() {
                Some(value) => shell.out(&format!("alias {word}='{value}'\n"))?,
                None => {
                    shell.complain(&format!("alias: {word}: not found"))?;
                    status = 1;
                }
            },
        }
    }
    Ok(status)
}

fn unalias(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut status = 0;
    for word in rest(arguments) {
        if word == "-a" {
            shell.state_mut().aliases.clear();
        } else if shell.state_mut().aliases.remove(word).is_none() {
            shell.complain(&format!("unalias: {word}: not found"))?;
            status = 1;
        }
    }
    Ok(status)
}

fn getopts(shell: &mut Shell, arguments: &[String]) -> Status {
    let [specification, name, more @ ..] = rest(arguments) else {
        shell.complain("getopts: usage: getopts optstring name [arg ...]")?;
        return Ok(2);
    };
    let words = if more.is_empty() { shell.state.positional.clone() } else { more.to_vec() };
    let index: usize = shell.variable("OPTIND").and_then(|text| text.parse().ok()).unwrap_or(1);
    let Some(word) =
        words.get(index - 1).filter(|word| word.len() > 1 && word.starts_with('-') && *word != "--")
    else {
        shell.set_variable(name, "?")?;
        return Ok(1);
    };
    let letter = word.chars().nth(1).unwrap_or('?');
    let mut next = index + 1;
    if specification.contains(&format!("{letter}:")) {
        let inline: String = word.chars().skip(2).collect();
        let value = if inline.is_empty() {
            next += 1;
            words.get(index).cloned().unwrap_or_default()
        } else {
            inline
        };
        shell.set_variable("OPTARG", &value)?;
    }
    let known = specification.contains(letter);
    if !known {
        shell.complain(&format!("illegal option -- {letter}"))?;
    }
    shell.set_variable(name, &if known { letter.to_string() } else { "?".into() })?;
    shell.set_variable("OPTIND", &next.to_string())?;
    Ok(0)
}
