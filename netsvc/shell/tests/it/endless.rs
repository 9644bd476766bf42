//! What never ends on a real host does not end here, and costs nothing; what is deep or long is refused as there.

use crate::{NOW, host, run, shell_on};
use netsvc_shell::{Outcome, Stream, Terminal};
use std::time::Instant;

fn exec(line: &str) -> Outcome {
    shell_on(&host("debian12"), "root", false).exec(line, Some(b""))
}

#[test]
fn endless_output_goes_on() {
    for (line, sample) in
        [("yes", &b"y\ny\n"[..]), ("cat /dev/zero", b"\0\0\0\0"), ("while :; do echo ab; done", b"ab\nab\n")]
    {
        let outcome = exec(line);
        assert!(outcome.bytes(Stream::Out).len() > 50_000, "{line}");
        let more = outcome.goes_on.unwrap_or_default();
        assert!(more.starts_with(sample) && more.len() >= 2_048, "{line}: {:?}", more.len());
    }
}

#[test]
fn what_waits_for_an_end_that_never_comes_says_nothing() {
    for line in [
        "seq 1 1000000000 | tail -1",
        "yes | wc -l",
        "while :; do :; done",
        "cat /dev/urandom | md5sum",
        "sort < /dev/zero",
        "x=$(cat /dev/zero); echo $x",
    ] {
        let outcome = exec(line);
        assert_eq!(
            (outcome.bytes(Stream::Out).as_slice(), outcome.goes_on),
            (&b""[..], Some(Vec::new())),
            "{line}"
        );
    }
}

#[test]
fn what_takes_a_part_of_it_ends() {
    for (line, wanted) in [
        ("yes | head -2", "y\ny\n"),
        ("yes | head -c 2000000 | wc -c", "2000000\n"),
        ("head -c 4 /dev/zero | od -An -tx1", " 00 00 00 00\n"),
        ("tr -dc a-z < /dev/urandom | head -c 12 | wc -c", "12\n"),
        ("cat /dev/urandom | tr -dc a-z | head -c 8 | wc -c", "8\n"),
        ("dd if=/dev/zero bs=10 count=2 2>/dev/null | wc -c", "20\n"),
        ("yes | sed 3q | wc -l", "3\n"),
        ("timeout 2 yes > /dev/null; echo $?", "124\n"),
        ("timeout 2 sh -c 'while :; do :; done'; echo $?", "124\n"),
        ("(while :; do :; done) & echo next", "next\n"),
        ("echo {1..5000} | wc -w", "5000\n"),
    ] {
        let outcome = exec(line);
        assert_eq!(String::from_utf8_lossy(&outcome.bytes(Stream::Out)), wanted, "{line}");
        assert_eq!(outcome.goes_on, None, "{line}");
    }
}

#[test]
fn control_c_stops_it_with_130() {
    let mut terminal = Terminal::new(shell_on(&host("debian12"), "root", true));
    terminal.start(NOW);
    for line in ["sleep 100", "yes", "while :; do :; done"] {
        let output = terminal.input(format!("{line}\r").as_bytes(), NOW);
        assert!(!output.bytes.ends_with(b"# "), "{line} goes on");
        terminal.input(b"\x03", NOW + 1_000_000);
        let output = terminal.input(b"echo =$?=\r", NOW + 2_000_000);
        assert!(String::from_utf8_lossy(&output.bytes).contains("=130="), "{line}: {output:?}");
    }
}

#[test]
fn brackets_that_nobody_closes_are_not_looked_for_to_the_end_each_time() {
    for (head, piece) in [("", "a[;"), ("echo ", "${a[}")] {
        let started = Instant::now();
        exec(&format!("{head}{}", piece.repeat(100_000)));
        assert!(started.elapsed().as_secs() < 20, "{piece}: {:?}", started.elapsed());
    }
    assert_eq!(run("debian12", "a[1]=x; a[1 + 1]=y; echo ${a[1]} ${a[$((1 + 1))]}").0, "x y\n");
}

#[test]
fn limits_are_those_of_the_kernel() {
    let name = "a".repeat(256);
    let (text, status) = run("debian12", &format!("mkdir {name}"));
    assert!(text.contains("File name too long") && status == 1, "{text}");
    let (text, _) = run("debian12", "touch /tmp/$(head -c 5000 /dev/zero | tr '\\0' x)");
    assert!(text.contains("File name too long"), "{text}");
    let (text, status) = run("debian12", "/bin/ls $(seq 1 190000)");
    assert!(text.contains("Argument list too long") && status == 126, "{text} {status}");
}

#[test]
fn deep_trees_cost_what_they_are_deep() {
    let host = host("debian12");
    let mut shell = shell_on(&host, "root", false);
    shell.exec("mkdir -p /tmp/$(printf 'd/%.0s' $(seq 1 1900))", Some(b""));
    for line in
        ["find /tmp | wc -l", "find / -exec find / \\; | wc -l", "ls -R /tmp | tail -1", "du /tmp | tail -1"]
    {
        let started = Instant::now();
        shell.exec(line, Some(b""));
        assert!(started.elapsed().as_secs() < 10, "{line}: {:?}", started.elapsed());
    }
}

