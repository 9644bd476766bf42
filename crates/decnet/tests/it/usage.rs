//! What an operator sees: tables, exit codes, mistakes told.

use crate::site::Site;
use std::process::{Command, Stdio};

#[tokio::test]
async fn captured_text_is_escaped_once_and_no_row_is_wider_than_the_terminal() {
    let site = Site::new().await;
    let listed = site.printed(&["creds", "list"]);
    assert!(listed.contains(r"\xffbob") && listed.contains(r"a:b\xff"), "{listed}");
    assert!(!listed.contains(r"\\xff") && listed.contains('…'), "{listed}");
    assert!(listed.lines().all(|line| line.chars().count() <= 130), "{listed}");
    assert!(site.printed(&["creds", "list", "--wide"]).contains(&"A".repeat(7000)));
    assert!(site.printed(&["sessions", "list"]).contains(r"\xffbob"));
    assert!(site.printed(&["artifacts", "list", "--wide"]).contains(r"/tmp/\xe2\x80\x8bx"));
    assert!(site.printed(&["events"]).contains(r"echo \x1b[2J"));
    assert!(site.printed(&["sessions", "show", "0000000000000005"]).contains(&"A".repeat(7000)));
}

#[tokio::test]
async fn crackers_get_files_that_they_read() {
    let site = Site::new().await;
    let hashes = site.printed(&["creds", "export", "--format", "hashcat"]);
    assert_eq!(hashes, "# hashcat -m 11200\n$mysqlna$aa*bb\n$mysqlna$cc*dd\n");
    let only = site.printed(&["creds", "export", "--format", "hashcat", "--only", "11200"]);
    assert_eq!(only, "$mysqlna$aa*bb\n$mysqlna$cc*dd\n");
    assert_eq!(site.printed(&["creds", "export", "--format", "words"]), "$HEX[613a62ff]\nx\n");
}

#[tokio::test]
async fn wrong_usage_is_one_exit_code_and_says_what_was_meant() {
    let site = Site::new().await;
    for (arguments, told) in [
        (
            &["events", "--decky", "wbe-01"][..],
            "--decky: no decky is called \"wbe-01\" (did you mean \"web-01\"?)",
        ),
        (&["events", "--kind", "comand"], "(did you mean \"command\"?)"),
        (&["events", "--since", "yesterday"], "--since: \"yesterday\" is no time"),
        (&["creds", "list", "--kind", "command"], "unexpected argument '--kind'"),
        (&["sessions", "list", "--text", "x"], "unexpected argument '--text'"),
        (&["nonsense"], "unrecognized subcommand"),
        (&["supervise", "cpu"], "`supervise` is of DECNET 1: `decnet run`"),
        (&["swarm", "enroll", "--updater"], "`--updater` is of DECNET 1: a host has one certificate"),
        (&["artifacts", "get", "00"], "--output <FILE>"),
    ] {
        let output = site.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {said}");
        assert!(said.contains(told), "{arguments:?}: {said}");
    }
    assert!(site.run(&["events", "--help"]).status.success());
}

#[tokio::test]
async fn a_result_that_cannot_be_written_is_a_failure_and_a_reader_that_left_is_none() {
    let site = Site::new().await;
    let start = |arguments: &[&str], out: Stdio| {
        Command::new(env!("CARGO_BIN_EXE_decnet"))
            .args(arguments)
            .env("DECNET_STATE_DIR", site.paths().root())
            .stdout(out)
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    for arguments in [&["events"][..], &["events", "--json"], &["creds", "list"], &["creds", "export"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        assert_eq!(start(arguments, full.into()).wait().unwrap().code(), Some(1), "{arguments:?}");
        let mut left = start(arguments, Stdio::piped());
        drop(left.stdout.take());
        assert_eq!(left.wait().unwrap().code(), Some(0), "{arguments:?}");
    }
}
