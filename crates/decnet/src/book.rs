//! The book: pages that people wrote, inside of the program so that they are there without a network, before those that
//! are made of tables.

use crate::reference::{self, Page};
use std::fmt::Write;

/// Where the pages of the reference are, seen from the book.
const REFERENCE: &str = "reference";

macro_rules! pages {
    ($($name:literal: $about:literal;)+) => {
        /// Name, what it is about, text.
        const WRITTEN: &[(&str, &str, &str)] =
            &[$(($name, $about, include_str!(concat!("../../../docs/", $name, ".md"))),)+];
    };
}

pages! {
    "start": "Five minutes to a fleet under attack";
    "concepts": "What the words mean";
    "placing": "What to put where, and how much";
    "learn": "A segment is listened to, and a fleet like it proposed";
    "operating": "Installing, workers, settings, messages, copies, upgrades";
    "topologies": "Whole networks behind a DMZ: who reaches whom, and what is recorded on the way in";
    "swarm": "Several hosts: how one joins, what it is trusted with, and how it leaves";
    "docker": "Containers, and services of your own";
    "people": "Who works in the fleet's domains, and what they write to each other";
    "life": "Logins, files and jobs of deckies, day after day";
    "hardening": "What may do what, and what to look at";
    "privacy": "What is kept, and questions of law";
    "siem": "Events in Elastic, Splunk, Sentinel and others; STIX, MISP, TAXII, lists for blocking";
    "enrichment": "Countries, networks and reputation of attackers' addresses";
    "sensors": "What packets tell of attackers, packets on demand, asking attackers what they are";
    "troubleshooting": "What you see, why, and what helps";
    "comparison": "Other programs of this kind";
    "former": "What is another way than in DECNET 1, the Python program";
}

/// The pages that people wrote, in the order in which they are read.
pub(crate) fn written() -> Vec<Page> {
    let page = |&(name, about, text): &(&str, &str, &str)| Page {
        name: name.to_owned(),
        about: about.to_owned(),
        text: text.to_owned(),
    };
    WRITTEN.iter().map(page).collect()
}

/// The table of contents, as mdBook reads it.
pub(crate) fn summary() -> String {
    let mut text = "# DECNET\n\n".to_owned();
    // Writing to a String cannot fail.
    for page in written() {
        let _ = writeln!(text, "- [{}]({}.md)", title(&page), page.name);
    }
    text.push_str("\n# Reference\n\n");
    for page in reference::pages() {
        let depth = if page.name.contains('/') && !page.name.ends_with("/README") { "  " } else { "" };
        let _ = writeln!(text, "{depth}- [{}]({REFERENCE}/{}.md)", title(&page), page.name);
    }
    text
}

