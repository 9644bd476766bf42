//! Broken deployment INIs, a file each, with the errors that they give beside them.

use crate::ini_errors::OPTIONS;
use decnet_model::catalogue;
use decnet_plan::ini::deploy;
use std::{fs, path::Path};

/// Fewest files that there have to be.
const FEWEST: usize = 40;

#[test]
fn every_broken_file_gives_its_errors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/broken");
    let known: Vec<_> = catalogue::services().iter().map(|service| service.slug.as_str()).collect();
    let mut files = 0;
    let mut wrong = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "ini") {
            continue;
        }
        files += 1;
        let name = path.file_name().unwrap().to_str().unwrap();
        let errors = deploy::fleet(name, &fs::read(&path).unwrap(), &OPTIONS).expect_err(name);
        let shown: String = errors.iter().map(|error| format!("{error}\n")).collect();
        let wanted = fs::read_to_string(path.with_extension("errors")).unwrap_or_default();
        if shown != wanted.replace("{services}", &known.join(", ")) {
            wrong.push_str(&format!("{name} gives\n{shown}"));
            if std::env::var_os("UPDATE_BROKEN").is_some() {
                fs::write(path.with_extension("errors"), shown.replace(&known.join(", "), "{services}"))
                    .unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(FEWEST <= files, "{files} files");
}
