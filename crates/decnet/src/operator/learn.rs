//! Looks at segments, images and other personas that are asked for through the interface: their words, and what was
//! handed in.

use crate::stead;
use anyhow::{Context as _, Result, bail};
use decnet_model::{
    fleet::DeckyName,
    operation::{LearnFrom, LearnWork},
    paths::Paths,
};

/// Most bytes of what was handed in.
const HANDED_IN: u64 = 16 << 20;

/// Words for a look at a segment; a capture comes by the standard input.
pub(super) fn words(mut words: Vec<String>, work: &LearnWork) -> Vec<String> {
    words.push("--json".to_owned());
    match &work.from {
        LearnFrom::Upload(_) => words.push("--pcap=-".to_owned()),
        LearnFrom::Interface { name, seconds } => {
            words.extend([format!("--interface={name}"), format!("--seconds={seconds}")]);
        }
    }
    words.extend(work.deckies.map(|deckies| format!("--deckies={deckies}")));
    words.extend(work.seed.iter().map(|seed| format!("--seed={seed}")));
    words
}

/// Words for another persona of a decky.
pub(super) fn another(mut words: Vec<String>, decky: &DeckyName) -> Vec<String> {
    words.extend(["reset", "--json", "--", decky.as_str()].map(str::to_owned));
    words
}

/// Words for making images.
pub(super) fn making(mut words: Vec<String>, no_cache: bool) -> Vec<String> {
    words.extend(["build", "--json"].map(str::to_owned));
    if no_cache {
        words.push("--no-cache".to_owned());
    }
    words
}

/// What the interface was handed in under `name`, which is gone then. Whoever wrote it has fewer rights than we: no
/// name leads out of the folder, and no link is followed further than he could go himself.
pub(super) fn handed_in(paths: &Paths, name: &str) -> Result<Vec<u8>> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        bail!("{name:?} is no name of a file that was handed in");
    }
    let file = paths.handed_in().join(name);
    stead::take(paths.root(), &file, HANDED_IN).context("read what was handed in")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_commands_and_values_never_options_of_their_own() {
        let learn = |from| LearnWork { from, deckies: Some(9), seed: Some("--lab".to_owned()) };
        let of = |from| words(vec!["learn".to_owned()], &learn(from));
        let image = |no_cache| making(vec!["image".to_owned()], no_cache);
        let interface = LearnFrom::Interface { name: "-n".to_owned(), seconds: 60 };
        for (words, expected) in [
            (of(LearnFrom::Upload("ab12".to_owned())), "learn --json --pcap=- --deckies=9 --seed=--lab"),
            (of(interface), "learn --json --interface=-n --seconds=60 --deckies=9 --seed=--lab"),
            (image(true), "image build --json --no-cache"),
            (image(false), "image build --json"),
            (another(vec!["persona".to_owned()], &"web".parse().unwrap()), "persona reset --json -- web"),
        ] {
            assert_eq!(words.join(" "), expected);
            let line = [vec!["decnet".to_owned()], words].concat();
            assert!(crate::cli::command().try_get_matches_from(&line).is_ok(), "{line:?}");
        }
    }

    #[test]
    fn what_was_handed_in_is_read_once_and_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        std::fs::create_dir_all(paths.handed_in()).unwrap();
        let path = paths.handed_in().join("ab12");
        std::fs::write(&path, b"frames").unwrap();
        assert!(handed_in(&paths, "../ab12").is_err());
        assert_eq!(handed_in(&paths, "ab12").unwrap(), b"frames");
        assert!(handed_in(&paths, "ab12").is_err(), "it is gone");
        let secret = folder.path().join("secret");
        std::fs::write(&secret, b"secret").unwrap();
        std::os::unix::fs::symlink(&secret, &path).unwrap();
        assert!(handed_in(&paths, "ab12").is_err());
        assert!(secret.exists());
    }
}
