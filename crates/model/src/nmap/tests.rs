//! Looking faces up, and what they become.

use super::*;

/// A fingerprint of our own making.
const TEXT: &str = "# a comment\n\nFingerprint Acme OS 1.0\nClass Acme | AcmeOS | 1.X | general purpose\n\
CPE cpe:/o:acme:acmeos:1\nSEQ(SP=100-10A%GCD=1-6%ISR=106-110%TI=I%CI=Z%II=RI%SS=O%TS=7|8)\n\
OPS(O1=M5B4NW8ST11%O2=M578NW8ST11%O3=M280NW8NNT11%O4=M5B4NW8ST11%O5=M218NW8ST11%O6=M109ST11)\n\
WIN(W1=2000%W2=2000%W3=2000%W4=2000%W5=2000%W6=2000)\n\
ECN(R=Y%DF=Y%T=7B-85%TG=80%W=2100%O=M5B4NW8NNS%CC=Y%Q=)\nT1(R=Y%DF=Y%T=7B-85%TG=80%S=O%A=S+%F=AS%RD=0%Q=)\nT2(R=N)\n\
T3(R=Y%DF=N%T=7B-85%TG=80%W=100%S=Z%A=O%F=AR%O=%RD=0%Q=)\nT4(R=Y%DF=Y%T=7B-85%TG=80%W=0%S=A%A=O%F=R%O=%RD=0%Q=)\n\
T5(R=Y%DF=Y%T=7B-85%TG=80%W=0%S=Z%A=S+%F=AR%O=%RD=0%Q=)\nT6(R=N)\nT7(R=Y%DF=Y%T=7B-85%TG=80%W=0%S=Z%A=S%F=AR%O=%RD=0%Q=)\n\
U1(DF=N%T=FB-105%TG=FF%IPL=164%UN=0%RIPL=G%RID=G%RIPCK=Z%RUCK=0%RUD=G)\nIE(DFI=S%T=FB-105%TG=FF%CD=S)\n\n\
Fingerprint Acme OS 2.0\nClass Acme | AcmeOS | 2.X | general purpose\nT1(R=N)\n\nFingerprint Other box\nT1(R=N)\n";

#[test]
fn a_fingerprint_becomes_a_face() {
    let database = Database::new(Ok(TEXT.to_owned()));
    let chosen = database.face("nmap:Acme OS 1.0").unwrap();
    assert_eq!(chosen.families, ["AcmeOS"]);
    for line in [
        "# Acme OS 1.0",
        "ttl = 128",
        "ids = one zero steps",
        "isn = 267 261 1",
        "clock = 100",
        "mss = 1460 follow",
        "window = 8192 8448",
        "options = MNWST MNWNNT MST MNWNNS",
        "scale = 8",
        "ecn = yes",
        "open.null = silence",
        "open.odd = AR seq=0 ack=other window=256",
        "closed.ack = silence",
        "udp = quote=328 ttl=255 udp=0 ip=zero",
        "echo = code=same df=same ttl=255",
    ] {
        let line = line.replace("RA seq", "AR seq");
        assert!(chosen.text.lines().any(|own| own == line), "{line}\n{}", chosen.text);
    }
}

#[test]
fn a_name_is_found_by_a_part_that_no_other_has() {
    let database = Database::new(Ok(TEXT.to_owned()));
    assert_eq!(database.face("nmap:os 1").unwrap().name, "Acme OS 1.0");
    let shown = |value: &str| database.face(value).unwrap_err().to_string();
    assert_eq!(
        shown("nmap:acme"),
        "fits 2 names of nmap's database; write one of them in full: nmap:Acme OS 1.0; nmap:Acme OS 2.0"
    );
    assert_eq!(shown("nmap:other thing"), "is in no name of nmap's database; near are: nmap:Other box");
    assert_eq!(shown("nmap:zzz"), "is in no name of nmap's database");
    assert!(shown("acme").starts_with("is no face: write it as nmap:NAME"));
    assert!(shown("nmap:Other box").ends_with("lacks a time to live"));
    let none = Database::new(Err("no file".to_owned()));
    assert_eq!(none.face("nmap:x").unwrap_err().to_string(), "cannot be looked up: no file");
}

#[test]
fn no_text_breaks_the_reader() {
    for text in [
        "",
        "Fingerprint",
        "\nFingerprint ",
        "\nFingerprint x\nT1(R=Y%T=-%DF)\n",
        "\nFingerprint x\nT1(\nSEQ(",
    ] {
        let _ = Database::new(Ok(text.to_owned())).face("nmap:x");
    }
}
