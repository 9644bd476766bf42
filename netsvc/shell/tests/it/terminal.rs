//! Terminals: editing, window sizes, settings, pasted text, jobs, the status of a session.
//!
//! The bytes are those of bash 5.2.15, dash 0.5.12 and BusyBox 1.35.0 at a pseudo-terminal.

use crate::{NOW, clocked, host, shell_on};
use netsvc_shell::Terminal;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// A terminal whose clock the test moves.
struct Session {
    terminal: Terminal,
    clock: Arc<AtomicI64>,
}

impl Session {
    fn new(id: &str) -> Session {
        let (host, clock) = clocked(id);
        let mut terminal = Terminal::new(shell_on(&host, "root", true));
        terminal.resize(111, 33);
        terminal.start(NOW);
        let mut session = Session { terminal, clock };
        session.after(0, b"PS1='$ '\r");
        session
    }

    /// What is shown for `input` that comes `milliseconds` later.
    fn after(&mut self, milliseconds: i64, input: &[u8]) -> String {
        let now = self.clock.fetch_add(milliseconds * 1_000, Ordering::Relaxed) + milliseconds * 1_000;
        let output = self.terminal.input(input, now);
        output.bytes.iter().map(|byte| char::from(*byte)).collect()
    }

    fn type_in(&mut self, input: &[u8]) -> String {
        self.after(10, input)
    }
}

fn typed(input: &[u8]) -> String {
    let mut terminal = Terminal::new(shell_on(&host("debian12"), "root", true));
    terminal.start(NOW);
    terminal.input(input, NOW).bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Types each line and compares all that is shown; numbers of processes are written as `PID`.
fn check(id: &str, exchange: &[(i64, &[u8], &str)]) {
    let mut session = Session::new(id);
    for (later, input, expected) in exchange {
        let found = session.after(*later, input);
        let found = hide_numbers(&found);
        assert_eq!(found, *expected, "{id}: {:?}", String::from_utf8_lossy(input));
    }
}

/// Numbers of four and more digits, other than the mode of the brackets, as `PID`.
fn hide_numbers(text: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for character in text.chars().chain(['\0']) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        let number = std::mem::take(&mut digits);
        out.push_str(if number.len() >= 4 && number != "2004" { "PID" } else { &number });
        if character != '\0' {
            out.push(character);
        }
    }
    out
}

#[test]
fn a_terminal_edits_echoes_and_prompts() {
    for (input, expected) in [
        (&b"echo hi\r"[..], "echo hi\r\n\x1b[?2004l\rhi\r\n\x1b[?2004hroot@web01:~# "),
        (b"xx\x15echo a\r", "\ra\r\n\x1b[?2004hroot@web01:~# "),
        (b"cd /tmp\r", "root@web01:/tmp# "),
        (b"echo ab\x7f\r", "\ra\r\n"),
        (b"echo 1\r\x1b[A\r", "\r1\r\n\x1b[?2004hroot@web01:~# "),
        (b"if true\rthen echo y\rfi\r", "\x1b[?2004h> "),
        (b"unam\t\r", "Linux\r\n"),
        (b"cat\rabc\r\x04", "abc\r\nabc\r\n"),
        (b"nosuch\r", "-bash: nosuch: command not found\r\n"),
    ] {
        let found = typed(input);
        assert!(found.contains(expected), "{input:?}: {found:?}");
    }
}

#[test]
fn the_size_of_the_window_is_told_and_followed() {
    for (id, at_shell) in [("debian12", "111 33"), ("ubuntu2204", "111 33"), ("rocky9", "111 33")] {
        let mut session = Session::new(id);
        for (line, expected) in [
            ("stty size", "33 111\r\n"),
            ("echo $COLUMNS $LINES", &format!("{at_shell}\r\n")),
            ("tput cols", "111\r\n"),
            ("tput lines", "33\r\n"),
            ("echo $(stty size) $(tput cols)", "33 111 111\r\n"),
            ("stty -a | head -1", "speed 38400 baud; rows 33; columns 111; line = 0;\r\n"),
            ("bash -c 'stty size'", "33 111\r\n"),
        ] {
            let shown = session.type_in(format!("{line}\r").as_bytes());
            assert!(shown.contains(&format!("\r{expected}\x1b[?2004h")), "{id}: {line}: {shown:?}");
        }
        session.terminal.resize(80, 24);
        let shown = session.type_in(b"stty size; echo $COLUMNS $LINES; tput cols\r");
        assert!(shown.contains("24 80\r\n80 24\r\n80\r\n"), "{id}: {shown:?}");
        session.terminal.resize(0, 0);
        let shown = session.type_in(b"stty size; echo $COLUMNS $LINES; tput cols; tput lines\r");
        assert!(shown.contains("0 0\r\n80 24\r\n80\r\n24\r\n"), "{id}: {shown:?}");
    }
    let mut router = Session::new("router");
    assert_eq!(
        router.type_in(b"stty size; echo .$COLUMNS.\r"),
        "stty size; echo .$COLUMNS.\r\n33 111\r\n..\r\n$ "
    );
}

