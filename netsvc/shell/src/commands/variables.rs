//! Built-ins on variables, options and aliases.

use super::{Run, output::quote, own, rest};
use crate::{
    dialect::Dialect,
    interpret::{Flow, Shell, Status, Table, subscripted},
    parse::parse_assignment,
};

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
        let bash = shell.dialect().is_bash();
        let line = |(name, value): (&str, &str)| {
            if bash {
                format!("declare -x {name}=\"{value}\"\n")
            } else {
                format!("export {name}={}\n", single(value))
            }
        };
        let lines: String = shell.state.variables.environment().map(line).collect();
        shell.out(&lines)?;
        return Ok(0);
    }
    let mut status = 0;
    for word in words {
        let (name, value) =
            word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
        if value.is_some_and(|value| value.starts_with('(') && value.ends_with(')'))
            && shell.dialect().is_bash()
        {
            declare_one(shell, word, if command == "readonly" { "r" } else { "x" })?;
            continue;
        }
        if !is_name(name) {
            let text = if shell.dialect().is_bash() {
                format!("`{word}': not a valid identifier")
            } else {
                format!("{name}: bad variable name")
            };
            status = shell.refuse(&command, &text, true, 1)?;
            continue;
        }
        let fixed = shell.state.variables.map.get(name).is_some_and(|variable| variable.readonly);
        if fixed && value.is_some() && !shell.dialect().is_bash() {
            status = shell.refuse(&command, &format!("{name}: is read only"), true, 1)?;
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
            variables.made(name).into_iter().for_each(|variable| variable.readonly = true);
        } else if remove {
            variables.made(name).into_iter().for_each(|variable| variable.exported = false);
        } else if value.is_some() || variables.map.contains_key(name) {
            variables.mark_exported(name);
        }
    }
    Ok(status)
}

fn declare(shell: &mut Shell, arguments: &[String]) -> Status {
    let flags: String = rest(arguments).iter().filter(|word| word.starts_with('-')).cloned().collect();
    if flags.contains('p') {
        return declared(shell, own(arguments), rest(arguments));
    }
    if flags.contains('f') || flags.contains('F') {
        return Ok(0);
    }
    if !shell.state.locals.is_empty() && !flags.contains('g') {
        rest(arguments).iter().filter(|word| !word.starts_with('-')).for_each(|word| make_local(shell, word));
    }
    for word in rest(arguments).iter().filter(|word| !word.starts_with(['-', '+'])) {
        declare_one(shell, word, &flags)?;
    }
    Ok(0)
}

/// Carries out one word of `declare`, `local` and their like.
fn declare_one(shell: &mut Shell, word: &str, flags: &str) -> Result<(), Flow> {
    let name = word.split(['=', '+', '[']).next().unwrap_or(word).to_owned();
    if flags.contains('A') {
        shell.state_mut().variables.make_table(&name);
    } else if flags.contains('a')
        && !shell.state.variables.is_table(&name)
        && let Some(variable) = shell.state_mut().variables.made(&name)
    {
        variable.list.get_or_insert_with(Default::default);
    }
    if let Some((_, value)) = word.split_once('=') {
        let is_list = value.starts_with('(') && value.ends_with(')');
        match parse_assignment(word, shell.dialect()).filter(|_| is_list) {
            Some(assignment) => {
                shell.assign(&assignment)?;
            }
            None if flags.contains('i') => {
                let value = shell.arithmetic(value)?.unwrap_or(0).to_string();
                shell.set_variable(&name, &value)?;
            }
            None => {
                let value = match () {
                    () if flags.contains('u') => value.to_uppercase(),
                    () if flags.contains('l') => value.to_lowercase(),
                    () => value.to_owned(),
                };
                shell.set_variable(&name, &value)?;
            }
        }
    } else if !flags.contains(['A', 'a']) && !shell.state.variables.map.contains_key(&name) {
        shell.set_variable(&name, "")?;
    }
    if flags.contains('x') {
        shell.state_mut().variables.mark_exported(&name);
    }
    if flags.contains('r') {
        shell.state_mut().variables.made(&name).into_iter().for_each(|variable| variable.readonly = true);
    }
    Ok(())
}

