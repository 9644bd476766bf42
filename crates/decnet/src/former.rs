//! Verbs and options of DECNET 1, the Python program, that there are no more: what takes their place. Its settings are
//! in `settings/former.rs`.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Verbs, and what does what they did.
const VERBS: &[(&str, &str)] = &[
    ("attribution", "`decnet identities` says who is behind addresses, and why"),
    ("canary-install-toolchain", "canaries are made without programs of Node.js (`decnet canary create`)"),
    ("realism", "`decnet personas import` takes people of a domain"),
    ("supervise", "`decnet run` runs all workers and starts those again that end"),
    ("ttp-backfill", "techniques are seen anew by themselves when rules change (`decnet techniques check`)"),
];

/// Options: verb (empty: any), name, and what does what they did. The first row that fits counts.
const OPTIONS: &[(&str, &str, &str)] = &[
    ("agent", "--agent-dir", "what an agent holds is in the state folder (--state-dir)"),
    ("agent", "--host", "an agent listens to nobody: it connects to the master"),
    ("agent", "--port", "an agent listens to nobody: it connects to the master"),
    ("db-reset", "--url", "DECNET_DB_URL says it"),
    ("deploy", "--api", "`deploy` always starts the interface, with all other workers"),
    ("deploy", "--api-port", "DECNET_API_PORT says it"),
    ("deploy", "--daemon", "`deploy` starts the workers in the background and ends"),
    (
        "deploy",
        "--log-target",
        "`decnet alerts set siem --target syslog+udp://HOST:PORT` tells a syslog server",
    ),
    ("enrich", "--ttl-hours", "each answer of a provider has a time of its own for which it is good"),
    ("fleet", "heavy", "`decnet run` runs all workers"),
    ("forwarder", "--agent-dir", "what an agent holds is in the state folder (--state-dir)"),
    ("forwarder", "--master-port", "the master tells the port of its listener"),
    ("forwarder", "--state-db", "the forwarder asks the listener how far it is"),
    ("init", "--venv-dir", "there is one program and no virtual environment"),
    ("listener", "--ca-dir", "the authority is in the folder swarm of the state folder"),
    (
        "listener",
        "--json-path",
        "what comes goes into the event log and the store; DECNET_EVENT_JSON = yes writes JSON",
    ),
    ("listener", "--log-path", "what comes goes into the event log and the store"),
    ("mutate", "--daemon", "the worker is `decnet mutator --daemon`"),
    ("orchestrate", "--interval", "`decnet orchestrator on --rate` says how much is done"),
    ("orchestrate", "--llm", "DECNET_EMAILGEN_LLM names a model"),
    ("orchestrate", "--no-llm", "no model is asked where DECNET_EMAILGEN_LLM is empty"),
    ("probe", "--daemon", "the worker is `decnet prober --daemon`"),
    ("probe", "--interval", "the worker `prober` is woken by what attackers do, and asks each once a day"),
    ("probe", "--timeout", "DECNET_PROBE_SECONDS says it"),
    ("profiler", "--interval", "the profiler is woken by events"),
    ("reconcile", "--daemon", "the worker is `decnet fleet --daemon`"),
    ("reconcile", "--interval", "the worker `fleet` looks every two seconds"),
    ("reuse-correlate", "--min-targets", "`decnet reuse list --least` says it when one looks"),
    ("swarm enroll", "--agent-port", "agents listen to nobody"),
    (
        "swarm enroll",
        "--sans",
        "agents listen to nobody, so their certificates name a host of the swarm and no address",
    ),
    (
        "swarm enroll",
        "--updater",
        "a host has one certificate: updates come over the agent's connection, and are signed",
    ),
    ("swarm update", "--exclude", "what is rolled out is a signed bundle (`decnet release sign`)"),
    (
        "swarm update",
        "--include-self",
        "the updater is part of the program, and goes with it; --self updates the master",
    ),
    ("swarm update", "--root", "what is rolled out is a signed bundle (`decnet release sign`)"),
    ("swarm update", "--updater-port", "agents listen to nobody"),
    ("swarmctl", "--cert", "the controller shows a certificate of the swarm's own authority"),
    ("swarmctl", "--client-ca", "the controller believes the swarm's own authority"),
    ("swarmctl", "--key", "the controller shows a certificate of the swarm's own authority"),
    ("swarmctl", "--tls", "the controller always speaks TLS 1.3"),
    ("updater", "--agent-dir", "what an agent holds is in the state folder (--state-dir)"),
    ("updater", "--host", "the updater listens to nobody: releases come over the agent's connection"),
    ("updater", "--install-dir", "releases are unpacked in the folder releases of the state folder"),
    ("updater", "--port", "the updater listens to nobody: releases come over the agent's connection"),
    ("updater", "--updater-dir", "releases are unpacked in the folder releases of the state folder"),
    ("", "--log-file", "the event log is log/decnet.log in the state folder (--state-dir)"),
    (
        "",
        "--url",
        "verbs about the swarm work on the master's state folder (--state-dir), not over a network",
    ),
    ("", "--poll-interval", "workers are woken when there is something to do"),
];

