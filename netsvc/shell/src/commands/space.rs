//! df and du: the space of file systems, and what takes it.

use super::{
    Run,
    options::{Options, options},
    system::human,
};
use crate::{
    Flavour,
    fs::{Kind, join},
    interpret::{Flow, Shell, Status},
    live::Live,
};
use std::collections::BTreeMap;

pub(super) const COMMANDS: &[(&str, Run)] = &[("df", df), ("du", du)];

/// A mounted file system.
struct Mount {
    device: String,
    kind: &'static str,
    /// KiB.
    size: u64,
    /// KiB.
    used: u64,
    point: &'static str,
}

fn df(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "ahHiklmTPt:x:",
        &[("human-readable", 'h'), ("print-type", 'T'), ("inodes", 'i'), ("total", '_')],
    )?
    else {
        return Ok(1);
    };
    let mut mounts = mounts(&shell.live);
    if let Some(path) = options.operands.first().filter(|path| !shell.fs.exists(path)) {
        let text = if shell.flavour().busybox() {
            shell.out(&table(&[], &options, true))?;
            format!("df: {path}: can't find mount point\n")
        } else {
            format!("df: {path}: No such file or directory\n")
        };
        shell.err(&text)?;
        return Ok(1);
    }
    if let Some(path) = options.operands.first() {
        let wanted = mounts
            .iter()
            .map(|mount| mount.point)
            .filter(|point| *point == "/" || path.starts_with(point))
            .max_by_key(|point| point.len())
            .unwrap_or("/");
        mounts.retain(|mount| mount.point == wanted);
    }
    let busybox = shell.flavour().busybox();
    shell.out(&table(&mounts, &options, busybox))?;
    Ok(0)
}

fn mounts(live: &Live) -> Vec<Mount> {
    let (size, used) = live.disk();
    let memory = live.persona.hardware.memory_kib;
    let kind = if live.flavour == Flavour::Redhat { "xfs" } else { "ext4" };
    let rows = if live.flavour == Flavour::Busybox {
        vec![
            ("/dev/root".to_owned(), "squashfs", size, size, "/"),
            ("tmpfs".into(), "tmpfs", memory / 2, 48, "/tmp"),
            ("tmpfs".into(), "tmpfs", memory / 2, 0, "/dev"),
        ]
    } else {
        vec![
            ("udev".to_owned(), "devtmpfs", memory / 2 - 30_000, 0, "/dev"),
            ("tmpfs".into(), "tmpfs", memory / 10, 612, "/run"),
            (live.root_device(), kind, size, used, "/"),
            ("tmpfs".into(), "tmpfs", memory / 2, 0, "/dev/shm"),
            ("tmpfs".into(), "tmpfs", 5_120, 0, "/run/lock"),
            ("tmpfs".into(), "tmpfs", memory / 10, 0, "/run/user/0"),
        ]
    };
    rows.into_iter()
        .map(|(device, kind, size, used, point)| Mount { device, kind, size, used, point })
        .collect()
}

/// What df prints.
fn table(mounts: &[Mount], options: &Options, busybox: bool) -> String {
    if busybox {
        return applet_table(mounts, options);
    }
    let show = |kib: u64| match kib {
        0 if options.has('h') => "0".into(),
        _ => in_unit(kib, options, |kib| kib / 1024),
    };
    let width = mounts.iter().map(|mount| mount.device.len()).max().unwrap_or(0).max(14);
    let kinds = |text: &str| if options.has('T') { format!(" {text:<8}") } else { String::new() };
    let (size_name, available) = if options.has('h') {
        ("Size", "Avail")
    } else if options.has('m') {
        ("1M-blocks", "Available")
    } else {
        ("1K-blocks", "Available")
    };
    let column = if options.has('h') { 5 } else { 9 };
    let mut out = format!(
        "{:<width$}{} {size_name:>column$} {:>column$} {available:>column$} Use% Mounted on\n",
        "Filesystem",
        kinds("Type"),
        "Used"
    );
    for Mount { device, kind, size, used, point } in mounts {
        let left = (size - used).saturating_sub(if *kind == "ext4" { size / 20 } else { 0 });
        let percent = (used * 100).div_ceil((used + left).max(1));
        out.push_str(&format!(
            "{device:<width$}{} {:>column$} {:>column$} {:>column$} {percent:>3}% {point}\n",
            kinds(kind),
            show(*size),
            show(*used),
            show(left)
        ));
    }
    out
}

