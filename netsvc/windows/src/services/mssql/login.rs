//! The login of a client ([MS-TDS] §2.2.6.4): its password is hidden by swapped halves of bytes, which hide nothing.

/// Flag of a client that logs in as who it is to Windows.
const INTEGRATED: u8 = 0x80;
/// Longest of its texts, characters.
const LONGEST: usize = 128;

/// What a client says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) version: u32,
    pub(super) packet: u32,
    pub(super) host: String,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) application: String,
    pub(super) server: String,
    pub(super) library: String,
    pub(super) language: String,
    pub(super) database: String,
    /// Its MAC address, or what it makes of one.
    pub(super) mac: [u8; 6],
    pub(super) process: u32,
    /// What it says to Windows, where it does not send a password.
    pub(super) token: Vec<u8>,
    pub(super) integrated: bool,
}

impl Login {
    /// Reads a message; `None` when it is none.
    pub(super) fn read(message: &[u8]) -> Option<Login> {
        let short = |at: usize| Some(u16::from_le_bytes(*message.get(at..)?.first_chunk()?));
        let long = |at: usize| Some(u32::from_le_bytes(*message.get(at..)?.first_chunk()?));
        let bytes = |at: usize, width: usize| {
            let (from, count) = (usize::from(short(at)?), usize::from(short(at + 2)?));
            message.get(from..)?.get(..count * width)
        };
        let text = |at: usize| {
            let told = bytes(at, 2)?;
            Some(wide(told.get(..LONGEST * 2).unwrap_or(told)))
        };
        let hidden: Vec<u8> = bytes(44, 2)?.iter().map(|byte| (byte ^ 0xa5).rotate_left(4)).collect();
        Some(Login {
            version: long(4)?,
            packet: long(8)?,
            process: long(16)?,
            host: text(36)?,
            user: text(40)?,
            password: wide(hidden.get(..LONGEST * 2).unwrap_or(&hidden)),
            application: text(48)?,
            server: text(52)?,
            library: text(60)?,
            language: text(64)?,
            database: text(68)?,
            mac: *message.get(72..)?.first_chunk()?,
            token: bytes(78, 1)?.to_vec(),
            integrated: message.get(25)? & INTEGRATED != 0,
        })
    }
}

/// A text in UTF-16.
pub(super) fn wide(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes(pair.try_into().unwrap_or_default()));
    char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect()
}

/// The bytes of a text in UTF-16.
pub(super) fn to_wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A login of this user with this password.
    pub(in super::super) fn login(user: &str, password: &str) -> Vec<u8> {
        let hidden: Vec<u8> = to_wide(password).iter().map(|byte| byte.rotate_left(4) ^ 0xa5).collect();
        let texts = [
            to_wide("PC"),
            to_wide(user),
            hidden,
            to_wide("app"),
            to_wide("srv"),
            vec![],
            to_wide("ODBC"),
            vec![],
            to_wide("master"),
        ];
        let mut head = vec![0; 36];
        head[4..8].copy_from_slice(&0x7400_0004_u32.to_le_bytes());
        head[8..12].copy_from_slice(&4096_u32.to_le_bytes());
        let mut at = 94_u16;
        let mut body: Vec<u8> = Vec::new();
        for text in &texts {
            head.extend(at.to_le_bytes());
            head.extend(u16::try_from(text.len() / 2).unwrap().to_le_bytes());
            at += u16::try_from(text.len()).unwrap();
            body.extend(text);
        }
        head.extend([2, 3, 4, 5, 6, 7]);
        head.extend([at.to_le_bytes(), [0, 0]].concat());
        head.extend([at.to_le_bytes(), [0, 0]].concat());
        head.resize(94, 0);
        head.extend(body);
        let length = u32::try_from(head.len()).unwrap().to_le_bytes();
        head[..4].copy_from_slice(&length);
        head
    }

    #[test]
    fn a_password_is_told_in_clear() {
        let found = Login::read(&login("sa", "pä$$word")).unwrap();
        assert_eq!((found.user.as_str(), found.password.as_str()), ("sa", "pä$$word"));
        assert_eq!(
            (found.host.as_str(), found.library.as_str(), found.database.as_str()),
            ("PC", "ODBC", "master")
        );
        assert_eq!((found.mac, found.integrated, found.version), ([2, 3, 4, 5, 6, 7], false, 0x7400_0004));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>, cut in 0_usize..200) {
            let _ = Login::read(&bytes);
            let whole = login("sa", "secret");
            let _ = Login::read(whole.get(..cut.min(whole.len())).unwrap());
        }
    }
}
