//! Conversations as recorded, and laws.

use super::*;
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    ::hex::decode(text.replace(' ', "")).unwrap()
}

/// Plays `script`: pairs of what the client sends and what the server answers.
fn check(dialect: &str, opening: &str, script: &[(&str, &str)]) -> Options {
    let mut options = Options::new(Dialect::named(dialect));
    assert_eq!(::hex::encode(options.open()), ::hex::encode(hex(opening)), "{dialect} opens");
    for (sent, answered) in script {
        let (_, answers) = options.take(&hex(sent));
        assert_eq!(::hex::encode(answers), ::hex::encode(hex(answered)), "{dialect} answers {sent}");
    }
    options
}

const INETUTILS: &str = "fffb25 fffb26 fffd18 fffd20 fffd23 fffd27 fffd24";
const REFUSED: &str = "fffe25 fffe26 fffc18 fffc20 fffc23 fffc27 fffc24";
const SECOND: &str = "fffb03 fffd01 fffd22 fffd1f fffb05 fffd21";

// Recorded from inetutils-telnetd 2:2.4-2+deb12u3.
#[test]
fn tel_02_inetutils_answers_as_recorded() {
    assert!(!check("inetutils", INETUTILS, &[]).ready(), "a silent client sees nothing more");
    check("inetutils", INETUTILS, &[("fffd01", "fffb01"), ("fffd01", "")]);
    check(
        "inetutils",
        INETUTILS,
        &[("fffb63", "fffe63"), ("fffd63", "fffc63"), ("fff6", "0d0a5b5965735d0d0a")],
    );
    check(
        "inetutils",
        INETUTILS,
        &[
            ("fffd06", "fffb06"),
            ("fffd03", "fffb03"),
            ("fffb03", "fffd03"),
            ("fffe03", "fffc03"),
            ("fffd00", "fffb00"),
            ("fffb00", "fffd00"),
        ],
    );
    check(
        "inetutils",
        INETUTILS,
        &[("fffd05", "fffb05"), ("fffa0501fff0", "fffa0500 fb05 fd18 fd20 fd23 fd24 fb25 fb26 fd27 fff0")],
    );
    // Authentication is not waited for, encryption is.
    check("inetutils", INETUTILS, &[("fffe25fffc18fffc20fffc23fffc27fffc24", ""), ("fffe26", SECOND)]);
    check("inetutils", INETUTILS, &[("fffe26fffc18fffc20fffc23fffc27fffc24", SECOND), ("fffe25", "")]);
}

#[test]
fn tel_02_inetutils_comes_to_the_login_as_recorded() {
    let refused = check(
        "inetutils",
        INETUTILS,
        &[
            (REFUSED, SECOND),
            ("fffd03fffc01fffc22fffc1ffffe05fffc21", "fffb01 fffd06 fffd00"),
            ("fffd01fffc06fffc00", ""),
        ],
    );
    assert!(refused.ready());
    check(
        "inetutils",
        INETUTILS,
        &[
            (REFUSED, SECOND),
            ("fffd03", ""),
            ("fffc22", ""),
            ("fffe05", ""),
            ("fffc21", ""),
            ("fffc1f", "fffb01 fffd06 fffd00"),
            ("fffc01", "fffe01"),
        ],
    );
    check(
        "inetutils",
        INETUTILS,
        &[(REFUSED, SECOND), ("fffd03fffb01fffc22fffc1f", "fffe01 fffb01 fffd06 fffd00")],
    );
    let asked = "fffa2001fff0 fffa2301fff0 fffa2701fff0 fffa1801fff0";
    let all = check(
        "inetutils",
        INETUTILS,
        &[
            ("fffe25fffe26fffb18fffb20fffb23fffb27fffc24", asked),
            ("fffa200033383430302c3338343030fff0", ""),
            ("fffa2300686f73743a30fff0", ""),
            ("fffa27000055534552 01626f62 03464f4f01626172fff0", ""),
            ("fffa1800585445524dfff0", SECOND),
            ("fffd03fffc01fffc22fffb1ffffa1f00640028fff0fffd05fffb21", "fffa2103fff000 fffb01 fffd06 fffd00"),
        ],
    );
    assert_eq!(all.told.size, Some((100, 40)));
    assert_eq!(all.told.variable(b"FOO"), Some(&b"bar"[..]));
    assert_eq!(all.user(), None);
}

#[test]
fn tel_02_inetutils_asks_for_terminals_until_one_is_known_or_the_list_ends() {
    let told = |number: u8| ::hex::encode([&b"\xff\xfa\x18\x00FOO"[..], &[number], b"\xff\xf0"].concat());
    let (first, second) = (told(b'1'), told(b'2'));
    let more = "fffa1801fff0";
    check(
        "inetutils",
        INETUTILS,
        &[
            ("fffe25fffe26fffb18fffc20fffc23fffc27fffc24", more),
            (&first, more),
            (&second, more),
            (&second, more),
            (&second, SECOND),
        ],
    );
}

