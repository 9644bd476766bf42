//! What the system is doing: `free`, `vmstat`, `top`.

use super::{Run, options::options, ps, ps_columns::fit, rest};
use crate::{
    flavour::Flavour,
    interpret::{Shell, Status},
    live::{
        Live,
        activity::{Processor, whole},
    },
};
use std::time::Duration;

pub(super) const COMMANDS: &[(&str, Run)] =
    &[("free", free), ("vmstat", vmstat), ("top", top), ("htop", top)];

/// Most reports of a program that is told to go on.
const MOST_REPORTS: u64 = 100_000;

fn free(shell: &mut Shell, arguments: &[String]) -> Status {
    let long = [
        ("human", 'h'),
        ("mebi", 'm'),
        ("mega", 'M'),
        ("gibi", 'g'),
        ("giga", 'G'),
        ("kibi", 'k'),
        ("kilo", 'K'),
        ("bytes", 'b'),
        ("total", 't'),
        ("wide", 'w'),
        ("seconds", 's'),
        ("count", 'c'),
    ];
    let Some(options) = options(shell, arguments, "bkmghtws:c:lvKMG", &long)? else { return Ok(1) };
    let unit = options.last_of("bkmgh");
    let pause = options.value('s').and_then(|text| text.parse::<f64>().ok()).map(|text| text.clamp(0.1, 3e6));
    let count = options.number('c').unwrap_or(if pause.is_some() { MOST_REPORTS } else { 1 });
    for turn in 0..count {
        if turn > 0 {
            shell.wait(Duration::from_secs_f64(pause.unwrap_or(1.0)))?;
        }
        let text = table(&shell.live, unit, options.has('t'), options.has('w'));
        let end = if pause.is_some() { "\n" } else { "" };
        shell.out(&format!("{text}{end}"))?;
    }
    Ok(0)
}

fn show(kib: u64, unit: Option<char>) -> String {
    match unit {
        Some('b') => (kib * 1024).to_string(),
        Some('m') => (kib / 1024).to_string(),
        Some('g') => (kib / 1_048_576).to_string(),
        Some('h') => {
            let text = super::system::human(kib * 1024);
            if text == "0" { "0B".into() } else { format!("{text}i") }
        }
        _ => kib.to_string(),
    }
}

fn table(live: &Live, unit: Option<char>, total: bool, wide: bool) -> String {
    let memory = live.memory();
    let cache = memory.buffers + memory.cached;
    let show = |kib: u64| show(kib, unit);
    if live.flavour == Flavour::Busybox {
        return old_table(live, &show);
    }
    let procps = live.versions().procps_number();
    if procps < (3, 3) {
        return older_table(live, &show);
    }
    // Since 4.0, used is what is not available; before, what is neither free nor cache.
    let used = if procps >= (4, 0) && !live.flavour.busybox() {
        memory.total.saturating_sub(memory.available)
    } else {
        memory.total.saturating_sub(memory.free + cache)
    };
    let head = if live.flavour.busybox() { 7 } else { 8 };
    let mut rows = vec![
        ("Mem:", vec![memory.total, used, memory.free, memory.shared, cache, memory.available]),
        ("Swap:", vec![memory.swap_total, memory.swap_total - memory.swap_free, memory.swap_free]),
    ];
    let mut names = vec!["total", "used", "free", "shared", "buff/cache", "available"];
    if wide {
        names = vec!["total", "used", "free", "shared", "buffers", "cache", "available"];
        if let Some((_, cells)) = rows.first_mut() {
            *cells = vec![
                memory.total,
                used,
                memory.free,
                memory.shared,
                memory.buffers,
                memory.cached,
                memory.available,
            ];
        }
    }
    if total {
        let swapped = memory.swap_total - memory.swap_free;
        rows.push((
            "Total:",
            vec![memory.total + memory.swap_total, used + swapped, memory.free + memory.swap_free],
        ));
    }
    let titles = names.iter().map(|name| format!("{name:>12}")).collect::<String>();
    // procps 4 begins its columns one further than BusyBox.
    let mut text = format!("{:head$}{titles}\n", "");
    for (name, values) in rows {
        let cells: String = values.iter().map(|value| format!("{:>12}", show(*value))).collect();
        text.push_str(&format!("{name:<head$}{cells}\n"));
    }
    text
}

