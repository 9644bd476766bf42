//! Accounts and passwords.

use super::{Run, options::options, own, rest};
use crate::{
    event::ShellEvent,
    flavour::Flavour,
    interpret::{Flow, Shell, Status},
    text::{decode, encode},
};
use std::net::Ipv4Addr;

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("passwd", passwd),
    ("chpasswd", chpasswd),
    ("useradd", useradd),
    ("adduser", useradd),
    ("usermod", usermod),
    ("userdel", userdel),
    ("deluser", userdel),
    ("groupadd", |_, _| Ok(0)),
    ("addgroup", |_, _| Ok(0)),
    ("getent", getent),
    ("crontab", crontab),
    ("chage", |_, _| Ok(0)),
    ("visudo", |_, _| Ok(0)),
    ("mkpasswd", super::secret::mkpasswd),
];

fn lines_of(shell: &mut Shell, path: &str) -> Vec<String> {
    decode(&shell.fs.read_file(path).unwrap_or_default()).lines().map(String::from).collect()
}

fn known(shell: &mut Shell, user: &str) -> bool {
    lines_of(shell, "/etc/passwd").iter().any(|line| line.split(':').next() == Some(user))
}

/// Sets a password: the event, and a new hash in `/etc/shadow`.
fn set_password(shell: &mut Shell, user: &str, secret: &str) -> Result<(), Flow> {
    shell.events.push(ShellEvent::PasswordSet { user: user.to_owned(), secret: secret.to_owned() });
    shell.spend(super::secret::COST)?;
    let hash = hash_of(shell, secret);
    write_shadow(shell, user, &hash);
    Ok(())
}

/// The string that this release's `passwd` makes of a password.
fn hash_of(shell: &Shell, secret: &str) -> String {
    use super::secret::{md5_crypt, salt, sha512_crypt, yescrypt};
    let random = shell.live.random(16);
    let bytes = encode(secret);
    let id = shell.live.persona.os.id.as_str();
    let old = ["debian9", "debian10", "ubuntu1804", "ubuntu2004"].contains(&id);
    match shell.live.flavour {
        Flavour::Busybox => md5_crypt(&bytes, &salt(&random, 8), "$1$"),
        Flavour::Debian | Flavour::Ubuntu if !old => {
            yescrypt(&bytes, &random).unwrap_or_else(|| sha512_crypt(&bytes, &salt(&random, 16)))
        }
        _ if id == "fedora39" => {
            yescrypt(&bytes, &random).unwrap_or_else(|| sha512_crypt(&bytes, &salt(&random, 16)))
        }
        _ => sha512_crypt(&bytes, &salt(&random, 16)),
    }
}

/// Sets the second field of an account's line, in its place.
fn write_shadow(shell: &mut Shell, user: &str, hash: &str) {
    let days = shell.live.now() / 86_400_000_000;
    let mut lines = lines_of(shell, "/etc/shadow");
    match lines.iter_mut().find(|line| line.split(':').next() == Some(user)) {
        Some(line) => {
            let rest: Vec<&str> = line.splitn(4, ':').skip(3).collect();
            *line = format!("{user}:{hash}:{days}:{}", rest.first().unwrap_or(&"0:99999:7:::"));
        }
        None => lines.push(format!("{user}:{hash}:{days}:0:99999:7:::")),
    }
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    // Without the right to write, the caller has refused before.
    let _ = shell.fs.write_file("/etc/shadow", &encode(&text), 0o640);
}

fn passwd(shell: &mut Shell, arguments: &[String]) -> Status {
    let current = super::list::user_name(shell, shell.fs.credentials.uid);
    let stdin = rest(arguments).iter().any(|word| word == "--stdin");
    let user = rest(arguments)
        .iter()
        .find(|word| !word.starts_with('-'))
        .cloned()
        .unwrap_or_else(|| current.clone());
    if !known(shell, &user) {
        shell.err(&format!("passwd: user '{user}' does not exist\n"))?;
        return Ok(1);
    }
    let root = shell.fs.credentials.uid == 0;
    if !root && user != current {
        shell.err(&format!("passwd: You may not view or modify password information for {user}.\n"))?;
        return Ok(1);
    }
    if rest(arguments).iter().any(|word| ["-l", "-u", "-d", "-S"].contains(&word.as_str())) {
        shell.out("passwd: password changed.\n")?;
        return Ok(0);
    }
    if !root {
        shell.err(&format!("Changing password for {user}.\n"))?;
        shell.ask("Current password: ", true)?;
    }
    let first = shell.ask(if stdin { "" } else { "New password: " }, true)?;
    let second = if stdin { first.clone() } else { shell.ask("Retype new password: ", true)? };
    if first.is_empty() && second.is_empty() {
        shell.err("No password has been supplied.\npasswd: Authentication token manipulation error\npasswd: password unchanged\n")?;
        return Ok(10);
    }
    if first != second {
        shell.err("Sorry, passwords do not match.\npasswd: Authentication token manipulation error\npasswd: password unchanged\n")?;
        return Ok(10);
    }
    set_password(shell, &user, &first)?;
    shell.err("passwd: password updated successfully\n")?;
    Ok(0)
}