/// Keeps what a variable was for the end of the function that runs.
fn make_local(shell: &mut Shell, word: &str) {
    let name = word.split(['=', '+', '[']).next().unwrap_or(word);
    let is_kept = |frame: &Vec<(String, Option<_>)>| frame.iter().any(|(kept, _)| kept == name);
    // Once for each function: what it was in there before is not what it is put back to.
    if !shell.state.locals.last().is_some_and(is_kept) {
        let old = shell.state.variables.map.get(name).cloned();
        if let Some(frame) = shell.state_mut().locals.last_mut() {
            frame.push((name.to_owned(), old));
        }
    }
    shell.state_mut().variables.remove(name);
}

/// `declare -p`.
fn declared(shell: &mut Shell, command: &str, words: &[String]) -> Status {
    let mut status = 0;
    for name in words.iter().filter(|word| !word.starts_with('-')) {
        let Some(variable) = shell.state.variables.map.get(name).cloned() else {
            shell.complain(&format!("{command}: {name}: not found"))?;
            status = 1;
            continue;
        };
        let mut flags = String::new();
        for (on, flag) in [
            (variable.list.is_some(), 'a'),
            (variable.table.is_some(), 'A'),
            (variable.readonly, 'r'),
            (variable.exported, 'x'),
        ] {
            flags.extend(on.then_some(flag));
        }
        let flags = if flags.is_empty() { "-".to_owned() } else { flags };
        let value = match &variable.list {
            _ if variable.table.is_some() => {
                let pairs = variable.table.iter().flat_map(Table::pairs);
                let items: String =
                    pairs.map(|(key, value)| format!("[{}]=\"{}\" ", quote(key), doubled(value))).collect();
                format!("({items})")
            }
            Some(list) => {
                let items: Vec<String> =
                    list.iter().map(|(index, value)| format!("[{index}]=\"{}\"", doubled(value))).collect();
                format!("({})", items.join(" "))
            }
            None => format!("\"{}\"", doubled(&variable.value)),
        };
        shell.out(&format!("declare -{flags} {name}={value}\n"))?;
    }
    Ok(status)
}

/// A value as it stands between double quotes.
fn doubled(value: &str) -> String {
    let mut text = String::new();
    for character in value.chars() {
        text.extend("\"\\$`".contains(character).then_some('\\'));
        text.push(character);
    }
    text
}

fn local(shell: &mut Shell, arguments: &[String]) -> Status {
    if shell.state.locals.is_empty() {
        let text =
            if shell.dialect().is_bash() { "can only be used in a function" } else { "not in a function" };
        return shell.refuse("local", text, true, 1);
    }
    let flags: String = rest(arguments).iter().filter(|word| word.starts_with('-')).cloned().collect();
    for word in rest(arguments).iter().filter(|word| !word.starts_with('-')) {
        // Outside bash a variable without a value keeps the one that it had.
        let kept = (!shell.dialect().is_bash() && !word.contains('='))
            .then(|| shell.variable(word).map(String::from))
            .flatten();
        make_local(shell, word);
        match kept {
            Some(value) => drop(shell.set_variable(word, &value)?),
            None => declare_one(shell, word, &flags)?,
        }
    }
    Ok(0)
}

fn unset(shell: &mut Shell, arguments: &[String]) -> Status {
    let functions = rest(arguments).first().is_some_and(|word| word == "-f");
    for word in rest(arguments).iter().filter(|word| !word.starts_with('-')) {
        if !shell.dialect().is_bash() && !is_name(word) {
            return shell.refuse("unset", &format!("{word}: bad variable name"), true, 1);
        }
        if let Some((name, index)) = subscripted(word) {
            let name = name.to_owned();
            if shell.state.variables.is_table(&name) {
                let key = shell.key(index)?;
                let variable = shell.state_mut().variables.map.get_mut(&name);
                variable
                    .and_then(|found| found.table.as_mut())
                    .into_iter()
                    .for_each(|table| table.remove(&key));
                continue;
            }
            let index = shell.arithmetic(index)?.unwrap_or(0);
            let index = shell.state.variables.place(&name, index);
            if let Some(list) =
                shell.state_mut().variables.map.get_mut(&name).and_then(|found| found.list.as_mut())
            {
                list.remove(&index);
            }
            continue;
        }
        if shell.state.variables.map.get(word).is_some_and(|variable| variable.readonly) && !functions {
            let bash = shell.dialect().is_bash();
            let text = if bash { "cannot unset: readonly variable" } else { "is read only" };
            return shell.refuse("unset", &format!("{word}: {text}"), true, 1);
        }
        let state = shell.state_mut();
        if functions || (!state.variables.map.contains_key(word) && state.functions.contains_key(word)) {
            state.functions.remove(word);
        } else if !state.variables.map.get(word).is_some_and(|variable| variable.readonly) {
            state.variables.remove(word);
        }
    }
    Ok(0)
}

