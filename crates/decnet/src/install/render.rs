//! The files of an installation as text, all made from the worker list: units, the target, the rule of polkit, the
//! entry of tmpfiles.

use super::{Layout, MARK};
use crate::runner::{self, TARGET};
use decnet_engine::native::STAGE_USER;
use decnet_model::{
    paths::Paths,
    worker::{Grants, Place, Worker},
};
use std::{fmt::Write, path::Path};

/// Seconds after which a unit that says nothing is started again.
const WATCHDOG: u32 = 90;
/// Open files of units whose grants name no number: what `decnet doctor` asks for, and to spare.
const OPEN_FILES: u64 = 65_536;

/// What nothing of ours does, whatever its rights.
const ALL: &str = "\
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectClock=yes
ProtectHostname=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
KeyringMode=private
";

/// What a worker without rights gives up besides; it goes further by itself (Landlock, its own filter).
const CONFINED: &str = "\
PrivateDevices=yes
PrivateMounts=yes
ProtectControlGroups=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
MemoryDenyWriteExecute=yes
RestrictNamespaces=yes
RemoveIPC=yes
DevicePolicy=closed
SystemCallFilter=@system-service seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
";

/// What such a worker has besides. The capability for ports below 1024 would be worth nothing in a user namespace of
/// its own, and who has it drops it by himself.
const ALONE: &str = "PrivateUsers=yes\n";
const DROPS: &str = "SystemCallFilter=capset\n";
/// What the bus has instead where its socket is another group's: in a user namespace of its own there is no such group.
const GIVES: &str = "SystemCallFilter=@chown\n";

/// Where the command that makes images keeps what it must keep: the unit's own `/tmp`, anew with each start.
const BUILDER: &str = "BUILDX_CONFIG=/tmp/buildx";

/// The capability for ports below 1024.
const LOW_PORTS: &str = "CAP_NET_BIND_SERVICE";

/// What those leave who make networks and start processes of other users.
const KEEPER: &str = "\
ProtectControlGroups=yes
SystemCallFilter=~@clock @cpu-emulation @debug @module @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
";

/// The unit of a worker.
pub fn unit(worker: Worker, layout: &Layout) -> String {
    let grants = worker.grants();
    let program = layout.programs().join("decnet");
    let (program, state, name) = (program.display(), layout.state.display(), worker.name());
    let mut after: Vec<String> = worker.spec().after.iter().map(|&needed| runner::unit(needed)).collect();
    after.retain(|unit| layout.workers().iter().any(|&worker| runner::unit(worker) == *unit));
    after.insert(0, "network-online.target".to_owned());
    let mut text = format!(
        "# {MARK}: changes belong into `systemctl edit decnet-{name}`.\n\
         [Unit]\n\
         Description=DECNET {name}: {}\n\
         Documentation=man:decnet-{name}(1)\n\
         PartOf={TARGET}\n\
         Wants=network-online.target\n\
         After={}\n\
         \n\
         [Service]\n\
         Type=notify\n\
         ExecStart={program} --state-dir {state} {name}\n\
         EnvironmentFile=-/etc/decnet/.env\n\
         EnvironmentFile=-/etc/decnet/.env.local\n\
         WorkingDirectory=/\n\
         WatchdogSec={WATCHDOG}\n\
         Restart=on-failure\n\
         RestartSec=2\n\
         RestartPreventExitStatus=64\n\
         TimeoutStopSec=40\n\
         UMask=0027\n\
         LimitNOFILE={}\n",
        worker.about(),
        after.join(" "),
        grants.open_files.unwrap_or(OPEN_FILES),
    );
    let gives = layout.bus_group.as_deref().filter(|_| worker == Worker::Bus);
    rights(&grants, layout, gives, &mut text);
    // Writing to a String cannot fail.
    let _ = write!(text, "\n[Install]\nWantedBy={TARGET}\n");
    text
}