fn chpasswd(shell: &mut Shell, _: &[String]) -> Status {
    let text = decode(&shell.read_all()?);
    let mut status = 0;
    if shell.fs.credentials.uid != 0 {
        shell.err("chpasswd: cannot lock /etc/passwd; try again later.\n")?;
        return Ok(1);
    }
    for (number, line) in text.lines().enumerate() {
        match line.split_once(':') {
            Some((user, secret)) if known(shell, user) => {
                let (user, secret) = (user.to_owned(), secret.to_owned());
                set_password(shell, &user, &secret)?;
            }
            Some((user, _)) => {
                shell.err(&format!("chpasswd: line {}: user '{user}' does not exist\n", number + 1))?;
                status = 1;
            }
            None => {
                shell.err(&format!("chpasswd: line {}: missing new password\n", number + 1))?;
                status = 1;
            }
        }
    }
    Ok(status)
}

fn useradd(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "mMrNUDou:g:G:d:s:c:p:e:f:k:b:SHh:",
        &[
            ("create-home", 'm'),
            ("shell", 's'),
            ("home", 'd'),
            ("password", 'p'),
            ("uid", 'u'),
            ("groups", 'G'),
            ("gecos", 'c'),
            ("disabled-password", '_'),
            ("ingroup", 'g'),
        ],
    )?
    else {
        return Ok(2);
    };
    let Some(user) = options.operands.first().cloned() else {
        shell.err(&format!("Usage: {} [options] LOGIN\n", own(arguments)))?;
        return Ok(2);
    };
    if shell.fs.credentials.uid != 0 {
        shell.err("useradd: Permission denied.\nuseradd: cannot lock /etc/passwd; try again later.\n")?;
        return Ok(1);
    }
    if known(shell, &user) {
        shell.err(&format!("useradd: user '{user}' already exists\n"))?;
        return Ok(9);
    }
    let mut lines = lines_of(shell, "/etc/passwd");
    let given = options.number('u').and_then(|uid| u32::try_from(uid).ok());
    let uid = given.unwrap_or_else(|| next_uid(&lines));
    let home = options.value('d').map_or_else(|| format!("/home/{user}"), String::from);
    lines.push(format!(
        "{user}:x:{uid}:{uid}:{}:{home}:{}",
        options.value('c').unwrap_or(""),
        options.value('s').unwrap_or("/bin/sh")
    ));
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    if shell.fs.write_file("/etc/passwd", &encode(&text), 0o644).is_err() {
        shell.err("useradd: failure while writing changes to /etc/passwd\n")?;
        return Ok(1);
    }
    if let Some(secret) = options.value('p') {
        let hash = secret.to_owned();
        write_shadow(shell, &user, &hash);
    }
    if (options.has('m') || own(arguments) == "adduser") && shell.fs.mkdir(&home, 0o755).is_ok() {
        // The directory was just made, by root.
        let _ = shell.fs.chown(&home, Some(uid), Some(uid), true);
    }
    Ok(0)
}

/// The number after the highest of the people in `/etc/passwd`.
fn next_uid(lines: &[String]) -> u32 {
    let highest = lines
        .iter()
        .filter_map(|line| line.split(':').nth(2)?.parse::<u32>().ok())
        .filter(|uid| (1000..60_000).contains(uid))
        .max();
    highest.unwrap_or(999) + 1
}

