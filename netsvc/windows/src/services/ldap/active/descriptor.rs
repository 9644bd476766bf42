//! Security descriptors ([MS-DTYP] §2.4.6): who owns an entry and who may do what with it.

use super::place::{builtin_sid, identifier, sid};
use netsvc_daemon::organisation::Organisation;

/// Everything; what administrators may; reading ([MS-ADTS] §5.1.3.2).
const ALL: u32 = 0x000f_01ff;
const GOVERN: u32 = 0x000f_01bd;
const READ: u32 = 0x0002_0094;
/// The list is there, and the descriptor is in one piece.
const CONTROL: u16 = 0x8c04;

/// The descriptor of an entry of the class `class`, as an administrator's entries have it.
pub(super) fn of(organisation: &Organisation, class: Option<&str>) -> Vec<u8> {
    let owner = sid(organisation, 512);
    let mut rules = vec![
        (ALL, sid(organisation, 512)),
        (ALL, identifier(&[18])),
        (READ, identifier(&[11])),
        (ALL, sid(organisation, 519)),
        (GOVERN, builtin_sid(544)),
    ];
    if matches!(class, Some("user" | "group" | "computer")) {
        rules.insert(1, (ALL, builtin_sid(548)));
    }
    let mut list = Vec::new();
    for (mask, who) in &rules {
        list.extend_from_slice(&[0, 0]);
        list.extend_from_slice(&u16::try_from(8 + who.len()).unwrap_or(0).to_le_bytes());
        list.extend_from_slice(&mask.to_le_bytes());
        list.extend_from_slice(who);
    }
    let mut out = vec![1, 0];
    out.extend_from_slice(&CONTROL.to_le_bytes());
    // The header has 20 bytes; the list comes first, then owner and group.
    let list_length = 8 + list.len();
    let owner_at = 20 + list_length;
    for at in [owner_at, owner_at + owner.len(), 0, 20] {
        out.extend_from_slice(&u32::try_from(at).unwrap_or(0).to_le_bytes());
    }
    out.extend_from_slice(&[4, 0]);
    out.extend_from_slice(&u16::try_from(list_length).unwrap_or(0).to_le_bytes());
    out.extend_from_slice(&u16::try_from(rules.len()).unwrap_or(0).to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&list);
    out.extend_from_slice(&owner);
    out.extend_from_slice(&owner);
    out
}
