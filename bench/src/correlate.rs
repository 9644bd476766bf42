//! `decnet correlate` on a file of lines: time and highest memory of a process of its own.

use crate::{baseline, lines::Lines, place::Place, processes, table::Row};
use anyhow::{Context as _, Result, bail, ensure};
use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How many lines.
const SIZES: [u64; 3] = [20_000, 200_000, 2_000_000];
/// Lines written at a time.
const BATCH: u64 = 20_000;
/// How often the memory is looked at.
const PERIOD: Duration = Duration::from_millis(2);
/// Longest run.
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures every size.
pub(crate) fn measure(place: &Place) -> Result<Vec<Row>> {
    let folder = place.folder("correlate")?;
    let file = folder.join("lines.log");
    let mut rows = Vec::new();
    for size in SIZES {
        write(&file, size)?;
        let (time, peak) = run(place, &file)?;
        fs::remove_file(&file).context("remove the lines")?;
        let known = baseline::CORRELATE.iter().find(|(lines, ..)| *lines == size);
        let name = format!("correlate {} k lines", size / 1000);
        rows.push(
            Row::cost(format!("{name}: time"), "s", time.as_secs_f64())
                .against(known.map(|(_, time, _)| *time))
                .note("start of the program included; the original's excluded"),
        );
        rows.push(
            Row::cost(format!("{name}: peak memory"), "MiB", mebi(peak))
                .against(known.map(|(.., peak)| *peak)),
        );
    }
    Ok(rows)
}

fn write(file: &Path, size: u64) -> Result<()> {
    let mut lines = Lines::new(3)?;
    let mut out = File::create(file).context("make a file of lines")?;
    let mut buffer = Vec::new();
    for _ in 0..size / BATCH {
        buffer.clear();
        lines.append(BATCH, &mut buffer)?;
        out.write_all(&buffer).context("write lines")?;
    }
    Ok(())
}

/// Time and highest resident memory in KiB.
fn run(place: &Place, file: &Path) -> Result<(Duration, u64)> {
    let started = Instant::now();
    let mut child = Command::new(place.decnet())
        .arg("correlate")
        .arg(file)
        .arg("--json")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .context("run decnet correlate")?;
    let mut peak = 0;
    let status = loop {
        peak = peak.max(processes::peak(child.id()).unwrap_or(0));
        if let Some(status) = child.try_wait().context("wait for decnet correlate")? {
            break status;
        }
        if PATIENCE < started.elapsed() {
            let _ = child.kill();
            let _ = child.wait();
            bail!("decnet correlate took more than {} s", PATIENCE.as_secs());
        }
        thread::sleep(PERIOD);
    };
    ensure!(status.success(), "decnet correlate failed");
    Ok((started.elapsed(), peak))
}

#[expect(clippy::cast_precision_loss, reason = "a size for people")]
pub(crate) fn mebi(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
