//! What both sides agree on before a copy begins (`compat.c`).

use super::{
    config::Module,
    digest::Sum,
    list::Form,
    options::Options,
    release::{self, Release},
    wire::{Reader, varint, vstring},
};

/// Exit codes (`errcode.h`).
const SYNTAX: i32 = 1;
pub(super) const PROTOCOL: i32 = 2;
const UNSUPPORTED: i32 = 4;
/// Compressions that are served, and none.
const COMPRESSIONS: [&str; 3] = ["zlibx", "zlib", "none"];

/// What is being agreed on.
#[derive(Debug)]
pub(super) struct Agreed {
    pub(super) module: Module,
    pub(super) options: Options,
    flags: u32,
    sum: Sum,
    /// Lists that the peer has still to send: of checksums, of compressions.
    awaited: (bool, bool),
}

/// How files are checked, whether they are compressed, and whether number 0 has a name.
pub(super) type Rest = (Sum, bool, bool);

impl Agreed {
    /// What the release agrees to, and says of it.
    pub(super) fn new(module: Module, options: Options, release: Release) -> (Self, Vec<u8>) {
        let flags = release.flags(&options.abilities);
        let mut said = if release.negotiates { varint(flags) } else { vec![(flags & 0xff) as u8] };
        let mut agreed = Agreed { module, options, flags, sum: Sum::Md5, awaited: (false, false) };
        if release::long_flags(flags) {
            let compresses = agreed.options.has('z') && agreed.options.compression.is_none();
            agreed.awaited = (agreed.options.checksum().is_none(), compresses);
            if agreed.awaited.0 {
                let names: Vec<&str> = release.checksums().iter().map(|sum| sum.name()).collect();
                said.extend(vstring(&(names.join(" ") + " none")));
            }
            if agreed.awaited.1 {
                said.extend(vstring(&COMPRESSIONS.join(" ")));
            }
        }
        (agreed, said)
    }

    /// Reads what the peer offers; false when there is more to come.
    pub(super) fn read(&mut self, reader: &mut Reader<'_>, release: Release) -> bool {
        let mut chosen = (self.sum, self.options.compression.clone());
        let mut awaited = self.awaited;
        while awaited.0 || awaited.1 {
            let Some(list) = reader.vstring() else { return false };
            let list = String::from_utf8_lossy(list).into_owned();
            if std::mem::take(&mut awaited.0) {
                let known = |name: &str| Sum::named(name).filter(|sum| release.checksums().contains(sum));
                chosen.0 = list.split(' ').find_map(known).unwrap_or(Sum::Md5);
            } else {
                awaited.1 = false;
                let known = list.split(' ').find(|name| COMPRESSIONS.contains(name));
                chosen.1 = Some(known.unwrap_or("zlib").to_owned());
            }
        }
        (self.sum, self.options.compression) = chosen;
        self.awaited = awaited;
        true
    }

    /// How files are listed and sent.
    ///
    /// # Errors
    /// What is refused, as the daemon says it, with its exit code.
    pub(super) fn form(&mut self, protocol: u32) -> Result<(Form, Rest), (String, i32)> {
        if let Some(option) = self.options.refused() {
            return Err((format!("The server is configured to refuse {option}\n"), UNSUPPORTED));
        }
        match self.options.checksum() {
            Some(Ok(sum)) => self.sum = sum,
            Some(Err(name)) => return Err((format!("invalid checksum choice: {name}\n"), UNSUPPORTED)),
            None => {}
        }
        let (asked, named) = (self.options.has('z'), self.options.compression.as_deref());
        if let Some(name) = named.filter(|name| asked && !COMPRESSIONS.contains(name)) {
            return Err((format!("invalid compress choice: {name}\n"), UNSUPPORTED));
        }
        if !self.options.sender && self.module.read_only {
            return Err(("ERROR: module is read only\n".to_owned(), SYNTAX));
        }
        let compresses = asked && named != Some("none");
        let form = Form::of(&self.options, protocol, release::long_flags(self.flags), self.sum);
        Ok((form, (self.sum, compresses, release::zero_named(self.flags))))
    }
}
