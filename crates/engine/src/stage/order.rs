//! Orders to a stage process: their numbers, and how nodes and letters become messages that are not too long.

use super::channel::Parcel;
use crate::node::{NodeSpec, Post};
use netsvc_persona::{
    Letter,
    stage::{MAX_DESCRIPTORS, Order},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    os::fd::{AsFd, OwnedFd},
};

/// Bytes of letters in one order: below what a message may have.
const LETTERS: usize = 96 * 1024;
/// Bytes that a letter, and each copy of it, takes besides its content.
const LETTER: usize = 256;

/// What is to be handed over so that mailboxes that hold `held` hold `post`. What goes without another in its place
/// goes first: it makes room. `all`: also what is held, which may have been refused.
pub(super) fn changed(held: &BTreeMap<String, Vec<Letter>>, post: Vec<Post>, all: bool) -> Vec<Post> {
    let mut gone: BTreeSet<&str> = held.keys().map(String::as_str).collect();
    for post in &post {
        gone.remove(post.node.as_str());
    }
    let empty = |node: &&str| Post { node: (*node).to_owned(), letters: Vec::new() };
    let mut new: Vec<Post> = gone.iter().map(empty).collect();
    let is_held = |post: &Post| held.get(&post.node).map_or(&[][..], Vec::as_slice) == post.letters;
    new.extend(post.into_iter().filter(|post| all || !is_held(post)));
    new
}

/// Numbers orders, and makes them.
pub(super) struct Sequence {
    /// The last one given.
    pub(super) seq: u64,
    /// Whether nodes are handed over with their sockets.
    pub(super) sockets: bool,
}

impl Sequence {
    pub(super) fn next(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    /// The orders that put letters into the mailboxes of a node.
    pub(super) fn letters<'a>(&mut self, node: &str, letters: &[Letter]) -> Vec<Parcel<'a>> {
        let mut parts: Vec<Vec<Letter>> = vec![Vec::new()];
        let mut held = 0;
        for letter in letters {
            // What a letter takes as JSON, every character of it escaped the usual way.
            let size = LETTER + letter.content.len() * 3 / 2 + letter.copies.len() * LETTER;
            if LETTERS < size {
                continue;
            }
            if LETTERS < held + size && held > 0 {
                parts.push(Vec::new());
                held = 0;
            }
            held += size;
            if let Some(part) = parts.last_mut() {
                part.push(letter.clone());
            }
        }
        let last = parts.len();
        let order = |(number, letters): (usize, Vec<Letter>)| Parcel {
            order: Order::Letters {
                seq: self.next(),
                node: node.to_owned(),
                first: number == 0,
                last: number + 1 == last,
                letters,
            },
            descriptors: Vec::new(),
        };
        parts.into_iter().enumerate().map(order).collect()
    }

    /// The orders that hand over a node: one, or more where its sockets do not fit one message.
    pub(super) fn parcels<'a>(&mut self, node: &'a NodeSpec, sockets: &'a [OwnedFd]) -> Vec<Parcel<'a>> {
        let whole = !self.sockets || node.ports.is_empty();
        let mut order = |ports: &[_]| Order::Node {
            seq: self.next(),
            persona: Box::new(node.persona.clone()),
            services: node.services.clone(),
            ports: ports.to_vec(),
        };
        if whole {
            return vec![Parcel { order: order(&node.ports), descriptors: Vec::new() }];
        }
        let listeners: Vec<_> = node.listeners().cloned().collect();
        let ports = listeners.chunks(MAX_DESCRIPTORS);
        let sockets = sockets.chunks(MAX_DESCRIPTORS);
        ports
            .zip(sockets)
            .map(|(ports, sockets)| Parcel {
                order: order(ports),
                descriptors: sockets.iter().map(AsFd::as_fd).collect(),
            })
            .collect()
    }
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
