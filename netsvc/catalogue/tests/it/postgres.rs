//! The postgres service as a client's library speaks to it: logins, the simple and the extended form, COPY.

#![expect(clippy::indexing_slicing, reason = "a test whose bytes are not as expected should fail")]

use netsvc_kit::{
    Action, Host, Input, Machine, Out, Serve,
    testing::{host, link, persona_with, sent, stage},
};
use netsvc_persona::LoginPolicy;
use netsvc_proto::services::postgres::SERVICE;
use std::{fmt::Write as _, future::poll_fn, sync::Arc};

/// A message of a client.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &u32::try_from(body.len() + 4).unwrap().to_be_bytes(), body].concat()
}

/// Types and bodies of the server's messages.
fn messages(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut all = Vec::new();
    while bytes.len() >= 5 {
        let length = usize::try_from(u32::from_be_bytes(bytes[1..5].try_into().unwrap())).unwrap();
        all.push((bytes[0], bytes[5..=length].to_vec()));
        bytes = &bytes[length + 1..];
    }
    all
}

/// The field of an error or a notice.
fn field(body: &[u8], letter: u8) -> Option<String> {
    let found = body.split(|byte| *byte == 0).find(|field| field.first() == Some(&letter))?;
    Some(String::from_utf8_lossy(&found[1..]).into_owned())
}

/// Rows with their names, tags and errors, one a line.
fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (kind, body) in messages(bytes) {
        match kind {
            b'T' => {
                let mut rest = &body[2..];
                let mut names = Vec::new();
                while let Some(end) = rest.iter().position(|byte| *byte == 0) {
                    names.push(String::from_utf8_lossy(&rest[..end]).into_owned());
                    rest = &rest[end + 19..];
                }
                writeln!(text, "| {}", names.join("|")).unwrap();
            }
            b'D' => {
                let mut rest = &body[2..];
                let mut cells = Vec::new();
                while rest.len() >= 4 {
                    let length = i32::from_be_bytes(rest[..4].try_into().unwrap());
                    let length = usize::try_from(length).ok();
                    let cell =
                        length.map(|length| String::from_utf8_lossy(&rest[4..4 + length]).into_owned());
                    rest = &rest[4 + length.unwrap_or(0)..];
                    cells.push(cell.unwrap_or_else(|| "NULL".to_owned()));
                }
                writeln!(text, "  {}", cells.join("|")).unwrap();
            }
            b'C' => writeln!(text, "= {}", String::from_utf8_lossy(&body[..body.len() - 1])).unwrap(),
            b'E' | b'N' => {
                let part = |letter| field(&body, letter).unwrap_or_default();
                writeln!(text, "{} {} {}", part(b'S'), part(b'C'), part(b'M')).unwrap();
            }
            b'd' => write!(text, "d {}", String::from_utf8_lossy(&body)).unwrap(),
            _ => {}
        }
    }
    text
}

struct Client(Box<dyn Machine>);

impl Client {
    fn connect(host: &Arc<Host>) -> Self {
        let Serve::Machine(open) = SERVICE.serve else { unreachable!("the service is a machine") };
        Client(open(host, &link(5432)))
    }

    fn say(&mut self, bytes: &[u8]) -> (Vec<u8>, Vec<Action>) {
        let mut out = Out::default();
        self.0.step(Input::Bytes(bytes), &mut out);
        let actions = out.take();
        (sent(&actions), actions)
    }

    /// The start-up packet for `user`, and what is answered.
    fn start(&mut self, user: &str, database: &str) -> Vec<u8> {
        let body = format!("user\0{user}\0database\0{database}\0\0");
        let body = [&196_608_u32.to_be_bytes(), body.as_bytes()].concat();
        self.say(&[&u32::try_from(body.len() + 4).unwrap().to_be_bytes()[..], &body].concat()).0
    }

    fn query(&mut self, text: &str) -> String {
        shown(&self.say(&message(b'Q', format!("{text}\0").as_bytes())).0)
    }
}

/// A server that asks for the password itself.
fn server(settings: &[(&str, &str)], policy: LoginPolicy, test: impl FnOnce(&Arc<Host>)) {
    let folder = tempfile::tempdir().unwrap();
    let mut persona = persona_with(&SERVICE, "db-01");
    persona.login = policy;
    test(&host(&stage(folder.path()), persona, "postgres", settings));
}

/// A client that is in.
fn inside(host: &Arc<Host>) -> Client {
    let mut client = Client::connect(host);
    assert_eq!(client.start("postgres", "postgres"), message(b'R', &[0, 0, 0, 3]));
    let (answer, _) = client.say(&message(b'p', b"toor\0"));
    let kinds: Vec<u8> = messages(&answer).iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds.first(), Some(&b'R'), "{}", shown(&answer));
    assert_eq!(kinds[kinds.len() - 2..], [b'K', b'Z']);
    client
}

