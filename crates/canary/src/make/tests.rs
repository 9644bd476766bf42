//! What is made holds what tells of its use.

use super::*;

fn origin() -> Origin {
    Origin::read("http://files.example.net:8088", "z.example.net").unwrap()
}

fn asked(kind: CanaryKind) -> Asked {
    let target = match kind {
        CanaryKind::Email => Some("m.example.net".to_owned()),
        CanaryKind::Site => Some("www.example.net".to_owned()),
        _ => None,
    };
    Asked { target, ..Asked::of(kind) }
}

fn made(kind: CanaryKind) -> Made {
    make(&asked(kind), &origin(), &mut Draw::new().unwrap(), "eve", 1_764_000_000_000_000).unwrap()
}

#[test]
fn every_kind_is_made_is_unique_and_says_nothing_of_us() {
    let words = ["canary", "decnet", "decoy", "honeypot", "decky"];
    for &kind in CanaryKind::ALL {
        let (one, other) = (made(kind), made(kind));
        assert!(one.canary.id != other.canary.id && one.content != other.content, "{kind}");
        assert!(!one.content.is_empty() && one.content.len() < 48 * 1024, "{kind}");
        let text = String::from_utf8_lossy(&one.content).to_lowercase();
        assert!(words.iter().all(|word| !text.contains(word)), "{kind}: {text}");
        let traits = kind.traits();
        let by_secret = traits.channels.iter().any(|channel| {
            matches!(channel, CanaryChannel::Secret | CanaryChannel::Key | CanaryChannel::Mail)
        });
        assert!(!by_secret || !one.secrets.is_empty(), "{kind}");
        let packed =
            matches!(kind, CanaryKind::Docx | CanaryKind::Xlsx | CanaryKind::Folder | CanaryKind::Qr);
        let by_call =
            traits.channels.contains(&CanaryChannel::Http) || traits.channels.contains(&CanaryChannel::Dns);
        if by_call {
            assert!(one.canary.lead.contains(&one.canary.id), "{kind}: {}", one.canary.lead);
            assert!(packed || text.contains(&one.canary.id), "{kind}");
        }
    }
}

#[test]
fn forms_are_those_of_their_programs() {
    for (kind, begin) in [
        (CanaryKind::Docx, &b"PK\x03\x04"[..]),
        (CanaryKind::Xlsx, b"PK\x03\x04"),
        (CanaryKind::Folder, b"PK\x03\x04"),
        (CanaryKind::Pdf, b"%PDF-1.7\n"),
        (CanaryKind::Qr, b"\x89PNG\r\n\x1a\n"),
        (CanaryKind::SshKey, b"-----BEGIN OPENSSH PRIVATE KEY-----\n"),
        (CanaryKind::Shortcut, b"[InternetShortcut]\r\nURL=http://files.example.net:8088/portal/"),
        (CanaryKind::Wireguard, b"[Interface]\nPrivateKey = "),
        (CanaryKind::Kubeconfig, b"apiVersion: v1\nkind: Config\n"),
        (CanaryKind::Bookmarks, b"<!DOCTYPE NETSCAPE-Bookmark-file-1>\n"),
    ] {
        let content = made(kind).content;
        assert!(content.starts_with(begin), "{kind}: {}", String::from_utf8_lossy(&content));
    }
    let pdf = String::from_utf8_lossy(&made(CanaryKind::Pdf).content).into_owned();
    let at: usize = pdf.rsplit("startxref\n").next().unwrap().split('\n').next().unwrap().parse().unwrap();
    // The second line of a PDF has bytes that are no text: each was replaced by three.
    assert!(pdf.get(at + 8..).unwrap().starts_with("xref\n"), "{at}");
}

#[test]
fn what_nobody_could_reach_is_not_made() {
    let flaws = make(&asked(CanaryKind::Pdf), &Origin::default(), &mut Draw::new().unwrap(), "eve", 1);
    assert!(flaws.is_err_and(|flaws| flaws[0].1.contains("DECNET_CANARY_HTTP_BASE")));
}
