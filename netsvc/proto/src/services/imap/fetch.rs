//! FETCH (RFC 3501 §6.4.5): what is asked for, and what is said of one mail.

use super::{
    argument::Argument, envelope::envelope, part::Part, section::Section, selected::Selected,
    structure::structure,
};
use crate::{
    date,
    mailbox::{Flags, Mail},
};

/// Something that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Uid,
    Flags,
    InternalDate,
    SaveDate,
    Size,
    Envelope,
    Structure {
        extended: bool,
    },
    /// The flag: it counts as read.
    Body(Section, bool),
    /// `RFC822` and what follows the dot.
    Whole(&'static str),
}

/// Most texts of each mail that one FETCH is answered with.
const TEXTS: usize = 8;

/// What one FETCH asks for, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted(Vec<Item>);

impl Wanted {
    /// Reads the second argument of FETCH and what follows it; with `uid`, numbers are always told.
    ///
    /// # Errors
    /// What Dovecot says.
    pub(super) fn read(arguments: &[Argument], uid: bool) -> Result<Self, String> {
        let (mut rest, listed): (&[Argument], bool) = match arguments {
            [Argument::List(list), ..] if list.is_empty() => return Err("FETCH list is empty".to_owned()),
            [Argument::List(list)] => (list, true),
            [Argument::Atom(_), ..] => (arguments, false),
            _ => return Err("Invalid arguments".to_owned()),
        };
        let mut items = Vec::new();
        if uid {
            items.push(Item::Uid);
        }
        while let Some((first, tail)) = rest.split_first() {
            rest = tail;
            let word = first.keyword().ok_or_else(|| "Invalid arguments".to_owned())?;
            let macros: Vec<Item> = match word.as_str() {
                "ALL" if !listed => vec![Item::Flags, Item::InternalDate, Item::Size, Item::Envelope],
                "FAST" if !listed => vec![Item::Flags, Item::InternalDate, Item::Size],
                "FULL" if !listed => vec![
                    Item::Flags,
                    Item::InternalDate,
                    Item::Size,
                    Item::Envelope,
                    Item::Structure { extended: false },
                ],
                _ => Vec::new(),
            };
            let added = if macros.is_empty() { vec![item(&word, &mut rest)?] } else { macros };
            for item in added {
                if !items.contains(&item) {
                    items.push(item);
                }
            }
        }
        let texts = items.iter().filter(|item| matches!(item, Item::Body(..) | Item::Whole(_))).count();
        if TEXTS < texts {
            return Err("Too many parameters".to_owned());
        }
        Ok(Wanted(items))
    }

    /// Whether what it asks for makes a mail read.
    pub(super) fn reads(&self) -> bool {
        self.0.iter().any(|item| matches!(item, Item::Body(_, true) | Item::Whole("" | ".TEXT")))
    }

    /// Whether it asks for text of the mail.
    pub(super) fn has_text(&self) -> bool {
        self.0.iter().any(|item| matches!(item, Item::Body(..) | Item::Whole(_)))
    }

    /// What is said of `mail`, the `number`th; `was_read` says whether this made it read.
    pub(super) fn answer(
        &self,
        selected: &Selected,
        number: u32,
        mail: &Mail,
        was_read: bool,
        zone: i32,
    ) -> Vec<u8> {
        let flags = || format!("FLAGS {}", selected.flags(mail)).into_bytes();
        let (text, plain): (Vec<&Item>, Vec<&Item>) =
            self.0.iter().partition(|item| matches!(item, Item::Body(..) | Item::Whole(_)));
        // A text is copied as seldom as can be: it may be long.
        let mut said = format!("* {number} FETCH (").into_bytes();
        let start = said.len();
        let mut tell = |write: &dyn Fn(&mut Vec<u8>)| {
            if said.len() > start {
                said.push(b' ');
            }
            write(&mut said);
        };
        plain.into_iter().for_each(|item| tell(&|said| one(item, selected, mail, zone, said)));
        if was_read && !self.0.contains(&Item::Flags) {
            tell(&|said| said.extend(flags()));
        }
        text.into_iter().for_each(|item| tell(&|said| one(item, selected, mail, zone, said)));
        said.extend_from_slice(b")\r\n");
        said
    }
}

