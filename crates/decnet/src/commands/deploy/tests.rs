//! What options of a deploy may stand together, and mistakes of files.

use super::*;
use crate::settings::{Origin, Settings};
use clap::{FromArgMatches, error::ErrorKind};
use decnet_plan::key::Flag;

fn parsed(line: &[&str]) -> Result<Deploy, clap::Error> {
    let command = Deploy::augment_args(clap::Command::new("deploy"));
    Deploy::from_arg_matches(&command.try_get_matches_from([&["deploy"], line].concat())?)
}

#[test]
fn a_file_goes_with_no_flag_that_says_the_same() {
    assert!(parsed(&["--config", "f", "--dry-run", "--json", "--runtime", "loopback"]).is_ok());
    for flag in [
        "--deckies=3",
        "--archetype=printer",
        "--services=http",
        "--randomize-services",
        "--distro=kali",
        "--randomize-distros",
        "--subnet=127.1.0.0/24",
        "--ip-start=127.1.0.9",
        "--seed=x",
        "--login=deny",
        "--ambient=no",
        "--dhcp",
        "--dns=10.9.0.53",
        "--ntp=10.9.0.5",
    ] {
        let refused = parsed(&["--config", "f", flag]).map_err(|error| error.kind());
        assert_eq!(refused.err(), Some(ErrorKind::ArgumentConflict), "{flag}");
    }
}

#[test]
fn what_a_file_says_by_a_key_an_option_says_and_not_both() {
    let command = Deploy::augment_args(clap::Command::new("deploy"));
    let config = command.get_arguments().find(|argument| argument.get_id() == "config").unwrap();
    let refused: Vec<_> =
        command.get_arg_conflicts_with(config).into_iter().filter_map(|one| one.get_long()).collect();
    for key in key::KEYS {
        let Some(flag) = key.flag.name() else { continue };
        let known = command.get_arguments().any(|argument| argument.get_long() == Some(flag));
        assert!(known, "{}: there is no --{flag}", key.name);
        let instead = matches!(key.flag, Flag::Instead(_));
        assert_eq!(refused.contains(&flag), instead, "--config and --{flag}");
    }
}

#[test]
fn every_mistake_of_a_file_is_a_line_and_a_whole_one_is_a_fleet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.ini");
    let state = folder.path().join("none").display().to_string();
    let layer = vec![("DECNET_STATE_DIR".to_owned(), state, Origin::Flag("test"))];
    let context = Context::new(Settings::resolve(&[layer]).ok().unwrap());
    let deploy = parsed(&["--dry-run", "--config", path.to_str().unwrap()]).unwrap();
    let read = |text: &str| {
        fs_err::write(&path, text).unwrap();
        deploy.read(&path, &context, &BTreeSet::new())
    };
    let error = read("[web]\nservices = http\nip = x\ncolour = red\n").unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(BadInput::Config(bad)) if bad.len() == 2));
    assert!(error.to_string().lines().all(|line| line.starts_with(path.to_str().unwrap())));
    let elsewhere =
        "[general]\nruntime = native\ninterface = none0\nnet = 192.0.2.0/24\n[web]\nservices = http\n";
    let error = read(elsewhere).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(BadInput::Place(..))), "{error}");
    let fleet = read("[web]\nservices = http\n").unwrap();
    assert_eq!((fleet.runtime, fleet.deckies.len(), fleet.lab), (Runtime::Loopback, 1, false));
    let fleet = read("[general]\nlab = yes\n[web]\nservices = http\n").unwrap();
    assert_eq!(
        (fleet.runtime, fleet.network.to_string().as_str(), fleet.lab),
        (Runtime::Native, "10.66.0.0/21", true)
    );
    assert!(!folder.path().join("none").exists());
}