fn logged_in(test: impl FnOnce(Client)) {
    server(&[("auth", "password")], LoginPolicy::AcceptListed, |host| test(inside(host)));
}

#[test]
fn a_wrong_password_is_refused_with_the_fields_of_the_release() {
    server(&[("auth", "password")], LoginPolicy::AcceptListed, |host| {
        let mut client = Client::connect(host);
        client.start("postgres", "postgres");
        let (answer, actions) = client.say(&message(b'p', b"wrong\0"));
        let (kind, body) = messages(&answer).remove(0);
        assert_eq!(kind, b'E');
        let part = |letter| field(&body, letter).unwrap();
        assert_eq!(part(b'M'), "password authentication failed for user \"postgres\"");
        assert_eq!(
            (part(b'C'), part(b'F'), part(b'R')),
            ("28P01".into(), "auth.c".into(), "auth_failed".into())
        );
        assert!(actions.contains(&Action::Close));
    });
}

#[test]
fn an_answer_to_md5_is_kept_as_crackers_read_it() {
    server(&[], LoginPolicy::AcceptAfter(2), |host| {
        let mut client = Client::connect(host);
        let (kind, body) = messages(&client.start("postgres", "postgres")).remove(0);
        assert_eq!((kind, &body[..4]), (b'R', &[0, 0, 0, 5][..]));
        let (_, actions) = client.say(&message(b'p', b"md50123456789abcdef0123456789abcdef\0"));
        let line = format!("$postgres$postgres*{}*0123456789abcdef0123456789abcdef", hex::encode(&body[4..]));
        let kept = actions.iter().any(|action| {
            matches!(action, Action::Record(_, fields)
                if fields.contains(&("crack_line", line.clone().into_bytes())))
        });
        assert!(kept, "{actions:?}");
    });
}

#[test]
fn databases_that_are_not_there_are_refused_after_the_login() {
    server(&[("auth", "password")], LoginPolicy::AcceptListed, |host| {
        let mut client = Client::connect(host);
        client.start("postgres", "nosuch");
        let (answer, _) = client.say(&message(b'p', b"toor\0"));
        assert_eq!(shown(&answer), "FATAL 3D000 database \"nosuch\" does not exist\n");
    });
}

#[test]
fn statements_are_answered() {
    logged_in(|mut client| {
        for (text, wanted) in [
            (
                "select 1 as a, 'x' || 'y', true, null, 1=2",
                "| a|?column?|?column?|?column?|?column?\n  1|xy|t|NULL|f\n= SELECT 1\n",
            ),
            (
                "select current_user, current_database()",
                "| current_user|current_database\n  postgres|postgres\n= SELECT 1\n",
            ),
            (
                "create table t (id serial primary key, n varchar(5) not null, d numeric(8,2))",
                "= CREATE TABLE\n",
            ),
            ("insert into t (n, d) values ('a', 1.5), ('B', null)", "= INSERT 0 2\n"),
            ("select n from t where n = 'b'", "| n\n= SELECT 0\n"),
            ("select id, n, d from t order by id desc limit 1", "| id|n|d\n  2|B|NULL\n= SELECT 1\n"),
            (
                "update t set n = 'c' where id = 2; select count(*) from t",
                "= UPDATE 1\n| count\n  2\n= SELECT 1\n",
            ),
            (
                "begin; delete from t; rollback; select count(*) from t",
                "= BEGIN\n= DELETE 2\n= ROLLBACK\n| count\n  2\n= SELECT 1\n",
            ),
            ("selec 1", "ERROR 42601 syntax error at or near \"selec\"\n"),
            ("select * from nosuch", "ERROR 42P01 relation \"nosuch\" does not exist\n"),
            ("select 1/0", "ERROR 22012 division by zero\n"),
            ("select 'a'::int", "ERROR 22P02 invalid input syntax for type integer: \"a\"\n"),
            ("show server_encoding", "| server_encoding\n  UTF8\n= SHOW\n"),
            ("set client_encoding to 'UTF8'", "= SET\n"),
            ("set nosuch = 1", "ERROR 42704 unrecognized configuration parameter \"nosuch\"\n"),
            ("create role postgres", "ERROR 42710 role \"postgres\" already exists\n"),
            ("drop table t", "= DROP TABLE\n"),
            (";", ""),
        ] {
            assert_eq!(client.query(text), wanted, "{text}");
        }
    });
}

