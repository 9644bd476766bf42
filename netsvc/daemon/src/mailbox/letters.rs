//! What people and machines of an organisation write to each other.

use crate::date;
use netsvc_kit::Host;
use netsvc_persona::{Letter as Posted, Persona, tables::people::COLLEAGUES};
use rand_core::RngCore;
use std::{fmt::Write, sync::Arc};

/// What begins a password that people choose.
const STEMS: [&str; 8] = ["Autumn", "Winter", "Welcome", "Changeme", "Office", "Berlin", "Falcon", "Project"];

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    /// A program of the host, as this account.
    Machine(&'static str),
    /// A colleague.
    Colleague,
    /// A team's address.
    Team(&'static str, &'static str),
}

/// A kind of mail. In its text `{…}` stands for what [`fill`] knows.
struct Form {
    writer: Writer,
    subject: &'static str,
    text: &'static str,
    /// A file that comes with it: name and text.
    file: Option<(&'static str, &'static str)>,
    /// The words of an answer; empty: nobody answers.
    reply: &'static str,
}

const FORMS: &[Form] = &[
    Form {
        writer: Writer::Machine("root"),
        subject: "Cron <root@{host}> /usr/local/sbin/backup.sh",
        text: "backup: started\nbackup: /etc /home /srv -> backup@{backup}:/srv/backup/{host}\n\
               sent {number} bytes  received 1,204 bytes  total size is 9,118,204,711\nbackup: done\n",
        file: None,
        reply: "",
    },
    Form {
        writer: Writer::Team("IT Helpdesk", "helpdesk"),
        subject: "Your new VPN access",
        text: "Hello {first},\n\nyour VPN account has been set up:\n\n  Server:    vpn.{domain}\n  \
               User:      {account}\n  Password:  {password}\n\nPlease change the password after the first \
               login.\n\nRegards,\nIT Helpdesk, extension {short}\n",
        file: None,
        reply: "Works, thank you!\n",
    },
    Form {
        writer: Writer::Colleague,
        subject: "Re: maintenance on {host}",
        text: "Hi {first},\n\nfine with me, Thursday after 18:00. Please stop the mail queue first and tell \
               {colleague} when you are done,\nthe last time the monitoring called me at night.\n\n{writer}\n",
        file: None,
        reply: "Will do. I have put it into the calendar.\n",
    },
    Form {
        writer: Writer::Machine("root"),
        subject: "Disk space on {host}",
        text: "WARNING: /var is at {percent}%\n\nFilesystem      Size  Used Avail Use% Mounted on\n\
               /dev/sda3        40G   36G  4.1G  {percent}% /var\n",
        file: None,
        reply: "",
    },
    Form {
        writer: Writer::Colleague,
        subject: "database login for the report",
        text: "Hi {first},\n\nhere is the login that you asked for:\n\n  host:      db.{domain} (3306)\n  \
               user:      report\n  password:  {password}\n\nRead only, so nothing can break. Please keep it to \
               yourself.\n\nBest,\n{writer}\n",
        file: None,
        reply: "Got it, thanks.\n",
    },
    Form {
        writer: Writer::Team("Human Resources", "hr"),
        subject: "Holiday planning",
        text: "Dear all,\n\nplease enter your holidays for the next quarter until the end of the month. The list \
               is attached;\nwhoever has more than {days} days left talks to their manager.\n\nKind \
               regards,\nHuman Resources\n",
        file: Some((
            "holidays.csv",
            "name,days left,approved\n{colleague},{days},yes\n{writer},11,no\n{full},{percent},no\n",
        )),
        reply: "",
    },
    Form {
        writer: Writer::Colleague,
        subject: "Invoice {number}",
        text: "Hello {first},\n\ncould you have a look at invoice {number}? The amount does not fit the order, \
               and accounting wants\nto pay it this week.\n\nThanks,\n{writer}\n",
        file: None,
        reply: "It is the old price list. I have asked them for a new one.\n",
    },
    Form {
        writer: Writer::Machine("logcheck"),
        subject: "{host} security events",
        text: "Security Events for sshd\n=-=-=-=-=-=-=-=-=-=-=-=\n\
               sshd[{short}]: Failed password for invalid user oracle from 203.0.113.{percent} port {port} ssh2\n\
               sshd[{short}]: Accepted publickey for {account} from {gateway} port {port} ssh2\n",
        file: None,
        reply: "",
    },
    Form {
        writer: Writer::Team("IT Operations", "it"),
        subject: "Passwords of the test systems",
        text: "Hello {first},\n\nthe test systems were set up anew. The accounts are in the file; the root password \
               of all of them\nis {password} until the end of the project.\n\nIT Operations\n",
        file: Some((
            "test-systems.csv",
            "system,user,password\ntest-web.{domain},deploy,{password}\ntest-db.{domain},admin,{password}\n",
        )),
        reply: "",
    },
    Form {
        writer: Writer::Colleague,
        subject: "Lunch on Friday?",
        text: "Hi {first},\n\n{colleague} and I go to the new place around the corner at 12:15. Are you in?\n\n\
               {writer}\n",
        file: None,
        reply: "Count me in.\n",
    },
    Form {
        writer: Writer::Machine("root"),
        subject: "unattended-upgrades result for {host}: SUCCESS",
        text: "Unattended upgrade result: All upgrades installed\n\nPackages that were upgraded:\n libssl3 openssl \
               tzdata\n\nUnattended-upgrades log:\nStarting unattended upgrades script\n",
        file: None,
        reply: "",
    },
    Form {
        writer: Writer::Colleague,
        subject: "Minutes of Tuesday",
        text: "Hello,\n\n- the move to the new storage is planned for the end of the month ({colleague})\n\
               - {host} gets more memory ({first})\n- the old file server goes when everybody has copied their \
               folders\n- next meeting: same time, room {short}\n\n{writer}\n",
        file: None,
        reply: "",
    },
];

