//! The name servers of a fleet, asked by dig: what they say of the domain is what stands in it, and is stored.

use crate::fleet::{Fleet, client, have, printed};

const FLEET: &str = "[general]\nnet = 127.97.0.0/16\ndomain = corp.example\n\n\
    [names]\nip = 127.97.1.0\nservices = dns\ndistro = debian\n\n\
    [mails]\nip = 127.97.1.1\nservices = smtp, http\ndistro = ubuntu22\n";

#[test]
fn a_name_server_knows_its_domain_and_its_questions_are_stored() {
    if !have("dig", "bind9-dnsutils") {
        return;
    }
    let fleet = Fleet::deploy_config(97, FLEET);
    let server = format!("@{}", fleet.ip(0));
    let dig = |words: &[&str]| {
        let asked = [&["-p", "10053", "+time=5", &server][..], words].concat();
        printed(&client("dig", &asked))
    };
    let short = |words: &[&str]| dig(&[&["+short"][..], words].concat()).trim().to_owned();

    // Names, addresses and who takes mail agree with the fleet, whichever way it is asked.
    let mails = short(&["-x", "127.97.1.1"]);
    assert!(mails.ends_with(".corp.example."), "{mails}");
    assert_eq!(short(&[&mails]), "127.97.1.1");
    assert_eq!(short(&["+tcp", &mails]), "127.97.1.1");
    assert_eq!(short(&["corp.example", "MX"]), format!("10 {mails}"));
    assert_eq!(short(&["www.corp.example"]), format!("{mails}\n127.97.1.1"));
    let names = short(&["corp.example", "NS"]);
    assert_eq!(short(&[&names]), "127.97.1.0");
    assert!(short(&["corp.example", "SOA"]).starts_with(&names));

    // The zone goes to whoever asks, as this release is delivered; others' names are refused.
    let zone = dig(&["corp.example", "AXFR"]);
    assert!(zone.contains("XFR size:") && zone.contains(&mails) && zone.contains(&names), "{zone}");
    let refused = dig(&["example.com"]);
    assert!(refused.contains("status: REFUSED") && refused.contains("(good)"), "{refused}");
    assert!(short(&["version.bind", "CH", "TXT"]).contains("-Debian"));

    for (query, technique) in [
        ("corp.example IN AXFR", "zone_disclosed"),
        ("version.bind CH TXT", "version_probe"),
        ("example.com IN A", "recursion_probe"),
    ] {
        let event = fleet.wait_for_text("query", "query", query);
        assert!(
            event["fields"]["technique"].as_str().is_some_and(|told| told.contains(technique)),
            "{event}"
        );
    }
}
