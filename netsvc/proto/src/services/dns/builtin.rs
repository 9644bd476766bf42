//! Zones that a server has without being told: what BIND says of itself in class CH, and the zones of the loopback
//! that packages of BIND set up.

use super::{
    name::Name,
    record::{Data, Soa, class, kind},
    zone::Zone,
};

/// Those whom BIND 9 names as its authors.
const AUTHORS: [&str; 20] = [
    "Mark Andrews",
    "James Brister",
    "Ben Cottrell",
    "Curtis Blackburn",
    "John H. DuBois III",
    "Francis Dupont",
    "Michael Graff",
    "Andreas Gustafsson",
    "Bob Halley",
    "Evan Hunt",
    "JINMEI Tatuya",
    "Witold Krecicki",
    "David Lawrence",
    "Scott Mann",
    "Danny Mayer",
    "Damien Neil",
    "Matt Nelson",
    "Jeremy C. Reed",
    "Michael Sawyer",
    "Brian Wellington",
];
const DAY: u32 = 86_400;
const WEEK: u32 = 604_800;

/// What a server tells of itself: texts of names; a name without one tells nothing.
pub(super) fn chaos(version: &str, hostname: &str, id: Option<&str>) -> Vec<Zone> {
    let one = |text: &str| vec![Data::text(text)];
    let told = [
        ("version.bind", one(version)),
        ("hostname.bind", one(hostname)),
        ("authors.bind", AUTHORS.iter().map(|author| Data::text(author)).collect()),
        ("id.server", id.map(one).unwrap_or_default()),
    ];
    told.into_iter().map(|(name, texts)| chaos_zone(&Name::of(name), texts)).collect()
}

fn chaos_zone(apex: &Name, texts: Vec<Data>) -> Zone {
    let soa = Soa {
        primary: apex.clone(),
        mailbox: apex.below("hostmaster"),
        serial: 0,
        times: [28_800, 7_200, WEEK, DAY],
    };
    let mut zone = Zone::new(apex.clone(), class::CH, DAY, soa);
    zone.add(apex, kind::NS, 0, Data::Name(apex.clone()));
    texts.into_iter().for_each(|text| zone.add(apex, kind::TXT, 0, text));
    // As the server lists them for who wants all.
    zone.lead_with(kind::TXT);
    zone
}

/// `named.conf.default-zones` of Debian's package: files `db.local`, `db.127`, `db.0` and `db.255`.
pub(super) fn debian() -> Vec<Zone> {
    let local = Name::of("localhost");
    let begin = |name: &str, serial: u32| {
        let (apex, mailbox) = (Name::of(name), Name::of("root.localhost"));
        let times = [WEEK, DAY, 4 * WEEK, WEEK];
        let soa = Soa { primary: local.clone(), mailbox, serial, times };
        let mut zone = Zone::new(apex.clone(), class::IN, WEEK, soa);
        zone.add(&apex, kind::NS, WEEK, Data::Name(local.clone()));
        zone
    };
    let mut forward = begin("localhost", 2);
    loopback(&mut forward, &local, WEEK);
    let mut reverse = begin("127.in-addr.arpa", 1);
    reverse.add(&Name::of("1.0.0.127.in-addr.arpa"), kind::PTR, WEEK, Data::Name(local.clone()));
    vec![forward, reverse, begin("0.in-addr.arpa", 1), begin("255.in-addr.arpa", 1)]
}

/// `named.rfc1912.zones` of Red Hat's package: files `named.localhost`, `named.loopback` and `named.empty`.
pub(super) fn redhat() -> Vec<Zone> {
    const LIFE: u32 = DAY;
    let begin = |name: &str| {
        let apex = Name::of(name);
        let soa = Soa {
            primary: apex.clone(),
            mailbox: Name::of("rname.invalid"),
            serial: 0,
            times: [DAY, 3_600, WEEK, 10_800],
        };
        let mut zone = Zone::new(apex.clone(), class::IN, LIFE, soa);
        zone.add(&apex, kind::NS, LIFE, Data::Name(apex.clone()));
        loopback(&mut zone, &apex, LIFE);
        zone
    };
    let mut reverse = begin("1.0.0.127.in-addr.arpa");
    let apex = reverse.apex.clone();
    reverse.add(&apex, kind::PTR, LIFE, Data::Name(Name::of("localhost")));
    vec![begin("localhost.localdomain"), begin("localhost"), reverse, begin("0.in-addr.arpa")]
}

fn loopback(zone: &mut Zone, name: &Name, ttl: u32) {
    zone.add(name, kind::A, ttl, Data::Bytes(vec![127, 0, 0, 1]));
    let mut last = vec![0; 15];
    last.push(1);
    zone.add(name, kind::AAAA, ttl, Data::Bytes(last));
}
