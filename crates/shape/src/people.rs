//! People of domains, and what they write to each other, as JSON.

use crate::shown;
use decnet_model::{people, record};
use netsvc_wire::stamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Somebody of a domain.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Person {
    /// The domain.
    pub domain: String,
    /// Login name.
    pub account: String,
    /// Given name.
    pub given: String,
    /// Family name.
    pub family: String,
    /// Address for mail, with its domain.
    pub address: String,
    /// Department.
    pub department: String,
    /// Title.
    pub title: String,
    /// `en`, `de` or `fr`.
    pub language: &'static str,
    /// When he works, from Monday to Friday: `08:30-17:00`.
    pub hours: String,
    /// How he writes: `brief`, `plain` or `warm`.
    pub style: &'static str,
    /// Login names of those to whom he writes.
    pub writes_to: Vec<String>,
}

impl Person {
    /// All people of a pool.
    pub fn all(pool: &people::Pool) -> Vec<Person> {
        pool.people.iter().map(|person| Person::new(&pool.domain, person)).collect()
    }

    /// Somebody of `domain`.
    pub fn new(domain: &str, person: &people::Person) -> Person {
        Person {
            domain: domain.to_owned(),
            account: person.account.clone(),
            given: person.given.clone(),
            family: person.family.clone(),
            address: format!("{}@{domain}", person.mail),
            department: person.department.clone(),
            title: person.title.clone(),
            language: person.language.name(),
            hours: person.hours.into(),
            style: person.style.name(),
            writes_to: person.writes_to.clone(),
        }
    }
}

/// A mail that was made up: nobody from outside wrote it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Letter {
    /// Its id.
    pub id: String,
    /// Id of the first mail of its thread.
    pub thread: String,
    /// The domain.
    pub domain: String,
    /// Login name of who writes.
    pub sender: String,
    /// Login names of who gets it.
    pub recipients: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// `en`, `de` or `fr`.
    pub language: String,
    /// What wrote its words: `template` or `model`.
    pub origin: String,
    /// When it is sent, RFC 3339; what is yet to come is in no mailbox.
    pub at: String,
}

/// A mail that was made up, as it is sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LetterDetail {
    /// What lists show of it.
    #[serde(flatten)]
    pub letter: Letter,
    /// Header and body.
    pub content: String,
}

impl From<&record::LetterRow> for LetterDetail {
    fn from(row: &record::LetterRow) -> Self {
        LetterDetail { letter: row.into(), content: row.content.clone() }
    }
}

impl From<&record::LetterRow> for Letter {
    fn from(row: &record::LetterRow) -> Self {
        Letter {
            id: row.id.clone(),
            thread: row.thread.clone(),
            domain: row.domain.clone(),
            sender: row.sender.clone(),
            recipients: row
                .recipients
                .split(',')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            subject: shown(&row.subject),
            language: row.language.clone(),
            origin: row.origin.clone(),
            at: stamp::format(row.at),
        }
    }
}