/// What a page calls itself.
fn title(page: &Page) -> &str {
    page.text.lines().next().unwrap_or_default().trim_start_matches("# ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli,
        commands::{Context, deploy::Deploy},
        examples,
        settings::{Origin, Settings},
    };
    use clap::{FromArgMatches, error::ErrorKind};
    use decnet_fleet::site::Ground;
    use std::collections::BTreeSet;

    /// The words of a line of a shell up to a redirection or a comment.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut quoted) = (Vec::new(), false);
        for part in line.split('\'') {
            if quoted {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
            quoted = !quoted;
        }
        let end = words.iter().position(|word| ["|", ">", "&&", "#", "<", "&"].contains(&word.as_str()));
        words.truncate(end.unwrap_or(words.len()));
        words
    }

    /// Every command of ours in a page: whole lines of blocks, and what stands between backticks.
    fn commands(text: &str) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
        let (mut lines, mut spans, mut block) = (Vec::new(), Vec::new(), false);
        for line in text.lines() {
            if line.trim_start().starts_with("```") {
                block = !block;
            } else if block {
                let bare = line.trim_start_matches("$ ").trim_start_matches("sudo ");
                if bare.starts_with("decnet ") {
                    lines.push(words(bare));
                }
            } else {
                let odd = line.split('`').skip(1).step_by(2);
                let ours = odd
                    .map(|span| span.trim_start_matches("sudo "))
                    .filter(|span| span.starts_with("decnet "));
                spans.extend(ours.map(words));
            }
        }
        (lines, spans)
    }

    #[test]
    fn every_command_of_the_documentation_is_one() {
        let readme = include_str!("../../../README.md");
        let mut pages = written();
        pages.extend(reference::pages().into_iter().filter(|page| page.name != "commands"));
        pages.push(Page { name: "README".to_owned(), about: String::new(), text: readme.to_owned() });
        let mut count = 0;
        for page in pages {
            let (lines, spans) = commands(&page.text);
            count += lines.len() + spans.len();
            for words in &lines {
                let parsed = cli::command().try_get_matches_from(words);
                assert!(parsed.is_ok(), "{}: {words:?}: {}", page.name, parsed.unwrap_err());
            }
            // In a sentence a command may be cut short, but what there is of it must be right.
            for words in &spans {
                let words: Vec<_> = words.iter().filter(|word| !word.contains('…')).collect();
                let Err(error) = cli::command().try_get_matches_from(&words) else { continue };
                let short = [
                    ErrorKind::MissingRequiredArgument,
                    ErrorKind::MissingSubcommand,
                    ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
                    ErrorKind::DisplayHelp,
                    ErrorKind::DisplayVersion,
                    ErrorKind::InvalidValue,
                ];
                let alternatives = words.iter().any(|word| word.contains('|'));
                assert!(short.contains(&error.kind()) || alternatives, "{}: {words:?}: {error}", page.name);
            }
        }
        assert!(count > 80, "{count}");
    }

    /// A newcomer types what stands there: it has to say all that a fleet needs.
    #[test]
    fn every_deploy_of_the_documentation_can_be_planned() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("none").display().to_string();
        let layer = vec![("DECNET_STATE_DIR".to_owned(), state, Origin::Flag("test"))];
        let context = Context::new(Settings::resolve(&[layer]).unwrap());
        let site = Ground { lab: true, ..Ground::default() }.site(&context.fleet(), false).unwrap();
        let pages = written().into_iter().flat_map(|page| commands(&page.text).0);
        let all = pages.chain(examples::lines().map(words));
        let mut count = 0;
        for words in all.filter(|words| words.get(1).is_some_and(|verb| verb == "plan" || verb == "deploy")) {
            let matches = cli::command().try_get_matches_from(&words).unwrap();
            let deploy = Deploy::from_arg_matches(matches.subcommand().unwrap().1).unwrap();
            if deploy.config.is_none() {
                let planned = deploy.fleet(&site);
                assert!(planned.is_ok(), "{words:?}: {:#}", planned.unwrap_err());
                count += 1;
            }
        }
        assert!(count > 5, "{count}");
    }

    #[test]
    fn links_of_the_book_lead_somewhere_and_pages_have_titles() {
        let names: BTreeSet<String> = written().into_iter().map(|page| page.name).collect();
        let reference: BTreeSet<String> = reference::pages().into_iter().map(|page| page.name).collect();
        for page in written() {
            assert!(page.text.starts_with("# ") && page.text.ends_with('\n'), "{}", page.name);
            for link in page.text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let name = link.split('#').next().unwrap_or_default().trim_end_matches(".md");
                let known = match name.strip_prefix("reference/") {
                    Some(name) => reference.contains(name),
                    None => names.contains(name) || link.starts_with("https://"),
                };
                assert!(known, "{}: {link}", page.name);
            }
        }
        assert!(
            summary().contains("- [Start](start.md)\n") && summary().contains("(reference/services/ssh.md)")
        );
    }

    #[test]
    fn fields_that_are_mapped_for_siems_exist() {
        let page = written().into_iter().find(|page| page.name == "siem").unwrap();
        // Those of the JSON twin beside the event's own.
        let twin = ["timestamp", "event_type", "decky", "service", "attacker_ip"];
        let rows = page.text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let rows: Vec<_> = rows.collect();
        assert!(rows.len() > 10);
        for name in rows {
            let known = netsvc_wire::field::find(name).is_some();
            assert!(known || twin.contains(&name), "{name}");
        }
    }
}
