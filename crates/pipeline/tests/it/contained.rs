//! What programs in containers write arrives once, whatever ends in between.

use crate::collect::Site;
use decnet_model::capture::{ABOUT, Capture, ENDED, Format, LINES, Segment};
use decnet_pipeline::disk::{Cut, Disk};
use std::{
    fs::{self, OpenOptions},
    io::Write,
    net::IpAddr,
    path::PathBuf,
    time::Instant,
};

const NAME: &str = "log.web-01.shop.0123456789ab";

fn capture(site: &Site, format: Format) -> PathBuf {
    let folder = site.paths.spool(NAME);
    fs::create_dir_all(folder.join(LINES)).unwrap();
    let about = Capture {
        node: "web-01".to_owned(),
        service: "shop".to_owned(),
        address: IpAddr::from([192, 0, 2, 5]),
        writer: "0123456789abcdef".to_owned(),
        sd_id: "ev@32473".to_owned(),
        format,
        credential: Some("login (?P<user>\\S+) (?P<password>\\S+)".to_owned()),
        source: Some("from (\\S+)".to_owned()),
    };
    fs::write(folder.join(ABOUT), serde_json::to_vec(&about).unwrap()).unwrap();
    folder
}

fn append(folder: &std::path::Path, sequence: u64, text: &str) {
    let name = Segment { sequence, inode: 7, start: 0 }.to_string();
    let path = folder.join(LINES).join(name);
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn segments(folder: &std::path::Path) -> usize {
    let names = fs::read_dir(folder.join(LINES)).unwrap().flatten();
    names
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.parse::<Segment>().is_ok()))
        .count()
}

fn entry(text: &str) -> String {
    format!("{{\"log\":\"{text}\",\"stream\":\"stdout\",\"time\":\"2026-11-30T16:00:00.123456789Z\"}}\n")
}

/// What the log has of the container, and that its numbers have no gap and come once.
fn said(site: &Site) -> Vec<String> {
    let all: Vec<_> = site.log().into_iter().filter(|record| record.app == "shop").collect();
    let numbers: Vec<u64> = all.iter().map(|record| record.number).collect();
    assert_eq!(numbers, (1..=all.len() as u64).collect::<Vec<_>>());
    let value = |record: &netsvc_wire::Record| match record.kind.as_str() {
        "auth_attempt" => format!(
            "{}:{}@{}",
            record.text("principal").unwrap(),
            record.text("secret_printable").unwrap(),
            record.text("src_ip").unwrap()
        ),
        _ => record.text("data").unwrap().to_owned(),
    };
    all.iter().map(value).collect()
}

const WANTED: [&str; 7] = [
    "one",
    "from 198.51.100.7 login bob s3cret",
    "bob:s3cret@198.51.100.7",
    "three parts",
    "four",
    "five",
    "end",
];

/// What is written between two passes: segment and text.
fn story() -> Vec<Vec<(u64, String)>> {
    vec![
        vec![(1, entry("one\\n")), (1, entry("from 198.51.100.7 login bob s3cret\\n")), (1, entry("three "))],
        vec![(1, entry("parts\\n")), (1, "no entry\n".to_owned())],
        vec![(2, entry("four\\n")), (2, entry("five\\n")), (2, entry("end"))],
        vec![],
        vec![],
    ]
}

#[test]
fn every_line_arrives_once_wherever_the_collector_ends() {
    for cut in 0.. {
        let site = Site::new();
        let folder = capture(&site, Format::JsonFile);
        let ends = Cut::after(cut);
        let mut collector = site.open(Disk::with_cut(ends.clone())).ok();
        let last = story().len() - 3;
        for (step, texts) in story().into_iter().enumerate() {
            texts.iter().for_each(|(sequence, text)| append(&folder, *sequence, text));
            if step == last {
                fs::write(folder.join(ENDED), "").unwrap();
            }
            let passed = collector.as_mut().is_some_and(|collector| collector.pass(Instant::now()).is_ok());
            if !passed {
                collector = Some(site.collector());
            }
        }
        drop(collector);
        let mut again = site.collector();
        for _ in 0..4 {
            again.pass(Instant::now()).unwrap();
        }
        again.close().unwrap();
        assert_eq!(said(&site), WANTED, "cut after {cut}");
        assert_eq!(segments(&folder), 0, "what was taken is gone");
        if !ends.happened() {
            assert!(cut > 10);
            return;
        }
    }
}

#[test]
fn a_collector_that_begins_anew_goes_on_where_the_other_ended() {
    let site = Site::new();
    let folder = capture(&site, Format::Plain("/var/log/shop.log".to_owned()));
    append(&folder, 1, "one\ntwo\nthr");
    site.collector().pass(Instant::now()).unwrap();
    append(&folder, 1, "ee\n");
    append(&folder, 2, "four\n");
    let mut collector = site.collector();
    for _ in 0..3 {
        collector.pass(Instant::now()).unwrap();
    }
    assert_eq!(said(&site), ["one", "two", "three", "four"]);
    assert_eq!(segments(&folder), 1, "the last segment stays: its end is a place");
    append(&folder, 2, &format!("{}\nfive\n", "x".repeat(600 * 1024)));
    for _ in 0..8 {
        collector.pass(Instant::now()).unwrap();
    }
    assert_eq!(
        said(&site),
        ["one", "two", "three", "four", "five"],
        "what is longer than any line is left out"
    );
}
