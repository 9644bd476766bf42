//! Letters that people write to each other.

use crate::backend::on_every_backend;
use decnet_store::{
    Store,
    record::{LETTER_DAY, LetterFilter, LetterRow},
};

on_every_backend!(letters_are_taken_back_from_the_day_on_that_it_is_where_people_are);

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

async fn letters_are_taken_back_from_the_day_on_that_it_is_where_people_are(store: Store) {
    let name = format!("{LETTER_DAY}.{DOMAIN}");
    store.letter_unwrite(DOMAIN, 20 * DAY, 0).await.unwrap();
    assert_eq!(store.setting_get(&name).await.unwrap(), None, "nothing is written, and nothing left out");
    store.setting_put(&name, "25").await.unwrap();
    let letters = [letter("a", "a", 19 * DAY), letter("b", "a", 21 * DAY), letter("c", "c", 22 * DAY)];
    store.letter_put(&letters).await.unwrap();
    // Five hours west it is still the evening of the day before.
    store.letter_unwrite(DOMAIN, 20 * DAY + DAY / 24, -300).await.unwrap();
    assert_eq!(store.setting_get(&name).await.unwrap().as_deref(), Some("19"));
    let left = store.letter_list(&LetterFilter::default(), 9).await.unwrap();
    assert_eq!(left.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    store.setting_put(&name, "3").await.unwrap();
    store.letter_unwrite(DOMAIN, 20 * DAY, 0).await.unwrap();
    assert_eq!(store.setting_get(&name).await.unwrap().as_deref(), Some("3"), "who is behind stays behind");
}
