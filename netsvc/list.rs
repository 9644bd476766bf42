//! Lists `src/services/`: a file or folder there with a `SERVICE` is a service, without a line elsewhere.

#![expect(clippy::print_stdout, reason = "cargo reads what a build script prints")]

use std::{env, fmt::Write, fs, path::Path};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let folder = Path::new(&root).join("src/services");
    println!("cargo::rerun-if-changed=src/services");
    let mut names: Vec<(String, String)> = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        if entry.path().is_dir() {
            names.push((name.clone(), format!("{name}/mod.rs")));
        } else if let Some(stem) = name.strip_suffix(".rs") {
            names.push((stem.to_owned(), name.clone()));
        }
    }
    names.sort();
    let mut list = String::new();
    for (name, path) in &names {
        writeln!(list, "#[path = {:?}]\npub mod {name};", folder.join(path))?;
    }
    writeln!(list, "/// Every service of this family, by slug.\npub static ALL: &[&netsvc_kit::Def] = &[")?;
    for (name, _) in &names {
        writeln!(list, "    &{name}::SERVICE,")?;
    }
    writeln!(list, "];")?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("services.rs"), list)?;
    Ok(())
}
