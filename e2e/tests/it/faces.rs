//! Operating systems' faces, as nmap sees them.

use crate::{fleet::have, native::Lab};

/// One decky of each archetype.
fn every_archetype(lab: &Lab) -> String {
    let kinds = lab.json(&["archetypes", "--json"]);
    let mut text = "[general]\nseed = faces\n".to_owned();
    for kind in kinds.as_array().unwrap() {
        let slug = kind["slug"].as_str().unwrap();
        text.push_str(&format!("[{slug}]\narchetype = {slug}\n"));
    }
    lab.file("every.ini", &text)
}

#[test]
fn an_audit_finds_one_decky_of_each_archetype_convincing() {
    if !have("nmap", "nmap") {
        return;
    }
    let Some(lab) = Lab::up() else { return };
    let file = every_archetype(&lab);
    lab.run(&["deploy", "--lab", "--config", &file]);
    let audit = lab.json(&["audit", "--all", "--scan", "always", "--threshold", "0", "--json"]);
    let deckies = audit["deckies"].as_array().unwrap();
    assert_eq!(deckies.len(), 15);
    // On a busy machine nmap mistimes its probes now and then: a second look at who failed.
    // TLS of Windows machines is that of OpenSSL, which adds up.
    for decky in deckies.iter().filter(|decky| decky["score"].as_u64().unwrap() < 88) {
        let name = decky["decky"].as_str().unwrap();
        let again = lab.command(&["audit", name, "--scan", "always", "--threshold", "88"]);
        assert!(again.status.success(), "{decky:#} {}", crate::fleet::printed(&again));
    }
}
