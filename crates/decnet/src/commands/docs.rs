//! `docs`: the book and the reference, without a network.

use crate::{
    book, output,
    reference::{self, Page},
};
use anyhow::{Result, bail};
use clap::Args;
use decnet_model::nearest;
use serde_json::json;

/// Print a page of the book or of the reference, or list the pages
#[derive(Args, Debug)]
pub struct Docs {
    /// The page, for example start, settings or services/ssh
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
        let (written, made) = (book::written(), reference::pages());
        if self.json {
            let shape = |file: String, page: &Page, made: bool| {
                let Page { name, about, text } = page;
                json!({"name": name, "about": about, "text": text, "file": file, "made": made})
            };
            let written = written.iter().map(|page| shape(format!("docs/{}.md", page.name), page, false));
            let made = made.iter().map(|page| shape(format!("docs/reference/{}.md", page.name), page, true));
            let (name, about) = ("SUMMARY".to_owned(), "The table of contents".to_owned());
            let summary = Page { name, about, text: book::summary() };
            let summary = shape("docs/SUMMARY.md".to_owned(), &summary, true);
            output::json(&written.chain(made).chain([summary]).collect::<Vec<_>>());
            return Ok(());
        }
        let pages: Vec<Page> = written.into_iter().chain(made).collect();
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
