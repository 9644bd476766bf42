//! Verbs that only this program starts, and only in a process of its own: they come before everything
//! else, because what they do to namespaces holds for one thread. And the one that prints the document of the
//! interface, which the build keeps a copy of.

use crate::{firedrill::Way, house, intruder, logs, output, updater};
use decnet_engine::{lab, native, plan};
use serde::de::DeserializeOwned;
use std::{
    io::{Read, Write},
    process::ExitCode,
};

/// Name of the verb that attacks a fleet, which it reads, as a host of its segment.
pub const INTRUDER: &str = "intruder";

/// Name of the verb that is a process of the house, told by its keeper what to do.
pub const PART: &str = "part";

/// Runs the hidden verb that the command line names; `None` when it names none.
pub fn main() -> Option<ExitCode> {
    let verb = std::env::args_os().nth(1)?;
    let outcome = match verb.to_str()? {
        "netd" => netd(),
        "lab-hold" => lab_hold(),
        INTRUDER => intrude(),
        PART => house::part_main(),
        updater::JUDGE => updater::judge_main(),
        "openapi" => openapi(),
        _ => return None,
    };
    Some(match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    })
}

fn netd() -> Result<(), String> {
    let config = input()?;
    logs::start_plain();
    native::netd_main(config).map_err(|error| plan::chain(&error))
}

/// Prints the document of the interface.
fn openapi() -> Result<(), String> {
    let text = serde_json::to_string_pretty(&decnet_web::document()).map_err(|error| error.to_string())?;
    writeln!(std::io::stdout(), "{text}").map_err(|error| format!("print the document: {error}"))
}

fn lab_hold() -> Result<(), String> {
    lab::lab_main(&input()?).map_err(|error| plan::chain(&error))
}

fn intrude() -> Result<(), String> {
    let fleet = input()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("start: {error}"))?;
    runtime.block_on(intruder::attack(&fleet, &Way::Segment));
    Ok(())
}

/// What the standard input says, as JSON.
fn input<T: DeserializeOwned>() -> Result<T, String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| format!("read the settings: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("read the settings: {error}"))
}
