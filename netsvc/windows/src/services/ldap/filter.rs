//! Filters of searches: read without recursion into the order in which they are evaluated, and shown as RFC 4515
//! writes them.

use super::entry::{Entry, Syntax, fold};
use netsvc_daemon::ber::{BOOLEAN, Malformed, Reader, SEQUENCE};

/// Tests of one filter; no client needs more.
const TESTS: usize = 400;
/// How deep a filter goes.
const DEPTH: usize = 200;
/// Bytes of the shown filter that are kept.
const SHOWN: usize = 4096;

/// Matching rules of Active Directory: all bits, any bit, and membership through groups.
const ALL_BITS: &str = "1.2.840.113556.1.4.803";
const ANY_BIT: &str = "1.2.840.113556.1.4.804";
const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";

/// Attributes that are followed through groups, and what holds all that is found so.
const CHAINS: [(&str, &str); 2] =
    [("memberof", "msds-memberoftransitive"), ("member", "msds-membertransitive")];

/// A filter.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    steps: Vec<Step>,
    /// As text.
    pub(super) text: String,
}

/// What is done with what was found so far, as on a stack.
#[derive(Clone, Debug)]
enum Step {
    All(usize),
    Any(usize),
    Not,
    Test(Test),
}

/// A test of one attribute.
#[derive(Clone, Debug)]
struct Test {
    /// In lower case, without options.
    attribute: String,
    syntax: Syntax,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Present,
    Equal(Vec<u8>),
    AtLeast(Vec<u8>),
    AtMost(Vec<u8>),
    Parts { first: Vec<u8>, middle: Vec<Vec<u8>>, last: Vec<u8> },
    Rule { rule: String, value: Vec<u8> },
}

/// A filter that is being read.
struct Open<'a> {
    tag: u8,
    rest: Reader<'a>,
    parts: usize,
}

/// Reads the filter that is next.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Filter, Malformed> {
    let mut filter = Filter::default();
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut next = Some(reader.value()?);
    loop {
        if let Some(value) = next.take() {
            if let 0xa0..=0xa2 = value.tag {
                filter.show(["(&", "(|", "(!"].get(usize::from(value.tag & 3)).copied().unwrap_or("("));
                if DEPTH <= open.len() {
                    return Err(Malformed);
                }
                open.push(Open { tag: value.tag, rest: value.reader(), parts: 0 });
            } else {
                let test = Test::read(value.tag, value.reader(), value.content)?;
                filter.show(&test.1);
                filter.steps.push(Step::Test(test.0));
                if TESTS < filter.steps.len() {
                    return Err(Malformed);
                }
            }
        }
        let Some(innermost) = open.last_mut() else { return Ok(filter) };
        if !innermost.rest.is_empty() && (innermost.tag != 0xa2 || innermost.parts == 0) {
            innermost.parts += 1;
            next = Some(innermost.rest.value()?);
            continue;
        }
        let step = match innermost.tag {
            0xa0 => Step::All(innermost.parts),
            0xa1 => Step::Any(innermost.parts),
            _ if innermost.parts == 1 => Step::Not,
            _ => return Err(Malformed),
        };
        open.pop();
        filter.steps.push(step);
        filter.show(")");
        if TESTS * 2 < filter.steps.len() {
            return Err(Malformed);
        }
    }
}

impl Filter {
    fn show(&mut self, text: &str) {
        if self.text.len() < SHOWN {
            self.text.push_str(text);
        }
    }

    /// How much work it is to look at one entry.
    pub(super) fn cost(&self) -> usize {
        self.steps.len()
    }

    /// Whether it is true of `entry`. What an entry lacks is neither true nor false (RFC 4511 §4.5.1.7).
    pub(super) fn is_met(&self, entry: &Entry) -> bool {
        let mut stack: Vec<Option<bool>> = Vec::with_capacity(8);
        for step in &self.steps {
            let result = match step {
                Step::Test(test) => test.is_met(entry),
                Step::Not => stack.pop().flatten().map(|met| !met),
                Step::All(count) => joined(&mut stack, *count, false),
                Step::Any(count) => joined(&mut stack, *count, true),
            };
            stack.push(result);
        }
        stack.pop().flatten() == Some(true)
    }

