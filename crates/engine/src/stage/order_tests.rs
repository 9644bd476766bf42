//! What is handed over of letters.

use super::*;

fn post(node: &str, ids: &str) -> Post {
    let letter = |id: char| {
        let (id, from, content) = (id.to_string(), String::new(), String::new());
        Letter { id, from, at: 0, content, copies: Vec::new() }
    };
    Post { node: node.to_owned(), letters: ids.chars().map(letter).collect() }
}

#[test]
fn letters_of_a_node_that_is_no_more_go_and_make_room_first() {
    let held = [post("a", "1"), post("b", "2"), post("c", "3")];
    let held: BTreeMap<_, _> = held.into_iter().map(|post| (post.node, post.letters)).collect();
    let wanted = vec![post("a", "1"), post("0", ""), post("b", "24"), post("d", "5")];
    assert_eq!(changed(&held, wanted.clone(), false), [post("c", ""), post("b", "24"), post("d", "5")]);
    let all = changed(&held, wanted.clone(), true);
    assert_eq!((&all[0], &all[1..]), (&post("c", ""), &wanted[..]), "what was refused finds room perhaps");
}

#[test]
fn a_letter_that_fits_no_message_is_left_out_and_the_others_are_whole() {
    let mut letters = post("a", "123").letters;
    letters[1].content = "x".repeat(LETTERS);
    let mut sequence = Sequence { seq: 0, sockets: true };
    let parcels = sequence.letters("a", &letters);
    let orders: Vec<_> = parcels
        .into_iter()
        .map(|parcel| match parcel.order {
            Order::Letters { first, last, letters, .. } => (first, last, letters.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(orders, [(true, true, 2)]);
}
