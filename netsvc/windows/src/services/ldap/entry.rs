//! Entries of a directory, and how values of their attributes are compared.

use super::dn;
use std::{borrow::Cow, cmp::Ordering, collections::HashMap};

/// How values of an attribute are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Text in which case and the number of blanks make no difference.
    Text,
    /// A whole number.
    Number,
    /// The name of an entry.
    Name,
    /// A time (generalized time).
    Time,
    /// Bytes.
    Bytes,
    /// The identifier of an account (SID), which may be written as text.
    Identifier,
}

/// Attributes that are not text, in lower case.
const SYNTAXES: &[(Syntax, &[&str])] = &[
    (
        Syntax::Number,
        &[
            "accountexpires",
            "admincount",
            "badpasswordtime",
            "badpwdcount",
            "codepage",
            "countrycode",
            "creationtime",
            "flags",
            "forcelogoff",
            "gidnumber",
            "grouptype",
            "instancetype",
            "lastlogoff",
            "lastlogon",
            "lastlogontimestamp",
            "localpolicyflags",
            "lockoutduration",
            "lockoutobservationwindow",
            "lockoutthreshold",
            "logoncount",
            "maxpwdage",
            "minpwdage",
            "minpwdlength",
            "ms-ds-machineaccountquota",
            "msds-behavior-version",
            "msds-supportedencryptiontypes",
            "options",
            "primarygroupid",
            "pwdhistorylength",
            "pwdlastset",
            "pwdproperties",
            "revision",
            "samaccounttype",
            "shadowlastchange",
            "shadowmax",
            "shadowmin",
            "shadowwarning",
            "systemflags",
            "uidnumber",
            "useraccountcontrol",
            "usnchanged",
            "usncreated",
            "versionnumber",
        ],
    ),
    (
        Syntax::Name,
        &[
            "creatorsname",
            "directreports",
            "distinguishedname",
            "entrydn",
            "fsmoroleowner",
            "manager",
            "masteredby",
            "member",
            "memberof",
            "modifiersname",
            "msds-memberoftransitive",
            "msds-membertransitive",
            "ncname",
            "objectcategory",
            "serverreference",
            "subschemasubentry",
            "uniquemember",
        ],
    ),
    (
        Syntax::Time,
        &["createtimestamp", "dscorepropagationdata", "modifytimestamp", "whenchanged", "whencreated"],
    ),
    (Syntax::Bytes, &["ntsecuritydescriptor", "objectguid", "userpassword"]),
    (Syntax::Identifier, &["objectsid"]),
];

/// Attributes that are text and that searches name, in lower case: an entry without one of them does not have it,
/// which is another thing than a name that nobody knows.
const TEXTS: &[&str] = &[
    "cn",
    "company",
    "dc",
    "department",
    "description",
    "displayname",
    "dnshostname",
    "employeenumber",
    "entryuuid",
    "gecos",
    "givenname",
    "gplink",
    "gpcfilesyspath",
    "homedirectory",
    "homephone",
    "info",
    "isdeleted",
    "iscriticalsystemobject",
    "l",
    "loginshell",
    "mail",
    "memberuid",
    "mobile",
    "ms-mcs-admpwd",
    "msds-allowedtodelegateto",
    "name",
    "netbiosname",
    "o",
    "objectclass",
    "operatingsystem",
    "operatingsystemversion",
    "ou",
    "physicaldeliveryofficename",
    "proxyaddresses",
    "samaccountname",
    "scriptpath",
    "serviceprincipalname",
    "sn",
    "street",
    "telephonenumber",
    "title",
    "uid",
    "userprincipalname",
];

impl Syntax {
    /// That of the attribute `name` (in lower case).
    pub(super) fn of(name: &str) -> Syntax {
        let known = SYNTAXES.iter().find(|(_, names)| names.binary_search(&name).is_ok());
        known.map_or(Syntax::Text, |(syntax, _)| *syntax)
    }

