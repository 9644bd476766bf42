//! Which shell reads what: bash, bash as sh, dash, BusyBox; and what each says.

use crate::{NOW, host, host_of, persona, shell_on};
use netsvc_shell::{Stream, Terminal};

fn both(id: &str, line: &str, input: &[u8]) -> (String, i32) {
    let outcome = shell_on(&host(id), "root", false).exec(line, Some(input));
    let text = [outcome.bytes(Stream::Out), outcome.bytes(Stream::Err)].concat();
    (String::from_utf8_lossy(&text).into_owned(), outcome.status)
}

/// What a terminal shows of the lines typed.
fn typed(id: &str, login_shell: &str, lines: &[&str]) -> String {
    let mut persona = persona(id);
    for user in &mut persona.users {
        login_shell.clone_into(&mut user.shell);
    }
    let mut terminal = Terminal::new(shell_on(&host_of(persona), "root", true));
    terminal.start(NOW);
    let mut seen = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let now = NOW + index as i64 * 1_000_000;
        seen.extend(terminal.input(format!("{line}\r").as_bytes(), now).bytes);
    }
    String::from_utf8_lossy(&seen).into_owned()
}

#[test]
fn a_redirection_without_a_target_is_an_error_at_once() {
    for target in ["echo a >", "cat <", "echo a 2>", "echo a >>", "cat <<", "cat <<<"] {
        let seen = typed("debian12", "/bin/bash", &[target, "echo next"]);
        let error = "-bash: syntax error near unexpected token `newline'\r\n";
        assert!(
            seen.contains(error) && seen.contains("\rnext\r\n") && !seen.contains("h> "),
            "{target}: {seen}"
        );
        let (text, status) = both("debian12", target, b"");
        let wanted = format!(
            "bash: -c: line 1: syntax error near unexpected token `newline'\nbash: -c: line 1: `{target}'\n"
        );
        assert_eq!((text, status), (wanted, 2), "{target}");
    }
}

#[test]
fn sh_is_what_the_system_has_under_that_name() {
    for (id, line, wanted, status) in [
        ("debian12", "sh -c 'echo $0'", "sh\n", 0),
        ("debian12", "sh -c '[[ a == a ]] && echo yes'", "sh: 1: [[: not found\n", 127),
        ("debian12", "sh -c 'echo {1..3}'", "{1..3}\n", 0),
        ("debian12", "sh -c 'cd /nope'", "sh: 1: cd: can't cd to /nope\n", 2),
        ("ubuntu2204", "echo nosuch | sh", "sh: 1: nosuch: not found\n", 127),
        ("rocky9", "sh -c '[[ a == a ]] && echo yes'", "yes\n", 0),
        ("rocky9", "sh -c nosuch", "sh: line 1: nosuch: command not found\n", 127),
        ("router", "sh -c nosuch", "sh: nosuch: not found\n", 127),
        ("debian12", "printf 'nosuch1\\n' > /tmp/x; sh /tmp/x", "/tmp/x: 1: nosuch1: not found\n", 127),
        (
            "debian12",
            "printf 'nosuch1\\n' > /tmp/x; bash /tmp/x",
            "/tmp/x: line 1: nosuch1: command not found\n",
            127,
        ),
        (
            "debian12",
            "bash --version | head -1",
            "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n",
            0,
        ),
        (
            "ubuntu2204",
            "bash --version | head -1",
            "GNU bash, version 5.1.16(1)-release (x86_64-pc-linux-gnu)\n",
            0,
        ),
        ("debian12", "sh --version", "sh: 0: Illegal option --\n", 2),
    ] {
        assert_eq!(both(id, line, b""), (wanted.to_owned(), status), "{id}: {line}");
    }
}

#[test]
fn a_script_on_standard_input_gets_its_arguments() {
    let (text, _) = both("debian12", "bash -s WALLET x", b"echo $1 $2 $# $0\n");
    assert_eq!(text, "WALLET x 2 bash\n");
    let (text, _) = both("debian12", "printf 'echo $1\\n' | sh -s -- w", b"");
    assert_eq!(text, "w\n");
}

#[test]
fn a_shell_within_a_shell_has_its_own_prompt_and_ends_alone() {
    let seen = typed("debian12", "/bin/bash", &["sh; echo back", "nosuch", "exit 3", "echo $?"]);
    for wanted in
        ["\r# nosuch\r\nsh: 1: nosuch: not found\r\n# exit 3\r\nback\r\n\x1b[?2004hroot@web01:~# ", "\r0\r\n"]
    {
        assert!(seen.contains(wanted), "{wanted:?} in {seen:?}");
    }
    let seen = typed("debian12", "/bin/sh", &["nosuch", "echo {1,2}"]);
    assert!(seen.contains("-sh: 1: nosuch: not found\r\n# ") && seen.contains("\r\n{1,2}\r\n"), "{seen:?}");
    let seen = typed("debian12", "/bin/bash", &["bash", "exit", "PS1='> '", "echo a"]);
    assert!(
        seen.contains("exit\r\n\x1b[?2004l\rexit\r\n\x1b[?2004hroot@web01:~# ")
            && seen.ends_with("\ra\r\n\x1b[?2004h> "),
        "{seen:?}"
    );
}
