//! Logins by caching_sha2_password, changes of user, compression, and the rest of the binary protocol.

#![expect(clippy::indexing_slicing, reason = "a test whose bytes are not as expected should fail")]

use crate::mysql::{Client, machine, packet, payloads, server, shown, step};
use netsvc_kit::{
    Action, Host, Input, Machine, Out,
    testing::{host, link, persona, sent, stage},
};
use netsvc_persona::Product;
use rsa::{Oaep, RsaPublicKey, pkcs8::DecodePublicKey, rand_core::OsRng};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use std::{future::poll_fn, sync::Arc};

/// A MySQL 8 client without TLS that has got its greeting.
struct Eighth {
    machine: Box<dyn Machine>,
    salt: Vec<u8>,
    sequence: u8,
}

fn eighth(test: impl AsyncFnOnce(&Arc<Host>)) {
    let folder = tempfile::tempdir().unwrap();
    let mut persona = persona("db-02");
    let product = Product { name: "MySQL".into(), version: "8.0.36".into(), packaging: String::new() };
    persona.products.insert("mysql".to_owned(), product);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { test(&host(&stage(folder.path()), persona, "mysql", &[])).await });
}

fn xor(left: &[u8], right: &[u8]) -> Vec<u8> {
    left.iter().zip(right.iter().cycle()).map(|(left, right)| left ^ right).collect()
}

impl Eighth {
    fn connect(host: &Arc<Host>) -> Self {
        let mut machine = machine(host, &link(3306));
        let greeting = step(machine.as_mut(), Input::Open);
        let body = &greeting[4..];
        let version = body.iter().skip(1).position(|byte| *byte == 0).unwrap() + 2;
        let salt = [&body[version + 4..version + 12], &body[version + 31..version + 43]].concat();
        Eighth { machine, salt, sequence: 1 }
    }

    fn say(&mut self, payload: &[u8]) -> (Vec<Vec<u8>>, Vec<Action>) {
        let mut out = Out::default();
        self.machine.step(Input::Bytes(&packet(self.sequence, payload)), &mut out);
        self.sequence += 2;
        let actions = out.take();
        (payloads(&sent(&actions)), actions)
    }

    fn answer(&mut self, password: &str) -> Vec<Vec<u8>> {
        let first = Sha256::digest(password);
        let mask = Sha256::new().chain_update(Sha256::digest(first)).chain_update(&self.salt).finalize();
        let capabilities = 1_u32 | 1 << 9 | 1 << 15 | 1 << 19;
        let mut response = capabilities.to_le_bytes().to_vec();
        response.extend([0, 0, 0, 1, 45]);
        response.extend([0; 23]);
        response.extend(b"root\0\x20");
        response.extend(xor(&first, &mask));
        response.extend(b"caching_sha2_password\0");
        self.say(&response).0
    }

    /// Asks for the key, and gives `password` encrypted with it.
    async fn give(&mut self, password: &str) -> (Vec<Vec<u8>>, Vec<Action>) {
        assert_eq!(self.say(&[2]).0, Vec::<Vec<u8>>::new());
        poll_fn(|context| self.machine.poll_woken(context)).await;
        let mut out = Out::default();
        self.machine.woken(&mut out);
        let key = payloads(&sent(&out.take())).remove(0);
        assert_eq!(key[0], 1);
        let key = RsaPublicKey::from_public_key_pem(std::str::from_utf8(&key[1..]).unwrap()).unwrap();
        let masked = xor(&[password.as_bytes(), &[0]].concat(), &self.salt);
        let sealed = key.encrypt(&mut OsRng, Oaep::new::<Sha1>(), &masked).unwrap();
        self.say(&sealed)
    }
}

fn told(actions: &[Action], text: &str) -> bool {
    actions.iter().any(|action| match action {
        Action::Record(_, fields) => fields.iter().any(|(_, value)| value == text.as_bytes()),
        _ => false,
    })
}

#[test]
fn a_password_comes_encrypted_once_and_then_the_scramble_is_enough() {
    eighth(async |host| {
        let mut client = Eighth::connect(host);
        assert_eq!(client.answer("toor"), [[1, 4]]);
        assert_eq!(client.give("toor").await.0[0][0], 0);
        let mut again = Eighth::connect(host);
        let packets = again.answer("toor");
        assert_eq!((packets[0].as_slice(), packets[1][0]), (&[1, 3][..], 0));
    });
}

