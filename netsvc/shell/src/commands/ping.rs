//! `ping` and `traceroute`: who answers is the node itself, its neighbours, and where a way of the node leads to
//! somebody.

use super::{
    Run,
    network::{answers, unreachable},
    options::options,
    rest,
};
use crate::interpret::{Flow, Shell, Status};
use std::{net::Ipv4Addr, time::Duration};

pub(super) const COMMANDS: &[(&str, Run)] = &[("ping", ping), ("traceroute", traceroute)];

/// Time between two questions.
const PACE: Duration = Duration::from_millis(1_012);

/// Whom one call asks, and what comes of it.
struct Call {
    host: String,
    address: Ipv4Addr,
    count: u32,
    answer: Answer,
    quiet: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Answers with this time to live.
    Alive(u8),
    /// The node's own system says that nobody is there.
    Unreachable,
    Silence,
}

fn ping(shell: &mut Shell, arguments: &[String]) -> Status {
    let busybox = shell.flavour().busybox();
    let short =
        if busybox { "c:s:t:w:W:i:I:p:q46A" } else { "46aAbBc:CdDe:fhi:I:l:Lm:M:nOp:qQ:rRs:S:t:T:UvVw:W:" };
    let Some(options) = options(shell, arguments, short, &[])? else { return Ok(2) };
    let Some(host) = options.operands.last().cloned() else {
        if busybox {
            return super::help::usage(shell, "ping").map(|()| 1);
        }
        shell.err("ping: usage error: Destination address required\n")?;
        return Ok(1);
    };
    let found = shell.outward.way.find(&host);
    let own = if host == "localhost" { Some(Ipv4Addr::LOCALHOST) } else { host.parse().ok() };
    let Some(address) = found.map(|found| found.address).or(own) else {
        shell.wait(Duration::from_millis(10_020))?;
        if busybox {
            return shell.err(&format!("ping: bad address '{host}'\n")).map(|()| 1);
        }
        return shell.err(&format!("ping: {host}: Temporary failure in name resolution\n")).map(|()| 2);
    };
    let answer = match found {
        Some(found) => match found.ttl {
            Some(ttl) => Answer::Alive(ttl),
            None if found.hops == 0 => Answer::Unreachable,
            None => Answer::Silence,
        },
        None if answers(shell, address) => Answer::Alive(64),
        None => Answer::Silence,
    };
    if matches!(answer, Answer::Alive(_)) {
        shell.meet(&host);
    }
    let count = options.number('c').and_then(|count| u32::try_from(count).ok()).unwrap_or(4);
    // `-w` ends it after so many seconds, one question each.
    let within = options.number('w').and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(u32::MAX);
    let count = count.min(within).clamp(1, 50);
    let call = Call { host, address, count, answer, quiet: options.has('q') };
    if busybox { call.busybox(shell) } else { call.iputils(shell) }
}

fn traceroute(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments).iter().filter(|word| !word.starts_with('-'));
    let known = words.filter_map(|word| Some((word.clone(), shell.outward.way.find(word)?))).next_back();
    let Some((host, found)) = known else { return unreachable(shell, arguments) };
    let address = found.address;
    let size = if shell.flavour().busybox() { 46 } else { 60 };
    shell.out(&format!("traceroute to {host} ({address}), 30 hops max, {size} byte packets\n"))?;
    let hops = u32::from(found.hops);
    let last = if found.ttl.is_some() { hops + 1 } else { 30 };
    for hop in 1..=last {
        if hop <= hops || found.ttl.is_none() {
            shell.wait(Duration::from_secs(5))?;
            shell.out(&format!("{hop:>2}  * * *\n"))?;
            continue;
        }
        let times: String = (0..3).map(|_| format!("  {:.3} ms", time(shell))).collect();
        shell.out(&format!("{hop:>2}  {host} ({address}){times}\n"))?;
    }
    Ok(0)
}

/// Round-trip times in milliseconds.
fn time(shell: &Shell) -> f64 {
    0.2 + f64::from(shell.live.random_number() % 400) / 1_000.0
}