/// A mail before it is written out.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    form: usize,
    from: (String, String),
    subject: String,
    text: String,
    file: Option<(&'static str, String)>,
    /// Whether the account answered it.
    pub(super) answered: bool,
    /// What makes its identifiers.
    draw: u64,
}

/// The owner of a mailbox.
#[derive(Clone, Debug)]
pub(super) struct Party {
    /// Name before the `@`.
    pub(super) account: String,
    full: String,
    /// Address without its domain.
    mail: String,
}

impl Party {
    /// The owner of `account`, which a peer may have made up.
    pub(super) fn account(persona: &Persona, given: &[u8]) -> Self {
        let plain = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
        let account: String = given.iter().filter(plain).take(32).map(|byte| char::from(*byte)).collect();
        if let Some(known) = std::str::from_utf8(given)
            .ok()
            .and_then(|name| persona.people.iter().find(|one| one.is_called(name)))
        {
            return Party { full: known.full(), account: known.account.clone(), mail: known.mail.clone() };
        }
        let known = persona.users.iter().find(|user| user.name == account);
        let full =
            known.map(|user| user.full_name.as_str()).filter(|name| !name.is_empty() && name.is_ascii());
        Party { full: full.unwrap_or(&account).to_owned(), mail: account.clone(), account }
    }

    /// Where it is written to.
    fn address(&self, persona: &Persona) -> String {
        format!("{}@{}", self.mail, domain(persona))
    }

    /// What its mailbox is found by, whichever of its names a peer `gave`.
    pub(super) fn key(&self, gave: &[u8]) -> Vec<u8> {
        if self.mail == self.account { gave.to_vec() } else { self.account.clone().into_bytes() }
    }

    /// What people wrote to it or it wrote to them, on the node of `host`.
    pub(super) fn posted(&self, host: &Host) -> Vec<Arc<Posted>> {
        host.node.stage.post.of(&host.persona().node, &self.account)
    }
}

