//! Requests as words of the command line: what is done for who asked through the interface is what the verbs do.

use super::learn;
use decnet_model::{
    fleet::{DeckyName, Fleet},
    operation::{FleetRequest, Request, ServiceEdit, SwarmWork, TopologyWork},
    runtime::Runtime,
    tarpit::{self, Tarpit},
};
use decnet_plan::ini::deploy as spec;
use std::collections::BTreeMap;

/// The words after the program's name, and what is said to its standard input.
pub(super) fn command_line(request: &Request, present: Option<&Fleet>) -> (Vec<String>, Option<String>) {
    let mut words = vec![request.kind().name().to_owned()];
    match request {
        Request::Decky { decky, edit } => return edited(words, decky, edit),
        Request::Swarm(work) => return (on_the_swarm(work), None),
        Request::Topology(work) => return on_a_topology(work, present),
        Request::Learn(work) => return (learn::words(words, work), None),
        Request::Persona(decky) => return (learn::another(words, decky), None),
        Request::Image { no_cache } => return (learn::making(words, *no_cache), None),
        Request::Worker { worker, action } => {
            words.extend([action.name(), "--json", "--", worker].map(str::to_owned));
            return (words, None);
        }
        _ => words.push("--json".to_owned()),
    }
    let mut input = None;
    match request {
        Request::Plan(fleet) => input = wanted(fleet, present, &mut words),
        Request::Deploy { fleet, take_away } => {
            input = wanted(fleet, present, &mut words);
            if *take_away {
                words.push("--yes".to_owned());
            }
        }
        Request::Teardown(Some(decky)) => words.push(format!("--id={decky}")),
        // The workers stay: they are who was asked.
        Request::Teardown(None) => words.extend(["--all", "--keep-workers"].map(str::to_owned)),
        Request::Firedrill | Request::Redeploy => {}
        Request::Audit(deckies) if deckies.is_empty() => words.push("--all".to_owned()),
        Request::Audit(deckies) => words.extend(deckies.iter().map(ToString::to_string)),
        Request::Mutate(deckies) if deckies.is_empty() => words.push("--all".to_owned()),
        Request::Mutate(deckies) => words.extend(deckies.iter().map(|decky| format!("--decky={decky}"))),
        Request::SwarmDeploy { fleet, on, take_away, .. } => {
            words.push("--mode=swarm".to_owned());
            words.extend(on.iter().map(|(key, value)| format!("--on={key}={value}")));
            // Where a decky stands is for each host to say.
            input = wanted(fleet, None, &mut words);
            if *take_away {
                words.push("--yes".to_owned());
            }
        }
        Request::Decky { .. }
        | Request::Swarm(_)
        | Request::Topology(_)
        | Request::Learn(_)
        | Request::Persona(_)
        | Request::Image { .. }
        | Request::Worker { .. } => {}
    }
    (words, input)
}

/// Words for work on hosts of the swarm.
fn on_the_swarm(work: &SwarmWork) -> Vec<String> {
    let words = |verb: &str, rest: &[String]| {
        let begin = ["swarm", verb, "--json"].map(str::to_owned);
        begin.into_iter().chain(rest.iter().cloned()).collect()
    };
    let host = |id: &str| format!("--uuid={id}");
    match work {
        SwarmWork::Check => words("check", &[]),
        SwarmWork::Decommission(id) => words("decommission", &[host(id), "--yes".to_owned()]),
        SwarmWork::Drain(id) => words("drain", &[host(id)]),
        SwarmWork::Undrain(id) => words("drain", &[host(id), "--undo".to_owned()]),
        SwarmWork::Teardown(Some(decky)) => words("teardown", &[format!("--id={decky}")]),
        SwarmWork::Teardown(None) => words("teardown", &["--all".to_owned()]),
        SwarmWork::Update { sha256, hosts, canaries } => {
            // Agents may take longer than a piece of work may; how far they are is listed.
            let mut rest = vec!["--no-wait".to_owned(), format!("--canary={canaries}")];
            rest.extend(hosts.iter().map(|id| format!("--host={id}")));
            if hosts.is_empty() {
                rest.push("--all".to_owned());
            }
            rest.extend(["--".to_owned(), sha256.clone()]);
            words("update", &rest)
        }
    }
}

