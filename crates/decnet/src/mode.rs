//! What this host is: the master of its own installation, or an agent of somebody else's swarm, which does as it is
//! told. An agent hides the verbs that are the master's, and refuses them in one line.

use crate::settings::{Name, Settings};
use decnet_model::{
    paths::Paths,
    worker::{Process, Role, Worker},
};
use decnet_swarm::files::Files;

/// Verbs that are the master's, beside those of its workers. What only looks at this host is not among them.
const MASTERS: &[&str] = &[
    "alerts",
    "attackers",
    "artifacts",
    "audit",
    "breadcrumbs",
    "campaigns",
    "correlate",
    "creds",
    "db",
    "db-reset",
    "decky",
    "deploy",
    "enrich",
    "events",
    "export",
    "firedrill",
    "identities",
    "image",
    "incident",
    "incidents",
    "letters",
    "mutate",
    "mutations",
    "operations",
    "personas",
    "plan",
    "probe",
    "reconcile",
    "redeploy",
    "reuse",
    "sessions",
    "swarm",
    "swarmctl",
    "teardown",
    "techniques",
    "timeline",
    "token",
    "top",
    "topology",
    "user",
];

/// What this host is.
pub fn role(settings: &Settings) -> Role {
    match settings.text(Name::Mode) {
        "agent" => Role::Agent,
        "master" => Role::Master,
        _ if Files::new(&Paths::new(settings.state_dir())).is_agent() => Role::Agent,
        _ => Role::Master,
    }
}

/// Whether the master's verbs are hidden and refused here.
pub fn is_gated(settings: &Settings) -> bool {
    role(settings) == Role::Agent && settings.flag(Name::DisallowMaster)
}

/// Whether a verb is the master's.
pub fn is_masters(verb: &str) -> bool {
    MASTERS.contains(&verb) || verb.parse::<Worker>().is_ok_and(|worker| worker.spec().role == Role::Master)
}

/// Why `verb` is refused on this host.
pub fn refusal(verb: &str, settings: &Settings) -> String {
    let files = Files::new(&Paths::new(settings.state_dir()));
    let whose = files.membership().map_or_else(
        |_| format!("this host is an agent ({})", settings.origin(Name::Mode)),
        |member| format!("this host is an agent of {}", member.master),
    );
    format!("error: `decnet {verb}` is the master's: {whose}; DECNET_DISALLOW_MASTER=no lifts it")
}

/// The command line without the master's verbs.
pub fn without_masters(command: clap::Command) -> clap::Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|verb| verb.get_name().to_owned())
        .filter(|name| is_masters(name))
        .collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, |verb| verb.hide(true)))
}

/// The workers that run here, so that each comes after those it needs.
pub fn workers(settings: &Settings) -> Vec<Worker> {
    Worker::on(role(settings))
}

/// The workers of this host that there is something for: those of a swarm only where there is one.
pub fn shown(settings: &Settings) -> Vec<Worker> {
    let files = Files::new(&Paths::new(settings.state_dir()));
    let swarm = files.is_master() || files.is_agent();
    let here = Worker::ALL.iter().copied();
    let runs = workers(settings);
    here.filter(|worker| runs.contains(worker) && (swarm || worker.spec().process != Process::Swarm))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Origin;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let layer = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned(), Origin::Flag("test")))
            .collect();
        Settings::resolve(&[layer]).unwrap()
    }

    #[test]
    fn every_verb_of_the_master_is_one() {
        let command = crate::cli::command();
        for verb in MASTERS {
            assert!(command.find_subcommand(verb).is_some(), "{verb}");
        }
    }

    #[test]
    fn an_agent_hides_what_is_the_masters_and_keeps_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().display().to_string();
        let agent = [("DECNET_STATE_DIR", here.as_str()), ("DECNET_MODE", "agent")];
        assert!(is_gated(&settings(&agent)));
        let lifted = [agent[0], agent[1], ("DECNET_DISALLOW_MASTER", "no")];
        assert!(!is_gated(&settings(&lifted)) && !is_gated(&settings(&agent[..1])));
        let hidden = without_masters(crate::cli::command());
        let is_hidden = |verb: &str| hidden.find_subcommand(verb).unwrap().is_hide_set();
        assert!(["deploy", "swarm", "api", "ingester"].iter().all(|verb| is_hidden(verb)));
        assert!(!["status", "agent", "config", "run", "collector"].iter().any(|verb| is_hidden(verb)));
        assert!(shown(&settings(&agent)).iter().all(|worker| worker.spec().role != Role::Master));
        let line = refusal("deploy", &settings(&agent));
        assert!(line.starts_with("error: `decnet deploy` is the master's") && !line.contains('\n'), "{line}");
    }
}
