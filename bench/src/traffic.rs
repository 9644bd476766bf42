//! Plain connections and plain bytes: the same client and the same server for a way with the gate in it and
//! for one without.

use crate::{
    child,
    pipeline::{at, micros},
};
use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

/// What a port does with a connection, and its number: closes it, sends for ever, reads for ever.
pub(crate) const PORTS: [(&str, u16); 3] = [("close", 7001), ("source", 7002), ("sink", 7003)];
/// Short connections that are made, and the longest time for them.
const CONNECTIONS: usize = 10_000;
const CONNECTING: Duration = Duration::from_secs(20);
/// Bytes of a large file.
const FILE: usize = 1 << 30;
/// How long bytes are moved each way.
const MOVING: Duration = Duration::from_millis(700);
const CHUNK: usize = 256 * 1024;
/// Longest wait for a connection or a byte.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a client saw.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) median_us: f64,
    pub(crate) late_us: f64,
    /// Short connections per second, one after another.
    pub(crate) short: f64,
    /// Seconds that a file of a gibibyte takes.
    pub(crate) file: f64,
    /// Gbit/s to the server.
    pub(crate) up: f64,
    /// Gbit/s from the server.
    pub(crate) down: f64,
}

/// Serves `listener` as `what` in a thread of its own.
pub(crate) fn serve(what: &str, listener: TcpListener) -> Result<()> {
    listener.set_nonblocking(false).context("make a listener block")?;
    let one: fn(TcpStream) -> io::Result<()> = match what {
        "close" => |_| Ok(()),
        "source" => |mut stream| {
            let chunk = vec![0; CHUNK];
            loop {
                stream.write_all(&chunk)?;
            }
        },
        "sink" => |mut stream| {
            let mut chunk = vec![0; CHUNK];
            while stream.read(&mut chunk)? > 0 {}
            Ok(())
        },
        other => bail!("a port cannot be {other}"),
    };
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Its end is the client's doing, and no failure.
            let _ = one(stream);
        }
    });
    Ok(())
}

/// Helper process: the server on plain kernel sockets.
pub(crate) fn plain() -> Result<()> {
    for (what, port) in PORTS {
        serve(what, TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).context("listen")?)?;
    }
    child::ready();
    child::until_parent_ends();
    Ok(())
}

/// Helper process: the client of the server at `address`; prints what it saw.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
pub(crate) fn client(address: IpAddr) -> Result<()> {
    let mut to = PORTS.map(|(_, port)| SocketAddr::new(address, port)).into_iter();
    let (Some(close), Some(source), Some(sink)) = (to.next(), to.next(), to.next()) else {
        bail!("there are three ports");
    };
    let started = Instant::now();
    let times = connect(close)?;
    let lasted = started.elapsed().as_secs_f64();
    let seen = Seen {
        median_us: micros(at(&times, 50)),
        late_us: micros(at(&times, 99)),
        short: f64::from(u32::try_from(times.len())?) / lasted,
        file: file(source)?,
        up: upload(sink)?,
        down: download(source)?,
    };
    println!("{}", serde_json::to_string(&seen)?);
    Ok(())
}

fn connect(address: SocketAddr) -> Result<Vec<Duration>> {
    let begun = Instant::now();
    let mut times = Vec::new();
    while times.len() < CONNECTIONS && begun.elapsed() < CONNECTING {
        let started = Instant::now();
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE).context("connect")?;
        times.push(started.elapsed());
        stream.set_read_timeout(Some(PATIENCE))?;
        // The server closes first, so that no address of ours is kept waiting.
        let _ = stream.read(&mut [0; 1]);
    }
    Ok(times)
}

fn upload(address: SocketAddr) -> Result<f64> {
    let mut stream = opened(address)?;
    let chunk = vec![0; CHUNK];
    let started = Instant::now();
    let mut moved = 0;
    while started.elapsed() < MOVING {
        moved += stream.write(&chunk).context("send")?;
    }
    stream.shutdown(std::net::Shutdown::Write).context("send")?;
    // The other side has read everything when it closes.
    let _ = stream.read(&mut [0; 1]);
    Ok(gigabits(moved, started))
}

fn download(address: SocketAddr) -> Result<f64> {
    let mut stream = opened(address)?;
    let mut chunk = vec![0; CHUNK];
    let started = Instant::now();
    let mut moved = 0;
    while started.elapsed() < MOVING {
        moved += stream.read(&mut chunk).context("receive")?;
    }
    Ok(gigabits(moved, started))
}

fn file(address: SocketAddr) -> Result<f64> {
    let mut stream = opened(address)?;
    let mut chunk = vec![0; CHUNK];
    let started = Instant::now();
    let mut moved = 0;
    while moved < FILE {
        moved += stream.read(&mut chunk).context("receive")?;
    }
    Ok(started.elapsed().as_secs_f64())
}

fn opened(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).context("connect")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn gigabits(bytes: usize, started: Instant) -> f64 {
    bytes as f64 * 8e-9 / started.elapsed().as_secs_f64()
}