#[test]
fn settings_of_the_terminal_are_shown_set_and_heeded() {
    let all = "speed 38400 baud; rows 24; columns 80; line = 0;
intr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>;
eol2 = <undef>; swtch = <undef>; start = ^Q; stop = ^S; susp = ^Z; rprnt = ^R;
werase = ^W; lnext = ^V; discard = ^O; min = 1; time = 0;
-parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts
-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr icrnl ixon -ixoff
-iuclc -ixany -imaxbel -iutf8
opost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0
isig icanon iexten echo echoe echok -echonl -noflsh -xcase -tostop -echoprt
echoctl echoke -flusho -extproc
";
    let saved = format!("500:5:bf:8a3b:3:1c:7f:15:4:0:1:0:11:13:1a:0:12:f:17:16{}\n", ":0".repeat(16));
    for (line, expected) in [
        ("stty", "speed 38400 baud; line = 0;\n-brkint -imaxbel\n"),
        ("stty -a", all),
        ("stty -g", &saved),
        ("stty speed", "38400\n"),
        ("stty cols 90; stty size", "24 90\n"),
        ("stty columns 80 size", "24 80\n"),
        ("stty -F /dev/tty size", "24 80\n"),
        (
            "stty -icanon min 2 time 3; stty; stty sane",
            "speed 38400 baud; line = 0;\nmin = 2; time = 3;\n-brkint -imaxbel\n-icanon\n",
        ),
        ("stty intr ^A; stty; stty sane", "speed 38400 baud; line = 0;\nintr = ^A;\n"),
        ("a=$(stty -g); stty tostop -ixon; stty $a; stty", "speed 38400 baud; line = 0;\n"),
        ("stty bogus", "stty: invalid argument ‘bogus’\nTry 'stty --help' for more information.\n"),
        ("stty -size", "stty: invalid argument ‘-size’\nTry 'stty --help' for more information.\n"),
        ("stty rows", "stty: missing argument to ‘rows’\nTry 'stty --help' for more information.\n"),
        ("stty rows x", "stty: invalid integer argument: ‘x’\n"),
        ("stty size < /dev/null", "stty: 'standard input': Inappropriate ioctl for device\n"),
        ("stty -F /dev/null", "stty: /dev/null: Inappropriate ioctl for device\n"),
        ("tty; tty < /dev/null; tty -s; echo $?", "/dev/pts/0\nnot a tty\n0\n"),
    ] {
        static SESSION: std::sync::OnceLock<parking_lot::Mutex<Session>> = std::sync::OnceLock::new();
        let mut session = SESSION.get_or_init(|| Session::new("debian12").into()).lock();
        session.terminal.resize(80, 24);
        // The line is drawn anew where that is another size.
        session.type_in(b"");
        let shown = session.type_in(format!("{line}\r").as_bytes());
        let shown: Vec<u8> = shown.chars().map(|byte| u8::try_from(u32::from(byte)).unwrap()).collect();
        let shown = String::from_utf8(shown).unwrap();
        let expected = expected.replace('\n', "\r\n");
        assert_eq!(shown, format!("{line}\r\n\x1b[?2004l\r{expected}\x1b[?2004h$ "));
    }
}

