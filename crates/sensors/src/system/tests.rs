use super::*;
use crate::capture::Link;
use crate::packet::{Body, Packet};

/// A SYN: time to live, "don't fragment", identification, window, options.
fn syn(ttl: u8, whole: bool, id: u16, window: u16, options: &[u8]) -> Vec<u8> {
    let length = u8::try_from((20 + options.len()) / 4).unwrap();
    let mut segment = vec![0x30, 0x39, 0, 80, 9, 9, 9, 9, 0, 0, 0, 0, length << 4, 2];
    segment.extend(window.to_be_bytes());
    segment.extend([0; 4]);
    segment.extend(options);
    let total = u16::try_from(20 + segment.len()).unwrap().to_be_bytes();
    let [high, low] = id.to_be_bytes();
    let head = [0x45, 0, total[0], total[1], high, low, if whole { 0x40 } else { 0 }, 0, ttl, 6, 0, 0];
    [&head[..], &[192, 0, 2, 1, 192, 0, 2, 9], &segment].concat()
}

const LINUX: &[u8] = &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7];
const WINDOWS: &[u8] = &[2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2];
const APPLE: &[u8] = &[2, 4, 5, 0xb4, 1, 3, 3, 6, 1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 4, 2, 0, 0];

fn check(bytes: &[u8], text: &str, system: Option<&str>, program: Option<&str>) {
    let packet = Packet::read(Link::Raw, bytes).unwrap();
    let Body::Tcp(tcp) = packet.body else { panic!("{packet:?}") };
    let signature = Signature::of(packet.header, &tcp, None);
    assert_eq!(signature.text(), text);
    assert_eq!(guess(&signature).map(|known| known.name), system, "{text}");
    assert_eq!(tool(&signature, &tcp, packet.destination), program, "{text}");
}

#[test]
fn systems_and_programs_are_told_by_their_first_segment() {
    check(
        &syn(61, true, 7, 64240, LINUX),
        "4:61+3:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0",
        Some("Linux 4.19 or newer"),
        None,
    );
    check(
        &syn(128, true, 7, 64240, WINDOWS),
        "4:128+0:0:1460:mss*44,8:mss,nop,ws,nop,nop,sok:df,id+:0",
        Some("Windows 10, 11 or Server 2016 and newer"),
        None,
    );
    check(
        &syn(60, true, 0, 65535, APPLE),
        "4:60+4:0:1460:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1:df:0",
        Some("macOS or iOS"),
        None,
    );
    check(&syn(50, false, 7, 1024, &[2, 4, 5, 0xb4]), "4:50+14:0:1460:1024,0:mss::0", None, Some("nmap"));
    check(&syn(240, false, 54321, 65535, &[]), "4:240+15:0:0:65535,0:::0", None, Some("zmap"));
    check(&syn(250, false, 7, 1024, &[]), "4:250+5:0:0:1024,0:::0", None, Some("masscan"));
    check(&syn(80, false, 0, 512, &[]), "4:80+?:0:0:512,0::id-:0", None, Some("hping"));
}

#[test]
fn who_uses_the_address_as_a_number_is_told() {
    let mut bytes = syn(60, true, 7, 14600, &[]);
    bytes[24..28].copy_from_slice(&[192, 0, 2, 9]);
    check(&bytes, "4:60+4:0:0:14600,0::df,id+:0", None, Some("mirai"));
}
