//! Looking faces up, and what they become.

use super::*;

/// A fingerprint of our own making.
const TEXT: &str = "# a comment\n\nFingerprint Acme OS 1.0\nClass Acme | AcmeOS | 1.X | general purpose\n\
CPE cpe:/o:acme:acmeos:1\nSEQ(SP=100-10A%GCD=1-6%ISR=106-110%TI=I%CI=Z%II=RI%SS=O%TS=7|8)\n\
OPS(O1=M5B4NW8ST11%O2=M578NW8ST11%O3=M280NW8NNT11%O4=M5B4NW8ST11%O5=M218NW8ST11%O6=M109ST11)\n\
WIN(W1=2000%W2=2000%W3=2000%W4=2000%W5=2000%W6=2000)\n\
ECN(R=Y%DF=Y%T=7B-85%TG=80%W=2100%O=M5B4NW8NNS%CC=Y%Q=)\nT1(R=Y%DF=Y%T=7B-85%TG=80%S=O%A=S+%F=AS%RD=0%Q=)\nT2(R=N)\n\
T3(R=Y%DF=N%T=7B-85%TG=80%W=100%S=Z%A=O%F=AR%O=%RD=0%Q=)\nT4(R=Y%DF=Y%T=7B-85%TG=80%W=0%S=A%A=O%F=R%O=%RD=0%Q=)\n\
T5(R=Y%DF=Y%T=7B-85%TG=80%W=0%S=Z%A=S+%F=AR%O=%RD=0%Q=)\nT6(R=N)\n\
T7(R=Y%DF=Y%T=7B-85%TG=80%W=0%S=Z%A=S%F=AR%O=%RD=0%Q=)\n\
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

/// Another, odd in every test.
const ODD: &str = "\nFingerprint Odd box\nClass Odd | embedded || printer\n\
SEQ(SP=C-16%GCD=FA00|1F400%ISR=97-A1%TI=I%CI=I%II=RI%SS=S%TS=21|22)\n\
OPS(O1=M5B4NW2ST11|M5B4%O2=M[>500]ST11%O3=M280T00LL%O4=M5B4NW3ST11%O5=T01NN%O6=)\n\
WIN(W1=>2000%W2=2000%W3=2000%W4=2000%W5=2000%W6=0)\nECN(R=Y%DF=N%T=FA-104%TG=FF%W=2000%O=%CC=S%Q=RU)\n\
T1(R=Y%DF=N%T=FA-104%TG=FF%S=A%A=S+%F=AR%RD=0%Q=U)\n\
T2(R=Y%DF=N%T=FA-104%TG=FF%W=0%S=Z%A=S%F=AR%O=WANM109T10S%RD=E44A4E43%Q=U)\n\
T3(R=Y%DF=N%T=1C-26%TG=20%W=400%S=A+%A=O%F=AS%O=M5B4%RD=0%Q=)\nT4(R=N)\n\
T5(R=Y%DF=N%T=FA-104%TG=FF%W=0%S=Z%A=S+%F=EAR%O=%RD=BD1AB510%Q=)\n\
T6(R=Y%DF=N%T=FA-104%TG=FF%W=0%S=A%A=Z%F=R%O=%RD=9A8824A9%Q=)\nT7(R=N)\n\
U1(DF=N%T=FA-104%TG=FF%IPL=240%UN=>0%RIPL=G%RID=G%RIPCK=G%RUCK=G%RUD=I)\nIE(DFI=O%T=FA-104%TG=FF%CD=Z)\n\n\
Fingerprint Shy box\nClass Shy | embedded || printer\nSEQ(CI=I%II=I)\nT1(R=Y%T=40%S=Z%A=S+%F=AS)\n\
U1(DF=N%T=40%IPL=38%RUD=I)\nIE(R=N)\n\nFingerprint Far box\nT1(R=Y%T=100)\n\nFingerprint Far box\n\
T1(R=Y%T=FA-104)\nIE(R=N)\n\n\
Fingerprint Deaf box\nT1(R=N)\nT5(R=Y%T=40%W=0%S=Z%A=S+%F=AR%O=%RD=0%Q=)\n";

#[test]
fn what_is_odd_about_a_fingerprint_stands_in_its_face() {
    let database = Database::new(Ok(ODD.to_owned()));
    for (name, lines) in [
        (
            "nmap:Odd box",
            &[
                "ids = one one steps",
                "ids.shared = below",
                "isn = 156 17 64000",
                "clock = random 33",
                "probe.options = M5B4NW2ST11 M501ST11 M280T00LL M5B4NW3ST11 T01NN T11X",
                "probe.window = 8193 8192 8192 8192 8192 0",
                "probe.reply = AR seq=ack ack=one",
                "probe.odd = U",
                "ecn = both",
                "ecn.odd = RU",
                "ecn.options = -",
                "open.null = AR seq=0 ack=same options=WANM109T10S odd=U data=4e6f20544350",
                "open.odd = AS seq=past ack=other window=1024 ttl=32 options=M5B4",
                "closed.syn = EAR seq=0 ack=one data=4e6f206c697374656e6572",
                "udp = quote=548 unused=1 filled",
                "echo = code=0 df=other",
            ][..],
        ),
        ("nmap:Shy box", &["isn = zero", "udp = quote=28 spoilt", "echo = silence", "ids.shared = no"]),
        ("nmap:Far box", &["ttl = 255", "echo = silence"]),
        ("nmap:Deaf box", &["probe.answers = 0", "ttl = 64", "closed.syn = AR seq=0 ack=one"]),
    ] {
        let text = database.face(name).unwrap().text;
        for line in lines {
            assert!(text.lines().any(|own| own == *line), "{name}: {line}\n{text}");
        }
        text.parse::<netsvc_stack::Face>().unwrap();
    }
}

#[test]
fn a_reset_whose_text_nobody_knows_has_one_of_the_same_sum() {
    let text = Database::new(Ok(ODD.to_owned())).face("nmap:Odd box").unwrap().text;
    let line = text.lines().find(|line| line.starts_with("closed.ack")).unwrap();
    let digits = line.split_once("data=").unwrap().1;
    let bytes = (0..8).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap());
    let sum = !bytes.fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 })
    });
    assert_eq!(sum, 0x9a88_24a9);
}