#[test]
fn no_program_makes_more_than_there_is_memory_for() {
    let long = "s=\"x\"; for (i = 0; i < 19; i++) s = s s;";
    for rest in [
        "t = s; gsub(/x/, s, t)",
        "t = \"x\"; gsub(/x/, \"&&&&\" s, t); gsub(/./, t, t)",
        "for (i = 0; i < 40000; i++) a[i] = s",
        "for (i = 1; i < 4000; i++) $i = s",
        "OFS = s; $4000 = 1",
        "print s, s, s, s, s, s, s, s",
        "a[s, s, s, s, s, s] = 1",
        "t = sprintf(\"%s\", s s, s, s)",
    ] {
        let (text, _) = run("debian12", &format!("awk 'BEGIN {{ {long} {rest}; print \"made\" }}'"));
        assert!(!text.contains("made"), "{rest}");
    }
    let short = "awk 'BEGIN { a[1] = \"x\"; delete a[1]; a[2] = 1; n = split(\"a b c\", p); \
                 print n, p[3], length(a), 2 in a }'";
    assert_eq!(run("debian12", short).0, "3 c 1 1\n");
}

#[test]
fn programs_of_awk_that_start_each_other_share_one_stack() {
    for levels in [1, 5, 30, 100] {
        // As deep as the threads that sessions run on.
        let thread = std::thread::Builder::new().stack_size(4 << 20);
        let line = format!(
            "echo 'function f(n) {{ return n ? f(n - 1) : system(\"awk -f /tmp/x\") }} BEGIN {{ f({levels}) }}' \
             > /tmp/x; awk -f /tmp/x"
        );
        thread.spawn(move || drop(run("debian12", &line))).unwrap().join().unwrap();
    }
    let started = "awk 'BEGIN { print system(\"exit 3\") }'";
    assert_eq!(run("debian12", started).0, "3\n");
}

#[test]
fn the_last_place_of_a_list_has_none_behind_it() {
    let line =
        "a[9223372036854775807]=x; a[-1]=y; echo ${a[-1]} $((a[-1])) ${a[-9223372036854775807]}; echo on";
    let (text, _) = run("debian12", line);
    assert!(text.ends_with("on\n"), "{text}");
}

#[test]
fn what_awk_reads_and_what_waits_for_commands_is_bounded_together() {
    let empty = "head -c 1000000 /dev/zero | tr '\\0' '\\n' > /tmp/f; \
                 awk 'BEGIN { getline < \"/tmp/f\"; print \"made\" }'";
    let waiting = "awk 'BEGIN { s = \"x\"; for (i = 0; i < 19; i++) s = s s; \
                   for (i = 0; i < 40; i++) { c = \"cat >/dev/null # \" i % 8; print s | c }; print \"made\" }'";
    for line in [empty, waiting] {
        assert!(!run("debian12", line).0.contains("made"), "{line}");
    }
    let few = "printf 'a\\nb\\n' > /tmp/f; awk 'BEGIN { for (i = 0; i < 9; i++) { \
               while ((getline l < \"/tmp/f\") > 0) n++; close(\"/tmp/f\") }; print n; print \"c\" | \"cat\" }'";
    assert_eq!(run("debian12", few).0, "18\nc\n");
}

#[test]
fn variables_that_come_and_go_leave_no_more_room_than_there_is() {
    let big = "x=$(head -c 900000 /dev/zero | tr '\\0' a)";
    for change in ["f() { local x; }; f", "x= true", "f() { local x; local x=; }; f"] {
        let whole = run("debian12", &format!("{big}; {change}; echo ${{#x}}")).0;
        assert_eq!(whole, "900000\n", "{change}");
        // What has no room ends the line.
        let more = run("debian12", &format!("{big}; {change}; y=$x; echo room")).0;
        assert!(!more.contains("room"), "{change}");
    }
    let line = "n=$(head -c 100000 /dev/zero | tr '\\0' a); for i in 1 2 3 4 5 6 7 8 9 10 11 12; do \
                declare -A $n$i; done; y=$n; echo room";
    assert!(!run("debian12", line).0.contains("room"));
    let kept = "f() { local x=2; g; echo $x; }; g() { local x=3; x=4; }; x=1; f; echo $x";
    assert_eq!(run("debian12", kept).0, "2\n1\n");
}

#[test]
fn no_script_makes_more_of_a_line_than_there_is_memory_for() {
    for script in [format!("s/.*/{}/", "&".repeat(5_000)), "p;".repeat(5_000), "s/a/&&/g;".repeat(60)] {
        let line = format!("head -c 1000000 /dev/zero | tr '\\0' a | sed '{script}' | wc -c");
        let (text, _) = run("debian12", &line);
        let bytes: usize = text.trim().parse().unwrap();
        assert!((1_000_000..8_000_000).contains(&bytes), "{script:.20}: {bytes}");
    }
}