/// What BusyBox prints.
fn applet_table(mounts: &[Mount], options: &Options) -> String {
    let unit = if options.has('h') {
        "     Size"
    } else if options.has('m') {
        "1M-blocks"
    } else {
        "1K-blocks"
    };
    let kinds = |text: &str| if options.has('T') { format!("{text:<11}") } else { String::new() };
    let percent_name = if options.has('P') { "Capacity" } else { "Use%" };
    let kind = kinds("Type");
    let mut out = format!("Filesystem           {kind}{unit:<15}Used Available {percent_name} Mounted on\n");
    let show = |kib: u64| match kib {
        0 if options.has('h') => "0".to_owned(),
        // One digit after the point, whatever the size.
        kib if options.has('h') => {
            let (value, letter) = match kib {
                1_048_576.. => (kib as f64 / 1_048_576.0, 'G'),
                1_024.. => (kib as f64 / 1_024.0, 'M'),
                _ => (kib as f64, 'K'),
            };
            format!("{value:.1}{letter}")
        }
        kib if options.has('m') => (kib / 1024).to_string(),
        kib => kib.to_string(),
    };
    for Mount { device, kind, size, used, point } in mounts {
        let left = size - used;
        let percent = (used * 100).div_ceil((used + left).max(1));
        let kind = if options.has('T') { format!(" {kind:<10}") } else { String::new() };
        out.push_str(&format!(
            "{device:<20}{kind} {:>9} {:>9} {:>9} {percent:>3}% {point}\n",
            show(*size),
            show(*used),
            show(left)
        ));
    }
    out
}

/// KiB in the unit that was asked for: `-h`, `-m`, or as they are.
fn in_unit(kib: u64, options: &Options, to_mib: fn(u64) -> u64) -> String {
    if options.has('h') {
        human(kib * 1024)
    } else if options.has('m') {
        to_mib(kib).to_string()
    } else {
        kib.to_string()
    }
}

fn du(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "abcd:hkmsSx",
        &[("max-depth", 'd'), ("human-readable", 'h'), ("summarize", 's'), ("total", 'c'), ("all", 'a')],
    )?
    else {
        return Ok(1);
    };
    let roots = if options.operands.is_empty() { vec![".".to_owned()] } else { options.operands.clone() };
    let deepest = if options.has('s') {
        0
    } else {
        options.number('d').and_then(|depth| usize::try_from(depth).ok()).unwrap_or(usize::MAX)
    };
    let mut status = 0;
    for root in roots {
        if shell.fs.lstat(&root).is_err() {
            let text = if shell.flavour().busybox() { root } else { format!("cannot access '{root}'") };
            shell.err(&format!("du: {text}: No such file or directory\n"))?;
            status = 1;
            continue;
        }
        let usage = Usage::measure(shell, root, options.has('a'))?;
        for (path, depth) in usage.order.iter().rev().filter(|(_, depth)| *depth <= deepest) {
            shell.spend(1 + *depth as u64)?;
            let text = in_unit(usage.total(path), &options, |kib| kib.div_ceil(1024));
            shell.out(&format!("{text}\t{path}\n"))?;
        }
        shell.wait(std::time::Duration::from_millis(23))?;
    }
    Ok(status)
}

/// What the files below a root take.
struct Usage {
    /// Paths that have a line of their own, with their depths. From the back it is post-order: a directory's
    /// line is printed after those below it.
    order: Vec<(String, usize)>,
    /// KiB of each path without what is below it.
    sizes: BTreeMap<String, u64>,
}

impl Usage {
    /// `all`: files have lines too.
    fn measure(shell: &mut Shell, root: String, all: bool) -> Result<Usage, Flow> {
        let mut usage = Usage { order: Vec::new(), sizes: BTreeMap::new() };
        let mut stack = vec![(root, 0)];
        while let Some((path, depth)) = stack.pop() {
            shell.spend(1)?;
            let Ok(stat) = shell.fs.lstat(&path) else { continue };
            usage.sizes.insert(path.clone(), stat.blocks() / 2);
            if stat.kind == Kind::Directory {
                let names = shell.fs.readdir(&path).unwrap_or_default();
                stack.extend(names.iter().rev().map(|name| (join(&path, name), depth + 1)));
            }
            if stat.kind == Kind::Directory || all || depth == 0 {
                usage.order.push((path, depth));
            }
        }
        Ok(usage)
    }

    /// KiB of a path and all that is below it.
    fn total(&self, path: &str) -> u64 {
        let prefix = format!("{path}/");
        let below = self.sizes.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
        self.sizes.get(path).copied().unwrap_or(0) + below.map(|(_, size)| size).sum::<u64>()
    }
}
