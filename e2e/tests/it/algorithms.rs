//! Every algorithm that ssh offers completes a login and a command with OpenSSH's client.

use crate::{
    client_ssh::ssh_with,
    fleet::{Fleet, client, have, printed},
};
use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// The name lists of the server's KEXINIT (RFC 4253 §7.1).
fn offered(fleet: &Fleet) -> Vec<Vec<String>> {
    let mut stream = TcpStream::connect((fleet.ip(0), 10022)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n").unwrap();
    let mut line = Vec::new();
    while line.last() != Some(&b'\n') {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        line.push(byte[0]);
    }
    let mut head = [0; 4];
    stream.read_exact(&mut head).unwrap();
    let mut packet = vec![0; u32::from_be_bytes(head) as usize];
    stream.read_exact(&mut packet).unwrap();
    let mut rest = &packet[1 + 1 + 16..];
    let mut lists = Vec::new();
    for _ in 0..8 {
        let (length, after) = rest.split_at(4);
        let (list, after) = after.split_at(u32::from_be_bytes(length.try_into().unwrap()) as usize);
        lists.push(String::from_utf8(list.to_vec()).unwrap().split(',').map(str::to_owned).collect());
        rest = after;
    }
    lists
}

/// What the client here has of a kind.
fn supported(kind: &str) -> BTreeSet<String> {
    printed(&client("ssh", &["-Q", kind])).lines().map(str::to_owned).collect()
}

#[test]
fn every_algorithm_on_offer_completes_a_login() {
    if !have("sshpass", "sshpass") {
        return;
    }
    let fleet = Fleet::deploy(77, "accept-after=1");
    let lists = offered(&fleet);
    let (mut done, mut lacking) = (0, Vec::new());
    // Ciphers without authentication of their own make the MACs count.
    for (option, kind, list, more) in [
        ("KexAlgorithms", "kex", &lists[0], ""),
        ("HostKeyAlgorithms", "HostKeyAlgorithms", &lists[1], ""),
        ("Ciphers", "cipher", &lists[2], ""),
        ("MACs", "mac", &lists[4], "Ciphers=aes128-ctr"),
    ] {
        let known = supported(kind);
        for name in
            list.iter().filter(|name| !name.starts_with("ext-info") && !name.starts_with("kex-strict"))
        {
            if !known.contains(name) {
                lacking.push(name.clone());
                continue;
            }
            let setting = format!("{option}={name}");
            let mut options = vec!["-o", &setting];
            if !more.is_empty() {
                options.extend(["-o", more]);
            }
            let (well, seen) = ssh_with(&fleet, &options, "echo $((6*7))");
            assert!(well && seen == "42\n", "{setting}: {seen}");
            done += 1;
        }
    }
    for list in &lists[6..8] {
        assert!(list.contains(&"none".to_owned()), "{list:?}");
    }
    let (well, seen) = ssh_with(&fleet, &["-C"], "echo compressed");
    assert!(well && seen == "compressed\n", "{seen}");
    println!("{done} algorithms complete; the client lacks {}: {lacking:?}", lacking.len());
    assert!(done > 25, "only {done}; the client lacks {lacking:?}");
}
