//! `support-bundle`: what somebody needs who is to help, and no secret.

use super::{Context, config, status::health::Health, version::version};
use crate::{
    api,
    archive::Writer,
    install::UNITS,
    output, runner,
    settings::{Kind, Name},
};
use anyhow::{Context as _, Result};
use clap::Args;
use decnet_fleet::Standing;
use decnet_model::worker::Worker;
use decnet_store::Store;
use netsvc_wire::stamp;
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::Command,
};

/// What the archive calls itself.
const KIND: &str = "decnet support bundle";
/// Bytes of the end of each log.
const LOG_BYTES: u64 = 1 << 20;
/// Lines of the journal of each unit.
const JOURNAL_LINES: &str = "2000";
/// Shorter secrets are words that stand everywhere.
const SECRET_LEAST: usize = 4;

/// Write what somebody needs who is to help to a file: settings, states, messages, sizes
///
/// No secret is in it, and nothing of what was captured.
#[derive(Args, Debug)]
pub struct SupportBundle {
    /// File to be made; without it, decnet-support-TIME.tar.gz here
    file: Option<PathBuf>,
    /// JSON
    #[arg(long)]
    json: bool,
}

impl SupportBundle {
    /// Runs the command.
    ///
    /// # Errors
    /// When the file cannot be written. What cannot be looked at is told in it.
    pub async fn run(self, context: &Context) -> Result<()> {
        let time: String =
            stamp::format(context.now()).chars().take(19).filter(char::is_ascii_alphanumeric).collect();
        let file = self.file.unwrap_or_else(|| PathBuf::from(format!("decnet-support-{time}.tar.gz")));
        let mut store = context.look().await;
        let secrets = Secrets::of(context, store.as_mut().ok()).await;
        let mut writer = Writer::create(&file)?;
        let done = async {
            for (name, text) in members(context, &store).await {
                writer.text(&name, &secrets.hidden(&text))?;
            }
            writer.finish(KIND, json!({ "made_at": stamp::format(context.now()), "by": version() }))
        };
        let done = done.await;
        if done.is_err() {
            fs_err::remove_file(&file).context("remove half a bundle")?;
        }
        let files = done?;
        if self.json {
            output::json(&json!({ "file": file, "files": files }));
        } else {
            output::line(&format!(
                "{files} texts are in {}; look through them before you send it",
                file.display()
            ));
        }
        Ok(())
    }
}

/// Everything that is in a bundle, by its name.
async fn members(context: &Context, store: &Result<Store>) -> Vec<(String, String)> {
    let paths = context.paths();
    let standing = Standing::read(&paths);
    let health = Health::look(context, standing.as_ref());
    let runner = match runner::of(&paths) {
        runner::Runner::Supervisor(holder) => format!("{} (process {})", holder.verb, holder.pid),
        runner::Runner::Units => "systemd".to_owned(),
        runner::Runner::Nobody => "nobody".to_owned(),
    };
    let mut members = vec![
        ("version.json".to_owned(), pretty(&version())),
        ("settings.json".to_owned(), pretty(&json!(config::shapes(context.settings())))),
        ("strange-settings.json".to_owned(), strange(context)),
        ("workers.json".to_owned(), pretty(&json!({ "kept_by": runner, "workers": api::workers(context) }))),
        ("processes.json".to_owned(), pretty(&health.processes_json())),
        ("problems.json".to_owned(), pretty(&json!(health.problems()))),
        ("runtime.json".to_owned(), pretty(&json!(standing))),
        ("store.json".to_owned(), stored(store).await),
        ("files.txt".to_owned(), sizes(paths.root())),
        ("host.txt".to_owned(), host()),
    ];
    let logs = [Some(paths.messages()), context.settings().given(Name::SystemLogs).map(PathBuf::from)];
    for path in logs.into_iter().flatten() {
        if let Ok(text) = end_of(&path) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            members.push((format!("logs/{name}"), text));
        }
    }
    for &worker in Worker::ALL {
        let unit = runner::unit(worker);
        if let Ok(text) = fs::read_to_string(Path::new(UNITS).join(&unit)) {
            members.push((format!("units/{unit}"), text));
            members.push((
                format!("logs/{unit}.log"),
                said("journalctl", &["-u", &unit, "-n", JOURNAL_LINES, "-o", "short-iso"]),
            ));
        }
    }
    members
}

fn strange(context: &Context) -> String {
    let told: Vec<_> = context.settings().strange().iter().map(ToString::to_string).collect();
    pretty(&json!(told))
}

/// The sizes of tables and whether they are sound; of what they hold nothing.
async fn stored(store: &Result<Store>) -> String {
    let store = match store {
        Ok(store) => store,
        Err(error) => return pretty(&json!({ "error": format!("{error:#}") })),
    };
    let sizes = store.sizes().await.unwrap_or_default();
    let sizes: Vec<_> = sizes.iter().map(|size| json!({ "table": size.table, "rows": size.rows })).collect();
    let deckies = store.decky_list().await.unwrap_or_default();
    let deckies: Vec<_> = deckies
        .iter()
        .map(|row| json!({ "name": row.name, "services": row.services, "reason": row.reason }))
        .collect();
    let problems = match store.check().await {
        Ok(problems) => json!(problems),
        Err(error) => json!(error.to_string()),
    };
    pretty(&json!({
        "backend": store.backend(), "version": Store::VERSION, "problems": problems, "tables": sizes,
        "deckies": deckies,
    }))
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// Every file of the state folder with its size. Names of artefacts are hashes.
fn sizes(root: &Path) -> String {
    let (mut lines, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(data) = entry.metadata() else { continue };
            if data.is_dir() {
                folders.push(entry.path());
            }
            lines.push(format!("{} {}", entry.path().display(), data.len()));
        }
    }
    lines.sort();
    lines.join("\n")
}

