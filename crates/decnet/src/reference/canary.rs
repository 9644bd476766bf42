//! Kinds of canaries.

use super::{cell, code, codes, table};
use decnet_model::{canary::Needs, record::CanaryKind};

pub(super) fn kinds() -> String {
    let rows = CanaryKind::ALL.iter().map(|kind| {
        let traits = kind.traits();
        let needs = match traits.needs {
            Needs::Base => code("canary.http-base"),
            Needs::Zone => code("canary.dns-zone"),
            Needs::Domain => "a mail domain (`--target`)".to_owned(),
            Needs::Nothing => String::new(),
        };
        vec![
            code(kind.name()),
            cell(kind.about()),
            codes(traits.channels.iter().map(|channel| channel.name())),
            needs,
            cell(traits.fires),
            cell(traits.silent),
            code(traits.place),
            cell(traits.target),
        ]
    });
    format!(
        "# Canaries\n\n{TEXT}\n\n{}",
        table(
            &[
                "Kind",
                "What it is",
                "Noticed by",
                "Needs",
                "Fires with",
                "Silent with",
                "Usual place",
                "`--target`"
            ],
            rows
        )
    )
}

/// What is true of all of them.
const TEXT: &str = "A canary is a file, a name or a secret that nobody has reason to use. `decnet canary create \
…` makes one, `canary plant` lays it among the files of a decky, `canary hits` and the page Canaries show who \
took or used it. Each is drawn anew and remembered.

The worker `canary` answers pages (`canary.http-port`) and names (`canary.dns-port`, UDP and TCP); it listens once \
there is a canary. Tell it under which address its pages are reached (`canary.http-base`) and which zone is asked of \
it (`canary.dns-zone`; delegate the zone to this host with an NS record). It speaks no TLS: put a proxy before it \
that does, name the proxy in `canary.proxies`, and give `https://` in `canary.http-base`. Ports below 1024 are kept \
possible by the capability CAP_NET_BIND_SERVICE, which the worker keeps only then.

What is noticed is an event: `callback` where a canary was used, `echo` where the call says little (previewers of \
chats, mail filters, crawlers, scanners, resolvers, repeats, names asked for again much later, tests of `canary \
test`), and `file_read` with the id where it was read on a decky. A use is told once; what repeats it within minutes \
is counted. Incidents, alerts and attackers come of callbacks as of other events; who read a canary and who used it \
within an hour are one incident. A login with a secret of a canary has `provenance` in `creds list --json`. For a \
name the address is that of the resolver that asked.

Passwords are known where they come in the clear; a proof made of one (NTLM, Kerberos, SCRAM, digests, MySQL) is \
known by the login name that comes with it, which is drawn too unless you give one. Tried by hand: curl, git, dig, \
OpenSSH, kubectl 1.32, aws-cli 1.45, LibreOffice 7.4 (documents and sheets), Chromium (pages, drawings, copied \
pages; a PDF stays silent), poppler (silent).";
