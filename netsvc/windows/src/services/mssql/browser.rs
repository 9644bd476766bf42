//! SQL Server Browser: which instances there are, and on which ports ([MC-SQLR]).

use super::release::Release;
use netsvc_kit::{Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// Requests: of all hosts, of this one, of an instance, of an instance's port for administrators.
const BROADCAST: u8 = 2;
const UNICAST: u8 = 3;
const INSTANCE: u8 = 4;
const ADMINISTRATION: u8 = 0x0f;
/// Longest name of an instance.
const NAME: usize = 32;

/// Who asks.
pub(super) struct Browser {
    host: Arc<Host>,
}

impl Browser {
    /// A peer that asks `host`.
    pub(super) fn new(host: &Arc<Host>, _: &Link) -> Browser {
        Browser { host: host.clone() }
    }

    fn about(&self) -> String {
        let release = Release::of(&self.host);
        format!(
            "ServerName;{};InstanceName;{};IsClustered;No;Version;{};tcp;1433;;",
            release.machine,
            release.instance,
            release.number()
        )
    }
}

impl Machine for Browser {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        let Input::Bytes(request) = input else { return };
        let Some((kind, rest)) = request.split_first() else { return };
        let name = rest.split(|byte| *byte == 0).next().unwrap_or_default();
        let name = name.get(..NAME).unwrap_or(name);
        let told = match *kind {
            BROADCAST | UNICAST => "instances",
            INSTANCE => "instance",
            ADMINISTRATION => "administration port",
            _ => return,
        };
        let fields = vec![(field::COMMAND, told.as_bytes().to_vec()), (field::NAME, name.to_vec())];
        out.record(Kind::Command, fields);
        let own = Release::of(&self.host).instance;
        let asked = String::from_utf8_lossy(name);
        if *kind == ADMINISTRATION || *kind == INSTANCE && !asked.eq_ignore_ascii_case(&own) {
            // Who asks for an instance that is not there hears nothing.
            return;
        }
        let about = self.about();
        let length = u16::try_from(about.len()).unwrap_or_default().to_le_bytes();
        out.datagram([&[5][..], &length, about.as_bytes()].concat());
    }
}

#[cfg(test)]
mod tests {
    use crate::services::mssql::SERVICE;
    use netsvc_kit::testing::{datagrams, host, link, persona, sent, stage};

    #[test]
    fn the_instance_is_told_to_who_asks_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let host = host(&stage(folder.path()), persona("x"), "mssql", &[("instance", "PROD")]);
        let ask = |request: &[u8]| sent(&datagrams(&SERVICE, &host, &link(1434), &[request]));
        let all = ask(b"\x02");
        assert_eq!(all.first_chunk(), Some(&[5, u8::try_from(all.len() - 3).unwrap(), 0]));
        assert!(
            String::from_utf8_lossy(&all)
                .contains("InstanceName;PROD;IsClustered;No;Version;15.0.2000.5;tcp;1433;;")
        );
        assert_eq!(ask(b"\x04prod\0"), all);
        assert!(ask(b"\x04other\0").is_empty() && ask(b"\xff").is_empty() && ask(b"").is_empty());
    }
}
