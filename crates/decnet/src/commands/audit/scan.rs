//! nmap's view of deckies, from the lab's attackers' host.

use crate::commands::Context;
use anyhow::{Context as _, Result, ensure};
use decnet_analysis::audit::Scanned;
use decnet_engine::lab::{Lab, Place};
use decnet_model::fleet::Fleet;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    process::Stdio,
};

/// A port that no decky has open: nmap wants a closed one.
const CLOSED: u16 = 1;
/// Deckies that nmap times at once; with more, its clock is off.
const TOGETHER: usize = 25;

/// Why nmap cannot look at `fleet`; `None`: it can.
pub(super) fn hindrance(fleet: &Fleet) -> Option<String> {
    outside(fleet)
        .or_else(|| (!installed("nmap")).then(|| "nmap is not installed (`apt-get install nmap`)".to_owned()))
}

/// Why nobody looks at `fleet` from the attackers' host; `None`: somebody can.
pub(super) fn outside(fleet: &Fleet) -> Option<String> {
    (!fleet.lab).then(|| "the fleet is not in the lab, and nobody else is scanned for us".to_owned())
}

/// Whether a program is there.
pub(super) fn installed(program: &str) -> bool {
    let folders = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    folders.into_iter().flatten().any(|folder| folder.join(program).is_file())
}

/// What nmap saw of one address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Host {
    /// Systems that fit exactly.
    pub(super) scanned: Scanned,
    /// Since when its timestamps count, and after which time they begin anew, in µs.
    pub(super) clock: Option<(i64, i64)>,
    pub(super) ids: Vec<u16>,
    pub(super) isns: Vec<u32>,
}

/// Lets nmap look at `addresses`, some of whose `open` ports are open.
pub(super) async fn run(
    context: &Context,
    addresses: Vec<IpAddr>,
    open: BTreeSet<u16>,
) -> Result<BTreeMap<IpAddr, Host>> {
    let lab = Lab::find(&context.paths().run()).context("the lab is down; `decnet lab up` starts it")?;
    let ports: Vec<String> = open.iter().chain([&CLOSED]).map(ToString::to_string).collect();
    let mut seen = BTreeMap::new();
    for some in addresses.chunks(TOGETHER) {
        let mut command = lab.command(Place::Attacker(0), "nmap")?;
        command.args(["-n", "-Pn", "-sS", "-O", "--osscan-limit", "-oX", "-", "-p", &ports.join(",")]);
        command.args(some.iter().map(ToString::to_string));
        command.stdin(Stdio::null()).stderr(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output()).await.context("run nmap")?;
        let output = output.context("run nmap")?;
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        ensure!(output.status.success(), "nmap failed with {}", output.status);
        seen.extend(read(&String::from_utf8_lossy(&output.stdout), now));
    }
    Ok(seen)
}

/// Reads what nmap wrote (`-oX`) about each host, some time before `now` (s since the epoch).
fn read(xml: &str, now: i64) -> BTreeMap<IpAddr, Host> {
    let mut seen = BTreeMap::new();
    for element in xml.split("</host>") {
        let start = ["<host ", "<host>"].iter().filter_map(|tag| element.rfind(tag)).max();
        let Some(host) = start.and_then(|start| element.get(start..)) else { continue };
        let mut addresses = tags(host, "<address ").filter_map(|tag| attribute(tag, "addr")?.parse().ok());
        let Some(address) = addresses.next() else { continue };
        let exact = tags(host, "<osmatch ")
            .filter(|tag| attribute(tag, "accuracy").as_deref() == Some("100"))
            .filter_map(|tag| attribute(tag, "name"))
            .collect();
        let host = Host { scanned: Scanned { exact }, clock: clock(host, now), ..series(host) };
        seen.insert(address, host);
    }
    seen
}

