//! What local files say of addresses. They lie in a folder that the operator fills; nothing is fetched to look an
//! address up.

pub mod feodo;
pub mod ip2asn;
mod lines;
pub mod mmdb;
pub mod rir;
pub mod rpki;

pub use lines::Tally;

use crate::{
    ranges::{Builder, Ranges, Span},
    scope,
};
use decnet_model::record::{EnrichmentFile, Origin, Rpki};
use feodo::Listed;
use ip2asn::Announced;
use mmdb::Database;
use rpki::Authorised;
use sha2::{Digest, Sha256};
use std::{
    fmt,
    fs::File,
    io::{self, BufRead, Read},
    net::IpAddr,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

/// Most files of the folder.
const FILES: usize = 64;
/// Version of how files are read: with another one they are read anew.
const READING: u32 = 1;

/// A country, ISO 3166-1 alpha-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl fmt::Display for Country {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, two] = self.0;
        write!(formatter, "{}{}", char::from(one), char::from(two))
    }
}

/// The country that a text names; `ZZ`, which stands for none, is none.
pub fn country(text: &str) -> Option<Country> {
    match *text.as_bytes() {
        [one, two] if one.is_ascii_alphabetic() && two.is_ascii_alphabetic() => {
            let code = [one.to_ascii_uppercase(), two.to_ascii_uppercase()];
            (code != *b"ZZ").then_some(Country(code))
        }
        _ => None,
    }
}

/// Everything that the files of a folder say.
#[derive(Debug, Default)]
pub struct Library {
    databases: Vec<Database>,
    announced: Announced,
    given: Ranges<Country>,
    routes: Ranges<Authorised>,
    listed: Listed,
    has_routes: bool,
    files: Vec<EnrichmentFile>,
    edition: String,
}

/// Files while they are read.
#[derive(Default)]
struct Reading {
    databases: Vec<Database>,
    announced: ip2asn::Reader,
    given: Builder<Country>,
    routes: Builder<Authorised>,
    listed: Listed,
}

/// The folder as it is: its files, with their sizes and times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    files: Vec<(PathBuf, u64, i64)>,
}

impl Folder {
    /// Looks at a folder; one that is not there is empty.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn look(path: &Path) -> io::Result<Folder> {
        let entries = match fs_err::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Folder::default()),
            Err(error) => return Err(error),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
            let Ok(data) = fs_err::metadata(&path) else { continue };
            if !hidden && data.is_file() && !is_passed_over(&path) {
                let changed = data.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                let changed = changed.map_or(0, |time| i64::try_from(time.as_micros()).unwrap_or(i64::MAX));
                files.push((path, data.len(), changed));
            }
        }
        files.sort();
        files.truncate(FILES);
        Ok(Folder { files })
    }

    /// A name that another folder, or the same with another file in it, does not have; empty without a file.
    pub fn edition(&self) -> String {
        if self.files.is_empty() {
            return String::new();
        }
        let mut hash = Sha256::new();
        hash.update(READING.to_be_bytes());
        for (path, length, changed) in &self.files {
            hash.update(path.file_name().unwrap_or_default().as_encoded_bytes());
            hash.update([0]);
            hash.update(length.to_be_bytes());
            hash.update(changed.to_be_bytes());
        }
        hex::encode(hash.finalize()).get(..16).unwrap_or_default().to_owned()
    }
}

/// What lies in the folder and is no file to look up in: the operator's certificates and notes, what is being written.
fn is_passed_over(path: &Path) -> bool {
    let kind = path.extension().unwrap_or_default().to_ascii_lowercase();
    ["pem", "tmp", "part", "md"].iter().any(|known| kind == *known)
}

impl Library {
    /// Reads the files of a folder. What is wrong with a file is told in [`Library::files`]; the others are used.
    pub fn read(folder: &Folder) -> Library {
        let mut reading = Reading::default();
        let mut files = Vec::new();
        for (path, length, changed_at) in &folder.files {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let (form, tally) = reading.file(path, &name, *length);
            let Tally { rows, malformed, problem } = tally;
            files.push(EnrichmentFile {
                name,
                form: form.to_owned(),
                rows,
                malformed,
                problem,
                changed_at: *changed_at,
            });
        }
        Library {
            has_routes: !reading.routes.is_empty(),
            databases: reading.databases,
            announced: reading.announced.build(),
            given: reading.given.build(),
            routes: reading.routes.build(),
            listed: reading.listed,
            files,
            edition: folder.edition(),
        }
    }

    /// The files, and what came of reading each.
    pub fn files(&self) -> &[EnrichmentFile] {
        &self.files
    }

    /// Name of what was read ([`Folder::edition`]).
    pub fn edition(&self) -> &str {
        &self.edition
    }

    /// What the list of Feodo Tracker says of an address; `None`: it is not on it, or there is none.
    pub fn listed(&self, address: IpAddr) -> Option<&str> {
        self.listed.get(&address.to_canonical()).map(String::as_str)
    }

