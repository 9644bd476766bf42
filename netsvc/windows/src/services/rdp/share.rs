//! The messages of a desktop: what both can do, how a session begins, what a client does ([MS-RDPBCGR] §2.2.1.13 to
//! §2.2.1.22, §2.2.8.1.1).

use super::text;

/// Number of the share, and who speaks for it.
const SHARE: u32 = 0x0001_03ea;
const SERVER: u16 = 1002;

/// Kinds of messages (§2.2.8.1.1.1.1).
const DEMAND_ACTIVE: u16 = 0x11;
const CONFIRM_ACTIVE: u16 = 3;
const DATA: u16 = 7;
const DATA_WRITTEN: u16 = 0x17;

/// Kinds of data (§2.2.8.1.1.1.2).
const UPDATE: u8 = 0x02;
const CONTROL: u8 = 0x14;
const INPUT: u8 = 0x1c;
const SYNCHRONISE: u8 = 0x1f;
const SHUTDOWN: u8 = 0x24;
const FONTS: u8 = 0x27;
const FONT_MAP: u8 = 0x28;
const LOGON: u8 = 0x26;
const SHUTDOWN_DENIED: u8 = 0x25;

/// Bits of a pixel that is sent.
pub(super) const DEPTH: u16 = 16;

/// What a client says on the channel of the desktop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message<'a> {
    Confirm,
    Synchronise,
    /// It cooperates (4), asks for control (1), or gives it up.
    Control(u16),
    Fonts,
    Input(&'a [u8]),
    Shutdown,
    Other,
}

impl Message<'_> {
    /// Reads what a channel carried, without security header.
    pub(super) fn read(bytes: &[u8]) -> Option<Message<'_>> {
        match text::short(bytes, 2)? & 0xf {
            CONFIRM_ACTIVE => Some(Message::Confirm),
            DATA => {
                let body = bytes.get(18..).unwrap_or_default();
                Some(match *bytes.get(14)? {
                    SYNCHRONISE => Message::Synchronise,
                    CONTROL => Message::Control(text::short(body, 0)?),
                    FONTS => Message::Fonts,
                    INPUT => Message::Input(body),
                    SHUTDOWN => Message::Shutdown,
                    _ => Message::Other,
                })
            }
            _ => Some(Message::Other),
        }
    }
}

fn control(kind: u16, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 6).unwrap_or(u16::MAX);
    [&length.to_le_bytes()[..], &kind.to_le_bytes(), &SERVER.to_le_bytes(), body].concat()
}

/// A message with data of a kind.
fn data(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 18).unwrap_or(u16::MAX);
    let head = [&SHARE.to_le_bytes()[..], &[0, 1], &length.to_le_bytes(), &[kind, 0, 0, 0]].concat();
    control(DATA_WRITTEN, &[&head, body].concat())
}

/// What the server can do, with a desktop of this size (§2.2.1.13.1 and §2.2.7).
pub(super) fn demand_active((width, height): (u16, u16)) -> Vec<u8> {
    let set = |kind: u16, body: &[u8]| {
        let length = u16::try_from(body.len() + 4).unwrap_or(u16::MAX);
        [&kind.to_le_bytes()[..], &length.to_le_bytes(), body].concat()
    };
    let shorts =
        |numbers: &[u16]| -> Vec<u8> { numbers.iter().flat_map(|number| number.to_le_bytes()).collect() };
    // Operating system, version of the protocol, fast path and the like, refreshing.
    let general = shorts(&[1, 3, 0x0200, 0, 0, 0x041d, 0, 0, 0, 0x0101]);
    let bitmap = shorts(&[DEPTH, 1, 1, 1, width, height, 0, 1, 1, 0x0800, 1, 0]);
    let mut order = vec![0; 84];
    // A cell of the desktop's cache, levels of orders, and that orders have bounds of colours.
    for (at, bytes) in
        [(16, &[0x40, 0x42, 0x0f, 0][..]), (20, &[1, 0, 20, 0]), (26, &[1, 0]), (30, &[0x22, 0])]
    {
        order.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to = *from);
    }
    let mut input = shorts(&[0x0035, 0]);
    input.resize(84, 0);
    let sets = [
        set(9, &shorts(&[SERVER, 0])),
        set(1, &general),
        set(0x14, &[2, 0, 0, 0, 0x40, 0x06, 0, 0]),
        set(0x0e, &[]),
        set(2, &bitmap),
        set(3, &order),
        set(0x0a, &[6, 0, 0, 0]),
        set(8, &shorts(&[1, 25, 25])),
        set(0x0d, &input),
    ];
    let count = u16::try_from(sets.len()).unwrap_or_default();
    let sets = sets.concat();
    let length = u16::try_from(sets.len() + 4).unwrap_or(u16::MAX);
    let head =
        [&SHARE.to_le_bytes()[..], &[4, 0], &length.to_le_bytes(), b"RDP\0", &count.to_le_bytes(), &[0, 0]];
    control(DEMAND_ACTIVE, &[&head.concat(), &sets[..], &[0, 0, 0, 0]].concat())
}

/// The server synchronises with this user.
pub(super) fn synchronise(user: u16) -> Vec<u8> {
    data(SYNCHRONISE, &[1_u16.to_le_bytes(), user.to_le_bytes()].concat())
}

/// The server cooperates.
pub(super) fn cooperate() -> Vec<u8> {
    data(CONTROL, &[4, 0, 0, 0, 0, 0, 0, 0])
}

/// This user has control.
pub(super) fn granted(user: u16) -> Vec<u8> {
    data(CONTROL, &[&[2, 0][..], &user.to_le_bytes(), &[0xea, 3, 0, 0]].concat())
}

/// There is no font to be told of.
pub(super) fn font_map() -> Vec<u8> {
    data(FONT_MAP, &[0, 0, 0, 0, 3, 0, 4, 0])
}

/// Who is logged on has to log off first.
pub(super) fn shutdown_denied() -> Vec<u8> {
    data(SHUTDOWN_DENIED, &[])
}

/// Somebody has logged on (`INFOTYPE_LOGON_PLAINNOTIFY`).
pub(super) fn logged_on() -> Vec<u8> {
    let mut body = 2_u32.to_le_bytes().to_vec();
    body.resize(4 + 576, 0);
    data(LOGON, &body)
}

/// Pieces of the picture: `count` bitmaps, each with its head.
pub(super) fn bitmaps(count: u16, pieces: &[u8]) -> Vec<u8> {
    data(UPDATE, &[&1_u16.to_le_bytes()[..], &count.to_le_bytes(), pieces].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_those_of_what_follows() {
        for message in [
            demand_active((800, 600)),
            synchronise(1007),
            cooperate(),
            granted(1007),
            font_map(),
            logged_on(),
        ] {
            assert_eq!(text::short(&message, 0).map(usize::from), Some(message.len()));
        }
        let demand = demand_active((800, 600));
        assert_eq!(text::short(&demand, 12).map(usize::from), Some(demand.len() - 22));
        assert_eq!(
            hex::encode(font_map()),
            "1a001700ea03ea0301000001 1a002800000000000000 03000400".replace(' ', "")
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = Message::read(&bytes);
        }
    }
}
