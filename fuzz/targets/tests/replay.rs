//! Runs every corpus, and for some seconds per target random changes of it.
//!
//! `FUZZ_SECONDS` says how long (`make fuzz SECONDS=3600`), `FUZZ_TARGET` which one, `FUZZ_SEED` repeats a
//! run. An input that fails is written to `fuzz/failures/`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on ends here"
)]

use fuzz_targets::{Target, targets};
use std::{
    collections::BTreeSet,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

/// Longest input that is made.
const LONGEST: usize = 4096;
/// Longest that one input may take.
const SLOWEST: Duration = Duration::from_secs(10);

/// xorshift64*: enough to vary inputs, repeatable by its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 11).unwrap() % end.max(1)
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// What is in the target's folder, and what it declares itself.
fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let folder = folder().join("corpus").join(target.name);
    let entries = fs::read_dir(folder).ok().into_iter().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let kept = paths.iter().map(|path| fs::read(path).unwrap());
    let all: Vec<_> = kept.chain(target.declared()).collect();
    assert!(!all.is_empty(), "{} has no corpus", target.name);
    all
}

fn run(target: &Target, input: &[u8], how: &str) {
    let name = target.name;
    let begun = Instant::now();
    let failed = catch_unwind(AssertUnwindSafe(|| target.run(input))).is_err();
    if failed || begun.elapsed() > SLOWEST {
        let failures = folder().join("failures");
        fs::create_dir_all(&failures).unwrap();
        let path = failures.join(format!("{name}-{}", begun.elapsed().as_nanos()));
        fs::write(&path, input).unwrap();
        panic!("{name} failed or took {:?} ({how}): {}", begun.elapsed(), path.display());
    }
}

/// A change that inputs found by hand lack.
fn change(input: &mut Vec<u8>, all: &[Vec<u8>], random: &mut Random) {
    const TELLING: &[&[u8]] = &[
        b"\0",
        b"\xff",
        b"\xff\xff\xff\xff",
        b"\r\n",
        b"\n",
        b"$(",
        b"`",
        b"'",
        b"\"",
        b"\\",
        b"%s",
        b"-1",
        b"18446744073709551616",
        b"2147483648",
        b"../",
        b"{",
        b"[",
        b"*",
        b"\x7f\xff\xff\xff",
        b"\xf0\x9f\x98\x80",
        b"\xff\xfb",
        b"\xff\xf0",
        b"((",
        b"))",
        b"|",
        b"&&",
        b"<<",
        b";",
        b"$1",
    ];
    let at = random.below(input.len() + 1);
    let end = (at + 1 + random.below(16)).min(input.len());
    match random.below(7) {
        0 if at < input.len() => input[at] ^= 1 << random.below(8),
        1 if at < input.len() => input[at] = u8::try_from(random.below(256)).unwrap(),
        2 => drop(input.drain(at..end.max(at))),
        3 => {
            let piece = input[at..end.max(at)].to_vec();
            let times = 1 + random.below(40);
            input.splice(at..at, piece.repeat(times));
        }
        4 => drop(input.splice(at..at, TELLING[random.below(TELLING.len())].iter().copied())),
        5 => {
            let other = &all[random.below(all.len())];
            let from = random.below(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        _ => {
            let bytes: Vec<u8> =
                (0..random.below(8)).map(|_| u8::try_from(random.below(256)).unwrap()).collect();
            input.splice(at..at, bytes);
        }
    }
    input.truncate(LONGEST);
}

fn seconds() -> Duration {
    let text = std::env::var("FUZZ_SECONDS").unwrap_or_default();
    Duration::from_secs(text.parse().unwrap_or(1))
}

fn seed() -> u64 {
    let given = std::env::var("FUZZ_SEED").ok().and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        u64::try_from(now.as_micros()).unwrap() | 1
    })
}

#[test]
fn corpora_and_their_changes_break_nothing() {
    let only = std::env::var("FUZZ_TARGET").ok();
    let (seconds, seed) = (seconds(), seed());
    let chosen = targets().filter(|target| only.as_ref().is_none_or(|only| only == target.name));
    for target in chosen {
        let all = corpus(&target);
        for input in &all {
            run(&target, input, "corpus");
        }
        let (mut random, mut count) = (Random(seed), 0_u64);
        let begun = Instant::now();
        while begun.elapsed() < seconds {
            let mut input = all[random.below(all.len())].clone();
            for _ in 0..=random.below(6) {
                change(&mut input, &all, &mut random);
            }
            run(&target, &input, &format!("seed {seed}, input {count}"));
            count += 1;
        }
        println!("{}: {} inputs of the corpus, {count} changes of them", target.name, all.len());
    }
}

#[test]
fn every_corpus_and_every_cargo_fuzz_target_is_listed() {
    let names = |path: &str| {
        let mut names: Vec<String> = fs::read_dir(folder().join(path))
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    let known: Vec<Target> = targets().collect();
    let one_each: BTreeSet<&str> = known.iter().map(|target| target.name).collect();
    assert_eq!(one_each.len(), known.len(), "two targets have one name, and programs run the first");
    let (corpora, programs) = (names("corpus"), names("fuzz_targets"));
    for target in known.iter().filter(|target| !target.is_service()) {
        let name = target.name.to_owned();
        assert!(corpora.contains(&name) && programs.contains(&name), "{name} has no corpus or no program");
    }
    // A service needs neither: `named` feeds it, with what it declares.
    let is_known = |name: &String| name == "named" || known.iter().any(|target| target.name == name);
    for name in corpora.iter().chain(&programs) {
        assert!(is_known(name), "{name} is no target");
    }
    assert!(programs.iter().all(|name| manifest.contains(&format!("name = \"{name}\""))));
}
