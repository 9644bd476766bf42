//! The private network: up, inside, down.

use crate::set::{is_root, lab, links};
use decnet_engine::lab::{Lab, LabError, Place};
use std::{fs, path::PathBuf};

/// The network namespaces that processes are in.
fn namespace_of(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/ns/net")).ok()
}

#[test]
fn hosts_of_a_lab_see_each_other_and_the_machine_sees_nothing() {
    let root = tempfile::tempdir().unwrap();
    let before = links();
    let Some(lab) = lab(root.path(), 2) else { return };
    assert_eq!(lab.state().rootless, !is_root());
    let text = |place, words: &[&str]| {
        let output = lab.command(place, "cat").unwrap().args(words).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let devices = text(Place::Attacker(1), &["/proc/net/dev"]);
    assert!(devices.contains("eth0:") && devices.lines().count() == 4, "{devices}");
    let routes = text(Place::Attacker(0), &["/proc/net/fib_trie"]);
    assert!(routes.contains("10.66.7.254"), "{routes}");
    let routes = text(Place::Segment, &["/proc/net/fib_trie"]);
    assert!(!routes.contains("10.66."), "{routes}");
    assert!(matches!(lab.command(Place::Attacker(2), "cat"), Err(LabError::Down)));
    assert_eq!(links(), before);
    lab.down().unwrap();
    assert!(Lab::find(&root.path().join("run")).is_none());
    assert_eq!(links(), before);
}

#[test]
fn a_second_lab_in_the_same_folder_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let Some(first) = lab(root.path(), 1) else { return };
    let config = decnet_engine::lab::LabConfig::new(root.path().join("run"));
    assert!(matches!(Lab::up(&crate::set::program(), &config), Err(LabError::Up)));
    let found = Lab::find(&config.run).unwrap();
    assert_eq!(found.state(), first.state());
    first.down().unwrap();
}

#[test]
fn a_program_in_the_lab_is_in_another_network() {
    let root = tempfile::tempdir().unwrap();
    let Some(lab) = lab(root.path(), 1) else { return };
    let output =
        lab.command(Place::Attacker(0), "readlink").unwrap().arg("/proc/self/ns/net").output().unwrap();
    let inside = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
    assert!(inside.to_string_lossy().starts_with("net:["));
    assert_ne!(Some(inside), namespace_of(std::process::id()));
    lab.down().unwrap();
}
