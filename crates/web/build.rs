//! Puts the built dashboard into the program: each file of `dashboard/dist`, compressed, in one table. Where it
//! is not built, the table is empty.

use flate2::{Compression, write::GzEncoder};
use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

/// The built dashboard, from this crate.
const BUILT: &str = "../../dashboard/dist";

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join(BUILT);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let built = root.join("index.html").is_file();
    // A folder that is not there would be looked for by every call of cargo, so `make` touches this script when
    // it has built the dashboard.
    println!("cargo::rerun-if-changed=build.rs");
    if built {
        println!("cargo::rerun-if-changed={BUILT}");
    }
    let mut files = Vec::new();
    if built {
        list(&root, &mut files)?;
        files.sort();
    }
    let mut table = String::from("&[\n");
    for (index, file) in files.iter().enumerate() {
        let name = file.strip_prefix(&root)?.to_str().ok_or("a file's name is no text")?;
        let packed = out.join(format!("file-{index}.gz"));
        let mut encoder = GzEncoder::new(fs::File::create(&packed)?, Compression::best());
        encoder.write_all(&fs::read(file)?)?;
        encoder.finish()?;
        let path = format!("/{name}");
        writeln!(table, "    Packed {{ path: {path:?}, gzip: include_bytes!({packed:?}) }},")?;
    }
    table.push(']');
    fs::write(out.join("packed.rs"), table)?;
    Ok(())
}

/// All files below `folder`; those whose names begin with a dot are the builder's own.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    Ok(())
}
