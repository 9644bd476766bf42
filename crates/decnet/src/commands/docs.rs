//! `docs`: the reference, without a network.

use crate::{
    output,
    reference::{self, Page},
};
use anyhow::{Result, bail};
use clap::Args;
use decnet_model::nearest;
use serde_json::json;

/// Print a page of the reference, or list the pages
#[derive(Args, Debug)]
pub struct Docs {
    /// The page, for example settings or services/ssh
    #[arg(value_name = "PAGE", conflicts_with = "json")]
    name: Option<String>,
    /// A JSON list of all pages with their text
    #[arg(long)]
    json: bool,
}

impl Docs {
    /// Runs the command.
    ///
    /// # Errors
    /// When no page is called so.
    pub fn run(self) -> Result<()> {
        let pages = reference::pages();
        if self.json {
            let shapes: Vec<_> = pages
                .iter()
                .map(|page| json!({"name": page.name, "about": page.about, "text": page.text}))
                .collect();
            output::json(&shapes);
            return Ok(());
        }
        let Some(name) = self.name else {
            output::table(&["PAGE", "ABOUT"], &pages, |page| vec![page.name.clone(), page.about.clone()]);
            return Ok(());
        };
        Ok(output::raw(find(&pages, &name)?.text.as_bytes())?)
    }
}

/// The page called `name`, with or without its folder.
fn find<'a>(pages: &'a [Page], name: &str) -> Result<&'a Page> {
    let exact = pages.iter().find(|page| page.name == name);
    let last = || pages.iter().find(|page| page.name.rsplit('/').next() == Some(name));
    let Some(page) = exact.or_else(last) else {
        let hint = nearest::hint(name, pages.iter().map(|page| page.name.as_str()));
        bail!("no page is called {name:?}{hint}; `decnet docs` lists all");
    };
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_with_and_without_their_folder() {
        let pages = reference::pages();
        for name in ["services/ssh", "ssh"] {
            assert_eq!(find(&pages, name).map(|page| page.name.as_str()).ok(), Some("services/ssh"));
        }
        assert_eq!(find(&pages, "events").map(|page| page.name.as_str()).ok(), Some("events"));
        let refused = find(&pages, "setings").map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains("settings"), "{refused}");
    }
}