/// Words for work on a topology; its document comes by the standard input.
fn on_a_topology(work: &TopologyWork, present: Option<&Fleet>) -> (Vec<String>, Option<String>) {
    let words = |verb: &str, options: Vec<String>, rest: &[&str]| {
        let begin = ["topology", verb, "--json"].map(str::to_owned);
        let rest = rest.iter().map(|word| (*word).to_owned());
        begin.into_iter().chain(options).chain(["--".to_owned()]).chain(rest).collect::<Vec<_>>()
    };
    match work {
        TopologyWork::Generate { name, wish } => {
            let mut options = vec![format!("--name={name}")];
            options.extend(wish.depth.map(|depth| format!("--depth={depth}")));
            options.extend(wish.branching.map(|branching| format!("--branching={branching}")));
            options.extend(wish.deckies_per_lan.iter().map(|span| format!("--deckies-per-lan={span}")));
            options.extend(wish.seed.iter().map(|seed| format!("--seed={seed}")));
            (words("generate", options, &[]), None)
        }
        TopologyWork::Import { name, document } => {
            (words("import", vec![format!("--name={name}")], &["-"]), Some(document.clone()))
        }
        TopologyWork::Deploy(name) => {
            // Where a fleet stands, the verb sees for itself.
            let empty = present.filter(|fleet| fleet.deckies.is_empty());
            let place = place_of(empty).into_iter().filter(|word| !word.starts_with("--runtime"));
            (words("deploy", place.collect(), &[name]), None)
        }
        TopologyWork::Teardown(name) => (words("teardown", Vec::new(), &[name]), None),
        TopologyWork::Delete(name) => (words("delete", Vec::new(), &[name]), None),
        TopologyWork::Mutate { name, op, payload, expected_version } => {
            let mut options = vec!["--payload-json=-".to_owned()];
            options.extend(expected_version.map(|version| format!("--expected-version={version}")));
            (words("mutate", options, &[name, op]), Some(payload.clone()))
        }
        TopologyWork::Edit { name, changes, expected_version } => {
            let options = vec![format!("--expected-version={expected_version}")];
            (words("edit", options, &[name, "-"]), Some(changes.clone()))
        }
    }
}

/// Words for a change of a service; behind two dashes nothing is taken for an option. Settings may be secrets, and
/// everybody sees the words of a process: they come by the standard input.
fn edited(mut words: Vec<String>, decky: &DeckyName, edit: &ServiceEdit) -> (Vec<String>, Option<String>) {
    let nothing = BTreeMap::new();
    let (verb, service, settings) = match edit {
        ServiceEdit::Add { service, settings } => ("add", service, settings),
        ServiceEdit::Remove { service } => ("remove", service, &nothing),
        ServiceEdit::Set { service, settings } => ("set", service, settings),
        ServiceEdit::Tarpit(tarpit) => return (kept_waiting(words, decky, tarpit), None),
    };
    words.extend(["service", verb, "--json", "--", decky.as_str(), service].map(str::to_owned));
    if settings.is_empty() {
        return (words, None);
    }
    words.push("-".to_owned());
    let line = |text: &str| text.replace(['\r', '\n'], " ");
    let lines = settings.iter().map(|(key, value)| format!("{}={}\n", line(key), line(value)));
    (words, Some(lines.collect()))
}

/// Words for whom a decky keeps waiting.
fn kept_waiting(mut words: Vec<String>, decky: &DeckyName, tarpit: &Tarpit) -> Vec<String> {
    let state = tarpit.on.map_or("default", |on| if on { "on" } else { "off" });
    words.extend(["tarpit".to_owned(), "--json".to_owned()]);
    words.extend(tarpit::written(&tarpit.sources).map(|sources| format!("--sources={sources}")));
    words.extend(tarpit.services.iter().map(|service| format!("--service={service}")));
    words.extend(["--", decky.as_str(), state].map(str::to_owned));
    words
}

/// Words for a fleet that is wanted. Values cannot be taken for options: each stands behind an equals sign.
fn wanted(fleet: &FleetRequest, present: Option<&Fleet>, words: &mut Vec<String>) -> Option<String> {
    match fleet {
        FleetRequest::Ini(text) => {
            words.push("--config=-".to_owned());
            let place = spec::place(text.as_bytes());
            let placed =
                place.lab || place.interface.is_some() || place.network.is_some() || place.runtime.is_some();
            if !placed {
                words.extend(place_of(present));
            }
            Some(text.clone())
        }
        FleetRequest::Kind { deckies, archetype, services, distros, seed } => {
            words.push(format!("--deckies={deckies}"));
            words.extend(archetype.iter().map(|archetype| format!("--archetype={archetype}")));
            words.extend(services.iter().map(|service| format!("--services={service}")));
            words.extend(distros.iter().map(|distro| format!("--distro={distro}")));
            words.extend(seed.iter().map(|seed| format!("--seed={seed}")));
            words.extend(place_of(present));
            None
        }
    }
}

