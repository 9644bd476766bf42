//! `capture`: packets of a decky on demand.

use super::{Context, run};
use crate::output;
use anyhow::{Context as _, Result};
use clap::Args;
use decnet_engine::native::{FRAME_MAX, Frames};
use decnet_sensors::capture::CaptureWriter;
use netsvc_wire::stamp;
use serde_json::json;
use std::{
    io::{BufWriter, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Longest wait for a frame before it is looked whether it is time to end.
const PATIENCE: Duration = Duration::from_millis(100);
const MEGABYTE: u64 = 1_000_000;

/// Write the packets of a decky to a file as they come, as tcpdump and Wireshark read them
///
/// Needs the native runtime, and the rights of who runs it. It ends on Ctrl-C, or at the first of the limits. Long
/// segments that the kernel leaves to the device to cut up stay whole.
#[derive(Args, Debug)]
pub struct Packets {
    /// Name of the decky
    decky: String,
    /// File to write, pcap; `-` is the standard output
    #[arg(long, short = 'w', value_name = "FILE")]
    write: PathBuf,
    /// End after so many seconds
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: Option<u64>,
    /// End after so many packets
    #[arg(long, short = 'c', value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End when the file has so many megabytes
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    megabytes: u64,
    /// JSON: what was written
    #[arg(long)]
    json: bool,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    packets: u64,
    bytes: u64,
}

impl Packets {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such decky or no gate, or the file cannot be written.
    pub async fn run(self, context: &Context) -> Result<()> {
        let socket = context.paths().frames_socket();
        let frames = Frames::open(&socket, Some(&self.decky), PATIENCE)
            .context("see the packets of a decky (only the native runtime shows them)")?;
        let stop = run::stop_signal()?;
        let file = self.write.display().to_string();
        let json = self.json;
        let to_screen = self.write.as_os_str() == "-";
        let taken =
            tokio::task::spawn_blocking(move || self.take(&frames, &stop)).await.context("capture")??;
        if json && !to_screen {
            output::json(&json!({ "file": file, "packets": taken.packets, "bytes": taken.bytes }));
        } else {
            output::note(&format!("{} packets, {} bytes", taken.packets, taken.bytes));
        }
        Ok(())
    }

    fn take(&self, frames: &Frames, stop: &watch::Receiver<bool>) -> Result<Taken> {
        let mut writer = CaptureWriter::new(open(&self.write)?).context("write the capture")?;
        let mut buffer = vec![0; FRAME_MAX];
        // A time that no clock shows never comes.
        let end = self.seconds.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)));
        let (mut taken, most) = (Taken::default(), self.megabytes * MEGABYTE);
        let over = |taken: &Taken| {
            *stop.borrow()
                || end.is_some_and(|end| end <= Instant::now())
                || self.count.is_some_and(|count| count <= taken.packets)
                || most <= taken.bytes
        };
        while !over(&taken) {
            let Some(frame) = frames.next_frame(&mut buffer).context("the gate has ended")? else { continue };
            writer.frame(stamp::now(), frame).context("write the capture")?;
            taken.packets += 1;
            taken.bytes += frame.len() as u64 + 16;
        }
        writer.finish().context("write the capture")?;
        Ok(taken)
    }
}

/// Writes a capture that is whole already.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write(path: &Path, capture: &[u8]) -> Result<()> {
    let mut file = open(path)?;
    file.write_all(capture).and_then(|()| file.flush()).context("write the capture")
}

/// What was captured is nobody else's.
fn open(path: &Path) -> Result<Box<dyn Write>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(BufWriter::new(std::io::stdout())));
    }
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    let file = file.with_context(|| format!("create {}", path.display()))?;
    // One that was there may have been open to others.
    if file.metadata().is_ok_and(|data| data.is_file()) {
        let closed = file.set_permissions(std::fs::Permissions::from_mode(0o600));
        closed.with_context(|| format!("keep {} from others", path.display()))?;
    }
    Ok(Box::new(BufWriter::new(file)))
}
