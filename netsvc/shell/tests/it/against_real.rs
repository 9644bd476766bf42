//! Our shells beside the real ones: each snippet of a file is run by the real shell in a throw-away folder without
//! a network, and by ours on a node of the matching kind; standard output, standard error and status are compared.
//!
//! The committed snippets are `tests/it/snippets/*.txt`. To compare a file of your own:
//!
//! ```text
//! SHELL_SNIPPETS=/path/to/file cargo nextest run -p netsvc-shell against_real --no-capture
//! ```
//!
//! One line is one snippet; `<<<` and `>>>` on lines of their own enclose one of several lines; a line that begins
//! with `## ` names the group of those that follow, by which misses are listed; `#bash`, `#dash` or `#ash` before a
//! snippet (several are joined by commas) leaves it to these shells. Snippets run as the user who runs the test: they
//! must stay in their folder.

use crate::{host_of, persona, shell_on};
use netsvc_shell::Stream;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::Write as _,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

const COMMITTED: &[&str] = &[
    include_str!("snippets/basics.txt"),
    include_str!("snippets/language.txt"),
    include_str!("snippets/bots.txt"),
    include_str!("snippets/typed.txt"),
];

/// Why a comparison could not be made.
type Failed = Box<dyn std::error::Error>;

/// A shell with its counterpart.
struct Kind {
    name: &'static str,
    /// Percent of the snippets that must be equal.
    goal: f64,
    program: &'static str,
    system: &'static str,
    login_shell: &'static str,
}

struct Snippet {
    group: String,
    text: String,
}

/// What a run gave: standard output, standard error, status.
#[derive(PartialEq, Eq)]
struct Given(Vec<u8>, Vec<u8>, i32);

#[test]
fn against_real_bash() -> Result<(), Failed> {
    compare(&Kind {
        name: "bash",
        goal: 97.0,
        program: "/bin/bash",
        system: "debian12",
        login_shell: "/bin/bash",
    })
}

#[test]
fn against_real_dash() -> Result<(), Failed> {
    compare(&Kind {
        name: "dash",
        goal: 95.0,
        program: "/bin/dash",
        system: "debian12",
        login_shell: "/bin/sh",
    })
}

#[test]
fn against_real_busybox() -> Result<(), Failed> {
    compare(&Kind {
        name: "ash",
        goal: 95.0,
        program: "/bin/busybox",
        system: "router",
        login_shell: "/bin/sh",
    })
}

fn compare(kind: &Kind) -> Result<(), Failed> {
    if !Path::new(kind.program).exists() {
        assert!(std::env::var_os("CI").is_none(), "{} is needed for this test", kind.program);
        return Ok(());
    }
    let folder = std::env::temp_dir().join(format!("shells-{}-{}", kind.name, std::process::id()));
    let all = snippets(kind.name)?;
    assert!(!all.is_empty(), "no snippets");
    let mut misses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut count = 0;
    for snippet in &all {
        let real = real(kind, &snippet.text, &folder)?;
        let ours = ours(kind, &snippet.text)?;
        if real != ours {
            count += 1;
            let parts =
                [(real.0 != ours.0, "stdout"), (real.1 != ours.1, "stderr"), (real.2 != ours.2, "status")];
            let what: Vec<&str> =
                parts.iter().filter(|(differs, _)| *differs).map(|(_, name)| *name).collect();
            let cause = format!("{} ({})", snippet.group, what.join(", "));
            misses.entry(cause).or_default().push(describe(snippet, &real, &ours));
        }
    }
    let _ = fs::remove_dir_all(&folder);
    if kind.name == "ash" {
        fs::remove_dir_all(applets()?)?;
    }
    let percent = 100.0 - f64::from(count) * 100.0 / all.len() as f64;
    let mut report = String::new();
    let mut groups: Vec<_> = misses.into_iter().collect();
    groups.sort_by_key(|(_, list)| std::cmp::Reverse(list.len()));
    for (cause, list) in groups {
        let _ = writeln!(report, "== {cause}: {}\n{}", list.len(), list.concat());
    }
    let mut output = std::io::stdout();
    writeln!(output, "{}: {percent:.1} % of {} equal\n{report}", kind.name, all.len())?;
    assert!(
        percent >= kind.goal,
        "{}: {percent:.1} % of {} equal, goal {} %",
        kind.name,
        all.len(),
        kind.goal
    );
    Ok(())
}

fn describe(snippet: &Snippet, real: &Given, ours: &Given) -> String {
    let show = |given: &Given| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(400).collect::<String>();
        format!("{:?} {:?} {}", text(&given.0), text(&given.1), given.2)
    };
    format!("{}\n   real {}\n   ours {}\n", snippet.text, show(real), show(ours))
}

