//! Replies to peers that do not behave, beside those recorded from real daemons: OpenSSH 9.2p1 of Debian 12
//! (`9.2p1-2+deb12u10`), 8.4p1 of Debian 11 and 10.0p2 of Debian's backports gave the same ones.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that goes wrong should stop")]

use netsvc_ssh::{
    ChannelIo, Config, Exit, Handler, HostKeys, LazyRsa, PasswordAttempt, Profile, Program, Running,
    files::FileSystem,
};
use proptest::prelude::*;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

struct Nobody;

impl Handler for Nobody {
    async fn password(&mut self, _attempt: PasswordAttempt<'_>) -> bool {
        false
    }

    fn start(&mut self, _program: Program, _io: ChannelIo) -> Running {
        Box::pin(async { Exit::Status(1) })
    }

    fn files(&mut self, _user: &[u8]) -> Option<Arc<dyn FileSystem>> {
        None
    }
}

fn config(version: &str, packaging: &str, system: &str) -> Arc<Config> {
    let profile = Profile::new(version, packaging, system).unwrap();
    let keys = HostKeys::new(&[1; 32], &[2; 32], Arc::new(LazyRsa::new(|| None))).unwrap();
    Arc::new(Config::new(profile, keys))
}

/// Sends `bytes` after the banner and gives what came back, without the banner.
async fn reply(config: Arc<Config>, bytes: &[u8]) -> Vec<u8> {
    let (mut client, server) = duplex(64 * 1024);
    let serving = tokio::spawn(netsvc_ssh::serve(server, config, Nobody));
    client.write_all(bytes).await.unwrap();
    client.shutdown().await.unwrap();
    let mut all = Vec::new();
    client.read_to_end(&mut all).await.unwrap();
    serving.await.unwrap();
    let end = all.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    all.split_off(end)
}

async fn check(config: &Arc<Config>, bytes: &[u8], expected: &[u8]) {
    let mut got = reply(Arc::clone(config), bytes).await;
    // A KEXINIT is random; it is known by its number.
    if got.get(5) == Some(&20) {
        let length = u32::from_be_bytes(got[..4].try_into().unwrap()) as usize;
        got = [b"KEXINIT", &got[length + 4..]].concat();
    }
    assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(expected), "{bytes:?}");
}

/// SSH-04, SSH-05, SSH-07.
#[tokio::test]
async fn bad_identifications_get_the_answers_of_openssh() {
    let config = config("9.2p1", "Debian-2+deb12u10", "debian12");
    let invalid = b"Invalid SSH identification string.\r\n".as_slice();
    let major = b"Protocol major versions differ.\r\n".as_slice();
    check(&config, b"GET / HTTP/1.0\r\n\r\n", invalid).await;
    check(&config, b"\r\n", invalid).await;
    check(&config, b"a\0b\n", invalid).await;
    check(&config, &[b'A'; 9000], invalid).await;
    check(&config, b"SSH-2.0-a\rb\n", invalid).await;
    check(&config, b"SSH-1.5-x\r\n", major).await;
    check(&config, b"SSH-9.9-x\r\n", major).await;
    check(&config, b"SSH-2.0-Probe-x\r\n", b"").await;
    check(&config, b"\r\r\r\r\r\r\r\r", b"").await;
}

#[tokio::test]
async fn the_old_release_answers_shortly() {
    let config = config("7.4p1", "", "centos7");
    check(&config, b"GET / HTTP/1.0\r\n\r\n", b"Protocol mismatch.\n").await;
    check(&config, b"SSH-1.5-x\r\n", b"Protocol major versions differ.\n").await;
}

#[tokio::test]
async fn bad_packets_before_the_first_keys_are_dropped_silently_but_for_bad_padding() {
    let config = config("9.2p1", "Debian-2+deb12u10", "debian12");
    let packet = |bytes: &[u8]| [b"SSH-2.0-foo\r\n", bytes, &[0; 10]].concat();
    check(&config, &packet(&[0, 0, 0, 1, 0, 0, 0, 0]), b"KEXINIT").await;
    check(&config, &packet(b"AAAAAAAAAAAAAAAA"), b"KEXINIT").await;
    check(&config, &packet(&[0, 0, 0, 12, 10, 50]), b"KEXINIT").await;
    let said =
        [b"KEXINIT\0\0\0\x34\x0a\x01\0\0\0\x02\0\0\0\x1cCorrupted padlen 3 on input.".as_slice(), &[0; 14]];
    check(&config, &packet(&[0, 0, 0, 12, 3, 20]), &said.concat()).await;
}

#[tokio::test]
async fn connections_beyond_the_limit_are_turned_away_in_the_words_of_the_release() {
    for (version, packaging, text) in [
        ("8.4p1", "Debian-5+deb11u3", "Exceeded MaxStartups\r\n"),
        ("9.2p1", "Debian-2+deb12u10", "Exceeded MaxStartups\r\n"),
        ("10.0p2", "Debian-7", "Not allowed at this time\r\n"),
    ] {
        let profile = Profile::new(version, packaging, "").unwrap();
        let keys = HostKeys::new(&[1; 32], &[2; 32], Arc::new(LazyRsa::new(|| None))).unwrap();
        let mut config = Config::new(profile, keys);
        config.startups = netsvc_ssh::Startups::new(0, 100, 0);
        let (mut client, server) = duplex(1024);
        let outcome = netsvc_ssh::serve(server, Arc::new(config), Nobody).await;
        let mut all = String::new();
        client.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, text);
        assert_eq!(outcome.bytes_out, text.len() as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_bytes_end_the_connection_or_wait(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        framed in any::<bool>(),
    ) {
        let config = config("9.6p1", "Ubuntu-3ubuntu13.5", "ubuntu2404");
        let mut sent = b"SSH-2.0-x\r\n".to_vec();
        if framed {
            let body = bytes.len() / 8 * 8 + 4;
            sent.extend_from_slice(&u32::try_from(body).unwrap().to_be_bytes());
            sent.push(4);
        }
        sent.extend_from_slice(&bytes);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(reply(config, &sent));
    }
}
