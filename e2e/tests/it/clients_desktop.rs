//! Remote desktops with their own clients: what the client sees and what is stored agree.

use crate::fleet::{Fleet, client, have, printed};
use std::io::Write;

/// `letmein` as VNC's programs keep it in a file.
const KEPT: [u8; 8] = [0xc1, 0x0a, 0xf5, 0x2a, 0x40, 0x3c, 0xa6, 0xe4];

/// Width and height of a JPEG.
fn size_of(picture: &[u8]) -> Option<(u16, u16)> {
    let at = picture.windows(2).position(|pair| pair == [0xff, 0xc0])?;
    let number = |from: usize| Some(u16::from_be_bytes([*picture.get(from)?, *picture.get(from + 1)?]));
    Some((number(at + 7)?, number(at + 5)?))
}

#[test]
fn a_screen_is_seen_with_and_without_a_password_and_each_guess_is_stored() {
    if !have("vncsnapshot", "vncsnapshot") || !have("nmap", "nmap") || !have("hydra", "hydra") {
        return;
    }
    let fleet = Fleet::deploy_config(
        101,
        "[general]\nnet = 127.101.0.0/16\nseed = e2e\n\n[open]\nip = 127.101.1.0\ndistro = debian\n\
         services = vnc\n\n[open.vnc]\nauth = none\n\n[closed]\nip = 127.101.1.1\ndistro = debian\n\
         login = accept-listed\nservices = vnc\n\n[closed.vnc]\nauth = password\npassword = letmein\n",
    );
    let kept = fleet.state().join("kept");
    std::fs::File::create(&kept).unwrap().write_all(&KEPT).unwrap();
    let picture = fleet.state().join("screen.jpg");
    for (index, password) in [(0, None), (1, kept.to_str())] {
        // A display: ports are counted from 5900.
        let target = format!("{}:10000", fleet.ip(index));
        let mut words = vec!["-quiet"];
        if let Some(file) = password {
            words.extend(["-passwd", file]);
        }
        words.extend([target.as_str(), picture.to_str().unwrap()]);
        let said = printed(&client("vncsnapshot", &words));
        let seen = std::fs::read(&picture).unwrap_or_default();
        assert!(size_of(&seen).is_some_and(|(width, _)| 1024 <= width), "{said}");
        std::fs::remove_file(&picture).unwrap();
    }
    fleet.wait_for_text("session_start", "auth_method", "None");
    fleet.wait_for_text("session_start", "auth_method", "VNC Authentication");

    let scan = ["-Pn", "-sT", "-sV", "-p", "15900", "--script", "vnc-info,vnc-title", &fleet.ip(0)];
    let seen = printed(&client("nmap", &scan));
    assert!(seen.contains("VNC (protocol 3.8)") && seen.contains("name: "), "{seen}");

    let words = fleet.state().join("words");
    std::fs::write(&words, "guess\nletmein\n").unwrap();
    let target = format!("vnc://{}:15900", fleet.ip(1));
    let found = printed(&client("hydra", &["-q", "-I", "-t", "1", "-P", words.to_str().unwrap(), &target]));
    assert!(found.contains("password: letmein"), "{found}");
    let line = fleet.wait_for_text("auth_attempt", "outcome", "rejected");
    assert!(line["fields"]["crack_line"].as_str().unwrap().starts_with("$vnc$*"), "{line}");
    let hashes = fleet.run(&["creds", "export", "--format", "john"]);
    assert!(hashes.contains("john --format=vnc\n") && hashes.contains(":$vnc$*"), "{hashes}");
}