/// Since when the timestamps of a host count, and after which time they begin anew.
///
/// nmap divides the last timestamp by the ticks that it measured, whole ones a second: on a busy machine 992
/// of a thousand, which makes hours of weeks. When it was measured lies within the time that the host was
/// looked at, which tells how many they were.
fn clock(host: &str, now: i64) -> Option<(i64, i64)> {
    let sequence = tags(host, "<tcptssequence ").next()?;
    let ticks: i64 = attribute(sequence, "class")?.strip_suffix("HZ")?.trim_end().parse().ok()?;
    let up: i64 = attribute(tags(host, "<uptime ").next()?, "seconds")?.parse().ok()?;
    let period = (1 << 32) * 1_000_000_i64.checked_div(ticks).filter(|_| ticks > 0)?;
    let values = attribute(sequence, "values")?;
    let last = values.rsplit(',').next().and_then(|value| i64::from_str_radix(value, 16).ok())?;
    let looked = attribute(host, "starttime").and_then(|start| start.parse::<i64>().ok());
    let moment = |measured: i64| Some(now - up + last.checked_div(measured)?);
    let within = |moment: &i64| looked.is_none_or(|start| (start - 1..=now + 1).contains(moment));
    // From the nominal number outwards, as far as nmap still takes it for that.
    let measured = (0..=ticks / 3).flat_map(|off| [ticks + off, ticks - off]);
    let moment = measured.filter_map(moment).find(within).unwrap_or(now);
    Some((moment * 1_000_000 - last * (1_000_000 / ticks), period))
}

/// Numbers of the packets that answered a host's sequence test.
fn series(host: &str) -> Host {
    let values = |tag: &str| tags(host, tag).find_map(|tag| attribute(tag, "values")).unwrap_or_default();
    let numbers = |text: String| -> Vec<u32> {
        text.split(',').filter_map(|word| u32::from_str_radix(word, 16).ok()).collect()
    };
    let ids = numbers(values("<ipidsequence ")).into_iter().filter_map(|id| u16::try_from(id).ok());
    Host { ids: ids.collect(), isns: numbers(values("<tcpsequence ")), ..Host::default() }
}

fn tags<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(|rest| rest.split('>').next())
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    let value = rest.split('"').next()?;
    Some(value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_matches_count() {
        let xml = r#"<nmaprun><host starttime="1"><address addr="10.66.0.11" addrtype="ipv4"/>
            <address addr="F4:8E:38:40:00:00" addrtype="mac" vendor="Dell"/><os>
            <osmatch name="Linux 4.15 - 5.6 &amp; kin" accuracy="100" line="1"/>
            <osmatch name="Linux 3.2" accuracy="96" line="2"/></os><uptime seconds="900" lastboot="x"/>
            <tcpsequence index="260" difficulty="Good luck!" values="A,FF,10000"/>
            <ipidsequence class="Incremental" values="1,2,FFFF"/>
            <tcptssequence class="1000HZ" values="1,2,DBBA0"/></host>
            <host><address addr="10.66.0.12" addrtype="ipv4"/></host></nmaprun>"#;
        let seen = read(xml, 1000);
        let exact = |last| seen[&IpAddr::from([10, 66, 0, last])].scanned.exact.clone();
        assert_eq!(exact(11), ["Linux 4.15 - 5.6 & kin"]);
        assert!(exact(12).is_empty());
        let first = &seen[&IpAddr::from([10, 66, 0, 11])];
        assert_eq!(
            (first.ids.as_slice(), first.isns.as_slice()),
            (&[1, 2, 65_535][..], &[10, 255, 65_536][..])
        );
        assert_eq!(first.clock, Some((100_000_000, 4_294_967_296_000)));
    }

    #[test]
    fn ticks_that_were_measured_on_a_busy_machine_are_put_right() {
        // Up for 3,000,000 s at 1000 ticks when it was measured, 20 s before the end.
        let check = |measured: i64| {
            let up = 3_000_000_000 / measured + 20;
            let host = format!(
                r#"<host starttime="9999970"><uptime seconds="{up}"/>
                <tcptssequence class="1000HZ" values="1,2,{:X}"/>"#,
                3_000_000_000_u32
            );
            assert_eq!(clock(&host, 10_000_000), Some((6_999_980_000_000, 4_294_967_296_000)), "{measured}");
        };
        [1000, 992, 1003, 870].into_iter().for_each(check);
    }
}
