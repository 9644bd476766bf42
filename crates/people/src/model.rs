//! A language model that may say what people write in other words (OpenAI's chat completions, which ollama and others
//! speak too). It is asked about one mail at a time, gets a text that was made of templates, and what it says is taken
//! only if it tells the same facts and nothing else; otherwise the templates' text stays.

use decnet_model::{alert::Target, people::Language};
use decnet_outward::{Asked, Method, Place, ask, trust};
use decnet_pipeline::runtime::chain;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, io, path::Path, time::Duration};

/// Longest wait for an answer, unless another is said; and longest that can be said.
const PATIENCE: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(600);
/// Most bytes of an answer.
const ANSWER: usize = 64 * 1024;
/// Most tokens that are asked for.
const TOKENS: u32 = 400;
/// Words that no mail between people has: ours, those of others like us, and those of models about themselves.
const FORBIDDEN: &[&str] = &[
    "decnet",
    "decky",
    "deckies",
    "decoy",
    "honeypot",
    "honeynet",
    "honeytoken",
    "canary",
    "language model",
    "as an ai",
    "chatgpt",
    "openai",
    "ollama",
    "sprachmodell",
    "mod\u{e8}le de langage",
    "i cannot",
    "here is the",
    "rewritten",
    "password",
    "kennwort",
    "passwort",
    "mot de passe",
];
/// Frequent words, by which a language is known.
const FREQUENT: [(Language, &[&str]); 3] = [
    (Language::English, &["the", "is", "to", "of", "and", "you", "it", "for", "we", "on", "in", "that"]),
    (Language::German, &["der", "die", "das", "ist", "und", "ich", "du", "wir", "nicht", "mit", "es", "den"]),
    (Language::French, &["le", "la", "les", "est", "et", "je", "tu", "nous", "pas", "de", "un", "pour"]),
];

/// Why there is no model to be asked.
#[derive(Debug, thiserror::Error)]
pub enum BadModel {
    /// The address is none.
    #[error("{0:?} is no address: write it as https://HOST/v1 or http://HOST:PORT/v1")]
    Address(String),
    /// The file of authorities cannot be read.
    #[error("read the authorities that are believed")]
    Trust(#[source] io::Error),
}

/// A model.
#[derive(Clone)]
pub struct Model {
    place: Place,
    path: String,
    name: String,
    key: String,
    patience: Duration,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} at {}:{}", self.name, self.place.host, self.place.port)
    }
}

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// A text that tells the same.
    Text(String),
    /// What was said cannot be taken, and why.
    Unfit(&'static str),
    /// There was no answer.
    Nothing(String),
}

impl Model {
    /// The model `name` at `url`, the address before `/chat/completions`; authorities of `file` are believed too.
    ///
    /// # Errors
    /// [`BadModel`].
    pub fn new(url: &str, name: &str, key: &str, file: &Path) -> Result<Self, BadModel> {
        let Ok(Target::Web { tls, host, port, path }) = url.parse() else {
            return Err(BadModel::Address(url.to_owned()));
        };
        let trusted = || trust::config(file).map_err(BadModel::Trust);
        let place = Place { tls: tls.then(trusted).transpose()?, host, port };
        let path = format!("{}/chat/completions", path.trim_end_matches('/'));
        Ok(Model { place, path, name: name.to_owned(), key: key.to_owned(), patience: PATIENCE })
    }

    /// The same model, whose answers are waited for so long; ten minutes at most.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Model { patience: patience.min(LONGEST), ..self }
    }

    /// What it is asked, as bytes, and what they are known by.
    pub(crate) fn question(&self, language: Language, text: &str) -> (Vec<u8>, String) {
        let (name, facts) = (tongue(language), facts(text).into_iter().collect::<Vec<_>>().join(", "));
        let system = format!(
            "You write short office mails in {name}. Say the text of the user in other words of {name}, as a colleague \
             would. Keep its meaning, its form of address and every name. Keep these exactly as they are: {facts}. Add \
             no numbers, dates, addresses or promises. No greeting, no closing, no name at the end, no comment, no \
             markup: the sentences only."
        );
        let body = json!({
            "model": self.name,
            "messages": [{ "role": "system", "content": system }, { "role": "user", "content": text }],
            "temperature": 0.9,
            "max_tokens": TOKENS,
            "stream": false,
        });
        let bytes = body.to_string().into_bytes();
        let hash = hex::encode(Sha256::digest(&bytes));
        (bytes, hash)
    }

    /// Asks it to say `text` in other words.
    pub(crate) async fn say(&self, language: Language, text: &str, body: Vec<u8>) -> Spoken {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        if !self.key.is_empty() {
            headers.push(("authorization", format!("Bearer {}", self.key)));
        }
        let asked = Asked { method: Method::Post, path: self.path.clone(), headers, body };
        let answer = match ask(&self.place, &asked, ANSWER, self.patience).await {
            Ok(answer) if answer.status == 200 => answer,
            Ok(answer) => return Spoken::Nothing(format!("status {}", answer.status)),
            Err(error) => return Spoken::Nothing(chain(&error)),
        };
        let said = serde_json::from_slice::<Value>(&answer.body).ok();
        let said = said.as_ref().and_then(|said| said.pointer("/choices/0/message/content")?.as_str());
        match said {
            None => Spoken::Nothing("an answer of another form".to_owned()),
            Some(said) => judged(language, text, said),
        }
    }
}

fn tongue(language: Language) -> &'static str {
    match language {
        Language::English => "English",
        Language::German => "German",
        Language::French => "French",
    }
}

