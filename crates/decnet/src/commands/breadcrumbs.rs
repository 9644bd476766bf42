//! `breadcrumbs`: what is laid on real machines so that it leads to deckies.

use super::{Context, canary};
use crate::output;
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use decnet_model::{
    canary::Asked,
    fleet::DeckyName,
    record::{Canary, CanaryKind},
};
use decnet_store::Store;
use netsvc_persona::Persona;
use serde::Serialize;
use std::{
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// What is laid on real machines so that it leads to deckies
#[derive(Args, Debug)]
pub struct Breadcrumbs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Write breadcrumbs into a new folder
    ///
    /// Lines for the hosts file, an SSH configuration with known hosts and a key, saved logins: each login and key is
    /// a canary of its own, so that its use says from which machine it was taken. `manifest.json` says which file is
    /// which and where it goes; it is not for those machines.
    Export {
        /// The folder
        #[arg(long, short, value_name = "FOLDER")]
        output: PathBuf,
        /// Only of this decky; may be given several times
        #[arg(long, value_name = "NAME")]
        decky: Vec<DeckyName>,
        /// For which machine they are; it is noted with each canary
        #[arg(long = "for", value_name = "MACHINE", default_value = "")]
        machine: String,
        /// Print the manifest as JSON
        #[arg(long)]
        json: bool,
    },
}

/// A breadcrumb.
#[derive(Debug, Serialize)]
struct Crumb {
    /// Its file, from the folder.
    file: String,
    /// Decky that it leads to; none: several.
    #[serde(skip_serializing_if = "Option::is_none")]
    decky: Option<String>,
    /// Canary by which its use is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    canary: Option<String>,
    /// Where it goes.
    place: &'static str,
}

/// A login that is saved for a service.
struct Saved {
    slugs: &'static [&'static str],
    kind: CanaryKind,
    place: &'static str,
}

const SAVED: &[Saved] = &[
    Saved { slugs: &["ftp", "ftps", "http", "https"], kind: CanaryKind::Netrc, place: "~/.netrc, mode 0600" },
    Saved {
        slugs: &["smb"],
        kind: CanaryKind::Saved,
        place: "a folder of scripts, or run once by a logon script (GPO) so that the login is in the store of Windows",
    },
    Saved { slugs: &["rdp"], kind: CanaryKind::Rdp, place: "the desktop of a user of Windows" },
    Saved {
        slugs: &["mysql", "postgres", "mssql", "mongodb", "redis", "telnet", "ldap"],
        kind: CanaryKind::Password,
        place: "a folder of notes",
    },
];

impl Breadcrumbs {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such decky, the folder exists, or the store fails.
    pub async fn run(self, context: &Context) -> Result<()> {
        let Verb::Export { output: folder, decky, machine, json } = self.verb;
        let store = context.store().await?;
        let personas = personas(&store, &decky).await?;
        std::fs::create_dir(&folder)
            .with_context(|| format!("make {}; give a folder that does not exist yet", folder.display()))?;
        let memo =
            if machine.is_empty() { "breadcrumb".to_owned() } else { format!("breadcrumb on {machine}") };
        let export = Export { context, store: &store, folder: &folder, memo };
        let crumbs = export.all(&personas).await?;
        let manifest = serde_json::to_vec_pretty(&crumbs).context("write the manifest")?;
        write(&folder.join("manifest.json"), &manifest)?;
        if json {
            output::json(&crumbs);
            return Ok(());
        }
        output::table(&["FILE", "LEADS TO", "CANARY", "GOES TO"], &crumbs, |crumb| {
            vec![
                crumb.file.clone(),
                crumb.decky.clone().unwrap_or_else(|| "several deckies".to_owned()),
                crumb.canary.clone().unwrap_or_default(),
                crumb.place.to_owned(),
            ]
        });
        Ok(())
    }
}

