//! Standard input that comes piece by piece to a line without a terminal.

use crate::{host, shell_on};
use netsvc_shell::{Stream, Waits};

/// Feeds `pieces` to `line`; what each printed, and at last what the end of input did.
fn check(line: &str, pieces: &[&str], printed: &[&str], status: i32) {
    let host = host("debian12");
    let mut shell = shell_on(&host, "root", false);
    let mut outcome = shell.exec(line, None);
    let mut seen = vec![text(&outcome)];
    for piece in pieces {
        assert_eq!(outcome.waits, Some(Waits::Input), "{line} does not wait for {piece:?}");
        outcome = shell.feed_piece(piece.as_bytes(), false);
        seen.push(text(&outcome));
    }
    if outcome.waits.is_some() {
        outcome = shell.feed_piece(b"", true);
        seen.push(text(&outcome));
    }
    assert_eq!(seen, printed, "{line}");
    assert_eq!((outcome.waits, outcome.status, outcome.exited), (None, status, true), "{line}");
}

fn text(outcome: &netsvc_shell::Outcome) -> String {
    String::from_utf8_lossy(&outcome.bytes(Stream::Out)).into_owned()
}

#[test]
fn a_loop_that_reads_answers_line_by_line() {
    let echo = "while read l; do echo got $l; done";
    check(echo, &["a\n", "b", "c\nd\ne", "\n"], &["", "got a\n", "", "got bc\ngot d\n", "got e\n", ""], 0);
    check(echo, &[], &["", ""], 0);
    check(&format!("echo begin; {echo}; echo end"), &["a\n"], &["begin\n", "got a\n", "end\n"], 0);
    check("while IFS= read -r l; do echo \"$l\"; done", &["  x\\\n"], &["", "  x\\\n", ""], 0);
    check("n=0; while read l; do n=$((n+1)); done; echo $n", &["a\n", "b\nc\n"], &["", "", "", "3\n"], 0);
}

#[test]
fn what_a_loop_has_done_is_not_done_again() {
    let line = "while read l; do echo $l >> /tmp/all; done; cat /tmp/all";
    check(line, &["a\n", "b\n", "c\n"], &["", "", "", "", "a\nb\nc\n"], 0);
    check(
        "while read l; do [ $l = q ] && break; echo $l; done; echo out",
        &["a\n", "q\n"],
        &["", "a\n", "out\n"],
        0,
    );
}

#[test]
fn a_read_takes_its_line_and_leaves_the_rest() {
    check("read a; echo 1$a; read b; echo 2$b", &["x\n", "y\n"], &["", "1x\n", "2y\n"], 0);
    check("read a && read b; echo $a-$b", &["x\ny\n"], &["", "x-y\n"], 0);
}

#[test]
fn a_copy_goes_through_and_what_needs_all_waits_for_it() {
    check("cat", &["ab", "c\n"], &["", "ab", "c\n", ""], 0);
    check("wc -l", &["a\n", "b\n"], &["", "", "", "2\n"], 0);
    check("cat > /tmp/up; wc -c < /tmp/up", &["a\n", "b\n"], &["", "", "", "4\n"], 0);
    check("read a; cat", &["x\nw\n", "y\n", "z\n"], &["", "w\n", "y\n", "z\n", ""], 0);
    check(
        "while read a; do read b; echo $a$b; done",
        &["1\n", "2\n3\n", "4\n"],
        &["", "", "", "", "12\n34\n"],
        0,
    );
}