    /// Whose an address is. The databases go before the networks of iptoasn, those before the registries; addresses
    /// that are nobody's on the Internet are looked up nowhere.
    pub fn origin(&self, address: IpAddr) -> Origin {
        let mut origin = Origin::default();
        if !scope::global(address) {
            return origin;
        }
        let mut announced: Option<(Option<Span>, u32, Option<String>)> = None;
        let (mut country, mut around) = (None, None);
        for found in self.databases.iter().filter_map(|database| database.get(address)) {
            country = country.or(found.country);
            around = around.or(found.network.filter(|_| found.country.is_some()));
            if let (None, Some(asn)) = (&announced, found.asn) {
                announced = Some((found.network, asn, found.name));
            }
        }
        if let Some((span, system)) = self.announced.get(address) {
            let name = Some(system.name.clone()).filter(|name| !name.is_empty());
            announced.get_or_insert((Some(span), system.asn, name));
            country = country.or(system.country);
        }
        if let Some((span, code)) = self.given.get(address) {
            country = country.or(Some(code));
            around = around.or(Some(span));
        }
        origin.country = country.map(|country| country.to_string());
        if let Some((network, asn, name)) = announced {
            around = network.or(around);
            origin.rpki = around.and_then(|network| self.validity(address, network, asn));
            (origin.asn, origin.as_name) = (Some(asn.into()), name);
        }
        origin.network = around.map(|network| network.to_string());
        origin
    }

    fn validity(&self, address: IpAddr, network: Span, asn: u32) -> Option<Rpki> {
        self.has_routes.then(|| rpki::validity(&self.routes, address, network, asn))
    }
}

/// What a file is.
#[derive(Clone, Copy)]
enum Form {
    Mmdb,
    Ip2asn,
    Rir,
    RpkiCsv,
    Rpki,
    List,
}

impl Form {
    /// By the file's name; of JSON the first character decides.
    fn of(name: &str, first: u8) -> Option<Form> {
        let name = name.to_ascii_lowercase();
        let plain = name.strip_suffix(".gz").unwrap_or(&name);
        match plain.rsplit_once('.').map_or("", |(_, kind)| kind) {
            _ if plain.starts_with("delegated-") => Some(Form::Rir),
            "mmdb" => Some(Form::Mmdb),
            "tsv" => Some(Form::Ip2asn),
            "csv" => Some(Form::RpkiCsv),
            "json" if first == b'[' => Some(Form::List),
            "json" => Some(Form::Rpki),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Form::Mmdb => "mmdb",
            Form::Ip2asn => "ip2asn",
            Form::Rir => "rir",
            Form::RpkiCsv | Form::Rpki => "rpki",
            Form::List => "list",
        }
    }
}

impl Reading {
    fn file(&mut self, path: &Path, name: &str, length: u64) -> (&'static str, Tally) {
        let problem = |problem: String| Tally { problem, ..Tally::default() };
        let opened = File::open(path).and_then(|file| {
            let mut source = lines::unpacked(file)?;
            let first = source.fill_buf()?.iter().copied().find(|byte| !byte.is_ascii_whitespace());
            Ok((source, first.unwrap_or_default()))
        });
        let (source, first) = match opened {
            Ok(opened) => opened,
            Err(error) => return ("", problem(format!("cannot be read: {error}"))),
        };
        let Some(form) = Form::of(name, first) else {
            return (
                "",
                problem("is of no kind that is known: mmdb, tsv, csv, json, delegated-…".to_owned()),
            );
        };
        let tally = match form {
            Form::Mmdb => self.database(source, length),
            Form::Ip2asn => self.announced.read(source),
            Form::Rir => rir::read(source, &mut self.given),
            Form::RpkiCsv => rpki::read_csv(source, &mut self.routes),
            Form::Rpki => rpki::read_json(source, &mut self.routes),
            Form::List => feodo::read(source, &mut self.listed),
        };
        (form.name(), tally)
    }

    fn database(&mut self, source: impl Read, length: u64) -> Tally {
        let problem = |problem: String| Tally { problem, ..Tally::default() };
        let mut bytes = Vec::with_capacity(usize::try_from(length.min(mmdb::BYTES)).unwrap_or(0));
        if let Err(error) = source.take(mmdb::BYTES + 1).read_to_end(&mut bytes) {
            return problem(format!("cannot be read: {error}"));
        }
        if mmdb::BYTES < bytes.len() as u64 {
            return problem(format!("is larger than {} MiB", mmdb::BYTES >> 20));
        }
        match Database::new(bytes) {
            Err(error) => problem(format!("is no database: {error}")),
            Ok(database) => {
                let rows = database.nodes();
                self.databases.push(database);
                Tally { rows, ..Tally::default() }
            }
        }
    }
}

#[cfg(test)]
mod tests;
