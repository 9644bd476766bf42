//! Statements, sent to the mysql service as a client sends them. `mysql/answers.txt` holds what mariadbd 10.11
//! answered to the same statements: columns and rows, rows that changed, or an error.

#![expect(clippy::indexing_slicing, reason = "a test whose bytes are not as expected should fail")]

use netsvc_kit::{
    Host, Input, Link, Machine, Out, Serve,
    testing::{host, link, persona, sent, stage},
};
use netsvc_proto::services::mysql::SERVICE;
use sha1::{Digest, Sha1};
use std::{fmt::Write as _, sync::Arc};

/// Statements whose answers differ for a reason.
const EXPLAINED: &str = include_str!("mysql/explained.txt");

pub(crate) struct Client {
    pub(crate) machine: Box<dyn Machine>,
}

pub(crate) fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
    [&[length[0], length[1], length[2], sequence], payload].concat()
}

/// The payloads of packets.
pub(crate) fn payloads(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    while let Some((head, rest)) = bytes.split_at_checked(4) {
        let length = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16;
        let (payload, after) = rest.split_at(length);
        all.push(payload.to_vec());
        bytes = after;
    }
    all
}

pub(crate) fn machine(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    match SERVICE.serve {
        Serve::Machine(open) => open(host, link),
        _ => unreachable!("the service is a machine"),
    }
}

pub(crate) fn step(machine: &mut dyn Machine, input: Input<'_>) -> Vec<u8> {
    let mut out = Out::default();
    machine.step(input, &mut out);
    sent(&out.take())
}

impl Client {
    /// Logs in as root, with `database` and the capabilities `flags` beside the usual ones; the last answer.
    pub(crate) fn login(host: &Arc<Host>, database: &str, flags: u32) -> (Self, Vec<u8>) {
        let mut machine = machine(host, &link(3306));
        let greeting = step(machine.as_mut(), Input::Open);
        let body = &greeting[4..];
        let version = body.iter().skip(1).position(|byte| *byte == 0).unwrap() + 2;
        let salt = [&body[version + 4..version + 12], &body[version + 31..version + 43]].concat();
        let first = Sha1::digest(b"toor");
        let mask = Sha1::new().chain_update(salt).chain_update(Sha1::digest(first)).finalize();
        let answer: Vec<u8> = first.iter().zip(mask).map(|(left, right)| left ^ right).collect();
        let capabilities = 1_u32 | 1 << 3 | 1 << 9 | 1 << 15 | 1 << 19 | flags;
        let mut response = capabilities.to_le_bytes().to_vec();
        response.extend([0, 0, 0, 1, 45]);
        response.extend([0; 23]);
        response.extend(b"root\0\x14");
        response.extend(answer);
        response.extend(database.as_bytes());
        response.extend(b"\0mysql_native_password\0");
        let answer = step(machine.as_mut(), Input::Bytes(&packet(1, &response)));
        (Client { machine }, answer)
    }

    pub(crate) fn command(&mut self, code: u8, body: &[u8]) -> Vec<Vec<u8>> {
        payloads(&step(self.machine.as_mut(), Input::Bytes(&packet(0, &[&[code], body].concat()))))
    }

    pub(crate) fn query(&mut self, text: &str) -> String {
        shown(&self.command(3, text.as_bytes()))
    }
}

fn counted(bytes: &[u8]) -> (Option<String>, &[u8]) {
    match bytes {
        [0xfb, rest @ ..] => (None, rest),
        [0xfc, low, high, rest @ ..] => {
            let length = usize::from(*low) | usize::from(*high) << 8;
            (Some(rest[..length].iter().map(|byte| char::from(*byte)).collect()), &rest[length..])
        }
        [length, rest @ ..] => {
            let length = usize::from(*length);
            (Some(rest[..length].iter().map(|byte| char::from(*byte)).collect()), &rest[length..])
        }
        [] => (None, bytes),
    }
}

