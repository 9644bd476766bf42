//! The service process: `serve` answers on sockets it is handed, `gate` stands before them on the
//! wire, `describe` prints the catalogue.
//!
//! It takes no options. What it needs comes over two inherited descriptors; see
//! [`netsvc_persona::stage`]. In a container there is no supervisor: `single` reads a document and binds
//! sockets itself, `hold` only keeps the network namespace that others share, `check` says whether it is served.

mod allocator;
mod check;
mod gate;
mod hold;
mod inherit;
mod sandbox;
mod serve;
mod single;

use std::{io::Write, process::ExitCode};

fn main() -> ExitCode {
    let verb = std::env::args().nth(1);
    let result = match verb.as_deref() {
        Some("serve") => serve::run(),
        Some("gate") => gate::run(),
        Some("describe") => describe(),
        Some("single") => single::run(),
        Some("hold") => hold::run(),
        Some("check") => check::run(std::env::args().skip(2)),
        _ => Err("usage: netsvcd serve | gate | describe | single | hold | check PORT...".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "netsvcd: {error}");
            ExitCode::FAILURE
        }
    }
}

fn describe() -> Result<(), Box<dyn std::error::Error>> {
    let catalogue: Vec<_> = netsvc_catalogue::ALL.iter().map(|def| def.info()).collect();
    let mut text = serde_json::to_string_pretty(&catalogue)?;
    text.push('\n');
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
