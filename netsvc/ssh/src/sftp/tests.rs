//! The server against files on the disk, message by message.

use super::*;
use proptest::prelude::*;

#[path = "../../examples/sshd/disk.rs"]
mod disk;

struct Trial {
    server: Server,
    _folder: tempfile::TempDir,
}

impl Trial {
    fn new() -> Trial {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("root")).unwrap();
        std::fs::write(folder.path().join("root/f"), "hello world\n").unwrap();
        let files = Arc::new(disk::Disk { root: folder.path().to_owned() });
        let extensions = vec![("posix-rename@openssh.com", "1"), ("copy-data", "1")];
        let mut server = Server { files, extensions, handles: BTreeMap::new(), initialised: false };
        server.message(&[INIT, 0, 0, 0, 3]).unwrap();
        Trial { server, _folder: folder }
    }

    /// Sends a request with number 7 and gives the type and the rest of the answer.
    fn ask(&mut self, kind: u8, fields: &[u8]) -> (u8, Vec<u8>) {
        let message = [&[kind, 0, 0, 0, 7], fields].concat();
        let reply = self.server.message(&message).unwrap().unwrap();
        (reply[0], reply[5..].to_vec())
    }
}

fn string(bytes: &[u8]) -> Vec<u8> {
    Writer::default().string(bytes).take()
}

fn check(kind: u8, fields: &[Vec<u8>], answer: u8, part: &str) {
    let (got, rest) = Trial::new().ask(kind, &fields.concat());
    assert_eq!(got, answer);
    assert!(String::from_utf8_lossy(&rest).contains(part), "{rest:?} has no {part}");
}

#[test]
fn requests_on_paths_get_the_answers_of_openssh() {
    check(16, &[string(b".")], NAME, "/root");
    check(16, &[string(b"nope/x")], STATUS, "No such file");
    check(17, &[string(b"f")], ATTRS, "");
    check(17, &[string(b"f/x")], STATUS, "No such file");
    check(19, &[string(b"f")], STATUS, "Bad message");
    check(200, &[string(b"nobody@knows")], STATUS, "Operation unsupported");
    check(4, &[string(&[0, 0, 0, 9])], STATUS, "No such file");
}

#[test]
fn a_file_is_read_to_its_end() {
    let mut trial = Trial::new();
    let (kind, handle) = trial.ask(3, &[string(b"f"), vec![0, 0, 0, 1], vec![0; 4]].concat());
    assert_eq!((kind, handle.as_slice()), (HANDLE, string(&[0; 4]).as_slice()));
    let read = |offset: u64| [string(&[0; 4]), offset.to_be_bytes().to_vec(), vec![0, 0, 0, 100]].concat();
    assert_eq!(trial.ask(5, &read(6)), (DATA, string(b"world\n")));
    assert_eq!(trial.ask(5, &read(12)).0, STATUS);
    let (_, refused) = trial.ask(6, &[string(&[0; 4]), vec![0; 8], string(b"x")].concat());
    assert_eq!(refused[..4], [0, 0, 0, 2]);
}

#[test]
fn a_request_before_init_ends_the_session() {
    let mut trial = Trial::new();
    trial.server.initialised = false;
    assert!(trial.server.message(&[16, 0, 0, 0, 1, 0, 0, 0, 0]).is_err());
}

#[test]
fn an_unknown_request_gets_no_answer() {
    assert_eq!(Trial::new().server.message(&[99, 0, 0, 0, 1]).unwrap(), None);
}

proptest! {
    #[test]
    fn any_messages_are_answered_or_end_the_session(
        messages in proptest::collection::vec((1u8..24, proptest::collection::vec(any::<u8>(), 0..60)), 1..20)
    ) {
        let mut trial = Trial::new();
        for (kind, fields) in messages {
            let _ = trial.server.message(&[&[kind], fields.as_slice()].concat());
        }
    }
}