/// Options that say: where the present fleet stands.
fn place_of(present: Option<&Fleet>) -> Vec<String> {
    let Some(fleet) = present else { return Vec::new() };
    match (&fleet.network.interface, fleet.lab, fleet.runtime) {
        (_, true, _) => vec!["--lab".to_owned()],
        (Some(interface), false, runtime @ (Runtime::Native | Runtime::Docker)) => {
            vec![format!("--interface={interface}"), format!("--runtime={runtime}")]
        }
        _ => vec![format!("--runtime={}", fleet.runtime)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::operation::TopologyWish;

    #[test]
    fn values_never_become_options_of_their_own() {
        let fleet = FleetRequest::Kind {
            deckies: 3,
            archetype: Some("--interface".to_owned()),
            services: vec!["-n".to_owned()],
            distros: Vec::new(),
            seed: Some("--lab".to_owned()),
        };
        let (words, input) = command_line(&Request::Deploy { fleet, take_away: true }, None);
        assert_eq!(
            words,
            [
                "deploy",
                "--json",
                "--deckies=3",
                "--archetype=--interface",
                "--services=-n",
                "--seed=--lab",
                "--yes"
            ]
        );
        assert_eq!(input, None);
    }

    #[test]
    fn a_file_that_says_where_stands_there_and_another_where_the_fleet_is() {
        let present = Fleet { lab: true, ..decnet_plan::plan::fleet(&request()).unwrap() };
        let placed =
            |text: &str| command_line(&Request::Plan(FleetRequest::Ini(text.to_owned())), Some(&present));
        assert_eq!(placed("[a]\nservices = ssh\n").0, ["plan", "--json", "--config=-", "--lab"]);
        let own = "[general]\nruntime = loopback\n[a]\nservices = ssh\n";
        assert_eq!(
            placed(own),
            (vec!["plan".into(), "--json".into(), "--config=-".into()], Some(own.into()))
        );
    }

    #[test]
    fn a_swarm_gets_the_words_of_its_own_verbs() {
        let words = |request: Request| command_line(&request, None).0.join(" ");
        let host = "--interface".to_owned();
        assert_eq!(words(Request::Swarm(SwarmWork::Drain(host))), "swarm drain --json --uuid=--interface");
        assert_eq!(words(Request::Swarm(SwarmWork::Check)), "swarm check --json");
        let update = |hosts: &[&str]| {
            let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
            words(Request::Swarm(SwarmWork::Update { sha256: "-x".to_owned(), hosts, canaries: 1 }))
        };
        assert_eq!(update(&[]), "swarm update --json --no-wait --canary=1 --all -- -x");
        assert_eq!(update(&["--all"]), "swarm update --json --no-wait --canary=1 --host=--all -- -x");
        let on = BTreeMap::from([("site".to_owned(), "berlin".to_owned())]);
        let fleet = FleetRequest::Ini(String::new());
        let asked = Request::SwarmDeploy { fleet, on, take_away: true, plan: false };
        assert_eq!(words(asked), "deploy --json --mode=swarm --on=site=berlin --config=- --yes");
    }

    #[test]
    fn a_topology_gets_words_that_are_a_command_and_never_options_of_its_names() {
        let wish =
            TopologyWish { depth: Some(2), branching: None, deckies_per_lan: None, seed: Some("-x".into()) };
        let name = || "corp".to_owned();
        let works = [
            TopologyWork::Generate { name: name(), wish },
            TopologyWork::Import { name: name(), document: "{}".to_owned() },
            TopologyWork::Deploy(name()),
            TopologyWork::Teardown(name()),
            TopologyWork::Delete(name()),
            TopologyWork::Mutate {
                name: name(),
                op: "add_lan".to_owned(),
                payload: "{\"name\":\"lab\"}".to_owned(),
                expected_version: Some(3),
            },
            TopologyWork::Edit { name: name(), changes: "[]".to_owned(), expected_version: 3 },
        ];
        let mut inputs = Vec::new();
        for work in works {
            let (words, input) = command_line(&Request::Topology(work), None);
            let line = [vec!["decnet".to_owned()], words].concat();
            assert!(crate::cli::command().try_get_matches_from(&line).is_ok(), "{line:?}");
            inputs.extend(input);
        }
        assert_eq!(inputs, ["{}", "{\"name\":\"lab\"}", "[]"]);
    }

    #[test]
    fn settings_of_a_service_are_nobodys_to_see() {
        let settings = BTreeMap::from([("password".to_owned(), "a=b\nc".to_owned())]);
        let edit = ServiceEdit::Set { service: "redis".to_owned(), settings };
        let (words, input) = command_line(&Request::Decky { decky: "db".parse().unwrap(), edit }, None);
        assert_eq!(words, ["decky", "service", "set", "--json", "--", "db", "redis", "-"]);
        assert_eq!(input.as_deref(), Some("password=a=b c\n"));
    }

    #[test]
    fn whom_a_decky_keeps_waiting_is_said_in_words() {
        let tarpit = Tarpit {
            on: None,
            sources: tarpit::sources("10.0.0.0/8, 192.0.2.7").unwrap(),
            services: vec!["ssh".to_owned()],
        };
        let edit = ServiceEdit::Tarpit(tarpit);
        let (words, _) = command_line(&Request::Decky { decky: "db".parse().unwrap(), edit }, None);
        let line = [vec!["decnet".to_owned()], words].concat();
        assert!(crate::cli::command().try_get_matches_from(&line).is_ok(), "{line:?}");
        assert!(line.ends_with(&["db".to_owned(), "default".to_owned()]), "{line:?}");
    }

    fn request() -> decnet_plan::plan::Request {
        decnet_plan::plan::Request::plain(1, &["ssh"], Runtime::Native, "192.0.2.0/24".parse().unwrap())
    }
}
