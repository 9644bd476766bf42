//! Interpreters and tools that are asked for their version or a line of code.

use super::{Run, own, rest};
use crate::interpret::{Shell, Status};
use std::time::Duration;

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("python3", python),
    ("perl", perl),
    ("openssl", openssl),
    ("vi", editor),
    ("vim", editor),
    ("nano", editor),
    ("view", editor),
    ("man", man),
];

fn python(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    match words.first().map(String::as_str) {
        Some("-V" | "--version") => {
            let version = shell.live.versions().python;
            shell.out(&format!("Python {version}\n"))?;
        }
        Some("-c") => {
            shell.wait(Duration::from_millis(35))?;
            let code = words.get(1).cloned().unwrap_or_default();
            return literal_output(shell, &code, "print(", ")");
        }
        Some(path) if !path.starts_with('-') => return script(shell, "python3", path),
        _ => {
            if shell.in_is_session() && shell.interactive {
                let version = shell.live.versions().python;
                shell.out(&format!("Python {version} (main, Mar 13 2023, 12:18:29) [GCC] on linux\nType \"help\", \"copyright\", \"credits\" or \"license\" for more information.\n"))?;
            }
            shell.read_all()?;
        }
    }
    Ok(0)
}

/// Prints what a line of code prints when that is a plain literal or sum of small numbers.
fn literal_output(shell: &mut Shell, code: &str, open: &str, close: &str) -> Status {
    for statement in code.split([';', '\n']) {
        let Some(inner) = statement.trim().strip_prefix(open).and_then(|rest| rest.strip_suffix(close))
        else {
            continue;
        };
        let inner = inner.trim();
        let quoted = ['"', '\''].into_iter().find_map(|quote| inner.strip_prefix(quote)?.strip_suffix(quote));
        let newline = if open.starts_with("print(") { "\n" } else { "" };
        if let Some(text) = quoted {
            let text = super::unescape(text, false).0;
            shell.out(&format!("{text}{newline}"))?;
        } else if inner.chars().all(|character| character.is_ascii_digit() || "+-*() %".contains(character))
            && let Some(value) = shell.arithmetic(inner)?
        {
            shell.out(&format!("{value}{newline}"))?;
        }
    }
    Ok(0)
}

fn script(shell: &mut Shell, interpreter: &str, path: &str) -> Status {
    if !shell.fs.exists(path) {
        let text = if interpreter == "perl" {
            format!("Can't open perl script \"{path}\": No such file or directory\n")
        } else {
            format!("{interpreter}: can't open file '{path}': [Errno 2] No such file or directory\n")
        };
        shell.err(&text)?;
        return Ok(2);
    }
    let resolved = shell.fs.resolve(path, true).unwrap_or_else(|_| path.to_owned());
    shell.fs.report(&resolved);
    shell.events.push(crate::ShellEvent::FileExecuted { path: resolved, arguments: String::new() });
    shell.wait(Duration::from_millis(400))?;
    Ok(0)
}

fn perl(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    match words.first().map(String::as_str) {
        Some("-v" | "--version") => {
            let machine = shell.live.persona.os.machine.clone();
            let version = shell.live.versions().perl;
            let mut numbers = version.split('.').skip(1);
            let (minor, patch) = (numbers.next().unwrap_or("36"), numbers.next().unwrap_or("0"));
            shell.out(&format!("\nThis is perl 5, version {minor}, subversion {patch} (v{version}) built for {machine}-linux-gnu-thread-multi\n(with 53 registered patches, see perl -V for more detail)\n\nCopyright 1987-2022, Larry Wall\n\nPerl may be copied only under the terms of either the Artistic License or the\nGNU General Public License, which may be found in the Perl 5 source kit.\n\n"))?;
        }
        Some("-e" | "-E") => {
            shell.wait(Duration::from_millis(12))?;
            let code = words.get(1).cloned().unwrap_or_default();
            return literal_output(shell, &code, "print ", "");
        }
        Some(path) if !path.starts_with('-') => return script(shell, "perl", path),
        _ => {
            shell.read_all()?;
        }
    }
    Ok(0)
}

