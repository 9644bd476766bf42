//! People of a fleet: what they write to each other is read with clients of IMAP and POP3, and stays what it is when
//! the services are started again.

use crate::fleet::{Fleet, client, have, printed};
use serde_json::Value;
use std::time::{Duration, Instant};

const FLEET: &str = "[general]\nnet = 127.63.0.0/16\nseed = e2e\ndomain = corp.example\n\n\
    [files]\nip = 127.63.1.0\ndistro = debian\nservices = ssh\n\n\
    [mails]\nlogin = accept-after=1\nip = 127.63.1.1\ndistro = debian\nservices = smtp, pop3, imap\n";

/// Reads everything of a person, and prints ids, numbers and dates.
const IMAP: &str = "
import email, email.policy, email.utils, imaplib, socket, sys
connect = socket.create_connection
socket.create_connection = lambda place, *rest: connect(place, source_address=(sys.argv[3], 0))
address, name = sys.argv[1:3]
box = imaplib.IMAP4(address, 10143)
box.starttls()
box.login(name, 'Secret-1')
letters = {}
for folder in ['INBOX', 'Sent']:
    box.select(folder, readonly=True)
    last = None
    for number in box.search(None, 'ALL')[1][0].split():
        data = box.fetch(number, '(UID FLAGS RFC822)')[1][0]
        mail = email.message_from_bytes(data[1], policy=email.policy.default)
        assert not mail.defects, mail.defects
        at = email.utils.parsedate_to_datetime(mail['Date'])
        assert last is None or last.timestamp() - 3 <= at.timestamp(), (last, at)
        last = at
        letters[mail['Message-ID']] = (folder, data[0].split()[2], mail, at)
box.logout()
threads = 0
for folder, uid, mail, at in letters.values():
    if mail['In-Reply-To'] is None or mail['X-Mailer'] is None and mail['User-Agent'] is None:
        continue
    assert mail['Subject'].split(':')[0].strip() in ['Re', 'RE', 'AW', 'WG', 'FW', 'Fwd', 'TR'], mail['Subject']
    assert mail['In-Reply-To'] == mail['References'].split()[-1]
    before = letters.get(mail['In-Reply-To'])
    if before:
        assert before[3] < at, (before[3], at)
        assert mail['Subject'].endswith(before[2]['Subject'].split(':')[-1].strip()), mail['Subject']
        text = mail.get_content()
        assert '\\n> ' in text or '________' in text, text
        threads += 1
assert threads > 1 and len(letters) > 20, (threads, len(letters))
for id in sorted(letters):
    folder, uid, mail, at = letters[id]
    print(id, folder, uid.decode(), at.isoformat())
";

const POP3: &str = "
import email, email.policy, poplib, sys
address, name = sys.argv[1:3]
box = poplib.POP3(address, 10110, timeout=20)
box.stls()
box.user(name)
box.pass_('Secret-1')
count = box.stat()[0]
texts = [b'\\r\\n'.join(box.retr(number)[1]) for number in range(1, count + 1)]
seen = [email.message_from_bytes(text, policy=email.policy.default) for text in texts]
box.quit()
assert any(mail['In-Reply-To'] and mail['To'] for mail in seen), count
print(count)
";

fn json(fleet: &Fleet, arguments: &[&str]) -> Vec<Value> {
    serde_json::from_str(&fleet.run(arguments)).unwrap()
}

/// Letters, once the days from long ago until some days ahead are written.
fn letters(fleet: &Fleet) -> Vec<Value> {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut before = 0;
    loop {
        let all = json(fleet, &["letters", "list", "-n", "10000", "--json"]);
        if all.len() > 200 && all.len() == before {
            return all;
        }
        before = all.len();
        assert!(Instant::now() < deadline, "{before} letters");
        std::thread::sleep(Duration::from_secs(3));
    }
}

#[test]
fn what_people_write_is_read_with_clients_and_stays_when_services_begin_anew() {
    if !have("python3", "python3") || !have("swaks", "swaks") {
        return;
    }
    let fleet = Fleet::deploy_config(63, FLEET);
    let ip = fleet.ip(1);
    let people = json(&fleet, &["personas", "list", "--json"]);
    let written = letters(&fleet);
    assert!(people.len() >= 20 && people.iter().all(|one| one["domain"] == "corp.example"), "{people:?}");
    assert!(["en", "de", "fr"].iter().all(|one| written.iter().any(|letter| letter["language"] == *one)));
    assert_eq!(json(&fleet, &["attackers", "--json"]).len(), 0, "nobody from outside wrote that");
    // The one who gets most.
    let gets = |one: &Value| {
        let own = |letter: &&Value| letter["recipients"].as_array().unwrap().contains(&one["account"]);
        written.iter().filter(own).count()
    };
    let one = people.iter().max_by_key(|one| gets(one)).unwrap();
    let (account, address) = (one["account"].as_str().unwrap(), one["address"].as_str().unwrap());
    let read_from = |script: &str, name: &str, source: &str| {
        let output = client("python3", &["-c", script, &ip, name, source]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        printed(&output)
    };
    let read = |script: &str, name: &str| read_from(script, name, "127.0.0.1");
    let first = read(IMAP, account);
    // Something may have come in between.
    let kept = |now: &str| first.lines().all(|line| now.lines().any(|other| other == line));
    // From elsewhere: who was let in once is that one to his source.
    let other = read_from(IMAP, address, "127.63.200.2");
    assert!(kept(&other), "login name and address lead to one mailbox");
    assert!(read(POP3, account).trim().parse::<usize>().unwrap() > 10);
    fleet.restart_services();
    assert!(kept(&read(IMAP, account)), "a restart changes nothing");

    // Mail for him is taken, for somebody who is not there it is not; who files are told of finds them.
    let server = format!("{ip}:10025");
    let send = |to: &str| {
        printed(&client(
            "swaks",
            &["--server", &server, "--from", "a@else.example", "--to", to, "--body", "hello"],
        ))
    };
    assert!(send(address).contains("250 2.0.0 Ok: queued") || send(address).contains("250 OK id="));
    assert!(send("nobody.there@corp.example").contains("550"));
    let exported = fleet.run(&["personas", "export", "--format", "json"]);
    let mut pool: Value = serde_json::from_str(&exported).unwrap();
    assert_eq!(pool["people"].as_array().unwrap().len(), people.len());
    pool["people"][0]["title"] = "Chief of Staff".into();
    let file = fleet.state().join("people.json");
    std::fs::write(&file, pool.to_string()).unwrap();
    fleet.run(&["personas", "import", file.to_str().unwrap()]);
    assert_eq!(json(&fleet, &["personas", "list", "--json"])[0]["title"], "Chief of Staff");
    pool["people"][0]["account"] = "a\r\nBcc: b".into();
    std::fs::write(&file, pool.to_string()).unwrap();
    assert!(!fleet.command(&["personas", "import", file.to_str().unwrap()]).status.success());
}