#[test]
fn without_echo_nothing_that_is_typed_is_shown() {
    check(
        "debian12",
        &[
            (9, b"stty -echo\r", "stty -echo\r\n\x1b[?2004l\r\x1b[?2004h$ "),
            (9, b"echo hi\r", "\x1b[?2004l\r\r\nhi\r\n\x1b[?2004h$ "),
            (9, b"\r", "\x1b[?2004l\r\r\n\x1b[?2004h$ "),
            (9, b"stty echo\r", "\x1b[?2004l\r\r\n\x1b[?2004h$ "),
            (9, b"stty -opost\r", "stty -opost\r\n\x1b[?2004l\r\x1b[?2004h$ "),
            (9, b"echo x\r", "echo x\r\n\x1b[?2004l\rx\n\x1b[?2004h$ "),
        ],
    );
}

#[test]
fn no_terminal_has_no_settings() {
    for (id, line, expected, status) in [
        ("debian12", "stty", "stty: 'standard input': Inappropriate ioctl for device\n", 1),
        ("debian12", "stty -a", "stty: 'standard input': Inappropriate ioctl for device\n", 1),
        ("router", "stty size", "stty: standard input: Inappropriate ioctl for device\n", 1),
        ("debian12", "tty", "not a tty\n", 1),
        ("debian12", "tput cols", "tput: No value for $TERM and no -T specified\n", 2),
        ("debian12", "TERM=xterm tput cols", "80\n", 0),
        ("debian12", "TERM=xterm COLUMNS=77 tput cols", "77\n", 0),
        ("debian12", "tput -T xterm setaf 1", "\x1b[31m", 0),
        ("debian12", "tput -Txterm cup 3 4", "\x1b[4;5H", 0),
        ("debian12", "tput -Tnosuch cols", "tput: unknown terminal \"nosuch\"\n", 3),
        ("debian12", "tput -Txterm nosuch", "tput: unknown terminfo capability 'nosuch'\n", 4),
        ("debian12", "tput -Tdumb clear", "", 2),
        ("debian12", "tput -Tdumb bold", "", 1),
        ("debian12", "clear", "TERM environment variable not set.\n", 1),
    ] {
        assert_eq!(crate::run(id, line), (expected.to_owned(), status), "{id}: {line}");
    }
}

#[test]
fn jobs_of_bash_are_announced_and_their_ends_told_before_a_prompt() {
    check(
        "debian12",
        &[
            (9, b"sleep 0.2 &\r", "sleep 0.2 &\r\n\x1b[?2004l\r[1] PID\r\n\x1b[?2004h$ "),
            (900, b"\r", "\r\n\x1b[?2004l\r[1]+  Done                    sleep 0.2\r\n\x1b[?2004h$ "),
            (9, b"jobs\r", "jobs\r\n\x1b[?2004l\r\x1b[?2004h$ "),
            (9, b"false &\r", "false &\r\n\x1b[?2004l\r[1] PID\r\n\x1b[?2004h$ "),
            (9, b"\r", "\r\n\x1b[?2004l\r[1]+  Exit 1                  false\r\n\x1b[?2004h$ "),
            (
                9,
                b"sleep 5 & sleep 6 &\r",
                "sleep 5 & sleep 6 &\r\n\x1b[?2004l\r[1] PID\r\n[2] PID\r\n\x1b[?2004h$ ",
            ),
            (
                9,
                b"jobs; jobs -l; jobs -p\r",
                "jobs; jobs -l; jobs -p\r\n\
                 \x1b[?2004l\r[1]-  Running                 sleep 5 &\r\n\
                 [2]+  Running                 sleep 6 &\r\n\
                 [1]- PID Running                 sleep 5 &\r\n\
                 [2]+ PID Running                 sleep 6 &\r\n\
                 PID\r\n\
                 PID\r\n\
                 \x1b[?2004h$ ",
            ),
            (9, b"bg\r", "bg\r\n\x1b[?2004l\r-bash: bg: job 2 already in background\r\n\x1b[?2004h$ "),
            (
                9,
                b"fg %4; kill %4; jobs %4\r",
                "fg %4; kill %4; jobs %4\r\n\
                 \x1b[?2004l\r-bash: fg: %4: no such job\r\n\
                 -bash: kill: %4: no such job\r\n\
                 -bash: jobs: %4: no such job\r\n\
                 \x1b[?2004h$ ",
            ),
            (9, b"fg\r", "fg\r\n\x1b[?2004l\rsleep 6\r\n"),
            (9, b"\x03", "^C\r\n\x1b[?2004h$ "),
            (9, b"echo $?\r", "echo $?\r\n\x1b[?2004l\r130\r\n\x1b[?2004h$ "),
        ],
    );
}

