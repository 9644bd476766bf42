//! Topologies as text.

use decnet_topology::{check, place, text};
use std::collections::BTreeMap;

/// A topology that somebody wrote: what is read is written as what reads the same, and what is sound can be deployed.
pub(crate) fn text(bytes: &[u8]) {
    let Ok(topology) = text::read("f", bytes) else { return };
    let found = check::check(&topology);
    let deckies = place::deckies(&topology, &BTreeMap::new(), (24, None));
    assert_eq!(check::is_sound(&found), deckies.is_ok(), "{found:?} {deckies:?}");
    if let Ok(written) = text::write(&topology, text::Form::Json) {
        let read = text::read("f", written.as_bytes());
        assert_eq!(read.as_ref().ok(), Some(&topology), "{written}");
    }
}
