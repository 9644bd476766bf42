//! The kernel's filter on the segment socket: frames to our nodes, to everyone, and to groups. The gate
//! holds a promiscuous socket and must not see anybody else's traffic.
//!
//! Classic BPF (`linux/filter.h`): the first two octets of the destination are looked up in a list (few
//! vendors' prefixes), the last four in a binary tree.

use std::collections::BTreeSet;

/// Most instructions of a program (`BPF_MAXINSNS`).
const INSTRUCTIONS_MAX: usize = 4096;
/// Ranges that fit: three instructions each, and two for every branch.
const RANGES_MAX: usize = 1000;
/// Ranges in a leaf of the tree.
const LEAF: usize = 4;

const LOAD_WORD: u16 = 0x20;
const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE: u16 = 0x30;
const JUMP: u16 = 0x05;
const IF_EQUAL: u16 = 0x15;
const IF_GREATER: u16 = 0x25;
const IF_NOT_LESS: u16 = 0x35;
const IF_BITS: u16 = 0x45;
const RETURN: u16 = 0x06;
const WHOLE: u32 = u32::MAX;

/// The program for `macs`. With more nodes than fit, neighbouring addresses are merged to ranges: the
/// filter then lets a few foreign frames through, which the gate drops itself.
pub(super) fn program(macs: &BTreeSet<[u8; 6]>) -> Vec<libc::sock_filter> {
    let mut code = vec![load(LOAD_BYTE, 0), branch(IF_BITS, 1, 0, 1), ret(WHOLE)];
    let prefixes: BTreeSet<u16> = macs.iter().map(|&[a, b, ..]| u16::from_be_bytes([a, b])).collect();
    let tails: BTreeSet<u32> =
        macs.iter().map(|&[_, _, a, b, c, d]| u32::from_be_bytes([a, b, c, d])).collect();
    let tree = tree(&merged(&tails));
    // With very many vendors the list is left out rather than the tree.
    if 2 * prefixes.len() + tree.len() + 8 <= INSTRUCTIONS_MAX {
        code.push(load(LOAD_HALF, 0));
        let mut left = prefixes.len();
        for prefix in prefixes {
            left -= 1;
            // A match jumps over the rest of the list and its refusal.
            code.push(branch(IF_EQUAL, prefix.into(), 0, 1));
            code.push(jump(2 * left + 1));
        }
        code.push(ret(0));
    }
    code.push(load(LOAD_WORD, 2));
    code.extend(tree);
    code
}

fn tree(ranges: &[(u32, u32)]) -> Vec<libc::sock_filter> {
    if ranges.len() <= LEAF {
        let mut code: Vec<_> = ranges.iter().flat_map(|&range| leaf(range)).collect();
        code.push(ret(0));
        return code;
    }
    let (low, high) = ranges.split_at(ranges.len() / 2);
    let middle = high.first().map_or(0, |range| range.0);
    let (low, high) = (tree(low), tree(high));
    let mut code = vec![branch(IF_NOT_LESS, middle, 0, 1), jump(low.len())];
    code.extend(low);
    code.extend(high);
    code
}

fn leaf((first, last): (u32, u32)) -> Vec<libc::sock_filter> {
    if first == last {
        return vec![branch(IF_EQUAL, first, 0, 1), ret(WHOLE)];
    }
    vec![branch(IF_NOT_LESS, first, 0, 2), branch(IF_GREATER, last, 1, 0), ret(WHOLE)]
}

/// Single values as ranges; the closest neighbours become one until there are few enough.
fn merged(values: &BTreeSet<u32>) -> Vec<(u32, u32)> {
    let mut gaps: Vec<u32> = values.iter().zip(values.iter().skip(1)).map(|(one, next)| next - one).collect();
    gaps.sort_unstable();
    let excess = values.len().saturating_sub(RANGES_MAX);
    // Gaps up to this one are closed.
    let closed = excess.checked_sub(1).and_then(|position| gaps.get(position)).copied().unwrap_or(0);
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &value in values {
        match ranges.last_mut() {
            Some((_, last)) if value - *last <= closed => *last = value,
            _ => ranges.push((value, value)),
        }
    }
    ranges
}

fn load(code: u16, offset: u32) -> libc::sock_filter {
    libc::sock_filter { code, jt: 0, jf: 0, k: offset }
}

fn branch(code: u16, value: u32, jt: u8, jf: u8) -> libc::sock_filter {
    libc::sock_filter { code, jt, jf, k: value }
}

fn jump(distance: usize) -> libc::sock_filter {
    load(JUMP, u32::try_from(distance).unwrap_or(u32::MAX))
}

fn ret(value: u32) -> libc::sock_filter {
    load(RETURN, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The kernel's machine, as far as the programs use it.
    fn passes(program: &[libc::sock_filter], frame: &[u8; 14]) -> bool {
        let (mut at, mut word) = (0, 0u32);
        loop {
            let step = program[at];
            let k = step.k as usize;
            at += 1;
            let condition = match step.code {
                LOAD_WORD => {
                    word = u32::from_be_bytes(frame[k..k + 4].try_into().unwrap());
                    continue;
                }
                LOAD_HALF => {
                    word = u16::from_be_bytes(frame[k..k + 2].try_into().unwrap()).into();
                    continue;
                }
                LOAD_BYTE => {
                    word = frame[k].into();
                    continue;
                }
                JUMP => {
                    at += k;
                    continue;
                }
                RETURN => return step.k != 0,
                IF_EQUAL => word == step.k,
                IF_GREATER => word > step.k,
                IF_NOT_LESS => word >= step.k,
                IF_BITS => word & step.k != 0,
                other => panic!("unknown instruction {other:#x}"),
            };
            at += usize::from(if condition { step.jt } else { step.jf });
        }
    }

    fn frame(mac: [u8; 6]) -> [u8; 14] {
        let mut frame = [0; 14];
        frame[..6].copy_from_slice(&mac);
        frame
    }

    proptest! {
        #[test]
        fn our_addresses_and_groups_pass_and_others_do_not(
            macs in prop::collection::btree_set(
                any::<[u8; 6]>().prop_map(|[a, b, c, d, e, f]| [a & 0xfe, b & 3, c, d, e, f]),
                0..300,
            ),
            other in any::<[u8; 6]>(),
        ) {
            let program = program(&macs);
            prop_assert!(program.len() <= INSTRUCTIONS_MAX);
            for &mac in &macs {
                prop_assert!(passes(&program, &frame(mac)));
            }
            // The tail of one node behind the prefix of another may pass; nothing else may.
            let tail = macs.iter().any(|mac| mac[2..] == other[2..]);
            let alike = tail && macs.iter().any(|mac| mac[..2] == other[..2]);
            prop_assert_eq!(passes(&program, &frame(other)), other[0] & 1 == 1 || alike);
        }
    }

    #[test]
    fn ten_thousand_nodes_fit_and_all_pass() {
        let macs: BTreeSet<[u8; 6]> = (0..10_000u32)
            .map(|number| {
                let [_, b, c, d] = number.wrapping_mul(2_654_435_761).to_be_bytes();
                [0, 0x15, 0x5d, b, c, d]
            })
            .collect();
        let program = program(&macs);
        assert!(program.len() <= INSTRUCTIONS_MAX, "{}", program.len());
        assert!(macs.iter().all(|&mac| passes(&program, &frame(mac))));
    }

    #[test]
    fn no_nodes_see_only_what_is_for_everyone() {
        let program = program(&BTreeSet::new());
        assert!(passes(&program, &frame([0xff; 6])));
        assert!(!passes(&program, &frame([2, 0, 0, 0, 0, 1])));
    }
}
