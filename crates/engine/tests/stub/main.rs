//! A small stage, so that the engine's tests need no other crate: `serve` greets every connection with
//! the node's name and service, `gate` passes packets on. The engine's own hidden verbs are here too.

mod control;
mod gate;
mod serve;

use std::{
    io::{Read, Write},
    process::ExitCode,
};

type Error = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let result = match arguments.next().as_deref() {
        Some("serve") => serve::run(),
        Some("gate") => gate::run(),
        Some("netd") => netd(),
        Some("lab-hold") => lab(),
        Some("connect") => connect(arguments.next(), arguments.next()),
        _ => Err("usage: engine-stub serve | gate | netd | lab-hold | connect".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "engine-stub: {error}");
            ExitCode::FAILURE
        }
    }
}

fn netd() -> Result<(), Error> {
    let config = serde_json::from_str(&input()?)?;
    decnet_engine::native::netd_main(config).map_err(|error| decnet_engine::plan::chain(&error).into())
}

fn lab() -> Result<(), Error> {
    let config = serde_json::from_str(&input()?)?;
    decnet_engine::lab::lab_main(&config).map_err(|error| decnet_engine::plan::chain(&error).into())
}

/// Prints what `address` says first; `from`: the source address.
fn connect(address: Option<String>, from: Option<String>) -> Result<(), Error> {
    let address: std::net::SocketAddr = address.ok_or("no address")?.parse()?;
    let from = from.map(|from| from.parse()).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let text = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        if let Some(from) = from {
            socket.bind(std::net::SocketAddr::new(from, 0))?;
        }
        let stream =
            tokio::time::timeout(std::time::Duration::from_secs(5), socket.connect(address)).await??;
        let mut text = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut { stream }, &mut text).await?;
        Ok::<_, std::io::Error>(text)
    })?;
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

fn input() -> Result<String, Error> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