/// BusyBox before 1.24.
fn old_table(live: &Live, show: &dyn Fn(u64) -> String) -> String {
    let memory = live.memory();
    let row = |values: &[u64]| values.iter().map(|value| format!("{:>13}", show(*value))).collect::<String>();
    let used = memory.total.saturating_sub(memory.free);
    let buffers = memory.buffers;
    format!(
        "             total         used         free       shared      buffers\n\
         Mem:  {}\n\
         -/+ buffers:      {}\n\
         Swap: {}\n",
        row(&[memory.total, used, memory.free, memory.shared, buffers]).get(1..).unwrap_or_default(),
        row(&[used.saturating_sub(buffers), memory.free + buffers]),
        row(&[memory.swap_total, memory.swap_total - memory.swap_free, memory.swap_free])
            .get(1..)
            .unwrap_or_default()
    )
}

/// procps 3.2.
fn older_table(live: &Live, show: &dyn Fn(u64) -> String) -> String {
    let memory = live.memory();
    let used = memory.total.saturating_sub(memory.free);
    let cache = memory.buffers + memory.cached;
    let row =
        |values: &[u64]| values.iter().map(|value| format!(" {:>10}", show(*value))).collect::<String>();
    format!(
        "             total       used       free     shared    buffers     cached\n\
         Mem:   {}\n\
         -/+ buffers/cache:{}\n\
         Swap:  {}\n",
        row(&[memory.total, used, memory.free, memory.shared, memory.buffers, memory.cached]),
        row(&[used.saturating_sub(cache), memory.free + cache]),
        row(&[memory.swap_total, memory.swap_total - memory.swap_free, memory.swap_free])
    )
}

/// What `vmstat` counts, at a moment.
struct Counts {
    at: f64,
    processor: Processor,
    kib_read: f64,
    kib_written: f64,
    switches: f64,
    interrupts: f64,
}

fn counts(live: &Live) -> Counts {
    let now = live.now();
    let blocks = live.blocks();
    let (switches, interrupts) = live.switches(now);
    Counts {
        at: (now - live.boot()).max(1) as f64 / 1e6,
        processor: live.processor(now),
        kib_read: blocks.sectors_read as f64 / 2.0,
        kib_written: blocks.sectors_written as f64 / 2.0,
        switches: switches as f64,
        interrupts: interrupts as f64,
    }
}

fn vmstat(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut numbers = rest(arguments).iter().filter_map(|word| word.parse::<u64>().ok());
    let pause = numbers.next();
    let turns = numbers.next().unwrap_or(if pause.is_some() { MOST_REPORTS } else { 1 });
    shell.out(
        "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n\
     \x20r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st\n",
    )?;
    let mut before: Option<Counts> = None;
    for turn in 0..turns {
        if turn > 0 {
            shell.wait(Duration::from_secs(pause.unwrap_or(1).clamp(1, 1 << 22)))?;
        }
        let live = &shell.live;
        let memory = live.memory();
        let now = counts(live);
        let since = before.as_ref().map_or(0.0, |before| before.at);
        let part = |of: fn(&Counts) -> f64| of(&now) - before.as_ref().map_or(0.0, of);
        let seconds = (now.at - since).max(0.01);
        let rate = |of: fn(&Counts) -> f64| whole((part(of) / seconds).round());
        let cpus = f64::from(live.persona.hardware.cpus.max(1));
        let share = |of: fn(&Counts) -> f64| whole((part(of) * 100.0 / (seconds * cpus)).round());
        let user = share(|counts| counts.processor.user + counts.processor.nice);
        let system = share(|counts| counts.processor.system + counts.processor.soft);
        let waiting = share(|counts| counts.processor.waiting);
        let line = format!(
            "{:>2} {:>2} {:>6} {:>6} {:>6} {:>6} {:>4} {:>4} {:>5} {:>5} {:>4} {:>4} \
             {user:>2} {system:>2} {:>2} {waiting:>2} {:>2}\n",
            u8::from(turn == 0),
            0,
            memory.swap_total - memory.swap_free,
            memory.free,
            memory.buffers,
            memory.cached,
            0,
            0,
            rate(|counts| counts.kib_read),
            rate(|counts| counts.kib_written),
            rate(|counts| counts.interrupts),
            rate(|counts| counts.switches),
            100_u64.saturating_sub(user + system + waiting),
            0
        );
        shell.out(&line)?;
        before = Some(now);
    }
    Ok(0)
}