/// An answer as the recording writes it.
pub(crate) fn shown(packets: &[Vec<u8>]) -> String {
    let mut text = String::new();
    match packets.first().map(Vec::as_slice) {
        Some([0, affected, ..]) => writeln!(text, "ok {affected}").unwrap(),
        Some([0xff, low, high, rest @ ..]) => {
            let number = u16::from_le_bytes([*low, *high]);
            writeln!(text, "error {number} {}", String::from_utf8_lossy(&rest[6..])).unwrap();
        }
        Some([count, ..]) => {
            let count = usize::from(*count);
            let name = |definition: &Vec<u8>| {
                let mut rest = definition.as_slice();
                for _ in 0..4 {
                    rest = counted(rest).1;
                }
                counted(rest).0.unwrap_or_default()
            };
            let names: Vec<String> = packets.iter().skip(1).take(count).map(name).collect();
            writeln!(text, "| {}", names.join("\t")).unwrap();
            for row in packets.iter().skip(count + 2).take_while(|row| row.first() != Some(&0xfe)) {
                let (mut rest, mut cells) = (row.as_slice(), Vec::new());
                while !rest.is_empty() {
                    let (cell, after) = counted(rest);
                    cells.push(cell.unwrap_or_else(|| "NULL".to_owned()));
                    rest = after;
                }
                writeln!(text, "  {}", cells.join("\t")).unwrap();
            }
        }
        _ => {}
    }
    text
}

pub(crate) fn server(test: impl FnOnce(&Arc<Host>)) {
    let folder = tempfile::tempdir().unwrap();
    let host = host(&stage(folder.path()), persona("db-01"), "mysql", &[]);
    test(&host);
}

#[test]
fn the_answers_are_those_of_the_real_server() {
    the_answers_are(include_str!("mysql/answers.txt"));
}

#[test]
fn the_answers_to_further_statements_are_those_of_the_real_server() {
    the_answers_are(include_str!("mysql/further.txt"));
}

/// Each statement of `answers` is answered as it was recorded, or the difference is explained.
fn the_answers_are(answers: &str) {
    let explained: Vec<&str> = EXPLAINED.lines().filter(|line| !line.starts_with('#')).collect();
    server(|host| {
        let (mut client, _) = Client::login(host, "", 0);
        let mut differences = String::new();
        for part in answers.trim_start_matches("> ").split("\n> ") {
            let (statement, recorded) = part.split_once('\n').unwrap();
            let ours = client.query(statement);
            // Patch releases of 10.11 name clauses in another way.
            let recorded = recorded
                .replace("in 'SELECT'", "in 'field list'")
                .replace("in 'INSERT INTO'", "in 'field list'")
                .replace("in 'SET'", "in 'field list'")
                .replace("in 'WHERE'", "in 'where clause'")
                .replace("in 'ORDER BY'", "in 'order clause'");
            let same = recorded.trim_end() == ours.trim_end();
            if !same && !explained.contains(&statement) {
                writeln!(differences, "{statement}\n{recorded}{ours}").unwrap();
            }
        }
        assert!(differences.is_empty(), "statement, mariadbd, ours:\n{differences}");
    });
}

#[test]
fn what_was_written_is_there_for_who_wrote_it() {
    server(|host| {
        let (mut client, _) = Client::login(host, "", 0);
        for statement in [
            "create database please_read",
            "create table please_read.W (a text)",
            "insert into please_read.W values ('pay')",
        ] {
            assert!(client.query(statement).starts_with("ok "), "{statement}");
        }
        let (mut again, answer) = Client::login(host, "please_read", 0);
        assert_eq!(payloads(&answer)[0][0], 0);
        assert_eq!(again.query("select a from W"), "| a\n  pay\n");
        let user = again.query("select Host, User, plugin from mysql.user limit 1");
        assert_eq!(user, "| Host\tUser\tplugin\n  localhost\troot\tmysql_native_password\n");
    });
}

#[test]
fn an_unknown_database_is_refused_at_the_door() {
    server(|host| {
        let (_, answer) = Client::login(host, "nosuch", 0);
        assert_eq!(shown(&payloads(&answer)), "error 1049 Unknown database 'nosuch'\n");
    });
}

#[test]
fn prepared_statements_speak_the_binary_protocol() {
    server(|host| {
        let (mut client, _) = Client::login(host, "", 0);
        let prepared = client.command(22, b"select ? + 1");
        assert_eq!(prepared[0][..9], [0, 1, 0, 0, 0, 1, 0, 1, 0]);
        let execute = [&[1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 8, 0][..], &41_i64.to_le_bytes()].concat();
        let rows = client.command(23, &execute);
        assert_eq!(rows[3][2..], 42_i64.to_le_bytes());
    });
}

#[test]
fn several_statements_have_several_answers() {
    server(|host| {
        let (mut client, _) = Client::login(host, "", 1 << 16);
        let packets = client.command(3, b"select 1; select 2");
        assert_eq!(packets.iter().filter(|packet| packet.first() == Some(&1) && packet.len() < 4).count(), 4);
        let (mut plain, _) = Client::login(host, "", 0);
        assert!(plain.query("select 1; select 2").starts_with("error 1064"));
    });
}