/// What of a text must stay as it is: words with digits, and paths, names of files and machines, addresses.
fn facts(text: &str) -> BTreeSet<String> {
    let edge = |letter: char| !letter.is_alphanumeric() && letter != '/';
    let words = text.split_whitespace().map(|word| word.trim_matches(edge));
    let fact = |word: &&str| {
        let inner = word.get(1..word.len().saturating_sub(1)).unwrap_or_default();
        word.bytes().any(|byte| byte.is_ascii_digit()) || inner.contains(['/', '\\', '@', '_', '.', ':'])
    };
    words.filter(fact).map(str::to_owned).collect()
}

/// What `said` is worth as other words for `text`.
pub fn judged(language: Language, text: &str, said: &str) -> Spoken {
    let said = said.trim().trim_matches('"').trim();
    let small = said.to_lowercase();
    let known = text.to_lowercase();
    if said.len() < text.len() / 3 || text.len() * 3 + 80 < said.len() {
        return Spoken::Unfit("too short or too long");
    }
    if said.contains(['*', '#', '`', '<', '>', '{', '}', '[', ']']) || said.lines().count() > 4 {
        return Spoken::Unfit("it is marked up");
    }
    if said.chars().any(|letter| letter.is_control() && letter != '\n') {
        return Spoken::Unfit("it has signs that no mail has");
    }
    if FORBIDDEN.iter().any(|word| small.contains(word) && !known.contains(word)) {
        return Spoken::Unfit("a word that must not be there");
    }
    if facts(said) != facts(text) {
        return Spoken::Unfit("other facts");
    }
    let frequent = |of: Language| {
        let words =
            FREQUENT.iter().find(|(language, _)| *language == of).map_or(&[][..], |(_, words)| *words);
        small.split(|letter: char| !letter.is_alphabetic()).filter(|word| words.contains(word)).count()
    };
    if Language::ALL.iter().any(|other| *other != language && frequent(language) < frequent(*other)) {
        return Spoken::Unfit("another language");
    }
    Spoken::Text(said.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
    };

    const TEXT: &str =
        "The backup of srv-02 failed at 9:30. Could you look at /srv/projects/vega until Friday?";

    #[test]
    fn what_a_model_says_is_taken_only_if_it_tells_the_same() {
        let fit = "At 9:30 the backup on srv-02 broke off. Will you check /srv/projects/vega until Friday?";
        assert_eq!(judged(Language::English, TEXT, &format!(" \"{fit}\"\n")), Spoken::Text(fit.to_owned()));
        for (said, why) in [
            ("Yes.", "too short or too long"),
            (&fit.repeat(9), "too short or too long"),
            (&format!("**Hi** {fit}"), "it is marked up"),
            (&format!("{fit}\u{7}"), "it has signs that no mail has"),
            (&format!("As an AI, I say: {fit}"), "a word that must not be there"),
            (&format!("{fit} This honeypot is fine."), "a word that must not be there"),
            (&format!("{fit} The password is on the desk."), "a word that must not be there"),
            (&fit.replace("9:30", "10:30"), "other facts"),
            (&format!("{fit} Use AKIA0123456789."), "other facts"),
            (&format!("{fit} See http://evil.example/x."), "other facts"),
            (
                "Die Sicherung von srv-02 ist um 9:30 abgebrochen und ich bitte dich, /srv/projects/vega bis Freitag \
                 zu pr\u{fc}fen, das ist nicht gut.",
                "another language",
            ),
        ] {
            assert_eq!(judged(Language::English, TEXT, said), Spoken::Unfit(why), "{said}");
        }
    }

    #[tokio::test]
    async fn a_model_is_asked_over_http_and_a_failure_is_told() {
        for (answer, spoken) in [
            (
                json!({ "choices": [{ "message": { "content": TEXT.replace("Could you", "Can you please") } }] }),
                Spoken::Text(TEXT.replace("Could you", "Can you please")),
            ),
            (json!({ "error": "no" }), Spoken::Nothing("an answer of another form".to_owned())),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}/v1", listener.local_addr().unwrap());
            let server = thread::spawn(move || {
                let (mut peer, _) = listener.accept().unwrap();
                let (mut seen, mut piece) = (Vec::new(), [0; 4096]);
                while !String::from_utf8_lossy(&seen).contains("\"stream\":false") {
                    let count = peer.read(&mut piece).unwrap();
                    seen.extend_from_slice(&piece[..count]);
                }
                let body = answer.to_string();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                peer.write_all((head + &body).as_bytes()).unwrap();
                String::from_utf8(seen).unwrap()
            });
            let model = Model::new(&url, "small", "key", Path::new("/nonexistent")).unwrap();
            let (body, hash) = model.question(Language::English, TEXT);
            assert_eq!((hash.len(), model.question(Language::English, TEXT).1 == hash), (64, true));
            assert_eq!(model.say(Language::English, TEXT, body).await, spoken);
            let seen = server.join().unwrap();
            assert!(seen.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{seen}");
            assert!(seen.contains("authorization: Bearer key\r\n") && seen.contains("srv-02"), "{seen}");
        }
        assert!(matches!(Model::new("ftp://x", "m", "", Path::new("/")), Err(BadModel::Address(_))));
    }

    #[tokio::test]
    async fn a_model_that_says_nothing_is_waited_for_as_long_as_was_said() {
        // Connections are taken by the kernel, and nobody answers in them.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let model = Model::new(&url, "small", "", Path::new("/nonexistent")).unwrap();
        assert_eq!(model.clone().patient(Duration::from_secs(86_400)).patience, LONGEST);
        let (body, _) = model.question(Language::English, TEXT);
        let spoken = model.patient(Duration::from_millis(50)).say(Language::English, TEXT, body).await;
        assert!(matches!(spoken, Spoken::Nothing(_)), "{spoken:?}");
    }
}
