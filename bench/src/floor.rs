//! What the kernel alone costs a server: a process that accepts, echoes and closes, and nothing else.

use crate::{child, talk::Talk};
use anyhow::{Context as _, Result};
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

/// Where the echo server listens.
pub(crate) const ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(127, 78, 9, 9)), 7007);

/// Helper process: greets every connection with one byte and echoes what comes, one connection at a time.
pub(crate) fn echo() -> Result<()> {
    let listener = TcpListener::bind(ADDRESS).context("listen")?;
    std::thread::spawn(move || {
        let mut buffer = [0; 512];
        for mut stream in listener.incoming().flatten() {
            let mut going = stream.write_all(b".").is_ok();
            while going {
                let read = stream.read(&mut buffer).unwrap_or(0);
                going = read > 0 && stream.write_all(buffer.get(..read).unwrap_or_default()).is_ok();
            }
        }
    });
    child::ready();
    child::until_parent_ends();
    Ok(())
}

/// One connection to it with `exchanges` questions after the greeting.
pub(crate) async fn visit(exchanges: u32) -> Result<()> {
    let mut talk = Talk::connect(ADDRESS).await?;
    talk.until(|bytes| !bytes.is_empty()).await?;
    for _ in 0..exchanges {
        talk.send(b"USER somebody\r\n").await?;
        talk.until(|bytes| !bytes.is_empty()).await?;
    }
    Ok(())
}
