//! How the workers, their processes and the disk do: from files and the kernel alone, so that it can be
//! said while the store cannot.

use crate::{commands::Context, mode, output, runner::stopped};
use decnet_engine::confine::{Confined, Standing as Kernel};
use decnet_fleet::Standing;
use decnet_model::{
    paths::Paths,
    worker::{Action, Process, Worker},
};
use decnet_pipeline::runtime::{Holder, Keeper, Note, Order, Phase, get};
use serde::Serialize;
use serde_json::{Value, json};

/// Free bytes below which the disk counts as full: less than a segment and a transaction need.
const ROOM: u64 = 16 << 20;

/// What was found.
pub struct Health {
    /// Who keeps the workers.
    pub holder: Option<Holder>,
    workers: Vec<(Worker, Option<Note>)>,
    /// Workers that somebody stopped.
    orders: Vec<(Worker, Order)>,
    processes: Vec<Seen>,
    /// Free bytes where the state folder is.
    free: Option<u64>,
    now: i64,
}

/// A process of ours.
#[derive(Serialize)]
struct Seen {
    process: &'static str,
    pid: u32,
    #[serde(flatten)]
    kernel: Option<Kernel>,
    /// Where the process says so itself.
    landlock: Option<String>,
    /// What it has that its kind should not have.
    excess: Vec<String>,
}

impl Health {
    /// Looks at everything.
    pub fn look(context: &Context, runtime: Option<&Standing>) -> Self {
        let (paths, now) = (&context.paths(), context.now());
        let holder = Keeper::holder(paths).ok().flatten();
        let shown = mode::shown(context.settings());
        let order = |&worker: &Worker| Some((worker, Order::read(paths, worker)?));
        let orders = shown.iter().filter_map(order);
        let orders = orders.filter(|(_, order)| order.action == Action::Stop).collect();
        let mut processes = processes(paths, holder.as_ref(), runtime, &shown);
        let workers: Vec<_> = shown.into_iter().map(|worker| (worker, Note::read(paths, worker))).collect();
        processes.extend(alone(paths, &workers, &processes));
        let free = nix::sys::statvfs::statvfs(paths.root()).ok();
        let free = free.map(|found| found.blocks_available().saturating_mul(found.fragment_size()));
        Health { holder, workers, orders, processes, free, now }
    }

