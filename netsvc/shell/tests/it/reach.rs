//! Downloads from ports of this very host where nothing listens, and what programs of awk and arrays of bash may do.

use crate::{host, shell_on};
use netsvc_shell::Stream;

/// Standard output of a line on a node of a system.
fn said(system: &str, line: &str) -> String {
    let host = host(system);
    let mut shell = shell_on(&host, "root", false);
    String::from_utf8_lossy(&shell.exec(line, Some(b"")).bytes(Stream::Out)).into_owned()
}

#[test]
fn nothing_is_fetched_from_a_port_of_this_host_that_nobody_listens_at() {
    let told = "curl: (7) Failed to connect to localhost port 81 after 0 ms: Couldn't connect to server";
    for (system, line, wanted) in [
        ("debian12", "curl -s http://127.0.0.1:1/x; echo $?", "7\n".to_owned()),
        ("debian12", "curl -sS http://localhost:81/x 2>&1; echo $?", format!("{told}\n7\n")),
        ("debian12", "wget -q http://127.0.0.1:1/x -O /tmp/y; echo $?; wc -c < /tmp/y", "4\n0\n".to_owned()),
        ("debian12", "curl -s http://127.0.0.1:80/ | head -c 9", "<!DOCTYPE".to_owned()),
        (
            "router",
            "wget http://127.0.0.1:1/x 2>&1; echo $?",
            "Connecting to 127.0.0.1:1 (127.0.0.1:1)\n\
             wget: can't connect to remote host (127.0.0.1): Connection refused\n1\n"
                .to_owned(),
        ),
    ] {
        assert_eq!(said(system, line), wanted, "{system}: {line}");
    }
}

#[test]
fn a_function_that_never_ends_ends() {
    for program in [
        "function f(n) { return f(n + 1) } BEGIN { f(0); print \"made\" }",
        "function f(n) { if (n) { while (1) { f(n) } } } BEGIN { f(1); print \"made\" }",
        "function f(a, b) { g(a b) } function g(a) { f(a, a) } BEGIN { f(\"xx\"); print \"made\" }",
    ] {
        assert_eq!(said("debian12", &format!("awk '{program}'")), "", "{program}");
    }
    let deep = "function f(n) { return n ? n + f(n - 1) : 0 } BEGIN { print f(60) }";
    assert_eq!(said("debian12", &format!("awk '{deep}'")), "1830\n");
}

#[test]
fn functions_of_awk_have_texts_of_their_own_and_lists_of_who_calls() {
    for (program, wanted) in [
        ("function f(a, b) { a = 1; b = 2; return a b } BEGIN { a = 7; print f(3), a, b }", "12 7 \n"),
        (
            "function f(l, n) { l[n] = n; delete l[1] } BEGIN { m[1] = 1; f(m, 2); print length(m), m[2] }",
            "1 2\n",
        ),
        ("function f(l) { split(\"x y\", l); return l[2] } BEGIN { print f(fresh), fresh[1] }", "y x\n"),
        (
            "BEGIN { while ((\"echo a; echo b\" | getline l) > 0) print l NR; print (getline x < \"/nope\") }",
            "a0\nb0\n-1\n",
        ),
        (
            "BEGIN { o = \"/tmp/o\"; print \"b\" > o; print \"a\" > o; close(o); while ((getline < o) > 0) print }",
            "b\na\n",
        ),
        (
            "BEGIN { print \"b\" | \"sort\"; print \"a\" | \"sort\"; close(\"sort\"); print \"end\" }",
            "a\nb\nend\n",
        ),
        ("BEGIN { printf \"%c%c %d %.3f\\n\", 65, \"hello\", \"12abc\", 1/3 }", "Ah 12 0.333\n"),
    ] {
        assert_eq!(said("debian12", &format!("awk '{program}'")), wanted, "{program}");
    }
}

#[test]
fn arrays_are_set_read_and_listed_as_bash_does() {
    for (line, wanted) in [
        ("declare -A m=([a]=1 ['b c']=2); m[a]+=x; echo ${m[a]} \"${m[b c]}\" ${#m[@]}", "1x 2 2\n"),
        ("declare -A m; k=z; m[$k]=3; ((m[$k]++)); echo $((m[z] * 2)) ${m[none]:-no}", "8 no\n"),
        ("a=(x [4]=y z); echo ${!a[@]} ${a[-1]}; a[1]=w; unset 'a[0]'; echo ${a[@]}", "0 4 5 z\nw y z\n"),
        ("a=(x y z); unset 'a[-1]'; a[-1]+=w; echo ${a[@]}; b=5; b[0]+=6; echo ${b[0]}", "x yw\n56\n"),
        (
            "x=$(head -c 300000 /dev/zero | tr '\\0' a); declare -A t; \
             for i in 1 2 3 4 5; do m[0]=$x; t[k]=$x; done; echo ${#m[0]} ${#t[k]}",
            "300000 300000\n",
        ),
        ("f() { local -a a=(1 2); local b=3; echo ${a[1]}$b; }; a=9; f; echo $a$b", "23\n9\n"),
        (
            "declare -a a=(1 'b c'); declare -p a; x='a\"b'; declare -p x",
            "declare -a a=([0]=\"1\" [1]=\"b c\")\ndeclare -- x=\"a\\\"b\"\n",
        ),
    ] {
        assert_eq!(said("debian12", line), wanted, "{line}");
    }
}
