//! SUBSCRIBE and its kin, PUBLISH, PUBSUB.

use super::{Reply, context::Context, hub::Peer, pattern::glob, reply::Outcome, words::Words};
use std::collections::BTreeSet;

/// Most channels and patterns of a connection.
const MOST: usize = 10_000;

/// Runs `name` if it is a command on channels.
pub(super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    Some(Ok(match name {
        "subscribe" | "psubscribe" | "ssubscribe" => subscribe(context, name, words.from(1)),
        "unsubscribe" | "punsubscribe" | "sunsubscribe" => unsubscribe(context, name, words.from(1)),
        "publish" => Reply::count(context.hub.publish(words.at(1), words.at(2), false)),
        "spublish" => Reply::count(context.hub.publish(words.at(1), words.at(2), true)),
        "pubsub" => return Some(list(context, words)),
        _ => return None,
    }))
}

fn chosen<'a>(peer: &'a mut Peer, name: &str) -> &'a mut BTreeSet<Vec<u8>> {
    match name {
        "psubscribe" | "punsubscribe" => &mut peer.patterns,
        "ssubscribe" | "sunsubscribe" => &mut peer.shards,
        _ => &mut peer.channels,
    }
}

/// How many subscriptions are left of the kind that `name` counts.
fn left(peer: &Peer, name: &str) -> usize {
    match name {
        "ssubscribe" | "sunsubscribe" => peer.shards.len(),
        _ => peer.channels.len() + peer.patterns.len(),
    }
}

fn confirmed(name: &str, channel: Option<&Vec<u8>>, count: usize) -> Reply {
    Reply::Push(vec![Reply::bulk(name), Reply::maybe(channel.cloned()), Reply::count(count)])
}

fn subscribe(context: &mut Context<'_>, name: &str, channels: &[Vec<u8>]) -> Reply {
    let mut replies = Vec::new();
    let subscribed = context.hub.update(context.client.id, |peer| {
        for channel in channels {
            let all = chosen(peer, name);
            if all.len() < MOST {
                all.insert(channel.clone());
            }
            replies.push(confirmed(name, Some(channel), left(peer, name)));
        }
        peer.channels.len() + peer.patterns.len() + peer.shards.len()
    });
    context.client.subscribed = subscribed.unwrap_or(0);
    Reply::Several(replies)
}

fn unsubscribe(context: &mut Context<'_>, name: &str, channels: &[Vec<u8>]) -> Reply {
    let mut replies = Vec::new();
    let subscribed = context.hub.update(context.client.id, |peer| {
        let all = if channels.is_empty() {
            chosen(peer, name).iter().cloned().collect()
        } else {
            channels.to_vec()
        };
        for channel in &all {
            chosen(peer, name).remove(channel);
            replies.push(confirmed(name, Some(channel), left(peer, name)));
        }
        if all.is_empty() {
            replies.push(confirmed(name, None, left(peer, name)));
        }
        peer.channels.len() + peer.patterns.len() + peer.shards.len()
    });
    context.client.subscribed = subscribed.unwrap_or(0);
    Reply::Several(replies)
}

fn list(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let verb = words.lower(1);
    let shard = verb.starts_with("shard");
    let (channels, patterns) = context.hub.channels(shard);
    match verb.as_str() {
        "channels" | "shardchannels" => {
            let fits = |channel: &&Vec<u8>| words.len() < 3 || glob(words.at(2), channel);
            Ok(Reply::list(channels.keys().filter(fits)))
        }
        "numsub" | "shardnumsub" => {
            let count = |channel| Reply::count(channels.get(channel).copied().unwrap_or(0));
            let pairs = words.from(2).iter().map(|channel| (Reply::bulk(channel), count(channel)));
            Ok(Reply::Array(pairs.flat_map(|(channel, count)| [channel, count]).collect()))
        }
        "numpat" => Ok(Reply::count(patterns)),
        _ => context.unknown_subcommand(words),
    }
}