#[test]
fn jobs_that_a_signal_ends_are_told_with_its_name() {
    for (line, expected) in [
        ("kill %1", "Terminated"),
        ("kill -9 $!", "Killed"),
        ("kill -INT %1", "Interrupt"),
        ("kill -s HUP %+", "Hangup"),
        ("kill -n 3 %sleep", "Quit"),
    ] {
        let mut session = Session::new("debian12");
        session.type_in(b"sleep 9 &\r");
        let shown = session.type_in(format!("{line}\r").as_bytes());
        assert!(
            shown.ends_with(&format!("[1]+  {expected:<24}sleep 9\r\n\x1b[?2004h$ ")),
            "{line}: {shown:?}"
        );
    }
    let mut session = Session::new("debian12");
    session.type_in(b"sleep 9 &\r");
    let shown = session.type_in(b"kill -STOP %1; kill -0 %1; kill -WINCH %1; jobs\r");
    assert!(shown.contains("[1]+  Running                 sleep 9 &\r\n"), "{shown:?}");
}

#[test]
fn the_almquist_shells_tell_of_jobs_in_their_own_form() {
    check(
        "router",
        &[
            (9, b"sleep 0.2 &\r", "sleep 0.2 &\r\n$ "),
            (900, b"\r", "\r\n[1]+  Done                       sleep 0.2\r\n$ "),
            (9, b"sleep 5 & sleep 6 &\r", "sleep 5 & sleep 6 &\r\n$ "),
            (
                9,
                b"jobs; jobs -l\r",
                "jobs; jobs -l\r\n\
                 [2]+  Running                    sleep 6\r\n\
                 [1]-  Running                    sleep 5\r\n\
                 [2]+  PID Running             sleep 6\r\n\
                 [1]-  PID Running             sleep 5\r\n\
                 $ ",
            ),
        ],
    );
    check(
        "debian12",
        &[
            (9, b"dash\r", "dash\r\n\x1b[?2004l\r# "),
            (9, b"false & sleep 0.1\r", "false & sleep 0.1\r\n"),
            (200, b"\r", "[1] + Done(1)                    false\r\n# \r\n# "),
            (9, b"jobs %4\r", "jobs %4\r\ndash: 3: jobs: No such job: %4\r\n# "),
        ],
    );
}

#[test]
fn pasted_text_is_edited_before_it_is_run() {
    check(
        "debian12",
        &[
            (9, b"\x1b[200~ls -d /\x1b[201~", "\x1b[7mls -d /\x1b[27m"),
            (9, b"\r", "\r$ ls -d /\r\n\x1b[?2004l\r/\r\n\x1b[?2004h$ "),
            (9, b"\x1b[200~echo a\x1b[201~", "\x1b[7mecho a\x1b[27m"),
            (9, b"b", "\r$ echo ab"),
            (9, b"\r", "\r\n\x1b[?2004l\rab\r\n\x1b[?2004h$ "),
            (
                9,
                b"\x1b[200~echo one\necho two\x1b[201~",
                "\x1b[7mecho one\x1b[27m\r\n\r\x1b[7mecho two\x1b[27m",
            ),
            (9, b"\r", "\x1b[A\r$ echo one\r\n\recho two\r\n\x1b[?2004l\rone\r\ntwo\r\n\x1b[?2004h$ "),
        ],
    );
    // Brackets and what is between them come in any pieces; a tab and a ^C are text.
    let mut session = Session::new("debian12");
    for byte in b"\x1b[200~echo 'a\tb\x03c'\x1b[201~" {
        session.after(0, &[*byte]);
    }
    assert!(session.type_in(b"\r").contains("a\tb\x03c\r\n"));
}

#[test]
fn pasted_text_without_end_takes_no_room() {
    for byte in [b'x', 0xff, b'\r', 0x1b] {
        let mut session = Session::new("debian12");
        session.type_in(b"\x1b[200~");
        for _ in 0..40 {
            session.type_in(&[byte; 60_000]);
        }
        session.type_in(b"\x1b[201~\x15\x03");
        assert!(session.type_in(b"echo there\r").contains("there\r\n"), "{byte}");
    }
}