/// Draws the `nth` mail for `own`: forms follow one another, so that no two of a few weeks are alike.
pub(super) fn draw(persona: &Persona, own: &Party, random: &mut impl RngCore, nth: usize) -> Letter {
    let form = (nth * 5 + random.next_u32() as usize % 2) % FORMS.len();
    let (first, last, address) = pick(persona, own, random);
    let (colleague, ..) = pick(persona, own, random);
    let stem = STEMS.get(random.next_u32() as usize % STEMS.len()).copied().unwrap_or_default();
    let password = format!("{stem}{}!{}", random.next_u32() % 90 + 10, random.next_u32() % 10);
    let number = random.next_u32() % 900_000 + 100_000;
    let gateway = persona.gateway.map_or_else(|| "10.0.0.1".to_owned(), |address| address.to_string());
    let known = [
        ("host", persona.hostname.clone()),
        ("domain", domain(persona)),
        ("backup", format!("backup.{}", domain(persona))),
        ("account", own.account.clone()),
        ("first", own.full.split(' ').next().unwrap_or_default().to_owned()),
        ("full", own.full.clone()),
        ("writer", first.clone()),
        ("colleague", colleague),
        ("password", password),
        ("gateway", gateway),
        ("number", number.to_string()),
        ("short", (number % 900 + 100).to_string()),
        ("port", (number % 20_000 + 40_000).to_string()),
        ("percent", (number % 8 + 90).to_string()),
        ("days", (number % 7 + 5).to_string()),
    ];
    let chosen = FORMS.get(form);
    let from = match chosen.map(|form| form.writer) {
        Some(Writer::Machine(account)) => (account.to_owned(), format!("{account}@{}", host(persona))),
        Some(Writer::Team(name, address)) => (name.to_owned(), format!("{address}@{}", domain(persona))),
        _ => (format!("{first} {last}"), format!("{address}@{}", domain(persona))),
    };
    let text =
        |pick: fn(&Form) -> &'static str| chosen.map_or_else(String::new, |form| fill(pick(form), &known));
    Letter {
        form,
        from,
        subject: text(|form| form.subject),
        text: text(|form| form.text),
        file: chosen.and_then(|form| form.file).map(|(name, text)| (name, fill(text, &known))),
        answered: chosen.is_some_and(|form| !form.reply.is_empty()) && !random.next_u32().is_multiple_of(3),
        draw: random.next_u64(),
    }
}

/// The mail as it lies in the inbox: with what the mail server put before it.
pub(super) fn received(persona: &Persona, own: &Party, letter: &Letter, at: i64) -> Vec<u8> {
    let zone = persona.zone.offset_minutes;
    let from = &letter.from.1;
    let machine = matches!(FORMS.get(letter.form).map(|form| form.writer), Some(Writer::Machine(_)));
    let mut text = way(persona, own, (from, machine), letter.draw, at);
    let _ = write!(
        text,
        "Date: {}\nFrom: {} <{from}>\nTo: {}\nMessage-ID: <{}>\nSubject: {}\n",
        date::mail(at - 2_000_000, zone),
        letter.from.0,
        own.address(persona),
        message_id(letter),
        letter.subject,
    );
    body(&mut text, letter.draw, &letter.text, letter.file.as_ref());
    text.replace('\n', "\r\n").into_bytes()
}

/// A mail that somebody wrote, as it lies in the inbox of `own`, or where `sent` among what it wrote.
pub(super) fn posted(persona: &Persona, own: &Party, letter: &Posted, sent: bool) -> Vec<u8> {
    let mut text = String::new();
    if !sent {
        let draw = letter.id.bytes().fold(0_u64, |sum, byte| sum.rotate_left(7) ^ u64::from(byte));
        text = way(persona, own, (&letter.from, false), draw.wrapping_mul(0x9E37_79B9_7F4A_7C15), letter.at);
    }
    text.push_str(&letter.content);
    text.replace('\n', "\r\n").into_bytes()
}

/// What the mail server puts before a mail from somebody, or from a program of the host.
fn way(persona: &Persona, own: &Party, (from, machine): (&str, bool), draw: u64, at: i64) -> String {
    let (host, zone) = (host(persona), persona.zone.offset_minutes);
    let to = own.address(persona);
    let id = &format!("{draw:016X}").split_off(5);
    let stamp = date::mail(at, zone);
    let way = if machine {
        format!("by {host} (Postfix, from userid 0)\n\tid {id}; {stamp}")
    } else {
        let peer = persona.gateway.map_or_else(|| "10.0.0.1".to_owned(), |address| address.to_string());
        format!(
            "from [{peer}] (gw.{} [{peer}])\n\tby {host} (Postfix) with ESMTPSA id {id}\n\tfor <{to}>; {stamp}",
            domain(persona)
        )
    };
    format!("Return-Path: <{from}>\nX-Original-To: {to}\nDelivered-To: {to}\nReceived: {way}\n")
}

