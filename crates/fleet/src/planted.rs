//! Canaries among the files of deckies. They are no part of a stored persona: the machine stays what it is when they
//! come and go.

use crate::error::{Error, stored};
use base64::{Engine, engine::general_purpose::STANDARD};
use decnet_store::Store;
use netsvc_persona::{OwnFile, Persona};
use std::collections::BTreeMap;

/// µs of an hour.
const HOUR: i64 = 3_600_000_000;

/// The files that lie on each decky, by its name.
pub(super) async fn files(store: &Store) -> Result<BTreeMap<String, Vec<OwnFile>>, Error> {
    let rows = store.canary_planted().await.map_err(stored("read planted canaries"))?;
    let mut files: BTreeMap<String, Vec<OwnFile>> = BTreeMap::new();
    for (canary, content) in rows {
        let (Some(node), Some(path)) = (canary.node, canary.path) else { continue };
        files.entry(node).or_default().push(OwnFile {
            path,
            mode: canary.kind.mode(),
            owner: canary.owner.unwrap_or_default(),
            changed_at: canary.dated.unwrap_or(canary.created_at),
            content: STANDARD.encode(content),
            reference: canary.id,
        });
    }
    Ok(files)
}

/// Lays `files` on the machine: each in the home that it is for, owned by whose home it is in, and not older than the
/// machine.
pub(super) fn lay(persona: &mut Persona, files: Vec<OwnFile>) {
    for mut file in files {
        let person = |name: &str| persona.users.iter().find(|user| user.name == name);
        if let Some(rest) = file.path.strip_prefix('~') {
            let usual = persona.users.iter().find(|user| user.uid >= 1000).or(persona.users.first());
            let Some(user) = person(&file.owner).or(usual) else { continue };
            file.path = format!("{}{rest}", user.home.trim_end_matches('/'));
            file.owner.clone_from(&user.name);
        }
        if file.owner.is_empty() {
            let holds = |home: &str| home.len() > 1 && file.path.starts_with(&format!("{home}/"));
            let owner = persona.users.iter().find(|user| holds(&user.home));
            file.owner = owner.map(|user| user.name.clone()).unwrap_or_default();
        }
        file.changed_at = file.changed_at.max(persona.installed_at.saturating_add(HOUR));
        persona.files.push(file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_persona::User;

    fn file(path: &str, owner: &str) -> OwnFile {
        OwnFile {
            path: path.to_owned(),
            mode: 0o600,
            owner: owner.to_owned(),
            changed_at: 5,
            content: String::new(),
            reference: "x".to_owned(),
        }
    }

    #[test]
    fn a_file_lies_in_the_home_that_it_is_for_and_is_not_older_than_the_machine() {
        let text = include_str!("../../engine/tests/persona.json");
        let mut persona: Persona = serde_json::from_str(text).unwrap();
        let user = |name: &str, uid: u32, home: &str| User {
            name: name.to_owned(),
            full_name: String::new(),
            uid,
            home: home.to_owned(),
            shell: String::new(),
            password: None,
        };
        persona.users = vec![user("root", 0, "/root"), user("eve", 1000, "/home/eve")];
        persona.installed_at = 100;
        let files = vec![
            file("~/.aws/credentials", ""),
            file("~/x", "root"),
            file("/home/eve/y", ""),
            file("/srv/z", ""),
        ];
        lay(&mut persona, files);
        let found: Vec<_> = persona
            .files
            .iter()
            .map(|file| (file.path.as_str(), file.owner.as_str(), file.changed_at))
            .collect();
        let at = 100 + HOUR;
        assert_eq!(
            found,
            [
                ("/home/eve/.aws/credentials", "eve", at),
                ("/root/x", "root", at),
                ("/home/eve/y", "eve", at),
                ("/srv/z", "", at)
            ]
        );
    }
}