/// What takes the place of what `error` found unknown in the command line `words`, if DECNET 1 knew it.
pub(crate) fn instead(error: &clap::Error, words: &[String]) -> Option<String> {
    let told = |name: &str, instead: &str| Some(format!("`{name}` is of DECNET 1: {instead}"));
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let verb = unknown(error, ContextKind::InvalidSubcommand)?;
            let (name, instead) = VERBS.iter().find(|(name, _)| *name == verb)?;
            told(name, instead)
        }
        ErrorKind::UnknownArgument => {
            let option = unknown(error, ContextKind::InvalidArg)?;
            let fits = |row: &&(&str, &str, &str)| row.1 == option && is_of(row.0, words);
            let (_, name, instead) = OPTIONS.iter().find(fits)?;
            told(name, instead)
        }
        _ => None,
    }
}

/// Verbs of DECNET 1 that there are no more, with what takes their place.
pub(crate) fn verbs() -> impl Iterator<Item = (&'static str, &'static str)> {
    VERBS.iter().copied()
}

/// Options of DECNET 1 that there are no more: verb (empty: any), name, what takes their place.
pub(crate) fn options() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    OPTIONS.iter().copied()
}

/// The words of the command line.
pub(crate) fn words() -> Vec<String> {
    std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect()
}

fn unknown(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.as_str()),
        _ => None,
    }
}

/// Whether the words of `verb` stand in this order on a command line, whatever options are before them.
fn is_of(verb: &str, words: &[String]) -> bool {
    let verb: Vec<&str> = verb.split_whitespace().collect();
    let given: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    verb.is_empty() || given.windows(verb.len()).any(|window| window == verb.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Option<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let parsed =
            crate::cli::command().try_get_matches_from(["decnet"].into_iter().chain(line.split(' ')));
        instead(&parsed.expect_err(line), &words)
    }

    #[test]
    fn what_there_is_no_more_is_unknown_and_says_what_takes_its_place() {
        for (verb, instead) in verbs() {
            assert!(told(verb).is_some_and(|text| text.ends_with(instead)), "{verb}");
        }
        for (verb, option, instead) in options() {
            let verb = if verb.is_empty() { "profiler" } else { verb };
            let text = told(&format!("{verb} {option}"));
            assert!(text.as_ref().is_some_and(|text| text.ends_with(instead)), "{verb} {option}: {text:?}");
        }
    }

    #[test]
    fn what_nobody_ever_knew_and_what_stands_elsewhere_is_only_unknown() {
        for line in ["profiler --colour", "status --venv-dir", "swarm list --updater", "qwertyuiop"] {
            assert_eq!(told(line), None, "{line}");
        }
    }
}