/// The answer of the account to a mail that came at `at`.
pub(super) fn answer(persona: &Persona, own: &Party, letter: &Letter, at: i64, now: i64) -> Vec<u8> {
    let zone = persona.zone.offset_minutes;
    let subject = letter.subject.trim_start_matches("Re: ");
    let quoted: String =
        letter.text.lines().map(|line| format!("> {line}").trim_end().to_owned() + "\n").collect();
    let reply = FORMS.get(letter.form).map_or("", |form| form.reply);
    let mut text = format!(
        "Message-ID: <{:x}.{}@{}>\nDate: {}\nFrom: {} <{}>\nTo: {}\nSubject: Re: {subject}\n\
         In-Reply-To: <{id}>\nReferences: <{id}>\n",
        letter.draw.rotate_left(20),
        now / 1_000_000,
        domain(persona),
        date::mail(now, zone),
        own.full,
        own.address(persona),
        letter.from.1,
        id = message_id(letter),
    );
    let words = format!("{reply}\nOn {}, {} wrote:\n{quoted}", date::mail(at, zone), letter.from.0);
    body(&mut text, letter.draw, &words, None);
    text.replace('\n', "\r\n").into_bytes()
}

/// Adds the rest of the header, and the body with its file.
fn body(mail: &mut String, draw: u64, text: &str, file: Option<&(&'static str, String)>) {
    mail.push_str("MIME-Version: 1.0\n");
    let plain = "Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n";
    let Some((name, content)) = file else {
        mail.push_str(plain);
        mail.push('\n');
        mail.push_str(text);
        return;
    };
    let boundary = format!("------------{draw:016x}");
    // Writing into a string cannot fail.
    let _ = write!(
        mail,
        "Content-Type: multipart/mixed; boundary=\"{boundary}\"\n\nThis is a multi-part message in MIME \
         format.\n--{boundary}\n{plain}\n{text}\n--{boundary}\nContent-Type: text/csv; name=\"{name}\"\n\
         Content-Disposition: attachment; filename=\"{name}\"\nContent-Transfer-Encoding: \
         7bit\n\n{content}\n--{boundary}--\n",
    );
}

fn message_id(letter: &Letter) -> String {
    let (_, place) = letter.from.1.split_once('@').unwrap_or_default();
    format!("{:x}.{:x}@{place}", letter.draw >> 24, letter.draw & 0xff_ffff)
}

/// Somebody else of the organisation: given and family name, and where he is written to.
fn pick(persona: &Persona, own: &Party, random: &mut impl RngCore) -> (String, String, String) {
    let drawn = random.next_u32() as usize;
    let others = || persona.people.iter().filter(|one| one.account != own.account);
    let count = others().count();
    if let Some(one) = drawn.checked_rem(count).and_then(|at| others().nth(at)) {
        return (one.given.clone(), one.family.clone(), one.mail.clone());
    }
    let (given, family) = COLLEAGUES.get(drawn % COLLEAGUES.len()).copied().unwrap_or_default();
    (given.to_owned(), family.to_owned(), format!("{given}.{family}").to_ascii_lowercase())
}

/// The domain that mail goes to.
fn domain(persona: &Persona) -> String {
    if persona.domain.is_empty() { "localdomain".to_owned() } else { persona.domain.clone() }
}

fn host(persona: &Persona) -> String {
    format!("{}.{}", persona.hostname, domain(persona))
}

/// `text` with every `{name}` that is known replaced.
fn fill(text: &str, known: &[(&str, String)]) -> String {
    let mut filled = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        let value = known.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        filled.push_str(value.unwrap_or_default());
        rest = tail;
    }
    filled.push_str(rest);
    filled
}
