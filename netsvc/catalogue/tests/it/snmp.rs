//! The SNMP agent beside what snmpd 5.9.3 answered to the same datagrams.

use netsvc_kit::testing::{datagrams, host, link, persona_with, sent, stage};
use netsvc_proto::services::snmp::SERVICE;

#[test]
fn requests_get_what_the_real_agent_answers() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("community", "public"), ("write_community", "private")];
    let host = host(&stage(folder.path()), persona_with(&SERVICE, "web-01"), "snmp", &settings);
    let recorded: Vec<&str> = include_str!("snmp/recorded.txt").lines().skip(1).collect();
    let all = recorded.chunks_exact(3);
    assert!(15 < all.len());
    for record in all {
        let &[name, asked, answered] = record else { unreachable!() };
        let asked = hex::decode(asked).unwrap();
        let answer = hex::encode(sent(&datagrams(&SERVICE, &host, &link(161), &[&asked])));
        assert_eq!(answer, if answered == "-" { "" } else { answered }, "{name}");
    }
}
