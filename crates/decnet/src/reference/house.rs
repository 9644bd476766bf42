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
            Kind::Retention => "list".to_owned(),
            Kind::Word(words) => codes(words),
        };
        vec![code(knob.key), code(knob.variable), values, code(knob.default), cell(knob.about)]
    });
    format!(
        "# Settings\n\n`decnet config show` prints each value and where it comes from; `decnet config check` finds \
         mistakes.\n\n{}",
        table(&["Setting", "Variable", "Values", "Default", "What it does"], rows)
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
            codes(spec.after.iter().map(|worker| worker.name())),
        ]
    });
    format!(
        "# Workers\n\n`decnet run` runs all of them; each has a verb of its own besides. `decnet status` shows their \
         state.\n\n{}",
        table(&["Worker", "What it does", "Process", "Runs on", "Woken by", "At least every", "After"], rows)
    )
}
