//! A mail on its way in: envelope, bytes as sent, and the events that keep it.

use super::{
    mime,
    reply::{Family, Names},
};
use crate::{date, dovecot, mailbox};
use netsvc_kit::{Gathered, Host, Link, Out};
use netsvc_wire::{Kind, field};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};

/// Most recipients of one mail.
pub const RECIPIENTS: usize = 100;
/// Most bytes of one mail that are kept, whatever the product takes.
const KEPT: usize = 25 << 20;

/// A mail being taken.
#[derive(Clone, Debug)]
pub struct Message {
    /// Envelope sender.
    pub sender: String,
    /// Envelope recipients that were taken.
    pub recipients: Vec<String>,
    /// Content as sent, without the dots of transparency.
    pub content: Gathered,
    /// Bytes sent, also those not kept.
    pub size: usize,
    /// Whether BDAT is in use.
    pub chunked: bool,
}

impl Default for Message {
    fn default() -> Self {
        Message {
            sender: String::new(),
            recipients: Vec::new(),
            content: Gathered::new(KEPT),
            size: 0,
            chunked: false,
        }
    }
}

impl Message {
    /// Adds `bytes`; keeps at most 25 MiB.
    pub fn append(&mut self, bytes: &[u8]) {
        self.size = self.size.saturating_add(bytes.len());
        // The rest is counted only.
        let _ = self.content.push(bytes);
    }

    /// Puts the mail into the mailboxes of its recipients, where the node shows any, as the server hands it over.
    pub fn deliver(&self, names: &Names, id: &str, host: &Host, link: &Link) {
        if !dovecot::is_on(host) {
            return;
        }
        let (helo, address) = (&names.client, link.peer.ip());
        let date = date::mail(host.clock(), host.persona().zone.offset_minutes);
        for recipient in &self.recipients {
            let user = recipient.split('@').next().unwrap_or_default();
            let account = user.split('+').next().unwrap_or_default().to_ascii_lowercase();
            let way = match names.family {
                Family::Exim => format!(
                    "from [{address}] (helo={helo})\r\n\tby {} with esmtp (Exim {})\r\n\tid {id}\r\n\t\
                     for {recipient}",
                    names.host, names.product.version
                ),
                _ => format!(
                    "from {helo} (unknown [{address}])\r\n\tby {} (Postfix) with ESMTP id {id}\r\n\tfor <{recipient}>",
                    names.host
                ),
            };
            let head = format!(
                "Return-Path: <{}>\r\nDelivered-To: {recipient}\r\nReceived: {way}; {date}\r\n",
                self.sender
            );
            // A full mailbox takes nothing; the mail is kept as evidence all the same.
            let mailbox = mailbox::open(host, link, account.as_bytes(), dovecot::most_mails(host));
            let _ = mailbox::deliver(host, &mailbox, &[head.as_bytes(), self.content.bytes()].concat());
        }
    }

    /// Writes the mail and its attachments as events.
    pub fn store(mut self, id: &str, out: &mut Out) {
        let summary = mime::summarize(self.content.bytes());
        let mut listed = Vec::new();
        for file in summary.attachments {
            listed.push(format!("{} sha256={}", file.name, hex::encode(Sha256::digest(&file.content))));
            let fields = vec![
                (field::ORIGIN, b"attachment".to_vec()),
                (field::PATH, file.name.into_bytes()),
                (field::FORMAT, file.media_type.into_bytes()),
            ];
            out.capture(Kind::FileCaptured, fields, file.content);
        }
        let mut fields = vec![
            (field::MAIL_FROM, self.sender.into_bytes()),
            (field::RCPT_TO, self.recipients.join(", ").into_bytes()),
            (field::SUBJECT, summary.subject.into_bytes()),
            (field::NAME, id.as_bytes().to_vec()),
            (field::ORIGIN, b"mail".to_vec()),
            (field::FORMAT, b"eml".to_vec()),
        ];
        if !listed.is_empty() {
            fields.push((field::ATTACHMENTS, listed.join(", ").into_bytes()));
        }
        out.capture(Kind::MessageStored, fields, self.content.take_all());
    }
}

/// Mails taken by a node so far.
#[derive(Debug, Default)]
struct Taken(AtomicU64);

/// An identifier for the next mail, in the form of the product.
pub fn queue_id(names: &Names, host: &Host) -> String {
    let count = host.node.shared(Taken::default).0.fetch_add(1, Ordering::Relaxed);
    let clock = u64::try_from(host.clock()).unwrap_or_default();
    let (seconds, micros) = (clock / 1_000_000, clock % 1_000_000);
    let base = host.persona().booted_at.unsigned_abs() / 1_000_000 % 0x8_0000;
    match names.family {
        Family::Postfix => format!("{micros:05X}{:X}", 0x9_0000 + base + count),
        Family::Exim => {
            let process = (base % 20_000 + 1_000 + count * 3) % 32_768;
            format!("{}-{}-{}", base62(seconds, 6), base62(process, 6), base62(micros / 500, 2))
        }
        Family::Exchange => format!("{:016x}{:016x}", clock.rotate_left(17) ^ base, count ^ micros << 24),
        Family::Iis => format!("{}{:08x}{:04x}", host.persona().hostname.to_uppercase(), seconds, count),
    }
}

fn base62(mut number: u64, digits: usize) -> String {
    let alphabet: Vec<char> = ('0'..='9').chain('A'..='Z').chain('a'..='z').collect();
    let mut text = Vec::with_capacity(digits);
    for _ in 0..digits {
        let digit = usize::try_from(number % 62).unwrap_or_default();
        text.push(alphabet.get(digit).copied().unwrap_or('0'));
        number /= 62;
    }
    text.iter().rev().collect()
}