/// Least, mean and most.
fn spread(times: &[f64]) -> (f64, f64, f64) {
    let least = times.iter().copied().fold(f64::MAX, f64::min);
    let most = times.iter().copied().fold(0.0, f64::max);
    let count = u32::try_from(times.len()).unwrap_or(u32::MAX).max(1);
    (least, times.iter().sum::<f64>() / f64::from(count), most)
}

impl Call {
    /// Asks; `line` says how an answer is shown. The times that answers took.
    fn ask(&self, shell: &mut Shell, line: impl Fn(u32, u8, f64) -> String) -> Result<Vec<f64>, Flow> {
        let mut times = Vec::new();
        for sequence in 1..=self.count {
            let last = sequence == self.count;
            match self.answer {
                Answer::Alive(ttl) => {
                    let took = time(shell);
                    times.push(took);
                    if !self.quiet {
                        shell.out(&line(sequence, ttl, took))?;
                    }
                    shell.wait(if last { Duration::from_millis(1) } else { PACE })?;
                }
                Answer::Unreachable | Answer::Silence => shell.wait(PACE)?,
            }
        }
        Ok(times)
    }

    fn iputils(&self, shell: &mut Shell) -> Status {
        let Call { host, address, count, .. } = self;
        shell.out(&format!("PING {host} ({address}) 56(84) bytes of data.\n"))?;
        let named = host.parse::<Ipv4Addr>().is_err() && host != "localhost";
        let from = if named { format!("{host} ({address})") } else { address.to_string() };
        let mut errors = String::new();
        if self.answer == Answer::Unreachable {
            // The system asks three times who has the address before it tells.
            shell.wait(Duration::from_millis(3_060))?;
            let own = shell.live.persona.ip;
            let own = shell.own_address(*address).map_or_else(|| own.to_string(), |own| own.to_string());
            let told = (1..=*count)
                .map(|sequence| format!("From {own} icmp_seq={sequence} Destination Host Unreachable\n"));
            if !self.quiet {
                shell.out(&told.collect::<String>())?;
            }
            errors = format!(" +{count} errors,");
        }
        let times = self.ask(shell, |sequence, ttl, took| {
            format!("64 bytes from {from}: icmp_seq={sequence} ttl={ttl} time={took:.3} ms\n")
        })?;
        let loss = if times.is_empty() { 100 } else { 0 };
        let received = times.len();
        let whole = (count - 1) * 1_012;
        shell.out(&format!(
            "\n--- {host} ping statistics ---\n{count} packets transmitted, {received} received,{errors} \
             {loss}% packet loss, time {whole}ms\n"
        ))?;
        if times.is_empty() {
            let pipe = if errors.is_empty() { String::new() } else { format!("pipe {}", (*count).min(4)) };
            return shell.out(&format!("{pipe}\n")).map(|()| 1);
        }
        let (least, mean, most) = spread(&times);
        let deviation = (most - least) / 4.0;
        shell
            .out(&format!("rtt min/avg/max/mdev = {least:.3}/{mean:.3}/{most:.3}/{deviation:.3} ms\n"))
            .map(|()| 0)
    }

    fn busybox(&self, shell: &mut Shell) -> Status {
        let Call { host, address, count, .. } = self;
        shell.out(&format!("PING {host} ({address}): 56 data bytes\n"))?;
        let times = self.ask(shell, |sequence, ttl, took| {
            format!("64 bytes from {address}: seq={} ttl={ttl} time={took:.3} ms\n", sequence - 1)
        })?;
        let loss = if times.is_empty() { 100 } else { 0 };
        let received = times.len();
        shell.out(&format!(
            "\n--- {host} ping statistics ---\n{count} packets transmitted, {received} packets received, \
             {loss}% packet loss\n"
        ))?;
        if times.is_empty() {
            return Ok(1);
        }
        let (least, mean, most) = spread(&times);
        shell.out(&format!("round-trip min/avg/max = {least:.3}/{mean:.3}/{most:.3} ms\n")).map(|()| 0)
    }
}

impl Shell {
    /// The node's own address in the network that `address` is in, beside its first one.
    fn own_address(&self, address: Ipv4Addr) -> Option<Ipv4Addr> {
        self.live.persona.place.way(address).map(|way| way.from)
    }
}