    /// What somebody should look at.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (worker, note) in &self.workers {
            let Some(note) = note.as_ref().filter(|note| note.is_bad(self.now)) else { continue };
            problems.push(format!("worker {}: {}", worker.name(), self.reason(note)));
        }
        for seen in self.processes.iter().filter(|seen| !seen.excess.is_empty()) {
            problems.push(format!("process {} ({}): {}", seen.process, seen.pid, seen.excess.join(", ")));
        }
        if let Some(free) = self.free.filter(|free| *free < ROOM) {
            problems.push(format!("the disk of the state folder is full: {} KiB are free", free / 1024));
        }
        problems
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let states = self.workers.iter().map(|(worker, note)| {
            json!({
                "name": worker.name(), "state": self.state(note.as_ref()), "note": note,
                "reason": match note {
                    Some(note) => Some(self.reason(note)).filter(|text| !text.is_empty()),
                    None => self.told(*worker),
                },
            })
        });
        json!({
            "process": self.holder.as_ref().map(|holder| holder.pid),
            "verb": self.holder.as_ref().map(|holder| &holder.verb),
            "names": self.workers.iter().map(|(worker, _)| worker.name()).collect::<Vec<_>>(),
            "states": states.collect::<Vec<_>>(),
        })
    }

    /// The processes, for programs.
    pub fn processes_json(&self) -> Value {
        json!(self.processes)
    }

    /// What the collector says of the artefacts that it keeps; null where it does not run.
    pub fn artefacts(&self) -> Value {
        let note = self.workers.iter().find(|(worker, _)| *worker == Worker::Collector);
        let counters = note.and_then(|(_, note)| note.as_ref()).map(|note| &note.report.counters);
        counters.and_then(|counters| counters.get("artefacts")).cloned().unwrap_or(Value::Null)
    }

    /// The same for people.
    pub fn artefact_use(&self) -> Option<String> {
        let held = self.artefacts();
        let number = |name| held.get(name).and_then(Value::as_u64);
        let (used, budget) = (number("bytes")?, number("budget")?);
        let (files, unkept, gone) = (number("files")?, number("unkept")?, number("gone")?);
        let rest = if unkept + gone > 0 {
            format!("; since it was started {unkept} were not kept and {gone} went")
        } else {
            String::new()
        };
        let (used, budget) = (output::bytes(used), output::bytes(budget));
        Some(format!("artefacts: {files} files, {used} of {budget}{rest}"))
    }

    /// Free bytes of the disk.
    pub fn free(&self) -> Option<u64> {
        self.free
    }

    /// For people: a row for each worker and each process. Nothing where nothing runs.
    pub fn show(&self) {
        if self.holder.is_none() && self.workers.iter().all(|(_, note)| note.is_none()) {
            return;
        }
        output::line("");
        let header =
            ["WORKER", "STATE", "PROCESS", "SINCE", "MEMORY", "WAITING", "SEEN", "REASON", "LAST ERROR"];
        output::table(&header, &self.workers, |(worker, note)| {
            let shown =
                |text: &dyn Fn(&Note) -> Option<String>| note.as_ref().and_then(text).unwrap_or_default();
            vec![
                worker.name().to_owned(),
                self.state(note.as_ref()).to_owned(),
                shown(&|note| Some(note.pid.to_string())),
                shown(&|note| note.since.map(output::moment)),
                shown(&|note| note.memory.map(output::bytes)),
                shown(&|note| note.report.lag.map(|lag| lag.to_string())),
                shown(&|note| Some(format!("{} s ago", (self.now - note.at).max(0) / 1_000_000))),
                match note {
                    Some(note) => self.reason(note),
                    None => self.told(*worker).unwrap_or_default(),
                },
                shown(&|note| note.report.last_error.clone()),
            ]
        });
        output::line("");
        let header =
            ["PROCESS", "PID", "USER", "CAPABILITIES", "NO NEW PRIVS", "SECCOMP", "LANDLOCK", "EXCESS"];
        let yes = |is: bool| if is { "yes" } else { "no" };
        output::table(&header, &self.processes, |seen| {
            let kernel =
                |shown: &dyn Fn(&Kernel) -> String| seen.kernel.as_ref().map(shown).unwrap_or_default();
            vec![
                seen.process.to_owned(),
                seen.pid.to_string(),
                kernel(&|kernel| kernel.uid.to_string()),
                kernel(&|kernel| if kernel.capabilities == 0 { "none" } else { "some" }.to_owned()),
                kernel(&|kernel| yes(kernel.no_new_privs).to_owned()),
                kernel(&|kernel| yes(kernel.seccomp).to_owned()),
                seen.landlock.clone().unwrap_or_default(),
                seen.excess.join(", "),
            ]
        });
    }

    /// Who wanted a worker not to run.
    fn told(&self, worker: Worker) -> Option<String> {
        let (_, order) = self.orders.iter().find(|(of, _)| *of == worker)?;
        Some(stopped(order))
    }

    fn state(&self, note: Option<&Note>) -> &'static str {
        match note {
            None => "stopped",
            Some(note) if note.phase == Phase::Failing => "failing",
            Some(note) if note.is_stale(self.now) => "hangs",
            Some(note) if !note.report.good => "in trouble",
            Some(_) => "running",
        }
    }

    fn reason(&self, note: &Note) -> String {
        let last = note.report.last_error.as_deref().unwrap_or("it failed");
        match (note.phase, note.next_try) {
            (Phase::Failing, Some(next)) => {
                format!("{last}; next try in {} s", ((next - self.now).max(0) + 999_999) / 1_000_000)
            }
            (Phase::Failing, None) => last.to_owned(),
            _ if note.is_stale(self.now) => "has not been heard of".to_owned(),
            _ if note.report.good => String::new(),
            _ => note.report.trouble.clone().unwrap_or_else(|| format!("was started again: {last}")),
        }
    }
}