/// A value between single quotes, as dash and BusyBox show all of them.
fn single(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\"'\"'"))
}

/// All variables, as `set` lists them.
fn listed(shell: &mut Shell) -> Status {
    let bash = shell.dialect().is_bash();
    let quoted = |value: &str| if bash { quote(value) } else { single(value) };
    let lines: String = shell
        .state
        .variables
        .map
        .iter()
        .map(|(name, variable)| format!("{name}={}\n", quoted(&variable.value)))
        .collect();
    shell.out(&lines)?;
    Ok(0)
}

/// Options of `set -o` that change nothing here.
const LONG_OPTIONS: [&str; 18] = [
    "braceexpand",
    "emacs",
    "errtrace",
    "functrace",
    "hashall",
    "histexpand",
    "history",
    "ignoreeof",
    "interactive-comments",
    "keyword",
    "monitor",
    "nolog",
    "notify",
    "onecmd",
    "physical",
    "posix",
    "privileged",
    "vi",
];

fn set(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    if words.is_empty() {
        return listed(shell);
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
                    Some("pipefail") if shell.dialect() != Dialect::Dash => {
                        shell.state_mut().pipefail = on;
                        continue;
                    }
                    Some("errexit") => 'e',
                    Some("xtrace") => 'x',
                    Some("nounset") => 'u',
                    Some("noglob") => 'f',
                    Some(name) => match super::shells::named_option(name) {
                        Some(letter) if letter != 'P' => letter,
                        None if LONG_OPTIONS.contains(&name) => continue,
                        _ => {
                            let name = name.to_owned();
                            return super::wording::bad_set_option(shell, &name, true);
                        }
                    },
                    None => continue,
                }
            } else {
                letter
            };
            if !"abefhkmnptuvxBCEHPTIV".contains(letter) {
                return super::wording::bad_set_option(shell, &letter.to_string(), false);
            }
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
        return match shell.dialect() {
            Dialect::Dash => shell.refuse("shift", "can't shift that many", true, 1),
            _ => Ok(1),
        };
    }
    positional.drain(..count);
    Ok(0)
}

fn alias(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut status = 0;
    if rest(arguments).is_empty() {
        let lines: String =
            shell.state.aliases.iter().map(|(name, value)| alias_line(shell, name, value)).collect();
        shell.out(&lines)?;
    }
    for word in rest(arguments) {
        match word.split_once('=') {
            Some((name, value)) if shell.state.aliases.len() < 256 => {
                shell.state_mut().aliases.insert(name.to_owned(), value.to_owned());
            }
            Some(_) => {}
            None => match shell.state.aliases.get(word).cloned() {
                Some(value) => {
                    let line = alias_line(shell, word, &value);
                    shell.out(&line)?;
                }
                None => {
                    alias_missing(shell, "alias", word)?;
                    status = 1;
                }
            },
        }
    }
    Ok(status)
}

fn alias_missing(shell: &mut Shell, builtin: &str, word: &str) -> Result<(), Flow> {
    if shell.dialect().is_bash() {
        shell.complain(&format!("{builtin}: {word}: not found"))
    } else {
        shell.err(&format!("{builtin}: {word} not found\n"))
    }
}

/// An alias as the shell lists it.
fn alias_line(shell: &Shell, name: &str, value: &str) -> String {
    let word = if shell.dialect().is_bash() { "alias " } else { "" };
    format!("{word}{name}='{}'\n", value.replace('\'', "'\\''"))
}

fn unalias(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut status = 0;
    for word in rest(arguments) {
        if word == "-a" {
            shell.state_mut().aliases.clear();
        } else if shell.state_mut().aliases.remove(word).is_none() {
            alias_missing(shell, "unalias", word)?;
            status = 1;
        }
    }
    Ok(status)
}

fn getopts(shell: &mut Shell, arguments: &[String]) -> Status {
    let [specification, name, more @ ..] = rest(arguments) else {
        match shell.dialect() {
            Dialect::Dash => {
                return shell.refuse("getopts", "Usage: getopts optstring var [arg...]", false, 2);
            }
            Dialect::Ash => return shell.refuse("getopts", "usage: getopts optstring var [arg]", false, 2),
            _ => shell.err("getopts: usage: getopts optstring name [arg ...]\n")?,
        }
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
