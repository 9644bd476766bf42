//! The service process: `serve` answers on sockets it is handed, `gate` stands before them on the
//! wire, `describe` prints the catalogue.
//!
//! It takes no options. What it needs comes over two inherited descriptors; see
//! [`netsvc_persona::stage`].

mod allocator;
mod gate;
mod inherit;
mod sandbox;
mod serve;

use std::{io::Write, process::ExitCode};

fn main() -> ExitCode {
    let verb = std::env::args().nth(1);
    let result = match verb.as_deref() {
        Some("serve") => serve::run(),
        Some("gate") => gate::run(),
        Some("describe") => describe(),
        _ => Err("usage: netsvcd serve | gate | describe".into()),
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