fn snippets(shell: &str) -> Result<Vec<Snippet>, Failed> {
    let own = std::env::var_os("SHELL_SNIPPETS").map(fs::read_to_string).transpose()?;
    let texts: Vec<&str> = own.as_deref().map_or_else(|| COMMITTED.to_vec(), |text| vec![text]);
    let mut all = Vec::new();
    let mut group = String::from("other");
    let mut wanted = true;
    for text in texts {
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(name) = line.strip_prefix("## ") {
                name.clone_into(&mut group);
            } else if let Some(names) =
                line.strip_prefix('#').filter(|names| names.starts_with(['a', 'b', 'd']))
            {
                wanted = names.split(',').any(|name| name == shell);
            } else if !line.trim().is_empty() {
                let text = if line == "<<<" {
                    lines.by_ref().take_while(|line| *line != ">>>").collect::<Vec<_>>().join("\n")
                } else {
                    line.to_owned()
                };
                if std::mem::replace(&mut wanted, true) {
                    all.push(Snippet { group: group.clone(), text });
                }
            }
        }
    }
    Ok(all)
}

/// `unshare` with what is permitted here, so that the real shell has no network.
fn without_network() -> &'static [&'static str] {
    static FOUND: OnceLock<&'static [&'static str]> = OnceLock::new();
    FOUND.get_or_init(|| {
        let works = |words: &[&str]| {
            let mut words = words.iter();
            let program = words.next().unwrap_or(&"false");
            let mut command = Command::new(program);
            command.args(words).arg("true").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        let ways: [&[&str]; 2] = [&["unshare", "-n"], &["unshare", "-rn"]];
        ways.into_iter().find(|words| works(words)).unwrap_or(&[])
    })
}

fn real(kind: &Kind, text: &str, folder: &Path) -> Result<Given, Failed> {
    let _ = fs::remove_dir_all(folder);
    let home = folder.join("w");
    fs::create_dir_all(&home)?;
    let path = if kind.name == "ash" { applets()? } else { PathBuf::from("/usr/sbin:/usr/bin:/sbin:/bin") };
    let mut words: Vec<&str> = without_network().to_vec();
    words.extend(["timeout", "10"]);
    let mut command = Command::new(words.first().copied().unwrap_or("timeout"));
    command.args(words.get(1..).unwrap_or(&[]));
    // bash's `exec -a` gives the shell the name that sshd would give it.
    let name = if kind.name == "bash" { "bash" } else { "sh" };
    command.args(["/bin/bash", "-c", "exec -a \"$1\" \"$2\" -c \"$3\"", "-", name, kind.program, text]);
    let output = command
        .current_dir(&home)
        .env_clear()
        .env("PATH", path)
        .env("HOME", &home)
        .env("USER", "root")
        .env("LOGNAME", "root")
        .env("SHELL", kind.login_shell)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .process_group(0)
        .output()?;
    let place = home.to_string_lossy().into_owned();
    let status = output.status.code().unwrap_or(-1);
    Ok(Given(mask(&output.stdout, &place), mask(&output.stderr, &place), status))
}

/// A folder with the applets of BusyBox by name.
fn applets() -> Result<PathBuf, Failed> {
    let place = std::env::temp_dir().join(format!("applets-{}", std::process::id()));
    if !place.exists() {
        let list = Command::new("/bin/busybox").arg("--list").output()?.stdout;
        fs::create_dir_all(&place)?;
        for name in String::from_utf8_lossy(&list).lines() {
            std::os::unix::fs::symlink("/bin/busybox", place.join(name))?;
        }
    }
    Ok(place)
}

/// The names of the real host and folder as ours are called.
fn mask(bytes: &[u8], place: &str) -> Vec<u8> {
    let host = fs::read_to_string("/etc/hostname").unwrap_or_default();
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    // Builds of BusyBox differ in their first line.
    let text: String = text
        .split_inclusive('\n')
        .map(|line| if line.starts_with("BusyBox v") { "BusyBox\n" } else { line })
        .collect();
    let text = text.replace(place, "/tmp/w");
    let text =
        if host.trim().is_empty() { text } else { text.replace(&format!("{}\n", host.trim()), "web01\n") };
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect()
}

fn ours(kind: &Kind, text: &str) -> Result<Given, Failed> {
    let mut persona = persona(kind.system);
    for user in &mut persona.users {
        kind.login_shell.clone_into(&mut user.shell);
    }
    let host = host_of(persona);
    let mut shell = shell_on(&host, "root", false);
    shell.fs().mkdir("/tmp/w", 0o755)?;
    shell.fs().set_cwd("/tmp/w")?;
    shell.set_environment("LC_ALL", "C.UTF-8");
    shell.set_environment("HOME", "/tmp/w");
    shell.set_environment("PWD", "/tmp/w");
    let text: String = text.bytes().map(char::from).collect();
    let outcome = shell.exec(&text, Some(b""));
    let (out, err) = (outcome.bytes(Stream::Out), outcome.bytes(Stream::Err));
    Ok(Given(mask(&out, "/tmp/w"), mask(&err, "/tmp/w"), outcome.status))
}
