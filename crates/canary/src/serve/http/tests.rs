//! Requests to pages of canaries, and what they are answered.

use super::*;
use crate::make::{Draw, make};
use decnet_model::{
    canary::{Asked, Origin},
    record::CanaryKind,
};

fn read(text: &str) -> Result<Request, Flawed> {
    Request::read(text.as_bytes())
}

#[test]
fn a_request_is_whole_partial_or_none() {
    let whole = read("GET /a?b HTTP/1.1\r\nHost: x\r\nUser-Agent: curl\r\n\r\nrest").unwrap();
    assert_eq!((whole.target.as_str(), whole.header("USER-AGENT"), whole.stays()), ("/a?b", "curl", true));
    assert_eq!((whole.head, whole.body()), (48, Some(0)));
    for (text, flaw) in [
        ("GET / HTTP/1.1\r\nHost: x\r\n", Flawed::Partial),
        ("", Flawed::Partial),
        ("GET / HTTP/1.1\r\n\r\n", Flawed::Bad),
        ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", Flawed::Bad),
        ("\x16\x03\x01\x02\x00\x01", Flawed::Bad),
        ("SSH-2.0-x\r\n\r\n", Flawed::Bad),
    ] {
        assert_eq!(read(text), Err(flaw), "{text:?}");
    }
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(200));
    assert_eq!(read(&many), Err(Flawed::Long));
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(HEAD));
    assert_eq!(read(&long), Err(Flawed::Long));
    let old = read("GET / HTTP/1.0\r\n\r\n").unwrap();
    assert_eq!((old.stays(), old.modern), (false, false));
    let pieces = read("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    assert_eq!(pieces.body(), None);
}

fn status(target: &str, more: &str) -> String {
    let request = read(&format!("GET {target} HTTP/1.1\r\nHost: x\r\n{more}\r\n")).unwrap();
    answer(&request, None).status.to_owned()
}

#[test]
fn the_address_decides_what_comes_back_and_a_canary_nothing() {
    for (target, more, expected) in [
        ("/", "", "403 Forbidden"),
        ("/img/abcdefghijklmnopqr/spacer.gif", "", "200 OK"),
        ("/img/unknown/spacer.gif?x=1", "", "200 OK"),
        ("/media/a/logo.png", "", "200 OK"),
        ("/k8s/clusters/abc/api?timeout=32s", "", "401 Unauthorized"),
        ("/git/abc/deploy.git/info/refs?service=git-upload-pack", "", "401 Unauthorized"),
        ("/bucket", "Authorization: AWS4-HMAC-SHA256 Credential=AKIAX/2026/x\r\n", "403 Forbidden"),
        ("/wp-login.php", "", "404 Not Found"),
    ] {
        assert_eq!(status(target, more), expected, "{target}");
    }
    let odd = read("BREW / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert_eq!(answer(&odd, None).status, "405 Not Allowed");
}

#[test]
fn answers_look_like_those_of_nginx() {
    let request = read("GET /x HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let bytes = answer(&request, None).bytes(784_111_777_000_000, true, false);
    let text = String::from_utf8(bytes).unwrap();
    let expected = "HTTP/1.1 404 Not Found\r\nServer: nginx\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: \
                    text/html\r\nContent-Length: 146\r\nConnection: keep-alive\r\n\r\n<html>\r\n";
    assert!(text.starts_with(expected), "{text}");
    let gif = read("GET /x.gif HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let bytes = answer(&gif, None).bytes(0, false, true);
    assert!(String::from_utf8(bytes).unwrap().ends_with(
        "Content-Type: image/gif\r\nContent-Length: 43\r\nLast-Modified: Mon, 28 Sep 1970 06:00:00 GMT\r\nConnection: \
         close\r\n\r\n"
    ));
}

#[test]
fn a_canary_is_known_by_its_address_its_host_and_its_key() {
    let origin = Origin::read("http://a.example", "z.example").unwrap();
    let mut draw = Draw::new().unwrap();
    let keys = make(&Asked::of(CanaryKind::Aws), &origin, &mut draw, "eve", 1).unwrap();
    let onward = Asked { target: Some("https://b.example/x".into()), ..Asked::of(CanaryKind::Qr) };
    let code = make(&onward, &origin, &mut draw, "eve", 1).unwrap();
    let rows = [keys.canary.clone(), code.canary.clone()];
    let book = Book::of(&rows, keys.secrets.clone());
    let id = keys.canary.id.clone();
    let key = keys.canary.lead.split(' ').next().unwrap().to_owned();
    let own = Some((id.clone(), None));
    let sent = Some((code.canary.id.clone(), Some("https://b.example/x".to_owned())));
    let signed = format!("Authorization: AWS4-HMAC-SHA256 Credential={key}/20260101/x, Signature=0\r\n");
    for (target, host, more, expected) in [
        (format!("/s3/{id}/bucket"), "x".to_owned(), "", &own),
        (format!("/?u={}", id.to_uppercase()), "x".to_owned(), "", &own),
        ("/".to_owned(), format!("{id}.z.example"), "", &own),
        ("/".to_owned(), "x".to_owned(), signed.as_str(), &own),
        (format!("/go/{}", code.canary.id), "x".to_owned(), "", &sent),
        ("/s3/aaaaaaaaaaaaaaaaaa/".to_owned(), "x".to_owned(), "", &None),
    ] {
        let request = read(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n")).unwrap();
        assert_eq!(&subject(&request, &book), expected, "{target}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(0_u8.., 0..400)) {
        if let Ok(request) = Request::read(&bytes) {
            let _ = (answer(&request, None), fields(&request), subject(&request, &Book::default()));
        }
    }
}
