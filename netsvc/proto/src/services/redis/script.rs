//! EVAL and SCRIPT: the small part of Lua that intruders use, and the words of the server for the rest.
//!
//! A script is a row of `local x = …`, calls, and one `return …`, over numbers, strings, tables, `KEYS`, `ARGV`,
//! `redis.call`, `redis.pcall` and some library functions. What goes beyond that returns nothing.

use super::{
    Reply,
    context::Context,
    grammar, lua,
    reply::Outcome,
    request::integer,
    words::{Words, text},
};
use netsvc_wire::{Kind, field};
use sha1::{Digest, Sha1};

/// Most scripts that are kept, and the longest, bytes.
const SCRIPTS: usize = 1000;
const LONGEST: usize = 64 * 1024;

/// Runs `name` if it is about scripts.
pub(super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    Some(match name {
        "eval" | "eval_ro" => run(context, words.at(1).to_vec(), words, name.ends_with("ro")),
        "evalsha" | "evalsha_ro" => match context.state.scripts.get(&words.lower(1)).cloned() {
            Some(script) => run(context, script, words, name.ends_with("ro")),
            None => arguments(words).and(Err(Reply::error("NOSCRIPT No matching script. Please use EVAL."))),
        },
        "script" => script(context, words),
        _ => return None,
    })
}

fn digest(script: &[u8]) -> String {
    hex::encode(Sha1::digest(script))
}

fn keep(context: &mut Context<'_>, script: &[u8]) -> String {
    let digest = digest(script);
    if context.state.scripts.len() < SCRIPTS && script.len() <= LONGEST {
        context.state.scripts.insert(digest.clone(), script.to_vec());
    }
    digest
}

/// KEYS and ARGV.
fn arguments(words: Words<'_>) -> Result<(&[Vec<u8>], &[Vec<u8>]), Reply> {
    let count = integer(words.at(2)).ok_or_else(Reply::not_integer)?;
    let count = usize::try_from(count).map_err(|_| Reply::error("ERR Number of keys can't be negative"))?;
    let refusal = || Reply::error("ERR Number of keys can't be greater than number of args");
    words.from(3).split_at_checked(count).ok_or_else(refusal)
}

fn run(context: &mut Context<'_>, script: Vec<u8>, words: Words<'_>, read_only: bool) -> Outcome {
    let hostile = [&b"loadlib"[..], b"io.popen", b"os.execute", b"luaopen", b"dofile", b"loadfile"];
    if hostile.iter().any(|needle| script.windows(needle.len()).any(|window| window == *needle)) {
        context.out.record(
            Kind::ExploitAttempt,
            vec![
                (field::TECHNIQUE, b"redis lua sandbox escape (CVE-2022-0543)".to_vec()),
                (field::DATA, script.clone()),
            ],
        );
    }
    let (keys, values) = arguments(words)?;
    let mut source = script.as_slice();
    if let Some(line) = source.strip_prefix(b"#!") {
        let end = line.iter().position(|byte| *byte == b'\n').unwrap_or(line.len());
        let (shebang, rest) = line.split_at_checked(end).unwrap_or((line, b""));
        let engine = shebang.split(|byte| *byte == b' ').next().unwrap_or_default();
        if engine != b"lua" {
            let engine = text(engine);
            return Err(Reply::error(format!("ERR Unexpected engine in script shebang: #!{engine}")));
        }
        source = rest;
    }
    if LONGEST < source.len() {
        return Ok(Reply::Null);
    }
    let program = grammar::parse(source).map_err(|reason| {
        Reply::error(format!("ERR Error compiling script (new function): user_script:1: {reason}"))
    })?;
    let digest = keep(context, &script);
    let outcome = lua::run(&program, context, keys, values, read_only);
    outcome.map(grammar::Value::into_reply).map_err(|error| match error {
        lua::Failure::Raised(reason) => {
            Reply::error(format!("ERR user_script:1: {reason} script: {digest}, on @user_script:1."))
        }
        lua::Failure::Called(text) => Reply::error(format!("{text} script: {digest}, on @user_script:1.")),
    })
}

fn script(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    match words.lower(1).as_str() {
        "load" => match grammar::parse(words.at(2)) {
            Ok(_) => Ok(Reply::bulk(keep(context, words.at(2)))),
            Err(reason) => {
                let head = "ERR Error compiling script (new function): user_script:1:";
                Err(Reply::error(format!("{head} {reason}")))
            }
        },
        "exists" => {
            let known = |digest: &Vec<u8>| context.state.scripts.contains_key(&text(digest).to_lowercase());
            Ok(Reply::Array(words.from(2).iter().map(|digest| Reply::flag(known(digest))).collect()))
        }
        "flush" if words.len() == 2 || words.is(2, "async") || words.is(2, "sync") => {
            context.state.scripts.clear();
            Ok(Reply::ok())
        }
        "flush" => Err(Reply::error("ERR SCRIPT FLUSH only support SYNC|ASYNC option")),
        "kill" => Err(Reply::error("NOTBUSY No scripts in execution right now.")),
        "debug" => Ok(Reply::ok()),
        _ => context.unknown_subcommand(words),
    }
}
