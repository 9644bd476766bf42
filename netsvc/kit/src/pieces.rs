//! A machine that takes small pieces: what came beyond the one that it works on waits outside of it, charged, until
//! what it has said so far is done.

use crate::{Gathered, Input, Machine, Out, machine::PIECE};
use std::task::{Context, Poll};

/// Bytes that wait at most: no more than one piece of the driver does, because the driver waits, too.
const WAITING: usize = 8 * PIECE;

/// A machine, and what it has not been given yet.
#[derive(Debug)]
pub struct Pieces<M> {
    machine: M,
    most: usize,
    waiting: Gathered,
}

impl<M: Machine> Pieces<M> {
    /// `machine`, which is given `most` bytes at a time.
    pub fn of(most: usize, machine: M) -> Self {
        Pieces { machine, most: most.max(1), waiting: Gathered::new(WAITING) }
    }
}

impl<M: Machine> Machine for Pieces<M> {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        let Input::Bytes(bytes) = input else { return self.machine.step(input, out) };
        if self.waiting.push(bytes).is_err() {
            return out.close();
        }
        // The machine stopped, whatever it was doing, and has something left.
        if bytes.is_empty() {
            self.machine.step(input, out);
        }
        while !out.full() && !self.waiting.is_empty() && !out.closing() {
            let piece = self.waiting.take(self.most.min(self.waiting.len()));
            self.machine.step(Input::Bytes(&piece), out);
        }
    }

    fn poll_woken(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.machine.poll_woken(context)
    }

    fn woken(&mut self, out: &mut Out) {
        self.machine.woken(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers each byte with a hundred of it.
    struct Loud(Gathered);

    impl Machine for Loud {
        fn step(&mut self, input: Input<'_>, out: &mut Out) {
            if let Input::Bytes(bytes) = input {
                self.0.push(bytes).unwrap();
                while !out.full() && !self.0.is_empty() {
                    let byte = self.0.take(1);
                    out.send(byte.repeat(100));
                }
            }
        }
    }

    #[test]
    fn what_waits_is_given_in_order_when_the_rest_is_done() {
        let mut machine = Pieces::of(4, Loud(Gathered::new(4)));
        let mut out = Out::until(250);
        let said: Vec<u8> = (0..40).collect();
        machine.step(Input::Bytes(&said), &mut out);
        let mut all = Vec::new();
        while out.full() {
            let done = crate::testing::sent(&out.take());
            assert!(done.len() <= 300, "{}", done.len());
            all.extend(done);
            machine.step(Input::Bytes(&[]), &mut out);
        }
        all.extend(crate::testing::sent(&out.take()));
        let wanted: Vec<u8> = said.iter().flat_map(|byte| [*byte; 100]).collect();
        assert_eq!(all, wanted);
    }
}