    /// Whether there is an attribute `name` (in lower case), on some entry or other.
    pub(super) fn is_known(name: &str) -> bool {
        Syntax::of(name) != Syntax::Text || TEXTS.contains(&name)
    }

    /// The order of two values as [`fold`] makes them.
    pub(super) fn order(self, left: &[u8], right: &[u8]) -> Ordering {
        let number = |bytes: &[u8]| std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<i64>().ok());
        match self {
            Syntax::Number => number(left).cmp(&number(right)),
            _ => left.cmp(right),
        }
    }
}

/// `value` so that equal values are the same bytes.
pub(super) fn fold(syntax: Syntax, value: &[u8]) -> Vec<u8> {
    let text = || String::from_utf8_lossy(value);
    match syntax {
        Syntax::Bytes => value.to_vec(),
        Syntax::Identifier => identifier(&text()).unwrap_or_else(|| value.to_vec()),
        Syntax::Number => text().trim().as_bytes().to_vec(),
        Syntax::Time => text().trim().trim_end_matches('Z').trim_end_matches(".0").as_bytes().to_vec(),
        Syntax::Name => match dn::normal(&text()) {
            Some(name) => name.into_bytes(),
            None => text().to_lowercase().into_bytes(),
        },
        Syntax::Text => {
            let mut folded = String::with_capacity(value.len());
            let text = text().to_lowercase();
            for word in text.split(' ').filter(|word| !word.is_empty()) {
                if !folded.is_empty() {
                    folded.push(' ');
                }
                folded.push_str(word);
            }
            folded.into_bytes()
        }
    }
}

/// The bytes of `S-1-5-…`.
fn identifier(text: &str) -> Option<Vec<u8>> {
    let mut numbers =
        text.trim().strip_prefix("S-1-").or_else(|| text.trim().strip_prefix("s-1-"))?.split('-');
    let authority: u64 = numbers.next()?.parse().ok()?;
    let parts: Option<Vec<u32>> = numbers.map(|number| number.parse().ok()).collect();
    let parts = parts.filter(|parts| parts.len() <= 15)?;
    let mut bytes = vec![1, parts.len() as u8];
    bytes.extend_from_slice(authority.to_be_bytes().get(2..)?);
    parts.iter().for_each(|part| bytes.extend_from_slice(&part.to_le_bytes()));
    Some(bytes)
}

/// An attribute of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    /// Its name, as it is written.
    pub(super) name: Cow<'static, str>,
    /// In lower case.
    lower: String,
    /// Values, each with what it is compared by.
    values: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whether only those get it who ask for it by name or for all that the server adds.
    pub(super) operational: bool,
}

impl Attribute {
    /// An attribute with these values.
    pub(super) fn new(name: impl Into<Cow<'static, str>>, values: Vec<Vec<u8>>) -> Attribute {
        let name = name.into();
        let lower = name.to_ascii_lowercase();
        let syntax = Syntax::of(&lower);
        let values = values.into_iter().map(|value| (fold(syntax, &value), value)).collect();
        Attribute { name, lower, values, operational: false }
    }

    /// What its values are compared by.
    pub(super) fn keys(&self) -> impl DoubleEndedIterator<Item = &Vec<u8>> {
        self.values.iter().map(|(key, _)| key)
    }

    /// Its values.
    pub(super) fn values(&self) -> impl DoubleEndedIterator<Item = &Vec<u8>> {
        self.values.iter().map(|(_, value)| value)
    }

    /// Whether `value` is one of its values.
    pub(super) fn has(&self, value: &[u8]) -> bool {
        let key = fold(Syntax::of(&self.lower), value);
        self.keys().any(|known| *known == key)
    }
}

/// An entry; by default the one without a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name.
    pub(super) name: String,
    /// Its name in the form that names are compared in.
    pub(super) key: String,
    /// Which of the naming contexts it is in.
    pub(super) context: usize,
    attributes: Vec<Attribute>,
}