#[test]
fn tel_02_what_was_offered_is_on_and_not_refused() {
    for (dialect, script) in [
        ("netkit", vec![("fffc18fffc20fffc23fffc27", "fffb03 fffd01 fffd1f fffb05 fffd21")]),
        ("inetutils", vec![(REFUSED, SECOND)]),
    ] {
        let mut options = Options::new(Dialect::named(dialect));
        options.open();
        for (sent, answered) in script {
            assert_eq!(options.take(&hex(sent)).1, hex(answered), "{dialect}");
        }
        assert_eq!(options.take(&hex("fffd05")).1, b"", "{dialect}");
        let (_, status) = options.take(&hex("fffa0501fff0"));
        assert!(status.starts_with(b"\xff\xfa\x05\x00") && status.ends_with(b"\xff\xf0"), "{dialect}");
        assert!(status.windows(2).any(|pair| pair == [WILL, STATUS]), "{dialect}");
    }
}

#[test]
fn netkit_asks_what_it_wants_to_know_and_takes_the_user_for_the_login_name() {
    let options = check(
        "netkit",
        "fffd18 fffd20 fffd23 fffd27",
        &[
            ("fffb18fffb20fffb23fffb27", "fffa2001fff0 fffa2301fff0 fffa2701fff0 fffa1801fff0"),
            ("fffa2000393630302c39363030fff0fffa2300683a30fff0fffa27000055534552 01626f62fff0", ""),
            ("fffa18007674313030fff0", "fffb03 fffd01 fffd1f fffb05 fffd21"),
            ("fffd03fffc01fffb1f", "fffb01"),
        ],
    );
    assert!(options.ready());
    assert_eq!(options.user(), Some(&b"bob"[..]));
    let mut flag = Options::new(Dialect::named("netkit"));
    flag.take(&hex("fffa27000055534552 012d6620726f6f74fff0"));
    assert_eq!(flag.user(), None);
    assert_eq!(flag.told.variable(b"USER"), Some(&b"-f root"[..]));
}

#[test]
fn junos_asks_for_authentication_first() {
    check("junos", "fffd25", &[("fffc25", "fffb26 fffd18 fffd20 fffd23 fffd27 fffd24")]);
}

// Recorded from BusyBox 1.35; 1.22 by its source.
#[test]
fn tel_02_busybox_answers_nothing_but_are_you_there() {
    let script = [("fffd01", ""), ("fffb63", ""), ("fffd63", ""), ("fffd05", ""), ("fff6", "fffff1")];
    assert!(check("busybox", "fffd01 fffd1f fffb01 fffb03", &script).ready());
    let mut options = Options::new(Dialect::named("busybox"));
    options.open();
    let (typed, answers) =
        options.take(b"\xff\xfa\x20\x0038400\xff\xf0a\xff\xfa\x1f\0\x64\0\x28\xff\xf0b\xff\xf1");
    assert_eq!((typed.as_slice(), answers.as_slice()), (&b"\x0038400ab"[..], &b""[..]));
    assert_eq!(options.told.size, Some((100, 40)));
    let mut old = Options::new(Dialect::named("busybox 1.22"));
    old.open();
    assert_eq!(old.take(b"\xff\xf6xy\xff\xf1z").0, b"yz", "all but NOP are three bytes there");
}

#[test]
fn ios_asks_for_the_terminal_at_once() {
    let script = [("fffb18", "fffa1801fff0"), ("fffb1f", ""), ("fffd05", "fffc05"), ("fffb63", "fffe63")];
    assert!(check("ios", "fffb01 fffb03 fffd18 fffd1f", &script).ready());
    assert!(check("vxworks", "fffb01", &[("fffd01", "")]).ready());
}

#[test]
fn options_are_taken_out_of_what_is_typed() {
    let mut options = Options::new(Dialect::named("netkit"));
    let (typed, _) =
        options.take(b"ro\xff\xfb\x18ot\r\0\xff\xfd\x2a\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0x\r\n\xff\xf4");
    assert_eq!(typed, b"root\rx\r\x03");
    assert_eq!(options.told.size, Some((80, 24)));
}

proptest! {
    #[test]
    fn no_bytes_panic_and_pieces_make_no_difference_to_what_is_typed(
        bytes in proptest::collection::vec(
            prop_oneof![any::<u8>(), Just(IAC), Just(SB), Just(SE), Just(WILL), Just(DO), 0_u8..40],
            0..600,
        ),
        cut in 0_usize..600,
        dialect in prop_oneof![
            Just("netkit"), Just("inetutils"), Just("junos"), Just("busybox"), Just("busybox 1.22"), Just("ios")
        ],
    ) {
        let (mut whole, mut parts) =
            (Options::new(Dialect::named(dialect)), Options::new(Dialect::named(dialect)));
        prop_assert_eq!(whole.open(), parts.open());
        let cut = cut.min(bytes.len());
        let (left, right) = (parts.take(&bytes[..cut]), parts.take(&bytes[cut..]));
        let all = whole.take(&bytes);
        prop_assert_eq!(all.0, [left.0, right.0].concat());
        prop_assert!(all.1.len() <= 40 * bytes.len() + 200, "answers grow with what was sent only");
    }
}
