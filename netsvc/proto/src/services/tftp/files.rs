//! What a node's TFTP server has: what phones and routers fetch from it, as the node's key draws it, and
//! what sources have written, each for itself.

use super::packet::{NOT_FOUND, Refused, UNDEFINED};
use netsvc_kit::Host;
use parking_lot::Mutex;
use rand_core::RngCore;
use std::{
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
};

/// Longest name.
const LONGEST_NAME: usize = 255;
/// Files of sources that are kept; the oldest gives way.
const KEPT: usize = 64;
/// Bytes of them.
const KEPT_BYTES: usize = 4 << 20;
/// Longest one that can be read again.
const LONGEST: usize = 1 << 20;

/// The files.
#[derive(Debug)]
pub(super) struct Files {
    own: BTreeMap<String, Vec<u8>>,
    written: Mutex<VecDeque<Written>>,
}

#[derive(Debug)]
struct Written {
    source: IpAddr,
    name: Vec<u8>,
    content: Vec<u8>,
}

impl Files {
    pub(super) fn of(host: &Host) -> Self {
        Files { own: own(host), written: Mutex::default() }
    }

    /// The content of the file `name` as `source` sees it.
    pub(super) fn read(&self, name: &[u8], source: IpAddr) -> Result<Vec<u8>, Refused> {
        let name = inside(name)?;
        let written = self.written.lock();
        if let Some(found) = written.iter().rev().find(|file| file.source == source && file.name == name) {
            return Ok(found.content.clone());
        }
        let text = std::str::from_utf8(&name).map_err(|_| MISSING)?;
        self.own.get(text).cloned().ok_or(MISSING)
    }

    /// Whether `name` can be written.
    pub(super) fn may_write(&self, name: &[u8]) -> Result<(), Refused> {
        let name = inside(name)?;
        // There is no folder to put it into; the server makes none.
        let folder = name.contains(&b'/') && !name.starts_with(b"pxelinux.cfg/");
        if folder { Err(MISSING) } else { Ok(()) }
    }

    /// Keeps what `source` has written.
    pub(super) fn write(&self, name: &[u8], source: IpAddr, content: &[u8]) {
        let Ok(name) = inside(name) else { return };
        if LONGEST < content.len() {
            return;
        }
        let mut written = self.written.lock();
        written.retain(|file| file.source != source || file.name != name);
        written.push_back(Written { source, name, content: content.to_vec() });
        let bytes =
            |written: &VecDeque<Written>| written.iter().map(|file| file.content.len()).sum::<usize>();
        while KEPT < written.len() || KEPT_BYTES < bytes(&written) {
            written.pop_front();
        }
    }
}

const MISSING: Refused = (NOT_FOUND, "File not found");

/// The name below the server's folder, which is its root (`--secure`).
fn inside(name: &[u8]) -> Result<Vec<u8>, Refused> {
    if LONGEST_NAME < name.len() {
        return Err((UNDEFINED, "File name too long"));
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    if parts.is_empty() || parts == [b"pxelinux.cfg"] {
        Err((UNDEFINED, "Is a directory"))
    } else {
        Ok(parts.join(&b'/'))
    }
}

/// What the server has from the first day.
fn own(host: &Host) -> BTreeMap<String, Vec<u8>> {
    let persona = host.persona();
    let mut random = host.generator("files");
    let site = Site {
        address: persona.ip.to_string(),
        gateway: persona.gateway.map(|gateway| gateway.to_string()).unwrap_or_default(),
        domain: persona.domain.clone(),
        password: password(&mut random),
        secret: password(&mut random),
        salt: password(&mut random).chars().take(4).collect(),
        router: ["core-rt-01", "edge-rt-01", "br-rt-02", "wan-rt-01"]
            .get(random.next_u32() as usize % 4)
            .map_or_else(String::new, |name| (*name).to_owned()),
    };
    let mut files = BTreeMap::new();
    let router = site.router_configuration().into_bytes();
    for name in [format!("{}-confg", site.router), "network-confg".to_owned(), "router-confg".to_owned()] {
        files.insert(name, router.clone());
    }
    for _ in 0..3 + random.next_u32() % 4 {
        let mac = format!("0008 {:08X}", random.next_u32()).replace(' ', "");
        let line = 2000 + random.next_u32() % 900;
        files.insert(format!("SEP{mac}.cnf.xml"), site.phone(line, &password(&mut random)).into_bytes());
    }
    files.insert("XMLDefault.cnf.xml".to_owned(), site.phones().into_bytes());
    files.insert("SEPDefault.cnf.xml".to_owned(), site.phones().into_bytes());
    files.insert("pxelinux.cfg/default".to_owned(), site.boot().into_bytes());
    files
}

/// What the files have in common.
struct Site {
    address: String,
    gateway: String,
    domain: String,
    password: String,
    secret: String,
    salt: String,
    router: String,
}

/// Ten letters and digits.
fn password(random: &mut impl RngCore) -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let letter = |random: &mut dyn RngCore| LETTERS.get(random.next_u32() as usize % LETTERS.len());
    (0..10).filter_map(|_| letter(random).copied().map(char::from)).collect()
}