/// The personas of the deckies, of all without a choice.
async fn personas(store: &Store, chosen: &[DeckyName]) -> Result<Vec<Persona>> {
    let mut found = Vec::new();
    for row in store.decky_list().await.context("read the deckies")? {
        let wanted = chosen.is_empty() || chosen.iter().any(|name| name.as_str() == row.name);
        if let (true, Some(text)) = (wanted, row.persona) {
            found.push(serde_json::from_str(&text).context("read a persona")?);
        }
    }
    let missing = |name: &&DeckyName| !found.iter().any(|persona: &Persona| persona.node == name.as_str());
    if let Some(name) = chosen.iter().find(missing) {
        bail!("no decky that has run is called {name}");
    }
    if found.is_empty() {
        bail!("no decky has run yet: deploy a fleet first");
    }
    Ok(found)
}

struct Export<'a> {
    context: &'a Context,
    store: &'a Store,
    folder: &'a Path,
    memo: String,
}

impl Export<'_> {
    async fn all(&self, personas: &[Persona]) -> Result<Vec<Crumb>> {
        let mut crumbs = Vec::new();
        let hosts: String = personas
            .iter()
            .map(|persona| format!("{}\t{} {}\n", persona.ip, persona.fqdn(), persona.hostname))
            .collect();
        self.put("hosts", hosts.as_bytes())?;
        let place = "added to /etc/hosts or C:\\Windows\\System32\\drivers\\etc\\hosts";
        crumbs.push(Crumb { file: "hosts".to_owned(), decky: None, canary: None, place });
        let shells: Vec<_> = personas.iter().filter(|persona| persona.products.contains_key("ssh")).collect();
        if !shells.is_empty() {
            crumbs.extend(self.ssh(&shells).await?);
        }
        for persona in personas {
            for saved in SAVED {
                if saved.slugs.iter().any(|slug| persona.products.contains_key(*slug)) {
                    crumbs.push(self.saved(persona, saved).await?);
                }
            }
        }
        Ok(crumbs)
    }

    /// A configuration that leads to all of `personas` with one key.
    async fn ssh(&self, personas: &[&Persona]) -> Result<Vec<Crumb>> {
        let user = "deploy";
        let first = personas.first().map(|persona| persona.hostname.clone());
        let (key, content) = self.make(CanaryKind::SshKey, first, Some(user.to_owned())).await?;
        let (mut settings, mut known) = (String::new(), String::new());
        for persona in personas {
            settings.push_str(&format!(
                "Host {}\n    HostName {}\n    User {user}\n    IdentityFile ~/.ssh/id_ed25519\n\n",
                persona.hostname, persona.ip
            ));
            if let Some(line) = persona.ssh_keys.ed25519_line() {
                known.push_str(&format!("{},{} {line}\n", persona.hostname, persona.ip));
            }
        }
        let mut crumbs = Vec::new();
        for (file, content, canary) in [
            ("ssh/config", settings.into_bytes(), None),
            ("ssh/known_hosts", known.into_bytes(), None),
            ("ssh/id_ed25519", content, Some(key.id)),
        ] {
            self.put(file, &content)?;
            crumbs.push(Crumb { file: file.to_owned(), decky: None, canary, place: "~/.ssh, mode 0600" });
        }
        Ok(crumbs)
    }

    async fn saved(&self, persona: &Persona, saved: &Saved) -> Result<Crumb> {
        let (canary, content) = self.make(saved.kind, Some(persona.hostname.clone()), None).await?;
        let file = format!("{}/{}", persona.node, canary.file);
        self.put(&file, &content)?;
        Ok(Crumb { file, decky: Some(persona.node.clone()), canary: Some(canary.id), place: saved.place })
    }

    async fn make(
        &self,
        kind: CanaryKind,
        target: Option<String>,
        user: Option<String>,
    ) -> Result<(Canary, Vec<u8>)> {
        let asked = Asked { memo: self.memo.clone(), target, user, ..Asked::of(kind) };
        let canary = canary::created(self.context, self.store, &asked).await?;
        let content = self.store.canary_content(&canary.id).await.context("read a canary")?;
        Ok((canary, content.unwrap_or_default()))
    }

    fn put(&self, file: &str, content: &[u8]) -> Result<()> {
        let path = self.folder.join(file);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        }
        write(&path, content)
    }
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("write {}", path.display()))?;
    file.write_all(content).with_context(|| format!("write {}", path.display()))
}