/// Feeds `pieces` to `line`, which begins a shell; what each printed, and at last what the end of input did.
fn script(line: &str, pieces: &[&str], printed: &[&str], status: i32) {
    let host = host("debian12");
    let mut shell = shell_on(&host, "root", false);
    let mut outcome = if line.is_empty() { shell.read_commands() } else { shell.exec(line, None) };
    let mut seen = vec![text(&outcome)];
    let ends = pieces.iter().map(|piece| (*piece, false)).chain([("", true)]);
    for (piece, ended) in ends {
        if outcome.waits.is_none() {
            break;
        }
        assert_eq!(outcome.waits, Some(Waits::Input), "{line} does not wait for {piece:?}");
        outcome = shell.feed_piece(piece.as_bytes(), ended);
        while outcome.waits == Some(Waits::More) {
            outcome.go_on(shell.feed_piece(b"", ended));
        }
        seen.push(text(&outcome));
    }
    assert_eq!(seen, printed, "{line}");
    assert_eq!((outcome.waits, outcome.status, outcome.exited), (None, status, true), "{line}");
}

#[test]
fn a_shell_runs_each_line_as_it_comes() {
    script("sh", &["echo a\n", "echo ", "b\necho c\n"], &["", "a\n", "", "b\nc\n", ""], 0);
    script("bash -s x", &["echo $1 $0\n"], &["", "x bash\n", ""], 0);
    for line in ["/bin/sh", "exec sh", "LANG=C sh -s", "true && /usr/bin/bash", "cd /tmp; bash --login"] {
        script(line, &["echo a\n", "echo b\n"], &["", "a\n", "b\n", ""], 0);
    }
    for line in ["timeout 60 sh", "cat | sh", "cat | cat | sudo sh", "sh | cat", "cat | bash | cat"] {
        script(line, &["echo a\n", "echo b\n"], &["", "a\n", "b\n", ""], 0);
    }
    for line in ["sudo sh", "env A=1 sh", "nohup sh", "nice sh", "sh 2>&1", "sudo env LANG=C bash"] {
        script(line, &["echo a\n", "echo b\n"], &["", "a\n", "b\n", ""], 0);
    }
    script("env X=1 sh; echo $X-", &["echo $X\n", "exit\n"], &["", "1\n", "-\n"], 0);
    script("X=1 sh; echo $X-", &["echo $X\n", "exit\n"], &["", "1\n", "-\n"], 0);
    script("sh > /tmp/o; cat /tmp/o", &["echo a\n", "exit\n"], &["", "", "a\n"], 0);
    script("exec sh; echo never", &["echo a\n", "exit 3\n"], &["", "a\n", ""], 3);
    script("echo begin; sh; echo end $?", &["exit 3\n"], &["begin\n", "end 3\n"], 0);
    script("", &["echo a\n", "nosuch\n"], &["", "a\n", "", ""], 127);
    script("sh", &["if true\n", "then echo yes\n", "fi\n"], &["", "", "", "yes\n", ""], 0);
    script("sh", &["x=1\n", "echo ${x}", "2"], &["", "", "", "", "12\n"], 0);
    script("sh", &["echo a\n)\n", "echo b\n"], &["", "a\n"], 2);
    script("bash", &["trap 'echo bye' EXIT\n", "echo a\n"], &["", "", "a\n", "bye\n"], 0);
    script("sh", &["sh\n", "echo $$ >/dev/null; exit 4\n", "echo $?\n"], &["", "", "", "4\n", ""], 0);
}

#[test]
fn what_a_script_reads_is_what_follows_it() {
    script("bash", &["read x\nhello\necho $x\n"], &["", "hello\n", ""], 0);
    script("bash", &["read x\n", "hello\necho $x\n"], &["", "", "hello\n", ""], 0);
    script("bash", &["cat\n", "a\n", "b\n"], &["", "", "a\n", "b\n", ""], 0);
    script("read a; sh; echo $a", &["x\necho in\n", "exit\n"], &["", "in\n", "x\n"], 0);
    script("bash; cat", &["exit\nrest\n", "more\n"], &["", "rest\n", "more\n", ""], 0);
    // dash has read the block already.
    script("sh", &["read x\necho $x-\n", "hello\n"], &["", "", "hello-\n", ""], 0);
    script("sh; cat", &["exit\nrest\n", "more\n"], &["", "", "more\n", ""], 0);
}