fn item(word: &str, rest: &mut &[Argument]) -> Result<Item, String> {
    Ok(match word {
        "UID" => Item::Uid,
        "FLAGS" => Item::Flags,
        "INTERNALDATE" => Item::InternalDate,
        "SAVEDATE" => Item::SaveDate,
        "RFC822.SIZE" => Item::Size,
        "ENVELOPE" => Item::Envelope,
        "BODYSTRUCTURE" => Item::Structure { extended: true },
        "BODY" => Item::Structure { extended: false },
        "RFC822" => Item::Whole(""),
        "RFC822.HEADER" => Item::Whole(".HEADER"),
        "RFC822.TEXT" => Item::Whole(".TEXT"),
        _ => match (word.strip_prefix("BODY["), word.strip_prefix("BODY.PEEK[")) {
            (Some(section), _) => Item::Body(Section::read(section, rest)?, true),
            (_, Some(section)) => Item::Body(Section::read(section, rest)?, false),
            _ if word.starts_with("RFC822.") => return Err(format!("Unknown parameter {word}")),
            _ => return Err(format!("Unknown parameter: {word}")),
        },
    })
}

/// Writes what is told of one item.
fn one(item: &Item, selected: &Selected, mail: &Mail, zone: i32, said: &mut Vec<u8>) {
    let content = &mail.content;
    match item {
        Item::Uid => said.extend(format!("UID {}", mail.uid).bytes()),
        Item::Flags => said.extend(format!("FLAGS {}", selected.flags(mail)).bytes()),
        Item::InternalDate => said.extend(format!("INTERNALDATE \"{}\"", stamp(mail.received, zone)).bytes()),
        Item::SaveDate => said.extend(format!("SAVEDATE \"{}\"", stamp(mail.saved, zone)).bytes()),
        Item::Size => said.extend(format!("RFC822.SIZE {}", content.len()).bytes()),
        Item::Envelope => {
            let header = Part::of(content).header;
            said.extend_from_slice(b"ENVELOPE ");
            said.extend(envelope(content.get(header).unwrap_or_default()));
        }
        Item::Structure { extended } => {
            let name: &[u8] = if *extended { b"BODYSTRUCTURE " } else { b"BODY " };
            said.extend_from_slice(name);
            said.extend(structure(content, &Part::of(content), *extended));
        }
        Item::Body(section, _) => {
            said.extend(format!("BODY[{} ", section.name).bytes());
            literal_into(said, &section.cut(content));
        }
        Item::Whole(which) => {
            let root = Part::of(content);
            let range = match *which {
                ".HEADER" => root.header,
                ".TEXT" => root.body,
                _ => 0..content.len(),
            };
            said.extend(format!("RFC822{which} ").bytes());
            literal_into(said, content.get(range).unwrap_or_default());
        }
    }
}

fn literal_into(said: &mut Vec<u8>, text: &[u8]) {
    said.reserve(text.len() + 16);
    said.extend(format!("{{{}}}\r\n", text.len()).bytes());
    said.extend_from_slice(text);
}

/// `05-Mar-2024 10:11:12 +0100`.
fn stamp(micros: i64, zone: i32) -> String {
    let at = date::civil(micros, zone);
    let (sign, away) = (if zone < 0 { '-' } else { '+' }, zone.abs());
    format!(
        "{:02}-{}-{:04} {:02}:{:02}:{:02} {sign}{:02}{:02}",
        at.day(),
        date::month_name(at),
        at.year(),
        at.hour(),
        at.minute(),
        at.second(),
        away / 60,
        away % 60
    )
}

/// Marks a mail as read; whether it was not.
pub(super) fn mark_read(folder: &mut crate::mailbox::Folder, uid: u32) -> bool {
    let Some(mail) = folder.mail(uid).filter(|mail| !mail.flags.has(Flags::SEEN)) else { return false };
    let (flags, keywords) = (mail.flags.with(Flags::SEEN), mail.keywords.clone());
    folder.set_flags(uid, flags, keywords);
    true
}
