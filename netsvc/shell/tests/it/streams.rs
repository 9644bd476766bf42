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
