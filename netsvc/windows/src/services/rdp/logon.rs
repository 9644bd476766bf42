//! What a client says before it sees a desktop: the client info, with the password in clear where there is one
//! ([MS-RDPBCGR] §2.2.1.11), and that it needs no licence (§2.2.1.12).

use super::text;

/// Flags of the basic security header (§2.2.8.1.1.2.1).
pub(super) const EXCHANGE: u16 = 0x0001;
pub(super) const ENCRYPTED: u16 = 0x0008;
pub(super) const INFO: u16 = 0x0040;
pub(super) const LICENCE: u16 = 0x0080;
pub(super) const LICENCE_IN_CLEAR: u16 = 0x0200;

const UNICODE: u32 = 0x10;
const AUTOLOGON: u32 = 0x08;
/// Longest of its texts (§2.2.1.11.1.1).
const LONGEST: usize = 1024;

/// The client info.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Info {
    pub(super) domain: String,
    pub(super) user: String,
    pub(super) password: String,
    /// What is to be run instead of a desktop.
    pub(super) shell: String,
    pub(super) folder: String,
    /// Address and folder of the client, as it tells them.
    pub(super) address: String,
    pub(super) client_folder: String,
    /// Whether it wants to log on with what it sent.
    pub(super) logs_on: bool,
}

impl Info {
    /// Reads what follows the security header.
    pub(super) fn read(bytes: &[u8]) -> Option<Info> {
        let flags = text::long(bytes, 4)?;
        let wide = flags & UNICODE != 0;
        let end = if wide { 2 } else { 1 };
        let mut rest = bytes.get(18..)?;
        let mut texts = Vec::new();
        for at in [8, 10, 12, 14, 16] {
            let length = usize::from(text::short(bytes, at)?);
            if LONGEST < length {
                return None;
            }
            let (told, after) = rest.split_at_checked(length)?;
            texts.push(if wide { text::utf16(told) } else { String::from_utf8_lossy(told).into_owned() });
            rest = after.get(end..).unwrap_or_default();
        }
        let [domain, user, password, shell, folder] = <[String; 5]>::try_from(texts).ok()?;
        let mut info = Info { domain, user, password, shell, folder, ..Info::default() };
        info.logs_on = flags & AUTOLOGON != 0;
        // What is extended came with version 5 of the protocol: family, address, folder.
        let mut rest = rest.get(2..).unwrap_or_default();
        for place in [&mut info.address, &mut info.client_folder] {
            let Some(length) = text::short(rest, 0).map(usize::from) else { break };
            let Some(told) = rest.get(2..2 + length) else { break };
            *place = text::utf16(told.get(..LONGEST).unwrap_or(told));
            rest = rest.get(2 + length..).unwrap_or_default();
        }
        Some(info)
    }
}

/// That the client needs no licence: an error alert with `STATUS_VALID_CLIENT` and no transition.
pub(super) const VALID_CLIENT: [u8; 16] = [0xff, 3, 16, 0, 7, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0];

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A client info with these texts.
    pub(in super::super) fn info(texts: [&str; 5]) -> Vec<u8> {
        let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let mut bytes = [0_u32, UNICODE | AUTOLOGON].map(u32::to_le_bytes).concat();
        for text in texts {
            bytes.extend(u16::try_from(wide(text).len()).unwrap().to_le_bytes());
        }
        for text in texts {
            bytes.extend([wide(text), vec![0, 0]].concat());
        }
        bytes.extend([2, 0, 18, 0]);
        bytes.extend([wide("10.0.0.9"), vec![0, 0]].concat());
        bytes
    }

    #[test]
    fn a_client_sends_its_password_in_clear() {
        let found = Info::read(&info(["CORP", "eve", "geheim", "cmd.exe", ""])).unwrap();
        assert_eq!((&found.domain[..], &found.user[..], &found.password[..]), ("CORP", "eve", "geheim"));
        assert_eq!((&found.shell[..], &found.address[..], found.logs_on), ("cmd.exe", "10.0.0.9", true));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>, cut in 0_usize..80) {
            let _ = Info::read(&bytes);
            let whole = info(["a", "b", "c", "d", "e"]);
            let _ = Info::read(whole.get(..cut.min(whole.len())).unwrap());
        }
    }
}
