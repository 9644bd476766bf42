//! Records and what they hold.

use super::name::Name;

/// Types of records and questions by their numbers (IANA, "Domain Name System Parameters").
pub(super) mod kind {
    pub(crate) const A: u16 = 1;
    pub(crate) const NS: u16 = 2;
    pub(crate) const CNAME: u16 = 5;
    pub(crate) const SOA: u16 = 6;
    pub(crate) const NULL: u16 = 10;
    pub(crate) const PTR: u16 = 12;
    pub(crate) const MX: u16 = 15;
    pub(crate) const TXT: u16 = 16;
    pub(crate) const AAAA: u16 = 28;
    pub(crate) const SRV: u16 = 33;
    pub(crate) const OPT: u16 = 41;
    pub(crate) const DS: u16 = 43;
    pub(crate) const DNSKEY: u16 = 48;
    pub(crate) const CDS: u16 = 59;
    pub(crate) const CDNSKEY: u16 = 60;
    pub(crate) const TSIG: u16 = 250;
    pub(crate) const IXFR: u16 = 251;
    pub(crate) const AXFR: u16 = 252;
    pub(crate) const MAILB: u16 = 253;
    pub(crate) const MAILA: u16 = 254;
    pub(crate) const ANY: u16 = 255;

    /// Name of a type, as clients write it.
    pub(crate) fn name(kind: u16) -> String {
        let name = match kind {
            A => "A",
            NS => "NS",
            CNAME => "CNAME",
            SOA => "SOA",
            NULL => "NULL",
            PTR => "PTR",
            13 => "HINFO",
            MX => "MX",
            TXT => "TXT",
            AAAA => "AAAA",
            29 => "LOC",
            SRV => "SRV",
            35 => "NAPTR",
            39 => "DNAME",
            OPT => "OPT",
            DS => "DS",
            44 => "SSHFP",
            46 => "RRSIG",
            47 => "NSEC",
            DNSKEY => "DNSKEY",
            50 => "NSEC3",
            51 => "NSEC3PARAM",
            52 => "TLSA",
            CDS => "CDS",
            CDNSKEY => "CDNSKEY",
            64 => "SVCB",
            65 => "HTTPS",
            99 => "SPF",
            249 => "TKEY",
            TSIG => "TSIG",
            IXFR => "IXFR",
            AXFR => "AXFR",
            MAILB => "MAILB",
            MAILA => "MAILA",
            ANY => "ANY",
            256 => "URI",
            257 => "CAA",
            _ => return format!("TYPE{kind}"),
        };
        name.to_owned()
    }
}

/// Classes.
pub(super) mod class {
    pub(crate) const IN: u16 = 1;
    pub(crate) const CH: u16 = 3;
    pub(crate) const HS: u16 = 4;
    pub(crate) const NONE: u16 = 254;
    pub(crate) const ANY: u16 = 255;

    /// Name of a class, as clients write it.
    pub(crate) fn name(class: u16) -> String {
        match class {
            IN => "IN".to_owned(),
            CH => "CH".to_owned(),
            HS => "HS".to_owned(),
            NONE => "NONE".to_owned(),
            ANY => "ANY".to_owned(),
            _ => format!("CLASS{class}"),
        }
    }
}

/// How an answer ended (RFC 1035, 4.1.1; RFC 2136, 2.2; RFC 6891, 9).
pub(super) mod code {
    pub(crate) const NOERROR: u16 = 0;
    pub(crate) const FORMERR: u16 = 1;
    pub(crate) const SERVFAIL: u16 = 2;
    pub(crate) const NXDOMAIN: u16 = 3;
    pub(crate) const NOTIMP: u16 = 4;
    pub(crate) const REFUSED: u16 = 5;
    pub(crate) const NOTAUTH: u16 = 9;
    pub(crate) const BADVERS: u16 = 16;

    /// Name of a code, as clients write it.
    pub(crate) fn name(code: u16) -> &'static str {
        match code {
            NOERROR => "NOERROR",
            FORMERR => "FORMERR",
            SERVFAIL => "SERVFAIL",
            NXDOMAIN => "NXDOMAIN",
            NOTIMP => "NOTIMP",
            REFUSED => "REFUSED",
            NOTAUTH => "NOTAUTH",
            BADVERS => "BADVERS",
            _ => "OTHER",
        }
    }
}

/// What a record holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Data {
    /// A name that may be shortened: NS, CNAME, PTR.
    Name(Name),
    Soa(Soa),
    Mx(u16, Name),
    /// Priority, weight, port, target.
    Srv(u16, u16, u16, Name),
    /// Bytes as they are: addresses, texts behind their lengths.
    Bytes(Vec<u8>),
}

/// Where a zone begins (RFC 1035, 3.3.13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Soa {
    pub primary: Name,
    pub mailbox: Name,
    pub serial: u32,
    /// Refresh, retry, expire, minimum; seconds.
    pub times: [u32; 4],
}

/// A record.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub owner: Name,
    pub kind: u16,
    pub class: u16,
    pub ttl: u32,
    pub data: Data,
}

impl Data {
    /// A text of one string.
    pub(super) fn text(text: &str) -> Data {
        let text = text.as_bytes().get(..255).unwrap_or(text.as_bytes());
        let mut bytes = vec![u8::try_from(text.len()).unwrap_or_default()];
        bytes.extend_from_slice(text);
        Data::Bytes(bytes)
    }

    /// The name whose addresses a client needs next.
    pub(super) fn target(&self, of: u16) -> Option<&Name> {
        match self {
            Data::Name(name) if of == kind::NS => Some(name),
            Data::Mx(_, name) | Data::Srv(.., name) => Some(name),
            _ => None,
        }
    }
}
