//! What a machine does while there is too much to do already: it stops, and loses nothing by it. Otherwise small
//! requests with large answers fill the memory, sent by a peer who reads none of them.

use netsvc_catalogue::ALL;
use netsvc_kit::testing::{dialogues, host, persona_with, stage, steps, streams};

/// Least length of what is said at once, and how often a dialogue is said at least.
const LENGTH: usize = 4096;
const TIMES: usize = 8;
/// Fewest bytes of answers by which a machine is judged: one error message is no answer to many requests.
const LEAST: usize = 1024;
/// Longest that is said at once: what the driver gives in one piece.
const PIECE: usize = 16 * 1024;

/// Everything that a peer may say over and over: dialogues, and what floods repeat.
fn said(def: &netsvc_kit::Def) -> impl Iterator<Item = Vec<u8>> {
    let floods = def.talks.floods.iter().map(|flood| [flood.head, flood.unit].concat());
    dialogues(def).into_iter().chain(floods).filter(|once| once.len() * TIMES <= PIECE)
}

fn length(said: &[Vec<u8>]) -> usize {
    said.iter().map(Vec::len).sum()
}

#[test]
fn every_machine_stops_when_there_is_enough_to_do_and_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let mut judged = std::collections::BTreeSet::new();
    for def in ALL.iter() {
        for (open, link) in streams(def) {
            for once in said(def) {
                let often = once.repeat(TIMES.max(LENGTH / once.len().max(1)));
                let say = |input: &[u8], enough| {
                    let host = host(&stage, persona_with(def, "web-01"), def.slug, &[]);
                    steps(open, &host, &link, input, enough)
                };
                let greeting = length(&say(&[], usize::MAX));
                let answer = length(&say(&once, usize::MAX)) - greeting;
                let whole = length(&say(&often, usize::MAX)) - greeting;
                let stopped = say(&often, 1);
                let name = format!("{}:{}: {:?}", def.slug, link.port, once.escape_ascii().to_string());
                // Numbers of several digits may differ between two conversations.
                let differs = whole.abs_diff(length(&stopped) - greeting);
                assert!(differs <= whole / 20 + 16, "{name}: {whole} bytes, {differs} fewer or more");
                if answer > 0 && LEAST.max(4 * answer) <= whole {
                    judged.insert(def.slug);
                    let times = stopped.iter().filter(|said| !said.is_empty()).count();
                    assert!(4 <= times, "{name}: {whole} bytes said in {times} steps");
                }
            }
        }
    }
    // A law that nobody is held to would pass.
    assert!(8 <= judged.len(), "{judged:?}");
}
