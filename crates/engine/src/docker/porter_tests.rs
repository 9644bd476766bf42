//! What is copied, and what is not.

use super::*;

struct Site {
    folder: tempfile::TempDir,
    log: PathBuf,
}

impl Site {
    fn new() -> Site {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("copy").join(LINES)).unwrap();
        let log = folder.path().join("c-json.log");
        Site { folder, log }
    }

    fn copy(&self) -> Copy {
        Copy::new(held(&self.folder.path().join("copy")).unwrap(), From::Daemon(self.log.clone()), None)
            .unwrap()
    }

    fn write(&self, text: &str) {
        let mut file = OpenOptions::new().append(true).create(true).open(&self.log).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn rotate(&self) {
        let named = |number: u32| format!("{}.{number}", self.log.display());
        let _ = fs::rename(named(1), named(2));
        fs::rename(&self.log, named(1)).unwrap();
    }

    /// All segments in their order.
    fn copied(&self) -> String {
        let lines = self.folder.path().join("copy").join(LINES);
        let mut names: Vec<Segment> = fs::read_dir(&lines)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap())
            .collect();
        names.sort();
        names.iter().map(|name| fs::read_to_string(lines.join(name.to_string())).unwrap()).collect()
    }
}

#[test]
fn nothing_that_the_collector_puts_there_is_written_to() {
    let site = Site::new();
    site.write("one\n");
    let inode = fs::metadata(&site.log).unwrap().ino();
    let other = site.folder.path().join("other");
    fs::write(&other, "").unwrap();
    let lines = site.folder.path().join("copy").join(LINES);
    let segment = lines.join(Segment { sequence: 1, inode, start: 0 }.to_string());
    fs::hard_link(&other, &segment).unwrap();
    let mut copy = site.copy();
    copy.pass();
    assert_eq!((fs::read(&other).unwrap(), copy.told), (Vec::new(), true));
    fs::remove_file(&segment).unwrap();
    copy.pass();
    assert_eq!((site.copied(), copy.told), ("one\n".to_owned(), false), "the next failure is told again");
    fs::remove_file(&segment).unwrap();
    nix::unistd::mkfifo(&segment, nix::sys::stat::Mode::S_IRWXU).unwrap();
    site.copy().pass();
}

#[test]
fn everything_is_copied_once_over_restarts_and_rotations() {
    let site = Site::new();
    site.write("one\ntwo\nthr");
    site.copy().pass();
    assert_eq!(site.copied(), "one\ntwo\n", "a line is copied when it is whole");
    let mut copy = site.copy();
    site.write("ee\n");
    copy.pass();
    site.write("four\n");
    site.rotate();
    site.write("five\n");
    site.rotate();
    site.write("six\nend");
    // A new process, two rotations later.
    let mut copy = site.copy();
    copy.pass();
    copy.pass();
    assert_eq!(site.copied(), "one\ntwo\nthree\nfour\nfive\nsix\n");
    copy.end();
    assert_eq!(site.copied(), "one\ntwo\nthree\nfour\nfive\nsix\nend");
    assert!(site.folder.path().join("copy").join(ENDED).exists());
}

#[test]
fn a_log_that_is_met_under_two_names_is_copied_once() {
    let site = Site::new();
    site.write("one\n");
    site.rotate();
    let named = |number: u32| format!("{}.{number}", site.log.display());
    // As if it had been renamed between two looks.
    fs::hard_link(named(1), named(2)).unwrap();
    site.write("two\n");
    site.copy().pass();
    assert_eq!(site.copied(), "one\ntwo\n");
}

#[test]
fn old_segments_may_go_and_the_copy_goes_on() {
    let site = Site::new();
    let line = format!("{}\n", "x".repeat(1000));
    let count = usize::try_from(SEGMENT_BYTES).unwrap() / line.len() + 500;
    site.write(&line.repeat(count));
    let mut copy = site.copy();
    copy.pass();
    let (newest, _) = copy.at.unwrap();
    assert!(newest.sequence > 1 && newest.start > 0, "{newest:?}");
    assert_eq!(site.copied().len(), count * line.len());
    let lines = site.folder.path().join("copy").join(LINES);
    fs::remove_file(lines.join(Segment { sequence: 1, inode: newest.inode, start: 0 }.to_string())).unwrap();
    site.write("last\n");
    site.copy().pass();
    assert!(site.copied().ends_with("x\nlast\n"));
}

#[test]
fn what_is_left_of_a_log_is_copied_before_it_goes() {
    let site = Site::new();
    let line = format!("{}\n", "x".repeat(99_999));
    let count = usize::try_from(LOOK_MOST).unwrap() / line.len() * 2;
    site.write(&line.repeat(count));
    site.write("end");
    site.copy().end();
    assert_eq!(site.copied().len(), count * line.len() + 3);
}

#[test]
fn a_file_inside_is_read_and_a_link_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("a.log"), folder.path().join("b.log"));
    fs::write(&file, "x\n").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let pid = i32::try_from(std::process::id()).unwrap();
    let first = First { pid, space: space(pid) };
    assert!(inside(first, file.to_str().unwrap()).is_some());
    for path in [link.to_str().unwrap(), folder.path().to_str().unwrap(), "/dev/null"] {
        assert!(inside(first, path).is_none(), "{path}");
    }
    for other in [First { pid, space: Some(1) }, First::of(pid), First::of(0)] {
        assert!(inside(other, file.to_str().unwrap()).is_none(), "{other:?} is no container");
    }
}