#[test]
fn a_wrong_password_is_asked_for_written_down_and_refused() {
    eighth(async |host| {
        let mut client = Eighth::connect(host);
        assert_eq!(client.answer("hunter2"), [[1, 4]]);
        let (packets, actions) = client.give("hunter2").await;
        assert!(shown(&packets).starts_with("error 1045 Access denied for user 'root'@"));
        assert!(told(&actions, "hunter2"));
        assert!(actions.contains(&Action::Close));
    });
}

#[test]
fn who_does_not_want_to_give_the_password_leaves_the_scramble() {
    eighth(async |host| {
        for goodbye in [Input::Eof, Input::Bytes(&packet(3, b"toor\0"))] {
            let mut client = Eighth::connect(host);
            assert_eq!(client.answer("toor"), [[1, 4]]);
            let mut out = Out::default();
            client.machine.step(goodbye, &mut out);
            assert!(told(&out.take(), "mysql_caching_sha2"));
        }
    });
}

#[test]
fn a_user_can_be_changed_and_a_wrong_one_changes_nothing() {
    server(|host| {
        let (mut client, _) = Client::login(host, "", 0);
        client.query("set @a = 5");
        let wrong =
            client.command(17, &[&b"root\0\x14"[..], &[7; 20], b"\0\x2d\0mysql_native_password\0"].concat());
        assert!(shown(&wrong).starts_with("error 1045"), "{}", shown(&wrong));
        assert_eq!(client.query("select @a"), "| @a\n  5\n");
    });
}

#[test]
fn packets_travel_compressed_when_that_was_agreed_on() {
    server(|host| {
        let mut machine = Client::login(host, "", 1 << 5).0.machine;
        let inner = packet(0, b"\x03select repeat('a', 500)");
        let length = u8::try_from(inner.len()).unwrap();
        let outer = [&[length, 0, 0, 0, 0, 0, 0], inner.as_slice()].concat();
        let answer = step(machine.as_mut(), Input::Bytes(&outer));
        assert_eq!(answer[3], 1, "the answer's first compressed packet is the second of the exchange");
        let plain = usize::from(answer[4]) | usize::from(answer[5]) << 8;
        assert!(plain > 500 && answer.len() < plain);
    });
}

#[test]
fn a_cursor_gives_its_rows_as_they_are_fetched() {
    server(|host| {
        let (mut client, _) = Client::login(host, "", 0);
        client.command(22, b"select 1 union select 2 union select 3");
        let heading = client.command(23, &[1, 0, 0, 0, 1, 1, 0, 0, 0]);
        assert_eq!(heading.len(), 3, "count, column, end: no rows");
        assert_eq!(client.command(28, &[1, 0, 0, 0, 2, 0, 0, 0]).len(), 3);
        let rest = client.command(28, &[1, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(rest.len(), 2);
        assert_eq!(rest[1][3] & 0x80, 0x80, "the last row was sent");
        assert!(shown(&client.command(28, &[1, 0, 0, 0, 2, 0, 0, 0])).starts_with("error 1421"));
    });
}

#[test]
fn values_come_in_pieces_and_in_bulk() {
    server(|host| {
        let (mut client, _) = Client::login(host, "", 0);
        client.command(22, b"select concat(?, 'd')");
        client.command(24, &[1, 0, 0, 0, 0, 0, b'a']);
        client.command(24, &[1, 0, 0, 0, 0, 0, b'b', b'c']);
        let rows = client.command(23, &[1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0xfd, 0]);
        assert_eq!(rows[3], b"\0\0\x04abcd");
        client.query("create database bulk");
        client.query("create table bulk.t (n int)");
        client.command(22, b"insert into bulk.t values (?)");
        let bulk = client.command(250, &[2, 0, 0, 0, 128, 0, 1, 0, 0, 5, 0, 6, 1]);
        assert_eq!(shown(&bulk), "ok 3\n");
        assert_eq!(client.query("select sum(n), count(*) from bulk.t"), "| sum(n)\tcount(*)\n  11\t3\n");
    });
}

#[test]
fn the_small_commands_answer() {
    server(|host| {
        let (mut client, _) = Client::login(host, "", 0);
        assert!(client.command(9, b"")[0].starts_with(b"Uptime: "));
        assert!(shown(&client.command(10, b"")).starts_with("| Id\tUser\tHost"));
        assert!(client.query("select 1; select 2").starts_with("error 1064"));
        assert_eq!(client.command(27, &[0, 0])[0][0], 0xfe);
        assert_eq!(client.query("select 1; select 2"), "| 1\n  1\n");
        assert!(shown(&client.command(12, &[1, 0, 0, 0])).starts_with("error 1094 Unknown thread id: 1"));
        assert!(shown(&client.command(99, b"")).starts_with("error 1047"));
    });
}
