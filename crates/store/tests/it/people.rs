//! Letters that people write to each other.

use crate::backend::on_every_backend;
use decnet_store::{
    Store,
    record::{LETTER_DAY, LetterFilter, LetterRow, PoolRow},
};

on_every_backend!(
    letters_are_taken_back_from_the_day_on_that_it_is_where_people_are,
    nobody_writes_for_people_who_were_replaced_meanwhile
);

const DAY: i64 = 86_400_000_000;
const DOMAIN: &str = "corp.example";

fn letter(id: &str, thread: &str, at: i64) -> LetterRow {
    LetterRow {
        id: id.to_owned(),
        thread: thread.to_owned(),
        domain: DOMAIN.to_owned(),
        sender: "a".to_owned(),
        recipients: "b".to_owned(),
        subject: "s".to_owned(),
        language: "en".to_owned(),
        origin: "template".to_owned(),
        at,
        copies: "[]".to_owned(),
        content: "c".to_owned(),
    }
}

fn people(changed_at: i64) -> PoolRow {
    PoolRow { domain: DOMAIN.to_owned(), document: "{}".to_owned(), by: "ann".to_owned(), changed_at }
}

async fn letters_are_taken_back_from_the_day_on_that_it_is_where_people_are(store: Store) {
    let name = format!("{LETTER_DAY}.{DOMAIN}");
    let first = people(20 * DAY);
    store.pool_replace(&first, 0).await.unwrap();
    assert_eq!(store.setting_get(&name).await.unwrap(), None, "nothing is written, and nothing left out");
    let letters = [letter("a", "a", 19 * DAY), letter("b", "a", 21 * DAY), letter("c", "c", 22 * DAY)];
    assert!(store.letter_day_put(&first, 25, &letters).await.unwrap());
    assert_eq!(store.setting_get(&name).await.unwrap().as_deref(), Some("25"));
    // Five hours west it is still the evening of the day before.
    let second = people(20 * DAY + DAY / 24);
    store.pool_replace(&second, -300).await.unwrap();
    assert_eq!(store.setting_get(&name).await.unwrap().as_deref(), Some("19"));
    let left = store.letter_list(&LetterFilter::default(), 9).await.unwrap();
    assert_eq!(left.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    store.setting_put(&name, "3").await.unwrap();
    store.pool_replace(&people(20 * DAY), 0).await.unwrap();
    assert_eq!(store.setting_get(&name).await.unwrap().as_deref(), Some("3"), "who is behind stays behind");
}

async fn nobody_writes_for_people_who_were_replaced_meanwhile(store: Store) {
    let name = format!("{LETTER_DAY}.{DOMAIN}");
    let (old, new) = (people(20 * DAY), people(20 * DAY + 1));
    let letters = [letter("d", "d", 21 * DAY)];
    assert!(!store.letter_day_put(&old, 21, &letters).await.unwrap(), "they are not there yet");
    store.pool_replace(&old, 0).await.unwrap();
    store.pool_replace(&new, 0).await.unwrap();
    assert!(!store.letter_day_put(&old, 21, &letters).await.unwrap());
    assert_eq!(store.setting_get(&name).await.unwrap(), None);
    assert!(store.letter_list(&LetterFilter::default(), 9).await.unwrap().is_empty());
    assert!(store.letter_day_put(&new, 21, &letters).await.unwrap());
}
