//! The program's own settings and workers.

use super::{cell, code, codes, table};
use crate::settings::{Kind, Name};
use decnet_model::worker::{Role, Worker};

pub(super) fn settings() -> String {
    let rows = Name::ALL.iter().map(|name| {
        let knob = name.knob();
        let values = match knob.kind {
            Kind::Text => "text".to_owned(),
            Kind::Secret => "secret".to_owned(),
            Kind::Path => "path".to_owned(),
            Kind::Port => "port".to_owned(),
            Kind::Count => "whole number from 1".to_owned(),
            Kind::Flag => "yes or no".to_owned(),
            Kind::Addresses => "addresses and networks".to_owned(),
            Kind::Retention | Kind::Workers | Kind::Roles => "list".to_owned(),
            Kind::Levels => "levels".to_owned(),
            Kind::Word(words) => codes(words),
        };
        vec![code(knob.key), code(knob.variable), values, code(knob.default), cell(knob.about)]
    });
    let former = crate::settings::former().map(|(variable, instead)| {
        let all = if variable.ends_with('_') { format!("{variable}…") } else { variable.to_owned() };
        vec![code(&all), cell(instead)]
    });
    format!(
        "# Settings\n\n`decnet config show` prints each value and where it comes from; `decnet config check` finds \
         mistakes; `decnet config example` prints a host INI with all of them. `/etc/decnet/decnet.ini` goes before \
         the defaults, `.env` and `.env.local` before it, then the environment, then the command line.\n\n{}\n\
         ## Settings of DECNET 1\n\nVariables of the same name and meaning work. These are not read any more, and \
         the program says so where it finds one:\n\n{}",
        table(&["Setting", "Variable", "Values", "Default", "What it does"], rows),
        table(&["Variable", "What does it now"], former)
    )
}

pub(super) fn tables() -> String {
    let rows = decnet_store::growth()
        .map(|rule| vec![code(rule.table), rule.growth.name().to_owned(), cell(rule.bound)]);
    format!(
        "# Tables\n\nWhat the store holds (`decnet db check` looks whether it is sound) and how it grows: `fixed` does \
         not, `operators` as they work, `bounded` is deleted from the oldest on, and `evidence` stays, because it is \
         what DECNET is there for: `decnet export` and `decnet backup` take it elsewhere, `decnet db reset` begins \
         anew.\n\n{}",
        table(&["Table", "Grows", "Bound"], rows)
    )
}

pub(super) fn workers() -> String {
    let rows = Worker::ALL.iter().map(|worker| {
        let spec = worker.spec();
        let role = match spec.role {
            Role::Master => "master",
            Role::Agent => "agent",
            Role::Either => "both",
        };
        vec![
            code(worker.name()),
            cell(worker.about()),
            spec.process.name().to_owned(),
            role.to_owned(),
            codes(spec.wake.topics),
            format!("{} s", spec.wake.tick.as_secs()),
            codes(worker.grants().capabilities),
            codes(worker.grants().families),
            codes(spec.after.iter().map(|worker| worker.name())),
        ]
    });
    format!(
        "# Workers\n\n`decnet run` runs all of them; each has a verb of its own besides, and a unit of systemd once \
         `decnet init` has made it. `decnet worker list` shows their state; `decnet worker stop`, `start` and \
         `restart` act on one.\n\n{}",
        table(
            &[
                "Worker",
                "What it does",
                "Process",
                "Runs on",
                "Woken by",
                "At least every",
                "Capabilities",
                "Sockets",
                "After"
            ],
            rows
        )
    )
}
