//! Names that the engine gives containers: an adjective and a surname.

const LEFT: &[&str] = &[
    "admiring",
    "agitated",
    "bold",
    "brave",
    "busy",
    "charming",
    "clever",
    "compassionate",
    "cool",
    "dazzling",
    "determined",
    "eager",
    "ecstatic",
    "elastic",
    "epic",
    "fervent",
    "focused",
    "gallant",
    "gifted",
    "great",
    "happy",
    "hopeful",
    "hungry",
    "inspiring",
    "jolly",
    "jovial",
    "keen",
    "laughing",
    "loving",
    "modest",
    "mystifying",
    "nervous",
    "nifty",
    "optimistic",
    "peaceful",
    "pedantic",
    "quirky",
    "relaxed",
    "romantic",
    "serene",
    "sharp",
    "silly",
    "stoic",
    "strange",
    "tender",
    "upbeat",
    "vibrant",
    "wizardly",
    "xenodochial",
    "zen",
];
const RIGHT: &[&str] = &[
    "agnesi",
    "albattani",
    "archimedes",
    "babbage",
    "banach",
    "bardeen",
    "bell",
    "bohr",
    "boyd",
    "carson",
    "cerf",
    "colden",
    "curie",
    "darwin",
    "davinci",
    "dijkstra",
    "einstein",
    "elion",
    "euler",
    "fermat",
    "feynman",
    "franklin",
    "galileo",
    "gates",
    "goldberg",
    "goodall",
    "hamilton",
    "hawking",
    "hopper",
    "jang",
    "joliot",
    "kalam",
    "keller",
    "kepler",
    "lamarr",
    "leakey",
    "lovelace",
    "mayer",
    "meitner",
    "morse",
    "newton",
    "noether",
    "pasteur",
    "perlman",
    "ritchie",
    "sammet",
    "swartz",
    "tesla",
    "turing",
    "wozniak",
];

/// The name that goes with an id.
pub(super) fn drawn(id: &str) -> String {
    let number = |from: usize| {
        let digits = id.get(from..from + 6).unwrap_or("0");
        usize::from_str_radix(digits, 16).unwrap_or_default()
    };
    let word =
        |list: &[&'static str], at: usize| list.get(at % list.len().max(1)).copied().unwrap_or("great");
    format!("{}_{}", word(LEFT, number(0)), word(RIGHT, number(8)))
}

/// Whether a container, volume or network can be called so.
pub(super) fn fits(name: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    first && 2 <= name.len() && name.len() <= 128 && name.bytes().all(rest)
}