    /// Whether a test is for the attribute `name` (in lower case).
    pub(super) fn asks_for(&self, name: &str) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Test(test) if test.attribute == name))
    }

    /// Whether a test asks for one of these bits of the attribute `name`.
    pub(super) fn asks_for_bits(&self, name: &str, bits: i64) -> bool {
        self.steps.iter().any(|step| match step {
            Step::Test(Test { attribute, what: What::Rule { rule, value }, .. }) => {
                let number = std::str::from_utf8(value).ok().and_then(|text| text.parse::<i64>().ok());
                attribute == name
                    && (rule == ALL_BITS || rule == ANY_BIT)
                    && number.is_some_and(|number| number & bits != 0)
            }
            _ => false,
        })
    }

    /// The value that the attribute `name` (in lower case) is to equal.
    pub(super) fn equal_to(&self, name: &str) -> Option<&[u8]> {
        self.steps.iter().find_map(|step| match step {
            Step::Test(Test { attribute, what: What::Equal(value), .. }) if attribute == name => {
                Some(value.as_slice())
            }
            _ => None,
        })
    }
}

/// The last `count` results as one: `decisive` if one of them is, unknown if none is and one is unknown.
fn joined(stack: &mut Vec<Option<bool>>, count: usize, decisive: bool) -> Option<bool> {
    let from = stack.len().saturating_sub(count);
    let parts = stack.split_off(from);
    if parts.contains(&Some(decisive)) {
        Some(decisive)
    } else if parts.contains(&None) {
        None
    } else {
        Some(!decisive)
    }
}

/// `bytes` as filters show them (RFC 4515 §3).
fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    match std::str::from_utf8(bytes) {
        Ok(plain) if !plain.contains(char::is_control) => {
            for letter in plain.chars() {
                match letter {
                    '*' => text.push_str("\\2a"),
                    '(' => text.push_str("\\28"),
                    ')' => text.push_str("\\29"),
                    '\\' => text.push_str("\\5c"),
                    _ => text.push(letter),
                }
            }
        }
        _ => bytes.iter().take(SHOWN).for_each(|byte| text.push_str(&format!("\\{byte:02x}"))),
    }
    text
}

impl Test {
    /// A test and its text.
    fn read(tag: u8, mut reader: Reader<'_>, content: &[u8]) -> Result<(Test, String), Malformed> {
        if tag == 0x87 {
            let name = String::from_utf8_lossy(content).into_owned();
            return Ok((Test::new(&name, What::Present), format!("({name}=*)")));
        }
        if tag == 0xa9 {
            return Test::extensible(reader);
        }
        let name = String::from_utf8_lossy(reader.text()?).into_owned();
        let syntax = Syntax::of(&name.to_ascii_lowercase());
        if tag == 0xa4 {
            return Test::parts(&name, syntax, reader.inside(SEQUENCE)?);
        }
        let raw = reader.text()?;
        let value = fold(syntax, raw);
        let (what, sign) = match tag {
            0xa3 => (What::Equal(value), "="),
            0xa5 => (What::AtLeast(value), ">="),
            0xa6 => (What::AtMost(value), "<="),
            // What sounds alike is what begins so.
            0xa8 => (What::Parts { first: value, middle: Vec::new(), last: Vec::new() }, "~="),
            _ => return Err(Malformed),
        };
        Ok((Test::new(&name, what), format!("({name}{sign}{})", shown(raw))))
    }

    fn new(name: &str, what: What) -> Test {
        let attribute = name.split(';').next().unwrap_or(name).to_ascii_lowercase();
        let syntax = Syntax::of(&attribute);
        Test { attribute, syntax, what }
    }

    fn parts(name: &str, syntax: Syntax, mut list: Reader<'_>) -> Result<(Test, String), Malformed> {
        let (mut first, mut middle, mut last) = (Vec::new(), Vec::new(), Vec::new());
        let mut text = format!("({name}=");
        while !list.is_empty() {
            let part = list.value()?;
            let value = fold(syntax, part.content);
            if part.tag != 0x80 {
                text.push('*');
            }
            text.push_str(&shown(part.content));
            match part.tag {
                0x80 => first = value,
                0x81 => middle.push(value),
                0x82 => last = value,
                _ => return Err(Malformed),
            }
        }
        if last.is_empty() {
            text.push('*');
        }
        text.push(')');
        Ok((Test::new(name, What::Parts { first, middle, last }), text))
    }