fn host() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    format!(
        "{}\n{}\n{}\n{}",
        read("/proc/version"),
        read("/etc/os-release"),
        read("/proc/meminfo"),
        said("ip", &["-brief", "address"])
    )
}

/// What a program says, or why it does not.
fn said(program: &str, words: &[&str]) -> String {
    match Command::new(program).args(words).output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(error) => format!("{program}: {error}"),
    }
}

/// The end of a file.
fn end_of(path: &Path) -> std::io::Result<String> {
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(LOG_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What must not stand in a bundle.
struct Secrets(Vec<String>);

impl Secrets {
    async fn of(context: &Context, store: Option<&mut Store>) -> Secrets {
        let settings = context.settings();
        let secret = |name: &&Name| name.knob().kind == Kind::Secret;
        let mut found: Vec<String> =
            Name::ALL.iter().filter(secret).map(|&name| settings.text(name).to_owned()).collect();
        found
            .push(fs::read_to_string(context.paths().install_secret()).unwrap_or_default().trim().to_owned());
        if let Some(store) = store {
            for rule in store.alert_rule_list().await.unwrap_or_default() {
                found.extend([rule.target, rule.secret]);
            }
            found.extend(store.setting_get(decnet_web::SIGNING_SECRET).await.ok().flatten());
            // An attacker's passwords are evidence, and may be somebody's.
            for user in store.user_list().await.unwrap_or_default() {
                found.push(user.password_hash);
            }
        }
        // As a text of JSON has it, too.
        let quoted: Vec<_> = found
            .iter()
            .filter_map(|text| Some(serde_json::to_string(text).ok()?.trim_matches('"').to_owned()))
            .collect();
        found.extend(quoted);
        found.retain(|secret| SECRET_LEAST <= secret.len());
        // The longest first: what is left of it is nothing of a shorter one.
        found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Secrets(found)
    }

    /// A text without them, and without whatever is said to be a password.
    fn hidden(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            text = text.replace(secret, "***");
        }
        text.lines().map(named).collect::<Vec<_>>().join("\n")
    }
}

/// Words before which a value is a secret.
const NAMES: [&str; 7] = ["password", "passwd", "secret", "token", "authorization", "cookie", "credential"];

/// Those of them whose value goes on to the end of the line.
const HEADERS: [&str; 2] = ["authorization", "cookie"];

/// A line of a log without the values of what is called a secret: `password=x`, `token: x`, `secret_printable="x"`.
fn named(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let mut out = String::new();
    let mut at = 0;
    while let Some(start) = NAMES.iter().filter_map(|name| Some(lower.get(at..)?.find(name)? + at)).min() {
        let word = |c: char| c.is_ascii_alphanumeric() || "_-.\"".contains(c);
        let after = line.get(start..).unwrap_or_default();
        let name = after.find(|c: char| !word(c)).unwrap_or(after.len());
        let rest = after.get(name..).unwrap_or_default();
        let gap = rest.len() - rest.trim_start_matches([' ', '=', ':']).len();
        let sign = rest.get(..gap).unwrap_or_default();
        out.push_str(line.get(at..start + name + gap).unwrap_or_default());
        at = start + name + gap;
        // A name alone is a word of a sentence.
        if !sign.contains(['=', ':']) {
            continue;
        }
        let value = line.get(at..).unwrap_or_default();
        // Their values have several words: `Bearer x`, `a=b; c=d`.
        let header = HEADERS.iter().any(|name| lower.get(start..).is_some_and(|rest| rest.starts_with(name)));
        let length = match value.strip_prefix('"') {
            Some(quoted) => end_of_quote(quoted) + 1,
            None if header => value.len(),
            None => value.find(|c: char| c.is_whitespace() || ",;]}".contains(c)).unwrap_or(value.len()),
        };
        out.push_str("***");
        at += length;
    }
    out.push_str(line.get(at..).unwrap_or_default());
    out
}

/// Bytes up to and with the quote that ends a text, which a backslash can precede.
fn end_of_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_a_secret_is_hidden_and_sentences_stay() {
        for (line, hidden) in [
            ("a password=hunter2 b", "a password=*** b"),
            (r#"x secret_printable="a\"b c" y"#, r#"x secret_printable=*** y"#),
            (r#"{"token": "abc", "n": 1}"#, r#"{"token": ***, "n": 1}"#),
            ("Authorization: Bearer", "Authorization: ***"),
            ("Authorization: Bearer abc.def", "Authorization: ***"),
            ("Set-Cookie: a=b; c=d", "Set-Cookie: ***"),
            (r#"x cookie="a=b; c=d" y"#, r#"x cookie=*** y"#),
            ("the password was wrong", "the password was wrong"),
            ("päßwörd passwd:é;", "päßwörd passwd:***;"),
            ("password=", "password=***"),
        ] {
            assert_eq!(named(line), hidden, "{line}");
        }
        let secrets = Secrets(vec!["hunter22".to_owned(), "hunter2".to_owned()]);
        assert_eq!(secrets.hidden("x hunter22 hunter2\ny"), "x *** ***\ny");
    }
}
