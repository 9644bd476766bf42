//! What domain controllers write into the zones of their domain, as `netlogon.dns` lists it (MS-ADTS, 6.3.2).

use super::{
    member::{HOUR, Member},
    name::Name,
    record::{Data, Soa, class, kind},
    zone::Zone,
};
use netsvc_persona::{Persona, subkey};
use rand_core::RngCore;

/// Seconds that such records live.
const LIFE: u32 = 600;
/// Where all hosts of a small network stand.
const SITE: &str = "default-first-site-name._sites";
const LDAP: u16 = 389;
const KERBEROS: u16 = 88;
const PASSWORDS: u16 = 464;
const CATALOGUE: u16 = 3268;

fn controllers<'a>(members: &'a [Member<'a>]) -> impl Iterator<Item = &'a Member<'a>> {
    members.iter().filter(|member| member.windows() && member.serves("dns"))
}

/// Adds what finds the controllers of a domain to its zone.
pub(super) fn domain(zone: &mut Zone, apex: &Name, members: &[Member<'_>]) {
    for controller in controllers(members) {
        let address = || Data::Bytes(controller.ip.octets().to_vec());
        let mut service = |name: &str, port: u16| {
            zone.add(&apex.below(name), kind::SRV, LIFE, Data::Srv(0, 100, port, controller.name.clone()));
        };
        for (name, port) in [("_ldap._tcp", LDAP), ("_kerberos._tcp", KERBEROS), ("_gc._tcp", CATALOGUE)] {
            service(name, port);
            service(&format!("{name}.{SITE}"), port);
        }
        service("_kerberos._udp", KERBEROS);
        service("_kpasswd._tcp", PASSWORDS);
        service("_kpasswd._udp", PASSWORDS);
        for part in ["domaindnszones", "forestdnszones"] {
            service(&format!("_ldap._tcp.{part}"), LDAP);
            service(&format!("_ldap._tcp.{SITE}.{part}"), LDAP);
        }
        zone.add(apex, kind::A, LIFE, address());
        zone.add(&apex.below("domaindnszones"), kind::A, LIFE, address());
        zone.add(&apex.below("forestdnszones"), kind::A, LIFE, address());
    }
}

/// The zone `_msdcs` of a domain.
pub(super) fn directory(apex: &Name, soa: &Soa, members: &[Member<'_>]) -> Zone {
    let base = apex.below("_msdcs");
    let mut zone = Zone::new(base.clone(), class::IN, HOUR, soa.clone());
    let domain = controllers(members).next().map(|first| guid(first.persona, "domain"));
    for (number, controller) in controllers(members).enumerate() {
        zone.add(&base, kind::NS, HOUR, Data::Name(controller.name.clone()));
        let mut service = |name: &str, port: u16| {
            zone.add(&base.below(name), kind::SRV, LIFE, Data::Srv(0, 100, port, controller.name.clone()));
        };
        for (name, port) in [("_ldap._tcp", LDAP), ("_kerberos._tcp", KERBEROS)] {
            service(&format!("{name}.dc"), port);
            service(&format!("{name}.{SITE}.dc"), port);
        }
        service("_ldap._tcp.gc", CATALOGUE);
        service(&format!("_ldap._tcp.{SITE}.gc"), CATALOGUE);
        if number == 0 {
            service("_ldap._tcp.pdc", LDAP);
        }
        if let Some(domain) = &domain {
            service(&format!("_ldap._tcp.{domain}.domains"), LDAP);
        }
        zone.add(&base.below("gc"), kind::A, LIFE, Data::Bytes(controller.ip.octets().to_vec()));
        let own = base.below(&guid(controller.persona, "server"));
        zone.add(&own, kind::CNAME, LIFE, Data::Name(controller.name.clone()));
    }
    zone
}

/// An id that a controller gives itself once (RFC 9562, version 4).
fn guid(persona: &Persona, what: &str) -> String {
    let mut bytes = [0; 16];
    let key = persona.subkey.hex_bytes().unwrap_or_default();
    subkey::generator(&key, &["dns", what]).fill_bytes(&mut bytes);
    let number = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62) | 4 << 76 | 2 << 62;
    let text = format!("{number:032x}");
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}
