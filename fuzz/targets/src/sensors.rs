//! What the sensors read: captures, frames, and what peers say first.

use decnet_sensors::{
    Sensor,
    capture::{Capture, Link},
    recorder::{RecordLimits, Recorder},
};
use netsvc_fingerprint::{Greeting, ServerFlight};
use std::net::IpAddr;

/// Most findings of one input: a frame tells a handful.
const PER_FRAME: usize = 16;

/// A capture, pcap or pcapng, and all its frames.
pub(crate) fn capture(bytes: &[u8]) {
    let Ok(mut capture) = Capture::open(bytes) else { return };
    let (mut sensor, mut found, mut frames) = (Sensor::new(1), Vec::new(), 0);
    while let Ok(Some(frame)) = capture.next_frame() {
        assert!(frame.bytes.len() <= bytes.len(), "a frame is longer than its file");
        sensor.take(frame.at, frame.link, frame.bytes, &mut found);
        frames += 1;
    }
    sensor.finish(&mut found);
    assert!(found.len() <= (frames + 1) * PER_FRAME, "{} findings of {frames} frames", found.len());
}

/// Frames, each with a length of two bytes before it, that follow each other within a second.
pub(crate) fn frames(bytes: &[u8]) {
    let (mut sensor, mut found, mut rest, mut at) = (Sensor::new(1), Vec::new(), bytes, 0);
    let limits = RecordLimits { bytes: 1024, packets: 8, hourly: 100 };
    let (mut recorder, mut recorded) = (Recorder::new(limits, 1), Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (frame, after) = after.split_at(usize::from(u16::from_be_bytes(*length)).min(after.len()));
        sensor.take(at, Link::Ethernet, frame, &mut found);
        // Every second address is a node's.
        let is_node = |address: IpAddr| match address {
            IpAddr::V4(four) => four.to_bits() & 1 == 0,
            IpAddr::V6(six) => six.to_bits() & 1 == 0,
        };
        recorder.take(at, frame, (is_node, |_: IpAddr| false), &mut recorded);
        (rest, at) = (after, at + 1000);
    }
    sensor.finish(&mut found);
    recorder.finish(at, &mut recorded);
    for one in &recorded {
        assert!(one.pcap.len() <= limits.bytes && one.packets <= limits.packets, "{one:?} is too long");
    }
    for finding in &found {
        assert!(finding.event("a", "b").is_ok(), "{finding:?} is no event");
    }
}

/// What a server of TLS says before it encrypts.
pub(crate) fn server_hello(bytes: &[u8]) {
    let flight = ServerFlight::read(bytes);
    if let Some(hello) = &flight.hello {
        assert_eq!(hello.ja3s().len(), 32);
    }
    let shown: usize = flight.certificates.iter().flatten().map(Vec::len).sum();
    assert!(shown <= bytes.len(), "more certificates than bytes");
}

/// How a peer of SSH begins.
pub(crate) fn ssh_greeting(bytes: &[u8]) {
    if let Some(greeting) = Greeting::read(bytes) {
        assert_eq!((greeting.offer.hassh().len(), greeting.offer.hassh_server().len()), (32, 32));
    }
}