fn openssl(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    match words.first().map(String::as_str) {
        Some("version") => {
            let version = shell.live.versions().openssl;
            let library = if version.starts_with('3') {
                format!(" (Library: OpenSSL {version})")
            } else {
                String::new()
            };
            shell.out(&format!("OpenSSL {version}{library}\n"))?;
        }
        Some("rand") => {
            let count = words.last().and_then(|text| text.parse::<usize>().ok()).unwrap_or(16).min(65_536);
            let bytes = shell.live.random(count);
            if words.iter().any(|word| word == "-hex") {
                shell.out(&format!("{}\n", hex::encode(bytes)))?;
            } else if words.iter().any(|word| word == "-base64") {
                shell.with_input(bytes, |shell| shell.run_program(&["base64".to_owned()]))?;
            } else {
                shell.write(1, &bytes)?;
            }
        }
        Some(name @ ("enc" | "base64"))
            if name == "base64" || words.iter().any(|word| word == "-base64" || word == "-a") =>
        {
            return encoded(shell, words);
        }
        Some("passwd") => {
            return super::secret::openssl_passwd(shell, words.get(1..).unwrap_or(&[]));
        }
        _ => shell
            .err("help:\n\nStandard commands\nasn1parse         ca                ciphers           cmp\n")?,
    }
    Ok(0)
}

/// `openssl base64` and `openssl enc -base64`.
fn encoded(shell: &mut Shell, words: &[String]) -> Status {
    let has = |option: &str| words.iter().any(|word| word == option);
    let mut command = vec!["base64".to_owned()];
    if has("-d") {
        command.push("-d".to_owned());
    } else {
        command.extend(["-w".to_owned(), if has("-A") { "0" } else { "64" }.to_owned()]);
    }
    let file = words.iter().skip_while(|word| *word != "-in").nth(1);
    command.extend(file.cloned());
    shell.run_program(&command)
}

fn editor(shell: &mut Shell, arguments: &[String]) -> Status {
    if !shell.interactive {
        shell.err(&format!("{}: Warning: Output is not to a terminal\n", own(arguments)))?;
        return Ok(1);
    }
    let path = rest(arguments).iter().find(|word| !word.starts_with(['-', '+'])).cloned().unwrap_or_default();
    let content = shell.fs.read_file(&path).unwrap_or_default();
    let text = crate::text::decode(&content);
    let rows: String = crate::text::lines(&text)
        .map(String::from)
        .chain(std::iter::repeat("~".to_owned()))
        .take(22)
        .map(|line| line + "\n")
        .collect();
    // Typed lines take part until one leaves the editor, as :q, :wq or ^X would.
    let mut added = String::new();
    shell.out(&format!("\x1b[H\x1b[2J{rows}\"{path}\" {}L, {}B\n", text.lines().count(), text.len()))?;
    for _ in 0..200 {
        let line = shell.ask("", false)?;
        let command = line.trim_start_matches(['\x1b', 'i', 'a', 'o']).trim().to_owned();
        if command.ends_with(":q!") || command.ends_with(":q") || line.contains('\x18') {
            return Ok(0);
        }
        if command.ends_with(":wq") || command.ends_with(":x") || command.ends_with(":wq!") || command == "ZZ"
        {
            let all = format!("{text}{added}");
            if let Err(error) = shell.fs.write_file(&path, &crate::text::encode(&all), 0o644) {
                shell.err(&format!("\"{path}\" E212: Can't open file for writing: {error}\n"))?;
            }
            return Ok(0);
        }
        added.push_str(&line);
        added.push('\n');
    }
    Ok(0)
}

fn man(shell: &mut Shell, arguments: &[String]) -> Status {
    let name = rest(arguments).last().cloned().unwrap_or_default();
    let text = if name.is_empty() {
        "What manual page do you want?\nFor example, try 'man man'.\n".to_owned()
    } else {
        format!("No manual entry for {name}\n")
    };
    shell.err(&text)?;
    Ok(16)
}
