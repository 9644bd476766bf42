//! The reference: pages that are made from the tables which the code reads, and kept in `docs/reference`.

mod api;
mod canary;
mod commands;
mod events;
mod fleet;
mod house;
mod services;

pub use services::service;

use std::fmt::Write;

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Name, with `/` between a folder and what is in it; the page's file is called so, with `.md` behind.
    pub name: String,
    /// What it is about.
    pub about: String,
    /// The page as Markdown.
    pub text: String,
}

/// Every page, the overview first.
pub fn pages() -> Vec<Page> {
    let mut all = vec![
        page(
            "fleet-file",
            "Keys of a fleet file and what becomes of a decky when they change",
            fleet::keys(),
        ),
        page("machines", "Archetypes and distributions", fleet::machines()),
        page("events", "Kinds of events", events::kinds()),
        page("settings", "Settings, their variables and defaults", house::settings()),
        page("tables", "Tables of the store, how each grows and what bounds it", house::tables()),
        page("workers", "Workers and the processes that they live in", house::workers()),
        page("commands", "Every verb of the command line with its options", commands::verbs()),
        page("canaries", "Kinds of canaries, what makes each fire and what does not", canary::kinds()),
        page("api", "Routes of the interface, and whom they answer", api::routes()),
    ];
    all.extend(services::pages());
    let rows = all.iter().map(|page| {
        let link = format!("[{}]({}.md)", page.name, page.name);
        vec![link, cell(&page.about)]
    });
    let overview = format!(
        "# Reference\n\nMade from the tables that the program reads: `cargo run -p xtask -- gen` writes it anew. \
         `decnet docs NAME` prints a page.\n\n{}",
        table(&["Page", "About"], rows)
    );
    all.insert(0, page("README", "This list", overview));
    all
}

fn page(name: &str, about: &str, text: String) -> Page {
    Page { name: name.to_owned(), about: about.to_owned(), text }
}

/// A table; its cells are Markdown.
fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// Text as it stands in a cell.
fn cell(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('|', "\\|").replace('\n', " ")
}

/// Text as code, in a cell or elsewhere; nothing where there is none.
fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", text.replace('|', "\\|")) }
}

/// Each of `texts` as code.
fn codes<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    texts.into_iter().map(|text| code(text.as_ref())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn pages_have_names_of_their_own_and_say_something_of_everything() {
        let pages = pages();
        let names: BTreeSet<_> = pages.iter().map(|page| page.name.as_str()).collect();
        assert_eq!(names.len(), pages.len());
        for page in &pages {
            assert!(page.text.starts_with("# ") && page.text.ends_with('\n'), "{}", page.name);
            for line in page.text.lines().filter(|line| line.starts_with('|')) {
                let columns = line.replace("\\|", "").matches('|').count() - 1;
                assert!(1 < columns, "{}: {line}", page.name);
            }
        }
    }

    #[test]
    fn what_stands_in_a_cell_ends_no_cell_and_is_no_markup() {
        assert_eq!(cell("a|b <i>&\n"), "a\\|b &lt;i>&amp; ");
        assert_eq!(codes(["a|b", "c"]), "`a\\|b` `c`");
        assert_eq!(code(""), "");
    }
}
