//! What a program says before it does anything: its help where it is asked for it, and what it refuses: letters that it
//! does not have, too few or too many operands.

use super::{
    accepted, help, options, rest,
    wording::{quoted, wrong_use},
};
use crate::interpret::{Shell, Status};

/// The answer of a program that need not run; `None`: it has to.
pub(crate) fn answer(shell: &mut Shell, name: &str, arguments: &[String]) -> Option<Status> {
    if shell.flavour().busybox() {
        return help::of_applet(shell, name, arguments).or_else(|| refusal(shell, name, arguments));
    }
    gnu_refusal(shell, name, arguments).or_else(|| help::of_tool(shell, name, arguments))
}

/// Refuses what an applet does not accept; `None`: it may run.
fn refusal(shell: &mut Shell, name: &str, arguments: &[String]) -> Option<Status> {
    // These read their words themselves, and show their usage for any that they do not know.
    let odd = match name {
        "free" => rest(arguments).iter().any(|word| !["-b", "-k", "-m", "-g", "-h"].contains(&word.as_str())),
        "ip" => rest(arguments).iter().find(|word| !word.starts_with(['-', '6', '4'])).is_none_or(|object| {
            let objects = ["address", "addr", "route", "link", "tunnel", "neigh", "neighbor", "rule"];
            !objects.iter().any(|known| known.starts_with(object.as_str()))
        }),
        "route" => {
            let verbs = ["add", "del", "delete"];
            let first = rest(arguments).iter().find(|word| !word.starts_with('-'));
            first.is_some_and(|word| !verbs.contains(&word.as_str()) && !word.starts_with("inet"))
        }
        _ => false,
    };
    if odd {
        return Some(help::usage(shell, name).map(|()| 1));
    }
    let applet = accepted::applet(name)?;
    let seen = match applet.letters {
        Some(letters) => match look(letters, applet.stops, applet.long, arguments) {
            Ok(seen) => seen,
            Err(text) => {
                let status = applet.status;
                return Some(options::refuse(shell, name, &text).map(|()| status));
            }
        },
        None => Seen { operands: rest(arguments).to_vec(), ..Seen::default() },
    };
    let gives_pattern = |letter| seen.flags.contains(letter);
    let least = match name {
        "grep" | "sed" | "awk" if gives_pattern('e') || gives_pattern('f') => 0,
        "rm" if gives_pattern('f') => 0,
        "cp" | "mv" if gives_pattern('t') => 1,
        _ => applet.least,
    };
    let count = seen.operands.len();
    let wrong = count < least || count > applet.most;
    (wrong && !seen.long).then(|| help::usage(shell, name).map(|()| applet.status))
}

/// Operands of tools of coreutils that are the same for each: name, letters, least and most operands, status.
const PLAIN: [(&str, &str, usize, usize, i32); 17] = [
    ("arch", "", 0, 0, 1),
    ("base64", "diw:", 0, 1, 1),
    ("comm", "123z", 2, 2, 1),
    ("groups", "", 0, usize::MAX, 1),
    ("hostid", "", 0, 0, 1),
    ("join", "a:e:i1:2:j:o:t:v:z", 2, 2, 1),
    ("logname", "", 0, 0, 1),
    ("printenv", "0", 0, usize::MAX, 2),
    ("readlink", "efmnqsvz", 1, usize::MAX, 1),
    ("realpath", "eLmPqsz", 1, usize::MAX, 1),
    ("stat", "Lc:ft", 1, usize::MAX, 1),
    ("tr", "cCdst", 1, 2, 1),
    ("tty", "s", 0, 0, 2),
    ("uniq", "cdDf:is:uw:z", 0, 2, 1),
    ("users", "", 0, 1, 1),
    ("who", "abdHlmpqrsStTuw", 0, 2, 1),
    ("whoami", "", 0, 0, 1),
];

/// The same for a tool of coreutils.
fn gnu_refusal(shell: &mut Shell, name: &str, arguments: &[String]) -> Option<Status> {
    let (_, letters, least, most, status) = PLAIN.iter().find(|(known, ..)| *known == name)?;
    if rest(arguments).iter().any(|word| word.starts_with("--") && word.len() > 2) {
        return None;
    }
    let text = match look(letters, false, None, arguments) {
        Err(text) => text,
        Ok(seen) if seen.operands.len() < *least => match seen.operands.last() {
            None => "missing operand".to_owned(),
            Some(last) => format!("missing operand after {}", quoted(last)),
        },
        Ok(seen) => format!("extra operand {}", quoted(seen.operands.get(*most)?)),
    };
    Some(wrong_use(shell, name, &text, *status))
}

/// What getopt saw.
#[derive(Default)]
struct Seen {
    flags: String,
    operands: Vec<String>,
    /// Whether there were options of more than a letter, whose values are not known here.
    long: bool,
}

fn look(letters: &str, stops: bool, known: Option<&str>, arguments: &[String]) -> Result<Seen, String> {
    let mut seen = Seen::default();
    let mut words = rest(arguments).iter();
    while let Some(word) = words.next() {
        match word.strip_prefix('-') {
            Some("-") => {
                seen.operands.extend(words.cloned());
                break;
            }
            Some(long @ ("-version" | "-help")) if known.is_none() => {
                return Err(format!("unrecognized option '-{long}'"));
            }
            Some(long) if long.starts_with('-') => {
                let name = long.trim_start_matches('-').split('=').next().unwrap_or("");
                if known.is_some_and(|known| !known.split(',').any(|option| option.starts_with(name))) {
                    return Err(format!("unrecognized option '-{long}'"));
                }
                seen.long = true;
            }
            Some(cluster) if !cluster.is_empty() => {
                // `-5` of head, tail and fold.
                let counts = letters.contains("n:") || letters.contains("w:");
                if counts && cluster.starts_with(|first: char| first.is_ascii_digit()) {
                    continue;
                }
                let mut rest = cluster.chars();
                while let Some(letter) = rest.next() {
                    let mut found = letters.chars().skip_while(|known| *known != letter);
                    if letter == ':' || found.next().is_none() {
                        return Err(format!("invalid option -- '{letter}'"));
                    }
                    seen.flags.push(letter);
                    if found.next() == Some(':') {
                        if rest.as_str().is_empty() && words.next().is_none() {
                            return Err(format!("option requires an argument -- '{letter}'"));
                        }
                        break;
                    }
                }
            }
            _ if stops => {
                seen.operands.push(word.clone());
                seen.operands.extend(words.cloned());
                break;
            }
            _ => seen.operands.push(word.clone()),
        }
    }
    Ok(seen)
}
