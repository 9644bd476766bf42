use super::*;
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Result<Vec<(Micros, Link, Vec<u8>)>, CaptureError> {
    let mut capture = Capture::open(bytes)?;
    let mut frames = Vec::new();
    while let Some(frame) = capture.next_frame()? {
        frames.push((frame.at, frame.link, frame.bytes.to_vec()));
    }
    Ok(frames)
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let length = u32::try_from(body.len() + 12).unwrap().to_le_bytes();
    [&kind.to_le_bytes()[..], &length, &body, &length].concat()
}

fn ng(unit: u8) -> Vec<u8> {
    let section =
        block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[255; 8]].concat());
    let interface =
        block(1, &[&[1, 0, 0, 0, 0, 0, 4, 0][..], &[9, 0, 1, 0, unit, 0, 0, 0], &[0; 4]].concat());
    let head: Vec<u8> = [0_u32, 1, 5, 3, 3].iter().flat_map(|number| number.to_le_bytes()).collect();
    let frame = block(6, &[&head[..], b"abc"].concat());
    let simple = block(3, &[&2_u32.to_le_bytes()[..], b"de"].concat());
    [section, interface, block(0x0bad, &[1; 8]), frame, simple].concat()
}

#[test]
fn what_is_written_is_read() {
    let mut writer = CaptureWriter::new(Vec::new()).unwrap();
    writer.frame(1_700_000_000_000_123, b"frame").unwrap();
    writer.frame(1_700_000_001_000_000, b"").unwrap();
    let bytes = writer.finish().unwrap();
    let expected = [
        (1_700_000_000_000_123, Link::Ethernet, b"frame".to_vec()),
        (1_700_000_001_000_000, Link::Ethernet, Vec::new()),
    ];
    assert_eq!(read(&bytes).unwrap(), expected);
    let mut capture = Capture::open(&bytes[..bytes.len() - 18]).unwrap();
    assert!(capture.next_frame().unwrap().is_none() && capture.is_cut());
}

#[test]
fn pcapng_has_times_in_the_unit_of_its_interface() {
    let at = |ticks: u128, units: u128| i64::try_from(ticks * 1_000_000 / units).unwrap();
    for (unit, units) in [(6, 1_000_000), (9, 1_000_000_000), (0x8a, 1024)] {
        let frames = read(&ng(unit)).unwrap();
        let time = at((1 << 32) + 5, units);
        assert_eq!(frames, [(time, Link::Ethernet, b"abc".to_vec()), (time, Link::Ethernet, b"de".to_vec())]);
    }
}

#[test]
fn lengths_of_a_file_are_not_believed() {
    let mut bytes = CaptureWriter::new(Vec::new()).unwrap().finish().unwrap();
    bytes.extend([0; 8]);
    bytes.extend([255; 8]);
    assert!(matches!(read(&bytes), Err(CaptureError::Broken { number: 1, .. })));
    assert!(matches!(read(b"GET / HTTP/1.1\r\n"), Err(CaptureError::Unknown)));
    assert!(matches!(read(b""), Err(CaptureError::Unknown)));
}

proptest! {
    #[test]
    fn any_change_of_a_capture_is_read_without_a_fault(
        at in 0_usize..200, byte in any::<u8>(), cut in 0_usize..200
    ) {
        let mut bytes = ng(6);
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        let _ = read(&bytes);
        let _ = read(&bytes[..cut.min(bytes.len())]);
    }
}
