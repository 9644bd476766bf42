//! What the kernel says of processes: proc(5).

use anyhow::{Context as _, Result};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

/// Length of a clock tick in /proc/PID/stat: USER_HZ is 100 on every architecture that we build for.
const TICK: Duration = Duration::from_millis(10);

/// CPU time that the process used so far, in user and kernel mode. From the scheduler's count in nanoseconds
/// where the kernel has one, else in ticks.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let ticks = ticks(pid).context("read the CPU time of a process")?;
    Ok(scheduled(pid).filter(|exact| *exact + TICK * 4 >= ticks).unwrap_or(ticks))
}

/// Sum over the threads that live.
fn scheduled(pid: u32) -> Option<Duration> {
    let mut sum = 0_u64;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        sum += text.split_whitespace().next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(sum))
}

/// Fields 14 and 15 of /proc/PID/stat.
fn ticks(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, field 2, may contain anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

/// Highest resident memory of a process so far in KiB; `None` when it is gone.
pub(crate) fn peak(pid: u32) -> Option<u64> {
    kib(Path::new(&format!("/proc/{pid}/status")), "VmHWM:")
}

/// Proportional set size of a process in KiB: shared pages count by their part.
pub(crate) fn pss(pid: u32) -> Option<u64> {
    kib(Path::new(&format!("/proc/{pid}/smaps_rollup")), "Pss:")
}

/// Memory of kernel objects of the whole machine in KiB.
pub(crate) fn slab() -> Option<u64> {
    kib(Path::new("/proc/meminfo"), "Slab:")
}

fn kib(file: &Path, field: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(field))?;
    value.split_whitespace().next()?.parse().ok()
}

/// The processes and all that descend from them.
pub(crate) fn with_descendants(roots: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        if let Some(parent) = parent {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = BTreeSet::new();
    let mut waiting: Vec<u32> = roots.into_iter().collect();
    while let Some(pid) = waiting.pop() {
        if found.insert(pid) {
            waiting.extend(children.get(&pid).into_iter().flatten());
        }
    }
    found
}

/// A short name for a process.
pub(crate) fn name(pid: u32) -> String {
    let text = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<String> = text
        .split(|&byte| byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .filter(|word| !word.is_empty())
        .collect();
    let verb = words.iter().skip(1).find(|word| !word.starts_with(['-', '/']));
    verb.or(words.first()).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_descends_and_uses_time() {
        let own = std::process::id();
        assert!(pss(own).unwrap() > 0 && peak(own).unwrap() > 0 && slab().unwrap() > 0);
        assert!(with_descendants([std::os::unix::process::parent_id()]).contains(&own));
        let before = cpu(own).unwrap();
        let end = std::time::Instant::now() + Duration::from_millis(60);
        while std::time::Instant::now() < end {}
        assert!(cpu(own).unwrap() > before);
        assert!(cpu(u32::MAX).is_err());
    }
}