#[test]
fn a_failed_transaction_takes_no_statement() {
    logged_in(|mut client| {
        client.query("begin");
        client.query("select 1/0");
        assert!(client.query("select 1").starts_with("ERROR 25P02"));
        assert_eq!(client.query("commit"), "= ROLLBACK\n");
    });
}

#[test]
fn rows_are_copied_in_and_out() {
    logged_in(|mut client| {
        client.query("create table c (a int, b text)");
        let (answer, _) = client.say(&message(b'Q', b"copy c from stdin\0"));
        assert_eq!(messages(&answer)[0].0, b'G');
        let rows = [message(b'd', b"1\tx\n2\t\\N\n"), message(b'c', b"")].concat();
        assert_eq!(shown(&client.say(&rows).0), "= COPY 2\n");
        assert_eq!(client.query("copy c to stdout"), "d 1\tx\nd 2\t\\N\n= COPY 2\n");
    });
}

#[tokio::test]
async fn a_program_of_a_copy_runs_in_the_shell_and_fills_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let host =
        host(&stage(folder.path()), persona_with(&SERVICE, "db-01"), "postgres", &[("auth", "password")]);
    let mut client = inside(&host);
    client.query("create table cmd_exec (cmd_output text)");
    let (answer, actions) = client.say(&message(b'Q', b"copy cmd_exec from program 'echo hi; whoami'\0"));
    assert!(answer.is_empty());
    assert!(
        actions
            .iter()
            .any(|action| matches!(action, Action::Capture(_, _, command) if command == b"echo hi; whoami"))
    );
    poll_fn(|context| client.0.poll_woken(context)).await;
    let mut out = Out::default();
    client.0.woken(&mut out);
    assert_eq!(shown(&sent(&out.take())), "= COPY 2\n");
    assert_eq!(client.query("select * from cmd_exec"), "| cmd_output\n  hi\n  postgres\n= SELECT 2\n");
}

#[test]
fn a_password_that_was_changed_is_the_one_that_is_asked_for() {
    server(&[("auth", "password")], LoginPolicy::AcceptListed, |host| {
        let mut client = inside(host);
        assert_eq!(client.query("alter role postgres password 'mine'"), "= ALTER ROLE\n");
        assert_eq!(client.query("create user eve password 'hers'"), "= CREATE ROLE\n");
        for (user, password, wanted) in [
            ("postgres", "toor", b'E'),
            ("postgres", "mine", b'R'),
            ("eve", "hers", b'R'),
            ("eve", "mine", b'E'),
        ] {
            let mut client = Client::connect(host);
            client.start(user, "postgres");
            let (answer, _) = client.say(&message(b'p', format!("{password}\0").as_bytes()));
            let kinds: Vec<u8> = messages(&answer).iter().map(|(kind, _)| *kind).collect();
            assert_eq!(kinds.first(), Some(&wanted), "{user} {password}: {}", shown(&answer));
        }
    });
}

#[test]
fn the_extended_form_binds_values() {
    logged_in(|mut client| {
        let parse = message(b'P', b"s\0select $1::int + 1 as n, $2\0\0\0");
        let bind = message(b'B', b"\0s\0\0\0\0\x02\0\0\0\x0241\0\0\0\x01x\0\0");
        let rest = [message(b'D', b"P\0"), message(b'E', b"\0\0\0\0\0"), message(b'S', b"")].concat();
        let (answer, _) = client.say(&[parse, bind, rest].concat());
        let kinds: Vec<u8> = messages(&answer).iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, b"12TDCZ", "{}", shown(&answer));
        assert_eq!(shown(&answer), "| n|?column?\n  42|x\n= SELECT 1\n");
        let (answer, _) =
            client.say(&[message(b'E', b"no\0\0\0\0\0"), message(b'E', b"x\0"), message(b'S', b"")].concat());
        assert_eq!(
            shown(&answer),
            "ERROR 34000 portal \"no\" does not exist\n",
            "what follows is skipped up to Sync"
        );
    });
}

#[test]
fn what_psql_asks_of_the_catalogue_is_answered() {
    logged_in(|mut client| {
        client.query(
            "create table people (id serial primary key, name varchar(64) not null unique, t numeric(10,2))",
        );
        let mut failed = String::new();
        for part in include_str!("postgres/psql.sql").split("\n;\n") {
            let answer = client.query(part);
            if answer.contains("ERROR") || answer.is_empty() {
                writeln!(failed, "{part}\n{answer}").unwrap();
            }
        }
        assert!(failed.is_empty(), "{failed}");
        let tables = "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n \
                      ON n.oid = c.relnamespace WHERE c.relkind IN ('r','p','') AND n.nspname !~ '^pg_toast' \
                      AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid)";
        assert_eq!(client.query(tables), "| nspname|relname\n  public|people\n= SELECT 1\n");
    });
}