fn top(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    let batch = words.iter().any(|word| word.starts_with('-') && word.contains('b'));
    let list = ps::all(shell, arguments);
    let live = shell.live.clone();
    if live.flavour.busybox() {
        let text = applet_top(&live, &list);
        shell.out(&text)?;
        return Ok(0);
    }
    let shown = if batch { usize::MAX } else { 17 };
    let out = summary(shell, list.len()) + &top_processes(&live, &list, shown);
    shell.out(&out)?;
    Ok(0)
}

/// The table of `top`, its last `shown` processes first.
fn top_processes(live: &Live, list: &[crate::live::Process], shown: usize) -> String {
    let memory = live.memory();
    let width = live.versions().pid_width();
    let mut out =
        format!("{:>width$} USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n", "PID");
    for process in list.iter().rev().take(shown) {
        let share = process.resident_kib as f64 * 100.0 / memory.total as f64;
        let ticks = process.ticks;
        let priority = if process.state.contains('<') { "  0 -20" } else { " 20   0" };
        out.push_str(&format!(
            "{:>width$} {:<8} {priority} {:>7} {:>6} {:>6} {}   0.0 {share:>5.1} {:>9} {}\n",
            process.pid,
            fit(&process.user),
            process.virtual_kib,
            process.resident_kib,
            process.resident_kib * 7 / 10,
            process.state.chars().next().unwrap_or('S'),
            format!("{}:{:02}.{:02}", ticks / 6_000, ticks / 100 % 60, ticks % 100),
            process.name()
        ));
    }
    out
}

/// The lines above the table of `top`.
fn summary(shell: &Shell, threads: usize) -> String {
    let live = &shell.live;
    let memory = live.memory();
    let mib = |kib: u64| kib as f64 / 1024.0;
    let used = memory.total.saturating_sub(memory.available);
    let Processor { user, nice, system, waiting, soft, idle } = live.processor(live.now());
    let all = (user + nice + system + waiting + soft + idle).max(1.0);
    let [user, nice, system, waiting, soft, idle] =
        [user, nice, system, waiting, soft, idle].map(|part| part * 100.0 / all);
    format!(
        "top -{}\n\
         Tasks: {threads:>3} total,   1 running, {:>3} sleeping,   0 stopped,   0 zombie\n\
         %Cpu(s): {user:>4.1} us, {system:>4.1} sy, {nice:>4.1} ni,{idle:>5.1} id, \
         {waiting:>4.1} wa,  0.0 hi, {soft:>4.1} si,  0.0 st \n\
         MiB Mem : {:>8.1} total, {:>8.1} free, {:>8.1} used, {:>8.1} buff/cache     \n\
         MiB Swap: {:>8.1} total, {:>8.1} free, {:>8.1} used. {:>8.1} avail Mem \n\
         \n",
        super::login::uptime_line(shell).trim_end_matches('\n'),
        threads.saturating_sub(1),
        mib(memory.total),
        mib(memory.free),
        mib(used),
        mib(memory.buffers + memory.cached),
        mib(memory.swap_total),
        mib(memory.swap_free),
        mib(memory.swap_total - memory.swap_free),
        mib(memory.available)
    )
}

/// BusyBox's `top`.
fn applet_top(live: &Live, list: &[crate::live::Process]) -> String {
    let memory = live.memory();
    let (one, five, fifteen) = live.load();
    let used = memory.total.saturating_sub(memory.free);
    let mut out = format!(
        "Mem: {used}K used, {}K free, {}K shrd, \
         {}K buff, {}K cached\n\
         CPU:   0% usr   0% sys   0% nic 100% idle   0% io   0% irq   0% sirq\n\
         Load average: {one:.2} {five:.2} {fifteen:.2} 1/{} {}\n\
         \x20 PID  PPID USER     STAT   VSZ %VSZ %CPU COMMAND\n",
        memory.free,
        memory.shared,
        memory.buffers,
        memory.cached,
        list.len(),
        live.last_pid()
    );
    for process in list.iter().rev() {
        let share = process.virtual_kib * 100 / memory.total.max(1);
        out.push_str(&format!(
            "{:>5} {:>5} {:<8} {:<4} {:>5} {share:>3}%   0% {}\n",
            process.pid, process.parent, process.user, process.state, process.virtual_kib, process.command
        ));
    }
    out
}
