//! hydra against every service it knows: each pair that it tried is stored byte for byte.

use crate::fleet::{Fleet, client, have};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use sha1::{Digest, Sha1};
use std::path::Path;

/// Passwords that break what quotes, cuts, escapes or decodes: blanks, quotes, backslash, `%`, UTF-8,
/// Latin-1 (not UTF-8, and with a byte 255, which Telnet and FTP give a meaning).
const PASSWORDS: &[&[u8]] = &[
    b"plain",
    b" two  blanks ",
    b"quo\"te'd`",
    b"b]\\\"c\\d",
    b"100%s%n%00",
    "gr\u{fc}n\u{1f600}".as_bytes(),
    b"latin\xfcn",
];
const USERS: &[&str] = &["root", "o'neil \"x\""];

fn attack(fleet: &Fleet, folder: &Path, target: &str, tasks: &str) {
    let (users, passwords) = (folder.join("u"), folder.join("p"));
    std::fs::write(&users, USERS.join("\n") + "\n").unwrap();
    std::fs::write(&passwords, PASSWORDS.join(&b'\n')).unwrap();
    let (scheme, rest) = target.split_once(':').unwrap();
    let target = format!("{scheme}://{}:{rest}", fleet.ip(0));
    let (users, passwords) = (users.to_str().unwrap(), passwords.to_str().unwrap());
    let mut arguments = vec!["-q", "-I", "-t", tasks, "-P", passwords];
    if scheme != "redis" {
        arguments.extend(["-L", users]);
    }
    arguments.push(&target);
    client("hydra", &arguments);
}

fn bytes(event: &Value, field: &str) -> Vec<u8> {
    STANDARD.decode(event["fields"][field].as_str().unwrap_or_default()).unwrap()
}

/// Waits until `service` has an attempt by `user` that `fits`.
fn wait(fleet: &Fleet, service: &str, user: &str, fits: impl Fn(&Value) -> bool, what: &str) {
    let found = fleet.wait_for("auth_attempt", |events| {
        let of = |event: &&Value| event["service"] == service && event["fields"]["principal"] == user;
        Some(events.iter().filter(of).any(&fits)).filter(|found| *found)
    });
    assert!(found, "{service}: {user} with {what}");
}

fn check_plain(fleet: &Fleet, service: &str, users: &[&str]) {
    for user in users {
        for password in PASSWORDS {
            let exact = |event: &Value| bytes(event, "secret_b64") == *password;
            wait(fleet, service, user, exact, &String::from_utf8_lossy(password));
        }
    }
}

#[test]
fn every_pair_sent_in_clear_is_stored_byte_for_byte() {
    if !have("hydra", "hydra") {
        return;
    }
    let fleet = Fleet::deploy(85, "deny");
    let folder = tempfile::tempdir().unwrap();
    // The telnet module drops pairs when it tries more than one on a connection, so it gets one each. The
    // smtp module refuses by itself to send what is not UTF-8 with PLAIN.
    for (target, tasks) in
        [("ftp:10021", "4"), ("ssh:10022", "4"), ("telnet:10023", "14"), ("smtp:10025/LOGIN", "4")]
    {
        attack(&fleet, folder.path(), target, tasks);
    }
    for service in ["ftp", "ssh", "telnet", "smtp"] {
        check_plain(&fleet, service, USERS);
    }
}

#[test]
fn every_password_for_redis_is_stored_byte_for_byte() {
    if !have("hydra", "hydra") {
        return;
    }
    let text = "[general]\nruntime = loopback\nnet = 127.69.0.0/16\n[decky-01]\nservices = redis\n\
                ip = 127.69.1.0\n[decky-01.redis]\npassword = s3cret\n";
    let fleet = Fleet::deploy_config(69, text);
    let folder = tempfile::tempdir().unwrap();
    attack(&fleet, folder.path(), "redis:16379", "4");
    check_plain(&fleet, "redis", &["default"]);
}

#[test]
fn every_scramble_of_mysql_is_stored_with_what_cracks_it() {
    if !have("hydra", "hydra") {
        return;
    }
    let fleet = Fleet::deploy(87, "deny");
    let folder = tempfile::tempdir().unwrap();
    attack(&fleet, folder.path(), "mysql:13306", "4");
    for user in USERS {
        for password in PASSWORDS {
            let cracks = |event: &Value| {
                bytes(event, "secret_b64") == scramble(&bytes(event, "challenge_b64"), password)
            };
            wait(&fleet, "mysql", user, cracks, &String::from_utf8_lossy(password));
        }
    }
}

/// What a client answers to a salt by `mysql_native_password`: SHA1(p) xor SHA1(salt, SHA1(SHA1(p))).
fn scramble(salt: &[u8], password: &[u8]) -> Vec<u8> {
    let first = Sha1::digest(password);
    let mask = Sha1::new().chain_update(salt).chain_update(Sha1::digest(first)).finalize();
    first.iter().zip(mask).map(|(left, right)| left ^ right).collect()
}
