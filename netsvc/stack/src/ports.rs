//! A set of ports that stays small whatever is scanned.

/// Ports kept in a list before a bitmap takes over.
const FEW: usize = 64;

/// A set of ports.
#[derive(Clone, Debug)]
pub(crate) enum Ports {
    Few(Vec<u16>),
    /// One bit per port, 8 KiB.
    Many(Box<[u64; 1024]>),
}

impl Default for Ports {
    fn default() -> Self {
        Ports::Few(Vec::new())
    }
}

impl Ports {
    /// Adds a port. A list that is full becomes a bitmap only if there is `room` for one.
    pub(crate) fn insert(&mut self, port: u16, room: bool) {
        match self {
            Ports::Few(list) if list.contains(&port) => {}
            Ports::Few(list) if list.len() < FEW => list.push(port),
            Ports::Few(_) if !room => {}
            Ports::Few(list) => {
                let mut bits = Box::new([0; 1024]);
                for port in list.iter().copied().chain([port]) {
                    mark(&mut bits, port);
                }
                *self = Ports::Many(bits);
            }
            Ports::Many(bits) => mark(bits, port),
        }
    }

    /// Whether it has become a bitmap.
    pub(crate) fn is_map(&self) -> bool {
        matches!(self, Ports::Many(_))
    }

    /// As in `22,80-81,443`.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut run: Option<(u16, u16)> = None;
        for port in self.sorted() {
            match &mut run {
                Some((_, last)) if last.checked_add(1) == Some(port) => *last = port,
                _ => {
                    push(&mut text, run);
                    run = Some((port, port));
                }
            }
        }
        push(&mut text, run);
        text
    }

    fn sorted(&self) -> Vec<u16> {
        match self {
            Ports::Few(list) => {
                let mut list = list.clone();
                list.sort_unstable();
                list
            }
            Ports::Many(bits) => (0..=u16::MAX).filter(|port| marked(bits, *port)).collect(),
        }
    }
}

fn mark(bits: &mut [u64; 1024], port: u16) {
    if let Some(word) = bits.get_mut(usize::from(port / 64)) {
        *word |= 1 << (port % 64);
    }
}

fn marked(bits: &[u64; 1024], port: u16) -> bool {
    bits.get(usize::from(port / 64)).is_some_and(|word| word & (1 << (port % 64)) != 0)
}

fn push(text: &mut String, run: Option<(u16, u16)>) {
    let Some((first, last)) = run else { return };
    if !text.is_empty() {
        text.push(',');
    }
    text.push_str(&first.to_string());
    if first != last {
        text.push('-');
        text.push_str(&last.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn text_names_runs() {
        let mut ports = Ports::default();
        [443, 80, 22, 81, 80].into_iter().for_each(|port| ports.insert(port, true));
        assert_eq!(ports.text(), "22,80-81,443");
    }

    #[test]
    fn all_ports_fit_a_few_bytes() {
        let mut ports = Ports::default();
        (0..=u16::MAX).rev().for_each(|port| ports.insert(port, true));
        assert_eq!(ports.text(), "0-65535");
    }

    #[test]
    fn without_room_for_a_bitmap_the_first_ports_stay() {
        let mut ports = Ports::default();
        (1..=1000).for_each(|port| ports.insert(port, false));
        assert_eq!((ports.text().as_str(), ports.is_map()), ("1-64", false));
    }

    #[test]
    fn a_bitmap_holds_what_a_list_held() {
        let wanted: BTreeSet<u16> = (0..200).map(|n| n * 311).collect();
        let mut ports = Ports::default();
        wanted.iter().for_each(|port| ports.insert(*port, true));
        let text = ports.text();
        let found: BTreeSet<u16> = text.split(',').filter_map(|port| port.parse().ok()).collect();
        assert_eq!(found, wanted);
    }
}