fn usermod(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "aG:g:s:d:mu:l:LUp:c:e:f:o",
        &[("password", 'p'), ("groups", 'G'), ("append", 'a'), ("shell", 's')],
    )?
    else {
        return Ok(2);
    };
    let Some(user) = options.operands.first().cloned() else { return Ok(2) };
    if !known(shell, &user) {
        shell.err(&format!("usermod: user '{user}' does not exist\n"))?;
        return Ok(6);
    }
    if let Some(secret) = options.value('p') {
        let hash = secret.to_owned();
        write_shadow(shell, &user, &hash);
    }
    Ok(0)
}

fn userdel(shell: &mut Shell, arguments: &[String]) -> Status {
    let user = rest(arguments).iter().rfind(|word| !word.starts_with('-')).cloned().unwrap_or_default();
    if !known(shell, &user) {
        shell.err(&format!("userdel: user '{user}' does not exist\n"))?;
        return Ok(6);
    }
    for path in ["/etc/passwd", "/etc/shadow"] {
        let text: String = lines_of(shell, path)
            .iter()
            .filter(|line| line.split(':').next() != Some(&user))
            .map(|line| format!("{line}\n"))
            .collect();
        // A full overlay keeps the old file.
        let _ = shell.fs.write_file(path, &encode(&text), 0o644);
    }
    Ok(0)
}

fn getent(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    if let [database, names @ ..] = words
        && database.ends_with("hosts")
        && !names.is_empty()
        && shell.outward.way.leads()
    {
        return hosts(shell, names);
    }
    let path = format!("/etc/{}", words.first().map_or("", String::as_str));
    let lines = lines_of(shell, &path);
    let mut status = 0;
    if words.len() < 2 {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        shell.out(&text)?;
    }
    for key in words.iter().skip(1) {
        let found = lines.iter().find(|line| line.split([':', ' ', '\t']).any(|field| field == key));
        match found {
            Some(line) => shell.out(&format!("{line}\n"))?,
            None => status = 2,
        }
    }
    Ok(status)
}

/// `getent hosts NAME`, where names of other nodes are known.
fn hosts(shell: &mut Shell, names: &[String]) -> Status {
    let mut status = 0;
    let listed = lines_of(shell, "/etc/hosts");
    for name in names {
        let entry = listed.iter().find(|line| line.split_whitespace().any(|word| word == name));
        let mut words = entry.map(|line| line.split_whitespace()).into_iter().flatten();
        let found = shell
            .outward
            .way
            .find(name)
            .filter(|found| found.ttl.is_some() && name.parse::<Ipv4Addr>().is_err());
        let (address, names) = match (words.next(), found) {
            (Some(address), _) => (address.to_owned(), words.collect::<Vec<_>>().join(" ")),
            (None, Some(found)) => (found.address.to_string(), name.clone()),
            (None, None) => {
                status = 2;
                continue;
            }
        };
        shell.out(&format!("{address:<15} {names}\n"))?;
    }
    Ok(status)
}

fn crontab(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "leru:i", &[])? else { return Ok(1) };
    let current = super::list::user_name(shell, shell.fs.credentials.uid);
    let user = options.value('u').unwrap_or(&current).to_owned();
    let path = if shell.flavour() == Flavour::Redhat {
        format!("/var/spool/cron/{user}")
    } else {
        format!("/var/spool/cron/crontabs/{user}")
    };
    let before = std::mem::replace(&mut shell.fs.credentials.uid, 0);
    let result = if options.has('l') {
        match shell.fs.read_file(&path) {
            Ok(content) => shell.write(1, &content).map(|()| 0),
            Err(_) => shell.err(&format!("no crontab for {user}\n")).map(|()| 1),
        }
    } else if options.has('r') {
        match shell.fs.unlink(&path) {
            Ok(()) => Ok(0),
            Err(_) => shell.err(&format!("no crontab for {user}\n")).map(|()| 1),
        }
    } else {
        let content = match options.operands.first().filter(|file| *file != "-") {
            Some(file) => match shell.fs.read_file(file) {
                Ok(content) => Ok(content.to_vec()),
                Err(error) => {
                    shell.fs.credentials.uid = before;
                    shell.err(&format!("{file}: {error}\n"))?;
                    return Ok(1);
                }
            },
            None => shell.read_all(),
        };
        content.map(|content| i32::from(shell.fs.write_file(&path, &content, 0o600).is_err()))
    };
    shell.fs.credentials.uid = before;
    result
}
