//! A small stage, so that the engine's tests need no other crate: `serve` greets every connection with
//! the node's name and service, `gate` passes packets on. The engine's own hidden verbs are here too.

mod control;
mod serve;

use std::{
    io::Write,
    process::ExitCode,
};

type Error = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let result = match arguments.next().as_deref() {
        Some("serve") => serve::run(),
        _ => Err("usage: engine-stub serve | gate | netd | lab-hold".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "engine-stub: {error}");
            ExitCode::FAILURE
        }
    }
}

