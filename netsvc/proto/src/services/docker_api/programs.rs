//! Programs that are run in running containers.

use super::{
    call::{Attach, Call, Deed},
    engine::{Container, Program},
    process::{Phase, Process},
    reply::Reply,
    run::Target,
    spec::{LONGEST, quoted, words},
    stream::Look,
};
use netsvc_wire::{Kind, field};
use serde_json::{Value, json};
use std::sync::Arc;

/// Makes a program for a container.
pub(super) fn create(call: &mut Call<'_>, container: &Arc<Container>) -> Reply {
    let document = match call.document() {
        Ok(document) => document,
        Err(reply) => return reply,
    };
    let list = |key: &str| words(document.get(key).unwrap_or(&Value::Null));
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let flag = |key: &str| document.get(key).and_then(Value::as_bool).unwrap_or_default();
    let command = list("Cmd");
    if command.is_empty() {
        return Reply::error(400, "No exec command specified");
    }
    let line = format!("docker exec {} {}", container.name(), quoted(&command));
    let fields = vec![
        (field::COMMAND, line.into_bytes()),
        (field::PRIVILEGED, flag("Privileged").to_string().into_bytes()),
    ];
    call.out.record(Kind::Command, fields);
    if !container.process.is_running() {
        return Reply::error(409, format!("Container {} is not running", container.id));
    }
    // It is kept as long as the container is.
    if LONGEST < call.request.body.len() {
        return Reply::error(500, "cannot allocate memory");
    }
    let mut engine = call.engine.lock();
    let program = Program {
        id: engine.draw(),
        container: container.clone(),
        words: command,
        user: text("User"),
        folder: text("WorkingDir"),
        environment: list("Env"),
        terminal: flag("Tty"),
        takes_input: flag("AttachStdin"),
        process: Process::new(engine.pool.clone()),
    };
    match engine.add_program(program) {
        Ok(program) => Reply::json(201, &json!({ "Id": program.id })),
        Err(_) => Reply::error(500, "cannot allocate memory"),
    }
}

/// Answers a call for programs; `rest` is what follows in its path.
pub(super) fn answer(call: &mut Call<'_>, method: &str, rest: &[&str]) -> Deed {
    let [id, verb] = rest else { return Deed::Reply(Reply::unrouted()) };
    let Some(program) = call.engine.lock().program(id) else {
        return Deed::Reply(Reply::error(404, format!("No such exec instance: {id}")));
    };
    match (method, *verb) {
        ("POST", "start") => start(call, program),
        ("POST", "resize") => {
            let number = |key: &str| call.value(key).parse().unwrap_or(0);
            program.process.resize(number("w"), number("h"));
            Deed::Reply(Reply::empty(200))
        }
        ("GET", "json") => Deed::Reply(inspect(&program)),
        _ => Deed::Reply(Reply::unrouted()),
    }
}

fn start(call: &Call<'_>, program: Arc<Program>) -> Deed {
    if program.process.standing().phase != Phase::Created {
        let text = format!("Error: Exec command {} is already running", program.id);
        return Deed::Reply(Reply::error(409, text));
    }
    if !program.container.process.is_running() {
        return Deed::Reply(Reply::error(409, format!("Container {} is not running", program.container.id)));
    }
    let detached = call.document().ok().and_then(|document| document.get("Detach").and_then(Value::as_bool));
    let target = Target::Program(program.clone());
    let then = if detached.unwrap_or_default() {
        Deed::Reply(Reply::empty(200))
    } else {
        let look = Look { out: true, errors: true, terminal: program.terminal, times: false };
        let attach = Attach { look, past: true, stream: true, input: program.takes_input };
        Deed::Attach(target.clone(), attach)
    };
    Deed::Start(target, Box::new(then))
}

fn inspect(program: &Program) -> Reply {
    let standing = program.process.standing();
    let (entry, arguments) = program.words.split_first().map_or(("", &[][..]), |(entry, rest)| (entry, rest));
    let running = standing.phase == Phase::Running;
    let status = if standing.phase == Phase::Ended { json!(standing.status) } else { Value::Null };
    Reply::json(
        200,
        &json!({
            "ID": program.id, "Running": running, "ExitCode": status,
            "ProcessConfig": {
                "tty": program.terminal, "entrypoint": entry, "arguments": arguments, "privileged": false,
                "user": program.user,
            },
            "OpenStdin": program.takes_input, "OpenStderr": true, "OpenStdout": true, "CanRemove": !running,
            "ContainerID": program.container.id, "DetachKeys": "", "Pid": if running { 2811 } else { 0 },
        }),
    )
}