    fn extensible(mut reader: Reader<'_>) -> Result<(Test, String), Malformed> {
        let (mut rule, mut name, mut raw, mut names) = (String::new(), String::new(), Vec::new(), "");
        while !reader.is_empty() {
            let value = reader.value()?;
            let text = || String::from_utf8_lossy(value.content).into_owned();
            match value.tag {
                0x81 => rule = text(),
                0x82 => name = text(),
                0x83 => raw = value.content.to_vec(),
                0x84 | BOOLEAN => names = if value.content == [0] { "" } else { ":dn" },
                _ => return Err(Malformed),
            }
        }
        let colon = if rule.is_empty() { "" } else { ":" };
        let text = format!("({name}{names}{colon}{rule}:={})", shown(&raw));
        let value = fold(Syntax::of(&name.to_ascii_lowercase()), &raw);
        Ok((Test::new(&name, What::Rule { rule, value }), text))
    }

    fn is_met(&self, entry: &Entry) -> Option<bool> {
        if self.attribute == "anr" {
            return Some(self.names_match(entry));
        }
        if let What::Rule { rule, value } = &self.what
            && rule == IN_CHAIN
            && let Some((_, transitive)) = CHAINS.iter().find(|(name, _)| *name == self.attribute)
        {
            let through = entry.attribute(transitive);
            return Some(through.is_some_and(|attribute| attribute.keys().any(|key| key == value)));
        }
        if let (What::Equal(class), "objectcategory") = (&self.what, self.attribute.as_str())
            && !class.contains(&b'=')
        {
            return Some(is_of_category(entry, class));
        }
        let Some(attribute) = entry.attribute(&self.attribute) else {
            let told = matches!(self.what, What::Present) || Syntax::is_known(&self.attribute);
            return told.then_some(false);
        };
        Some(match &self.what {
            What::Present => true,
            What::Equal(wanted) => attribute.keys().any(|key| key == wanted),
            What::AtLeast(wanted) => attribute.keys().any(|key| self.syntax.order(key, wanted).is_ge()),
            What::AtMost(wanted) => attribute.keys().any(|key| self.syntax.order(key, wanted).is_le()),
            What::Parts { first, middle, last } => {
                attribute.keys().any(|key| holds(key, first, middle, last))
            }
            What::Rule { rule, value } => attribute.keys().any(|key| obeys(rule, key, value)),
        })
    }

    /// Ambiguous name resolution ([MS-ADTS] §3.1.1.3.1.3.3): one of the names begins so.
    fn names_match(&self, entry: &Entry) -> bool {
        const NAMES: [&str; 7] =
            ["displayname", "givenname", "sn", "name", "samaccountname", "proxyaddresses", "mail"];
        let What::Equal(wanted) = &self.what else { return false };
        let names = NAMES.iter().filter_map(|name| entry.attribute(name));
        names.flat_map(|attribute| attribute.keys()).any(|key| key.starts_with(wanted))
    }
}

/// Categories whose class is called otherwise, both in lower case.
const CATEGORIES: [(&str, &str); 6] = [
    ("user", "person"),
    ("organizationalperson", "person"),
    ("organizationalunit", "organizational-unit"),
    ("domaindns", "domain-dns"),
    ("domain", "domain-dns"),
    ("grouppolicycontainer", "group-policy-container"),
];

/// Whether `entry` is of the category that the class `class` has: Active Directory takes a class for its category's
/// name ([MS-ADTS] §3.1.1.3.1.3.5).
fn is_of_category(entry: &Entry, class: &[u8]) -> bool {
    let class = String::from_utf8_lossy(class);
    let known = CATEGORIES.iter().find(|(name, _)| *name == class);
    let wanted = format!("cn={},cn=schema,", known.map_or(&*class, |(_, category)| category));
    let category = entry.attribute("objectcategory");
    category.is_some_and(|category| category.keys().any(|key| key.starts_with(wanted.as_bytes())))
}

/// Whether `key` consists of these parts, with anything between them.
fn holds(key: &[u8], first: &[u8], middle: &[Vec<u8>], last: &[u8]) -> bool {
    let Some(mut rest) = key.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
        return false;
    };
    for part in middle {
        let found = rest.windows(part.len().max(1)).position(|window| window == part.as_slice());
        let Some(after) = found.and_then(|at| rest.get(at + part.len()..)) else { return false };
        rest = after;
    }
    true
}

fn obeys(rule: &str, key: &[u8], wanted: &[u8]) -> bool {
    let number = |bytes: &[u8]| std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<i64>().ok());
    match rule {
        ALL_BITS | ANY_BIT => {
            let (Some(value), Some(bits)) = (number(key), number(wanted)) else { return false };
            if rule == ALL_BITS { value & bits == bits } else { value & bits != 0 }
        }
        _ => key == wanted,
    }
}