#[test]
fn only_the_shells_that_have_brackets_ask_for_them() {
    for (id, first, has) in [
        ("debian12", &b"\r"[..], true),
        ("ubuntu2204", b"\r", true),
        ("rocky9", b"\r", true),
        ("debian10", b"\r", false),
        ("router", b"\r", false),
        ("debian12", b"dash\r", false),
        ("debian12", b"TERM=dumb\r", false),
    ] {
        let mut session = Session::new(id);
        session.type_in(first);
        assert_eq!(session.type_in(b"\r").contains("2004"), has, "{id} {first:?}");
    }
}

#[test]
fn a_line_that_is_given_up_leaves_130() {
    check(
        "debian12",
        &[
            (9, b"abc", "abc"),
            (9, b"\x03", "^C\x1b[?2004l\r\x1b[?2004h\x1b[?2004l\r\r\n\x1b[?2004h$ "),
            (9, b"echo $?\r", "echo $?\r\n\x1b[?2004l\r130\r\n\x1b[?2004h$ "),
            (9, b"sleep 3\r", "sleep 3\r\n\x1b[?2004l\r"),
            (9, b"\x03", "^C\r\n\x1b[?2004h$ "),
            (9, b"echo $?\r", "echo $?\r\n\x1b[?2004l\r130\r\n\x1b[?2004h$ "),
        ],
    );
}

#[test]
fn the_status_of_a_session_is_that_of_its_shell() {
    for (id, input, status, shown) in [
        ("debian12", &b"exit 7\r"[..], 7, "exit 7\r\n\x1b[?2004l\rlogout\r\n"),
        ("debian12", b"false\rexit\r", 1, "exit\r\n\x1b[?2004l\rlogout\r\n"),
        ("debian12", b"(exit 3)\r\x04", 3, "\x1b[?2004h$ \x1b[?2004l\r\r\nlogout\r\n"),
        ("debian12", b"bash\rexit 4\rexit\r", 4, "logout\r\n"),
        ("debian12", b"exec true\r", 0, ""),
        ("debian12", b"kill -9 $$\r", 137, ""),
        ("debian10", b"(exit 3)\r\x04", 3, "$ logout\r\n"),
        ("router", b"(exit 3)\r\x04", 3, "$ \r\n"),
        ("router", b"exit 9\r", 9, "exit 9\r\n"),
    ] {
        let mut session = Session::new(id);
        let now = session.clock.load(Ordering::Relaxed);
        let output = session.terminal.input(input, now);
        let text: String = output.bytes.iter().map(|byte| char::from(*byte)).collect();
        let done = output.closed || session.terminal.poll(now + 60_000_000).closed;
        assert!(done, "{id}: {input:?}: not closed: {text:?}");
        assert_eq!(session.terminal.status(), status, "{id}: {input:?}");
        assert!(text.ends_with(shown), "{id}: {input:?}: {text:?}");
    }
}

#[test]
fn a_shell_that_reads_is_told_of_a_new_window() {
    // bash 5.2.15 and dash 0.5.12 at a pseudo-terminal.
    for (id, trapped, entered) in [
        ("debian12", "\r\x1b[K\r$ echo hW 90 30\r\n", "i\r\n\x1b[?2004l\rhi\r\n\x1b[?2004h$ "),
        ("alpine319", "", "i\r\nW 90 30\r\nhi\r\n$ "),
    ] {
        let mut session = Session::new(id);
        session.type_in(b"COLUMNS=90 LINES=30; trap 'echo W 90 30' WINCH\r");
        session.type_in(b"echo h");
        session.terminal.resize(90, 30);
        assert_eq!(session.type_in(b""), trapped, "{id}");
        assert_eq!(session.type_in(b"i\r"), entered, "{id}");
    }
    let mut session = Session::new("debian12");
    session.terminal.resize(70, 20);
    assert_eq!(session.type_in(b""), "\r\x1b[K\r$ ");
    assert!(session.type_in(b"echo $COLUMNS $LINES\r").contains("\x1b[?2004l\r70 20\r\n"));
}
