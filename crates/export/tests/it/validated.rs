//! What OASIS's and MISP's own libraries say of what is exported.

use crate::rendered::{bundle, events};
use decnet_export::misp::Feed;
use decnet_model::export::{Tlp, Wanted};
use serde_json::json;
use std::{path::Path, process::Command};

/// The interpreter that has `stix2`, `stix2-validator` and `pymisp`, where `DECNET_TEST_PYTHON` names no other.
const PYTHON: &str = "/usr/bin/python3";

/// Whether the libraries are there; in CI they have to be.
fn python() -> Option<String> {
    let python = std::env::var("DECNET_TEST_PYTHON").unwrap_or_else(|_| PYTHON.to_owned());
    let look = Command::new(&python).args(["-c", "import stix2, stix2validator, pymisp"]).output();
    let found = look.is_ok_and(|output| output.status.success());
    assert!(found || std::env::var_os("CI").is_none(), "{python} has no stix2, stix2-validator, pymisp");
    if !found {
        println!(
            "skipped: {python} has no stix2, stix2-validator, pymisp (name another by DECNET_TEST_PYTHON)"
        );
    }
    found.then_some(python)
}

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) {
    std::fs::write(folder.join(name), text).unwrap();
}

#[test]
fn the_libraries_of_stix_and_misp_read_all_of_it() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    for tlp in Tlp::ALL {
        // All that can be asked for beside the marking, once.
        for secrets in [false, true].into_iter().filter(|secrets| !secrets || *tlp == Tlp::Amber) {
            let wanted =
                Wanted { tlp: *tlp, secrets, scanners: secrets, private: secrets, ..Wanted::default() };
            let name = format!("{tlp}-{secrets}");
            write(folder.path(), &format!("{name}.stix"), bundle(&wanted).to_string());
            let response = json!({ "response": events(&wanted, false) });
            write(folder.path(), &format!("{name}.misp"), response.to_string());
            let feed = folder.path().join(format!("{name}.feed"));
            std::fs::create_dir(&feed).unwrap();
            let mut made = Feed::default();
            for event in events(&wanted, true) {
                write(&feed, &made.add(&event), event.to_string());
            }
            write(&feed, Feed::MANIFEST, made.manifest().to_string());
            write(&feed, Feed::HASHES, made.hashes());
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/validate.py");
    let output = Command::new(python).arg("-B").arg(script).arg(folder.path()).output().unwrap();
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{wrong}");
    assert!(said.ends_with("6 bundles, 6 exports, 6 feeds\n"), "{said}");
    println!("{said}");
}
