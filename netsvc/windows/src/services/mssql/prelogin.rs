//! What both sides agree on before a login ([MS-TDS] §2.2.6.5).

/// Ways to encrypt.
pub(super) const OFF: u8 = 0;
pub(super) const ON: u8 = 1;
pub(super) const NOT_SUPPORTED: u8 = 2;
pub(super) const REQUIRED: u8 = 3;

/// Options.
const VERSION: u8 = 0;
const ENCRYPTION: u8 = 1;
const INSTANCE: u8 = 2;
const THREAD: u8 = 3;
const MARS: u8 = 4;
const TRACE: u8 = 5;
const FEDERATED: u8 = 6;
const END: u8 = 0xff;
/// Most options that are read.
const MOST: usize = 16;

/// What a client asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) version: [u8; 6],
    pub(super) encryption: u8,
    pub(super) instance: String,
    mars: bool,
    trace: bool,
    federated: bool,
}

impl Asked {
    /// Reads a message; `None` when it is none.
    pub(super) fn read(message: &[u8]) -> Option<Asked> {
        let mut asked = Asked { encryption: NOT_SUPPORTED, ..Asked::default() };
        let mut rest = message;
        for _ in 0..MOST {
            if *rest.first()? == END {
                return Some(asked);
            }
            let [option, high, low, long, short] = *rest.first_chunk()?;
            rest = rest.get(5..)?;
            let (at, length) = (u16::from_be_bytes([high, low]), u16::from_be_bytes([long, short]));
            let value = message.get(usize::from(at)..)?.get(..usize::from(length))?;
            match option {
                VERSION => asked.version = value.first_chunk().copied().unwrap_or_default(),
                ENCRYPTION => asked.encryption = *value.first()?,
                INSTANCE => {
                    let name = value.split(|byte| *byte == 0).next().unwrap_or_default();
                    asked.instance = String::from_utf8_lossy(name).into_owned();
                }
                MARS => asked.mars = true,
                TRACE => asked.trace = true,
                FEDERATED => asked.federated = true,
                _ => {}
            }
        }
        None
    }

    /// How this client is encrypted, by a server that does what clients want.
    pub(super) fn encryption(&self, forced: bool) -> u8 {
        match self.encryption & 3 {
            NOT_SUPPORTED if !forced => NOT_SUPPORTED,
            ON | REQUIRED => ON,
            _ if forced => REQUIRED,
            _ => OFF,
        }
    }

    /// The answer of a server of this version, whose instance is the one that is asked for or not.
    pub(super) fn answer(&self, version: [u8; 4], encryption: u8, instance: bool) -> Vec<u8> {
        let told = [&version[..], &[0, 0]].concat();
        let mut options: Vec<(u8, Vec<u8>)> = vec![
            (VERSION, told),
            (ENCRYPTION, vec![encryption]),
            (INSTANCE, vec![u8::from(!instance)]),
            (THREAD, Vec::new()),
        ];
        let more = [
            (self.mars, MARS, vec![0]),
            (self.trace, TRACE, Vec::new()),
            (self.federated, FEDERATED, vec![1]),
        ];
        options.extend(more.into_iter().filter(|(told, ..)| *told).map(|(_, option, value)| (option, value)));
        let mut at = options.len() * 5 + 1;
        let (mut head, mut body) = (Vec::new(), Vec::new());
        for (option, value) in options {
            let short = |number: usize| u16::try_from(number).unwrap_or_default().to_be_bytes();
            head.push(option);
            head.extend([short(at), short(value.len())].concat());
            at += value.len();
            body.extend(value);
        }
        [head, vec![END], body].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_scanner_is_answered_as_it_knows_servers() {
        let sent = b"\0\0\x15\0\x06\x01\0\x1b\0\x01\x02\0\x1c\0\x0c\x03\0\x28\0\x04\xff\
                     \x08\0\x01\x55\0\0\0MSSQLServer\0\
                     \x48\x0f\0\0";
        let asked = Asked::read(sent).unwrap();
        assert_eq!((asked.instance.as_str(), asked.encryption), ("MSSQLServer", 0));
        let answer = asked.answer([15, 0, 0x07, 0xd0], asked.encryption(false), true);
        assert_eq!(
            hex::encode(answer),
            "0000150006 01001b0001 02001c0001 03001d0000 ff 0f0007d00000 00 00".replace(' ', "")
        );
        for (wanted, forced, agreed) in
            [(0, false, 0), (1, false, 1), (2, false, 2), (3, false, 1), (2, true, 3), (0, true, 3)]
        {
            assert_eq!(Asked { encryption: wanted, ..Asked::default() }.encryption(forced), agreed);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = Asked::read(&bytes);
        }
    }
}