/// The processes that there are, each with what it has too much.
fn processes(
    paths: &Paths,
    holder: Option<&Holder>,
    runtime: Option<&Standing>,
    workers: &[Worker],
) -> Vec<Seen> {
    let native = runtime.and_then(|runtime| runtime.native.as_ref());
    let root = holder.and_then(|holder| Kernel::of(holder.pid)).is_some_and(|kernel| kernel.uid == 0);
    // Root of a user namespace has one user only.
    let root = root && native.is_none_or(|native| !native.rootless);
    // What an earlier run left says nothing.
    let (native, runtime) = (native.filter(|_| holder.is_some()), runtime.filter(|_| holder.is_some()));
    let mut found = Vec::new();
    let mut see = |process, pid: Option<u32>, landlock: Option<String>, confined: bool, kept: u64| {
        let Some(pid) = pid else { return };
        let kernel = Kernel::of(pid);
        let excess = match &kernel {
            Some(kernel) if confined => excess(kernel, landlock.as_deref(), root, kept),
            None => vec!["does not run".to_owned()],
            _ => Vec::new(),
        };
        found.push(Seen { process, pid, kernel, landlock, excess });
    };
    see(Process::Keeper.name(), holder.map(|holder| holder.pid), None, false, 0);
    let has = |process: &Process| workers.iter().any(|worker| worker.spec().process == *process);
    let parts = Process::ALL.iter().copied().filter(|process| *process != Process::Keeper && has(process));
    for process in parts.filter(|_| holder.is_some()) {
        let text = get(&paths.process_note(process.name())).unwrap_or_default();
        let note: Option<Confined> = serde_json::from_slice(&text).ok();
        let landlock = note.as_ref().map(|note| note.landlock.clone());
        let grants = process.grants();
        let kept = if grants.low_ports { LOW_PORTS } else { 0 };
        see(process.name(), note.map(|note| note.pid), landlock, grants.confined, kept);
    }
    see("netd", native.map(|native| native.netd), None, false, 0);
    see("gate", native.and_then(|native| native.gate), None, true, 0);
    see("serve", runtime.and_then(|runtime| runtime.process), None, true, 0);
    see("lab", native.and_then(|native| native.holder), None, true, 0);
    found
}

/// Processes of workers that run by themselves, as systemd has them.
fn alone(paths: &Paths, workers: &[(Worker, Option<Note>)], known: &[Seen]) -> Vec<Seen> {
    let mut found: Vec<Seen> = Vec::new();
    for (worker, note) in workers {
        let Some(pid) = note.as_ref().map(|note| note.pid) else { continue };
        if known.iter().chain(&found).any(|seen| seen.pid == pid) {
            continue;
        }
        let text = get(&paths.process_note(worker.name())).unwrap_or_default();
        let confined: Option<Confined> = serde_json::from_slice(&text).ok();
        let landlock = confined.filter(|confined| confined.pid == pid).map(|confined| confined.landlock);
        let kernel = Kernel::of(pid);
        let grants = worker.grants();
        let kept = if grants.low_ports { LOW_PORTS } else { 0 };
        let checked = kernel.as_ref().filter(|_| grants.confined);
        let excess = checked.map_or_else(Vec::new, |kernel| excess(kernel, landlock.as_deref(), false, kept));
        found.push(Seen { process: worker.name(), pid, kernel, landlock, excess });
    }
    found
}

/// The capability to listen on ports below 1024 (CAP_NET_BIND_SERVICE), as the kernel shows it.
const LOW_PORTS: u64 = 1 << 10;

/// What a confined process has that it should not have, beside the capabilities `kept`.
fn excess(kernel: &Kernel, landlock: Option<&str>, root: bool, kept: u64) -> Vec<String> {
    let mut excess = Vec::new();
    if root && kernel.uid == 0 {
        excess.push("runs as root".to_owned());
    }
    if kernel.capabilities & !kept != 0 {
        excess.push("has capabilities".to_owned());
    }
    if !kernel.no_new_privs {
        excess.push("may get new privileges".to_owned());
    }
    if !kernel.seccomp {
        excess.push("no filter of system calls".to_owned());
    }
    if let Some(reason) = landlock.filter(|landlock| *landlock != "full") {
        excess.push(format!("landlock {reason}"));
    }
    excess
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_confined_process_should_not_have_is_named() {
        let good = Kernel { uid: 64_998, capabilities: 0, no_new_privs: true, seccomp: true };
        assert_eq!(excess(&good, Some("full"), true, 0), Vec::<String>::new());
        assert_eq!(excess(&Kernel { uid: 0, ..good.clone() }, None, true, 0), ["runs as root"]);
        let bare = Kernel { uid: 0, capabilities: 1, no_new_privs: false, seccomp: false };
        assert_eq!(excess(&bare, Some("none: too old"), false, LOW_PORTS).len(), 4);
    }
}
