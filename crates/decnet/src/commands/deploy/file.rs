//! The files that a deploy reads: the deployment INI, and nmap's database.

use crate::{
    commands::{self, Context, bad_input::BadInput},
    settings::Name,
};
use decnet_model::nmap;
use decnet_plan::ini::deploy as spec;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Most bytes that are read of a deployment INI: what the reader accepts, and one that it refuses.
const CONFIG_BYTES: u64 = spec::FILE_LIMIT as u64 + 1;
/// Most bytes that are read of nmap's database; that of 7.93 has five million.
const DATABASE_BYTES: u64 = 64 << 20;

/// Reads a deployment INI, or as much of it as shows that it is too long.
pub(in crate::commands) fn whole(path: &Path) -> Result<Vec<u8>, BadInput> {
    commands::read(path, CONFIG_BYTES).map_err(|error| BadInput::Unreadable(path.to_owned(), error))
}

/// nmap's database, if `text` asks for a face of it.
pub(in crate::commands) fn database(context: &Context, text: &[u8]) -> nmap::Database {
    if !text.windows(nmap::PREFIX.len()).any(|part| part == nmap::PREFIX.as_bytes()) {
        return nmap::ABSENT.clone();
    }
    let path = PathBuf::from(context.settings().text(Name::NmapDatabase));
    let read = || {
        let mut text = Vec::new();
        let file = std::fs::File::open(&path)?;
        io::Read::read_to_end(&mut io::Read::take(file, DATABASE_BYTES), &mut text)?;
        Ok::<_, io::Error>(String::from_utf8_lossy(&text).into_owned())
    };
    nmap::Database::new(read().map_err(|error| format!("{}: {error}", path.display())))
}