impl Site {
    /// A configuration of IOS, as `copy running-config tftp` leaves it.
    fn router_configuration(&self) -> String {
        let Site { address, gateway, domain, password, secret, salt, router } = self;
        let hidden = type_seven(password, 8);
        format!(
            "!\nversion 15.4\nservice timestamps debug datetime msec\nservice timestamps log datetime \
             msec\nservice \
             password-encryption\n!\nhostname {router}\n!\nboot-start-marker\nboot-end-marker\n!\nenable \
             secret 5 \
             $1${salt}${secret}{secret}xy\n!\nno aaa new-model\nip domain name {domain}\n!\nusername \
             netadmin privilege \
             15 password 7 {hidden}\n!\ninterface GigabitEthernet0/0\n ip address {gateway} 255.255.255.0\n \
             duplex \
             auto\n speed auto\n!\nip forward-protocol nd\nno ip http server\n!\nlogging host \
             {address}\nsnmp-server \
             community public RO\nsnmp-server community {secret} RW\n!\nline con 0\nline vty 0 4\n password \
             7 {hidden}\n \
             login local\n transport input telnet ssh\n!\nend\n"
        )
    }

    /// The configuration of one phone.
    fn phone(&self, line: u32, password: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<device>\n <deviceProtocol>SIP</deviceProtocol>\n \
             <sshUserId>cisco</sshUserId>\n <sshPassword>{}</sshPassword>\n <sipProfile>\n  <sipProxies>\n   \
             <registerWithProxy>true</registerWithProxy>\n   <outboundProxy>{}</outboundProxy>\n  \
             </sipProxies>\n  \
             <sipLines>\n   <line button=\"1\">\n    <featureID>9</featureID>\n    <name>{line}</name>\n    \
             <displayName>{line}</displayName>\n    <authName>{line}</authName>\n    \
             <authPassword>{password}</authPassword>\n   </line>\n  </sipLines>\n </sipProfile>\n \
             <loadInformation>SIP42.9-4-2SR3-1S</loadInformation>\n</device>\n",
            self.password, self.address
        )
    }

    /// What a phone without a configuration gets.
    fn phones(&self) -> String {
        format!(
            "<Default>\n <callManagerGroup>\n  <members>\n   <member priority=\"0\">\n    \
             <callManager>\n     <ports>\n      \
             <ethernetPhonePort>2000</ethernetPhonePort>\n     </ports>\n     \
             <processNodeName>{}</processNodeName>\n    \
             </callManager>\n   </member>\n  </members>\n </callManagerGroup>\n</Default>\n",
            self.address
        )
    }

    /// What PXELINUX boots.
    fn boot(&self) -> String {
        format!(
            "DEFAULT local\nPROMPT 0\nTIMEOUT 50\n\nLABEL local\n  LOCALBOOT 0\n\nLABEL install\n  KERNEL \
             debian-installer/amd64/linux\n  APPEND initrd=debian-installer/amd64/initrd.gz auto=true \
             url=http://{}/preseed.cfg passwd/root-password={} priority=critical\n",
            self.address, self.secret
        )
    }
}

/// A password as IOS hides it (`service password-encryption`, type 7), from the place `seed` of its key.
fn type_seven(password: &str, seed: usize) -> String {
    const KEY: &[u8] = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87";
    let key = KEY.iter().cycle().skip(seed);
    let hidden: String = password.bytes().zip(key).map(|(byte, key)| format!("{:02X}", byte ^ key)).collect();
    format!("{seed:02}{hidden}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below_the_folder() {
        for (name, found) in [
            ("a", "a"),
            ("/a", "a"),
            ("../../a", "a"),
            ("x/../pxelinux.cfg/./default", "pxelinux.cfg/default"),
        ] {
            assert_eq!(inside(name.as_bytes()), Ok(found.as_bytes().to_vec()));
        }
        for name in ["", "/", "..", "pxelinux.cfg"] {
            assert_eq!(inside(name.as_bytes()), Err((UNDEFINED, "Is a directory")));
        }
    }

    #[test]
    fn passwords_are_hidden_as_by_the_router() {
        // A published pair of the cipher.
        assert_eq!(type_seven("cisco", 2), "02050D480809");
    }
}
