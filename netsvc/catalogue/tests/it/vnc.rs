//! Screens that are asked for, typed at and guessed at.

#![allow(clippy::indexing_slicing, reason = "an answer that is too short ends the test here")]

use netsvc_kit::{
    Action, Input, Machine, Out, Serve,
    testing::{converse, host, link, persona, sent, stage},
};
use netsvc_persona::Product;
use netsvc_proto::services::vnc::SERVICE;
use netsvc_wire::{Kind, field};

/// What a client of `product` gets for what it says, and what is written down of it.
fn talk(product: &str, auth: &str, said: &[&[u8]]) -> (Vec<u8>, Vec<(Kind, String)>) {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let mut persona = persona("desk-01");
    let product = Product { name: product.to_owned(), version: String::new(), packaging: String::new() };
    persona.products.insert("vnc".to_owned(), product);
    let host = host(&stage, persona, "vnc", &[("auth", auth)]);
    let actions = converse(&SERVICE, &host, &link(5900), said);
    let told = actions.iter().filter_map(|action| match action {
        Action::Record(kind, fields) => {
            let value = |name: &str| fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value);
            let shown =
                value(field::COMMAND).or(value(field::SECRET_PRINTABLE)).or(value(field::METHOD_NAME));
            Some((*kind, shown.map_or_else(String::new, |value| String::from_utf8_lossy(value).into_owned())))
        }
        _ => None,
    });
    let told = told.collect();
    (sent(&actions), told)
}

const IN: &[u8] = b"RFB 003.008\n\x01\x01";

fn key(number: u32) -> Vec<u8> {
    [&[4, 1, 0, 0][..], &number.to_be_bytes()].concat()
}

#[test]
fn what_is_typed_is_shown_and_written_down() {
    let typed: Vec<u8> = "hunter22".chars().flat_map(|letter| key(letter.into())).collect();
    let back = key(0xff08);
    let enter = key(0xff0d);
    let waits = b"\x03\x01\0\0\0\0\xff\xff\xff\xff";
    let (said, told) = talk("x11vnc", "none", &[IN, waits, &typed, waits, &back, waits, &enter, waits]);
    assert!(told.contains(&(Kind::Command, "hunter2".to_owned())), "{told:?}");
    assert!(told.contains(&(Kind::AuthAttempt, "hunter2".to_owned())), "{told:?}");
    // Each change answers the request that waits for it: the first letter, what was erased, the refusal.
    let updates = said.windows(4).filter(|bytes| *bytes == [0, 0, 0, 4]).count();
    assert!(3 <= updates, "{updates}");
}

#[test]
fn a_client_that_asks_without_an_end_gets_what_it_could_draw() {
    let whole = b"\x03\0\0\0\0\0\xff\xff\xff\xff".repeat(500);
    let (said, _) = talk("TightVNC", "none", &[IN, &whole]);
    assert!((8 << 20..40 << 20).contains(&said.len()), "{}", said.len());
}

#[test]
fn a_password_that_the_host_has_lets_in_and_a_wrong_one_can_be_cracked() {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let host = host(&stage, persona("desk-01"), "vnc", &[("auth", "password")]);
    let Serve::Machine(open) = SERVICE.serve else { unreachable!() };
    for (password, accepted) in [(&b"toor"[..], true), (b"root", false)] {
        let (mut machine, mut out): (Box<dyn Machine>, Out) = (open(&host, &link(5900)), Out::default());
        machine.step(Input::Open, &mut out);
        machine.step(Input::Bytes(b"RFB 003.003\n"), &mut out);
        let said = sent(&out.take());
        let challenge = &said[said.len() - 16..];
        machine.step(Input::Bytes(&proof(password, challenge)), &mut out);
        let actions = out.take();
        assert_eq!(sent(&actions), [0, 0, 0, u8::from(!accepted)]);
        let line = actions.iter().find_map(|action| match action {
            Action::Record(Kind::AuthAttempt, fields) => {
                fields.iter().find(|(name, _)| *name == field::CRACK_LINE).map(|(_, line)| line.clone())
            }
            _ => None,
        });
        let expected = format!(
            "$vnc$*{}*{}",
            hex::encode_upper(challenge),
            hex::encode_upper(proof(password, challenge))
        );
        assert_eq!(String::from_utf8(line.unwrap()).unwrap(), expected);
    }
}

/// What a client answers.
fn proof(password: &[u8], challenge: &[u8]) -> Vec<u8> {
    use openssl::symm::{Cipher, Crypter, Mode};
    let mut key = [0; 8];
    key.iter_mut().zip(password).for_each(|(to, from): (&mut u8, &u8)| *to = from.reverse_bits());
    let mut crypter =
        Crypter::new(Cipher::des_ede3_ecb(), Mode::Encrypt, &[key, key, key].concat(), None).unwrap();
    crypter.pad(false);
    let mut answer = vec![0; 24];
    let count = crypter.update(challenge, &mut answer).unwrap();
    answer.truncate(count);
    answer
}

#[test]
fn each_product_offers_its_kinds() {
    for (product, greeting, kinds) in [
        ("x11vnc", "008", &[2][..]),
        ("TightVNC", "008", &[2, 16]),
        ("TigerVNC", "008", &[19, 2]),
        ("RealVNC", "008", &[2]),
        ("Screen Sharing", "889", &[30, 33, 36, 2, 35]),
    ] {
        let (said, _) = talk(product, "password", &[b"RFB 003.008\n"]);
        let count = u8::try_from(kinds.len()).unwrap();
        assert_eq!(said, [format!("RFB 003.{greeting}\n").as_bytes(), &[count], kinds].concat(), "{product}");
    }
    let (said, _) = talk("Screen Sharing", "password", &[b"RFB 003.889\n", &[30]]);
    assert_eq!(said[18..22], [0, 2, 0, 128]);
    assert_eq!(said.len(), 18 + 4 + 256);
}
