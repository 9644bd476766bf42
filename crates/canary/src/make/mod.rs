//! Making canaries. Each is the only one of its kind: its id, names and secrets are drawn.

mod archive;
mod draw;
mod key;
mod login;
mod office;
mod page;
mod paper;
mod picture;
mod texts;

pub use draw::Draw;

use decnet_model::{
    canary::{Asked, Origin},
    flaw::Flaw,
    record::{Canary, CanaryChannel, CanaryKind, CanarySecret},
};
use netsvc_wire::stamp::Micros;
use sha2::{Digest, Sha256};

/// A canary with what it holds and by what its use is known.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its row.
    pub canary: Canary,
    /// Its file, or the text of one that has none.
    pub content: Vec<u8>,
    /// Its secrets.
    pub secrets: Vec<CanarySecret>,
}

/// What a maker gives.
struct Body {
    content: Vec<u8>,
    /// What it leads to, for people.
    lead: String,
    /// Secrets, and how they are used.
    secrets: Vec<(CanaryChannel, Vec<u8>)>,
}

/// What a maker works with.
struct Task<'a> {
    id: String,
    asked: &'a Asked,
    origin: &'a Origin,
    draw: &'a mut Draw,
    now: Micros,
}

impl Task<'_> {
    /// An address of ours with the id in it: `{id}` in `path`.
    fn url(&self, path: &str) -> String {
        let base = self.origin.base.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{base}/{}", path.replace("{id}", &self.id))
    }

    /// A name of ours with the id in it, behind `label`; none without a zone.
    fn name(&self, label: &str) -> Option<String> {
        let zone = self.origin.zone.as_deref()?;
        let label = if label.is_empty() { String::new() } else { format!("{label}.") };
        Some(format!("{label}{}.{zone}", self.id))
    }

    /// The login name that it shows.
    fn user(&self, usual: &str) -> String {
        self.asked.user.clone().unwrap_or_else(|| usual.to_owned())
    }
}

/// Makes what is asked for.
///
/// # Errors
/// What is wrong with it, for example a kind whose pages nobody could reach.
pub fn make(
    asked: &Asked,
    origin: &Origin,
    draw: &mut Draw,
    by: &str,
    now: Micros,
) -> Result<Made, Vec<Flaw>> {
    let flaws = asked.flaws(origin);
    if !flaws.is_empty() {
        return Err(flaws);
    }
    let id = draw.id();
    let mut task = Task { id: id.clone(), asked, origin, draw, now };
    let body = body(&mut task);
    let traits = asked.kind.traits();
    let usual = if traits.file.is_empty() { "canary.txt" } else { traits.file };
    let canary = Canary {
        id: id.clone(),
        kind: asked.kind,
        memo: asked.memo.clone(),
        file: asked.file.clone().unwrap_or_else(|| usual.to_owned()),
        media: traits.media.to_owned(),
        target: asked.target.clone(),
        lead: body.lead,
        node: None,
        path: None,
        owner: None,
        dated: None,
        created_by: by.to_owned(),
        created_at: now,
        changed_at: now,
        revoked_at: None,
    };
    let secret = |(channel, value): (CanaryChannel, Vec<u8>)| CanarySecret {
        sha256: fingerprint(&value),
        canary: id.clone(),
        channel,
    };
    Ok(Made { canary, content: body.content, secrets: body.secrets.into_iter().map(secret).collect() })
}

/// By what a secret is looked for: its SHA-256, hex.
pub fn fingerprint(secret: &[u8]) -> String {
    hex::encode(Sha256::digest(secret))
}

/// What only a test of ours sends for a canary: nobody else knows to the microsecond when it was made.
pub fn test_mark(canary: &Canary) -> String {
    let mut hash = hex::encode(Sha256::digest(format!("test {} {}", canary.id, canary.created_at)));
    hash.truncate(16);
    format!("t{hash}")
}

fn body(task: &mut Task<'_>) -> Body {
    match task.asked.kind {
        CanaryKind::WebBug => page::web_bug(task),
        CanaryKind::Dns => texts::name(task),
        CanaryKind::Html => page::page(task),
        CanaryKind::Docx => office::document(task),
        CanaryKind::Xlsx => office::sheet(task),
        CanaryKind::Pdf => paper::paper(task),
        CanaryKind::Svg => page::drawing(task),
        CanaryKind::Folder => archive::folder(task),
        CanaryKind::Shortcut => texts::shortcut(task),
        CanaryKind::Kubeconfig => texts::kubeconfig(task),
        CanaryKind::Aws => texts::cloud_keys(task),
        CanaryKind::SshKey => key::key(task),
        CanaryKind::Dump => texts::dump(task),
        CanaryKind::Connection => texts::connection(task),
        CanaryKind::Wireguard => key::tunnel(task),
        CanaryKind::Env => texts::environment(task),
        CanaryKind::Git => texts::repository(task),
        CanaryKind::Bookmarks => page::bookmarks(task),
        CanaryKind::Site => page::script(task),
        CanaryKind::Qr => picture::code(task),
        CanaryKind::Email => texts::mailbox(task),
        CanaryKind::Password => login::note(task),
        CanaryKind::Netrc => login::netrc(task),
        CanaryKind::Saved => login::saved(task),
        CanaryKind::Rdp => login::desktop(task),
    }
}

#[cfg(test)]
mod tests;