impl Entry {
    /// An entry without attributes; `None` when it cannot be called so.
    pub(super) fn called(name: String, context: usize) -> Option<Entry> {
        let key = dn::normal(&name)?;
        Some(Entry { name, key, context, attributes: Vec::new() })
    }

    /// The attribute `name` (in lower case).
    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.lower == name)
    }

    /// All attributes.
    pub(super) fn attributes(&self) -> impl DoubleEndedIterator<Item = &Attribute> {
        self.attributes.iter()
    }

    /// Adds an attribute, unless it has no value.
    pub(super) fn put(&mut self, name: impl Into<Cow<'static, str>>, values: Vec<Vec<u8>>) {
        if !values.is_empty() {
            self.attributes.push(Attribute::new(name, values));
        }
    }

    /// Adds an attribute with one text, unless it is empty.
    pub(super) fn text(&mut self, name: &'static str, text: impl AsRef<str>) {
        if !text.as_ref().is_empty() {
            self.put(name, vec![text.as_ref().as_bytes().to_vec()]);
        }
    }

    /// Adds an attribute with texts.
    pub(super) fn texts<T: AsRef<str>>(&mut self, name: &'static str, texts: &[T]) {
        self.put(name, texts.iter().map(|text| text.as_ref().as_bytes().to_vec()).collect());
    }

    /// Adds an attribute with a number.
    pub(super) fn number(&mut self, name: &'static str, number: i64) {
        self.text(name, number.to_string());
    }

    /// Adds an attribute that is only told when it is asked for.
    pub(super) fn operational(&mut self, name: &'static str, values: Vec<Vec<u8>>) {
        let mut attribute = Attribute::new(name, values);
        attribute.operational = true;
        self.attributes.push(attribute);
    }

    /// Gives the attribute these values; none: it has it no more.
    pub(super) fn set(&mut self, name: &str, values: Vec<Vec<u8>>) {
        let lower = name.to_ascii_lowercase();
        let at = self.attributes.iter().position(|attribute| attribute.lower == lower);
        match at.and_then(|at| self.attributes.get_mut(at)) {
            Some(known) if !values.is_empty() => *known = Attribute::new(known.name.clone(), values),
            None if !values.is_empty() => self.attributes.push(Attribute::new(name.to_owned(), values)),
            _ => self.attributes.retain(|attribute| attribute.lower != lower),
        }
    }
}

/// The entries of a directory, each after the one that it is below.
#[derive(Debug, Default)]
pub(super) struct Tree {
    entries: Vec<Entry>,
    places: HashMap<String, usize>,
}

impl Tree {
    /// Adds an entry.
    pub(super) fn add(&mut self, entry: Entry) {
        self.places.insert(entry.key.clone(), self.entries.len());
        self.entries.push(entry);
    }

    /// The entry with this key.
    pub(super) fn find(&self, key: &str) -> Option<&Entry> {
        self.places.get(key).and_then(|place| self.entries.get(*place))
    }

    /// The entry at a place.
    pub(super) fn at(&self, place: usize) -> Option<&Entry> {
        self.entries.get(place)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_equal_as_their_attribute_has_it() {
        for (attribute, left, right, equal) in [
            ("cn", "Ann  Lee", "ann lee", true),
            ("useraccountcontrol", "512", " 512", true),
            ("manager", "CN=Ann Lee, OU=IT,DC=corp", "cn=ann lee,ou=it,dc=corp", true),
            ("whencreated", "20201130103514.0Z", "20201130103514Z", true),
            ("cn", "Ann", "Anne", false),
        ] {
            let syntax = Syntax::of(attribute);
            assert_eq!(fold(syntax, left.as_bytes()) == fold(syntax, right.as_bytes()), equal, "{left}");
        }
        let bytes = fold(Syntax::Identifier, b"S-1-5-21-1-2-500");
        assert_eq!(hex::encode(&bytes), "0104000000000005150000000100000002000000f4010000");
        assert_eq!(fold(Syntax::Identifier, &bytes), bytes);
        assert!(SYNTAXES.iter().all(|(_, names)| names.is_sorted()));
    }
}
