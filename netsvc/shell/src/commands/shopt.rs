//! `shopt`: bash's own options.

use super::rest;
use crate::interpret::{Shell, Status};

/// Options with what they are in a new shell.
const OPTIONS: [(&str, bool); 20] = [
    ("autocd", false),
    ("cdspell", false),
    ("checkwinsize", true),
    ("cmdhist", true),
    ("dotglob", false),
    ("expand_aliases", false),
    ("extglob", false),
    ("failglob", false),
    ("globstar", false),
    ("histappend", false),
    ("hostcomplete", true),
    ("interactive_comments", true),
    ("lastpipe", false),
    ("lithist", false),
    ("nocaseglob", false),
    ("nocasematch", false),
    ("nullglob", false),
    ("progcomp", true),
    ("promptvars", true),
    ("sourcepath", true),
];

/// The letter under which the shell keeps an option that it acts on.
fn letter(name: &str) -> Option<char> {
    match name {
        "nullglob" => Some('N'),
        "expand_aliases" => Some('A'),
        "dotglob" => Some('D'),
        _ => None,
    }
}

pub(super) fn shopt(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    let flags: String = words.iter().filter_map(|word| word.strip_prefix('-')).collect();
    let names: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let mut status = 0;
    let is_on = |shell: &Shell, name: &str, usual: bool| match letter(name) {
        Some(letter) => shell.state.options.contains(&letter),
        None => usual,
    };
    let chosen =
        OPTIONS.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|wanted| wanted == name));
    for name in &names {
        if !OPTIONS.iter().any(|(known, _)| known == name) {
            shell.complain(&format!("shopt: {name}: invalid shell option name"))?;
            status = 1;
        }
    }
    for (name, usual) in chosen {
        match letter(name) {
            Some(letter) if flags.contains('s') && !names.is_empty() => {
                shell.state_mut().options.insert(letter);
            }
            Some(letter) if flags.contains('u') && !names.is_empty() => {
                shell.state_mut().options.remove(&letter);
            }
            _ if flags.contains(['s', 'u']) => {}
            _ => {
                let on = is_on(shell, name, *usual);
                status = status.max(i32::from(!on && !names.is_empty()));
                if !flags.contains('q') {
                    shell.out(&format!("{name:<15}\t{}\n", if on { "on" } else { "off" }))?;
                }
            }
        }
    }
    Ok(status)
}