/// Who the unit is and what it may do. `gives`: a group that it gives a socket to, which its user has to be in.
fn rights(grants: &Grants, layout: &Layout, gives: Option<&str>, text: &mut String) {
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(text, "{key}={value}");
    };
    if grants.starter {
        line("User", "root");
        // There is no home where BuildKit's command could keep its own settings.
        line("Environment", BUILDER);
    } else {
        line("User", &layout.user);
        line("Group", &layout.group);
        // The spools are the service processes' group's.
        let groups: Vec<String> =
            std::iter::once(STAGE_USER.to_string()).chain(gives.map(str::to_owned)).collect();
        line("SupplementaryGroups", &groups.join(" "));
    }
    if let Some(memory) = grants.memory {
        line("MemoryMax", &format!("{}M", memory >> 20));
    }
    let capabilities = grants.capabilities.join(" ");
    line("CapabilityBoundingSet", &capabilities);
    // What an ordinary user keeps besides; the worker drops it where its ports are high.
    let kept = if grants.low_ports { LOW_PORTS } else { "" };
    line("AmbientCapabilities", kept);
    line("RestrictAddressFamilies", &grants.families.join(" "));
    if grants.starter {
        // Root's own, beside what is the house's; one that was set up earlier may not have it.
        let releases = Paths::new(&layout.state).releases_of_root();
        line("ReadWritePaths", &format!("-{}", releases.display()));
    }
    for place in grants.write {
        match place {
            Place::State => {
                line("ReadWritePaths", &layout.state.display().to_string());
                for folder in &layout.outside {
                    line("ReadWritePaths", &folder.display().to_string());
                }
            }
            // journald has them.
            Place::Messages | Place::System | Place::Certificates => {}
        }
    }
    text.push_str(ALL);
    if grants.confined {
        text.push_str(CONFINED);
        text.push_str(match () {
            () if grants.low_ports => DROPS,
            () if gives.is_some() => GIVES,
            () => ALONE,
        });
    } else {
        text.push_str(KEEPER);
    }
}

/// The unit that wants all others.
pub(super) fn target(layout: &Layout) -> String {
    let units: Vec<_> = layout.workers().into_iter().map(runner::unit).collect();
    format!(
        "# {MARK}.\n\
         [Unit]\n\
         Description=DECNET: every worker of this host\n\
         Documentation=man:decnet(1)\n\
         Wants={}\n\
         \n\
         [Install]\n\
         WantedBy=multi-user.target\n",
        units.join(" ")
    )
}

/// Who may start and stop the units beside root: members of the group, and nothing else.
pub(super) fn polkit(layout: &Layout) -> String {
    let units = layout.workers().into_iter().map(runner::unit).chain([TARGET.to_owned()]);
    let names: Vec<_> = units.map(|unit| format!("\"{unit}\"")).collect();
    format!(
        "// {MARK}.\n\
         polkit.addRule(function(action, subject) {{\n\
         \x20   var units = [{}];\n\
         \x20   var verbs = [\"start\", \"stop\", \"restart\"];\n\
         \x20   if (action.id == \"org.freedesktop.systemd1.manage-units\" &&\n\
         \x20       units.indexOf(action.lookup(\"unit\")) >= 0 &&\n\
         \x20       verbs.indexOf(action.lookup(\"verb\")) >= 0 &&\n\
         \x20       subject.isInGroup(\"{}\")) {{\n\
         \x20       return polkit.Result.YES;\n\
         \x20   }}\n\
         }});\n",
        names.join(", "),
        layout.group
    )
}

/// What of the last boot is gone with the next: sockets, notes and orders.
pub(super) fn tmpfiles(layout: &Layout) -> String {
    let run = layout.state.join("run");
    format!(
        "# {MARK}.\n\
         R! {run}\n\
         d {run} 0750 {user} {group} -\n",
        run = Path::new(&run).display(),
        user = layout.user,
        group = layout.group
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::worker::Duty;

    #[test]
    fn the_bus_may_give_its_socket_to_another_group_and_nobody_else_may() {
        let plain = Layout {
            prefix: None,
            user: "decnet".to_owned(),
            group: "decnet".to_owned(),
            folder: "/opt/decnet".into(),
            state: "/var/lib/decnet".into(),
            duty: Duty::Master,
            source: "/usr/bin".into(),
            copied: false,
            bus_group: None,
            outside: Vec::new(),
        };
        let given = Layout { bus_group: Some("siem".to_owned()), ..plain.clone() };
        let bus = unit(Worker::Bus, &given);
        assert!(bus.contains("\nSupplementaryGroups=64999 siem\n"), "{bus}");
        assert!(bus.contains("\nSystemCallFilter=@chown\n") && !bus.contains("PrivateUsers"), "{bus}");
        assert_eq!(unit(Worker::Ingester, &given), unit(Worker::Ingester, &plain));
        let writes = |worker| unit(worker, &plain).contains("\nReadWritePaths=-/var/lib/decnet-releases\n");
        assert_eq!((writes(Worker::Updater), writes(Worker::Link)), (true, false));
        let builds = |worker| unit(worker, &plain).contains("\nEnvironment=BUILDX_CONFIG=/tmp/buildx\n");
        assert_eq!((builds(Worker::Fleet), builds(Worker::Bus)), (true, false));
        assert!(unit(Worker::Bus, &plain).contains("\nPrivateUsers=yes\n"));
        let elsewhere = Layout { outside: vec!["/srv/db".into()], ..plain };
        let ingester = unit(Worker::Ingester, &elsewhere);
        assert!(
            ingester.contains("\nReadWritePaths=/var/lib/decnet\nReadWritePaths=/srv/db\n"),
            "{ingester}"
        );
    }
}
