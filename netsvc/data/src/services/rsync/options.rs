//! What a client wants: the command line that it would have run here by a remote shell (`options.c`, `server_options`).

use super::digest::Sum;

/// Arguments of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// Whether the daemon sends.
    pub(super) sender: bool,
    /// Letters of the short options.
    letters: String,
    /// Letters of what the client knows.
    pub(super) abilities: String,
    /// What is not an option: a dot, then paths that begin with the module's name.
    pub(super) paths: Vec<Vec<u8>>,
    /// A checksum that the client insists on.
    pub(super) checksum: Option<String>,
    /// A compression that the client insists on.
    pub(super) compression: Option<String>,
    /// Whether names of users and groups are left out.
    pub(super) numeric: bool,
    /// Whether files that are not sent are deleted, so that filters come first.
    pub(super) deletes: bool,
    /// Long options that change what is on the wire and that are not served.
    pub(super) refused: Option<String>,
}

/// Long options that change what is on the wire.
const REFUSED: [&str; 4] = ["--files-from", "--copy-devices", "--write-devices", "--remove-source-files"];

impl Options {
    /// Reads arguments.
    pub(super) fn read(arguments: &[Vec<u8>]) -> Options {
        let mut options = Options::default();
        let mut dotted = false;
        for argument in arguments {
            let text = String::from_utf8_lossy(argument);
            if dotted || !argument.starts_with(b"-") {
                if dotted {
                    options.paths.push(argument.clone());
                }
                dotted = true;
            } else if let Some(long) = text.strip_prefix("--") {
                options.long(long);
            } else {
                options.short(text.trim_start_matches('-'));
            }
        }
        options
    }

    fn short(&mut self, letters: &str) {
        // What follows `e` is its value: a dot, then letters.
        let (own, value) = letters.split_once('e').unwrap_or((letters, ""));
        self.letters.extend(own.chars().take(64));
        self.abilities.extend(value.chars().take(64));
    }

    fn long(&mut self, option: &str) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match name {
            "sender" => self.sender = true,
            "numeric-ids" => self.numeric = true,
            "checksum-choice" => {
                // Two names: the first is for the transfer.
                self.checksum = Some(value.split(',').next().unwrap_or_default().to_owned());
            }
            "compress-choice" => self.compression = Some(value.to_owned()),
            "new-compress" => self.compression = Some("zlibx".to_owned()),
            "old-compress" => self.compression = Some("zlib".to_owned()),
            _ if name.starts_with("delete") && name != "delete-missing-args" => self.deletes = true,
            _ => {
                let known = |refused: &&&str| refused.strip_prefix("--") == Some(name);
                self.refused =
                    self.refused.take().or(REFUSED.iter().find(known).map(|name| (*name).to_owned()));
            }
        }
    }

    /// Whether a short option was given.
    pub(super) fn has(&self, letter: char) -> bool {
        self.letters.contains(letter)
    }

    /// Whether more arguments follow, which the first ones hide (`--secluded-args`).
    pub(super) fn is_secluded(&self) -> bool {
        self.has('s')
    }

    /// The option that is refused, if one is.
    pub(super) fn refused(&self) -> Option<&str> {
        let letters = [('A', "--acls"), ('X', "--xattrs"), ('b', "--backup")];
        let short = letters.iter().find(|(letter, _)| self.has(*letter)).map(|(_, name)| *name);
        self.refused.as_deref().or(short)
    }

    /// The checksum of files that the client insists on; `Err`: there is no such one.
    pub(super) fn checksum(&self) -> Option<Result<Sum, &str>> {
        let name = self.checksum.as_deref().filter(|name| *name != "auto")?;
        Some(Sum::named(name).ok_or(name))
    }
}

/// An argument without the backslashes that keep a shell from its letters (`safe_arg` of clients since 3.2.4).
pub(super) fn plain(argument: Vec<u8>) -> Vec<u8> {
    if !argument.contains(&b'\\') {
        return argument;
    }
    let mut plain = Vec::with_capacity(argument.len());
    let mut letters = argument.into_iter();
    while let Some(letter) = letters.next() {
        plain.push(if letter == b'\\' { letters.next().unwrap_or(letter) } else { letter });
    }
    plain
}

/// The command line in one line.
pub(super) fn line(arguments: &[Vec<u8>]) -> Vec<u8> {
    arguments.join(&b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_read_as_the_daemon_reads_them() {
        let read = |line: &str| {
            let arguments: Vec<Vec<u8>> = line.split(' ').map(|word| word.as_bytes().to_vec()).collect();
            Options::read(&arguments)
        };
        let pull = read("--server --sender -vlogDtpre.iLsfxCIvu --numeric-ids . backup/ backup/a");
        assert!(pull.sender && pull.numeric && pull.has('r') && !pull.has('e') && !pull.is_secluded());
        assert_eq!((pull.abilities.as_str(), pull.paths.len()), (".iLsfxCIvu", 2));
        let push = read("--server -vlogDtprze.iLsfxCIvu --delete-during --compress-choice=zstd . www/");
        assert!(!push.sender && push.deletes && push.has('z'));
        assert_eq!((push.compression.as_deref(), push.refused()), (Some("zstd"), None));
        assert_eq!(read("--server -logDtprAe.LsfxC . x").refused(), Some("--acls"));
        assert_eq!(read("--server --files-from=- . x").refused(), Some("--files-from"));
        assert_eq!(read("--checksum-choice=md5,xxh64 . x").checksum(), Some(Ok(Sum::Md5)));
        assert_eq!(read("--checksum-choice=crc . x").checksum(), Some(Err("crc")));
        assert_eq!(plain(b"www/a\\ b\\\\c".to_vec()), b"www/a b\\c");
    }
}
