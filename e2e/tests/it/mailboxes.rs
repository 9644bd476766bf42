//! Mailboxes with the clients that people use: what they fetch is there, and what they did is stored.

use crate::fleet::{Fleet, client, have, printed};

const FLEET: &str = "[general]\nnet = 127.98.0.0/16\nseed = e2e\ndomain = corp.example\n\n\
    [mails]\nlogin = accept-after=2\nip = 127.98.1.0\ndistro = debian\nservices = smtp, pop3, imap\n\n\
    [mails.smtp]\ncatch_all = yes\n\n[mails.pop3]\nmechanisms = plain login cram-md5 apop\n";

/// Logs in the second time, as the fleet takes nobody at first, and does everything once.
const POP3: &str = "
import poplib, sys
box = poplib.POP3(sys.argv[1], 10110, timeout=20)
assert b'Dovecot (Debian) ready. <' in box.welcome, box.welcome
assert 'STLS' in box.capa() and 'CRAM-MD5' in box.capa()['SASL'], box.capa()
box.stls()
box.user('anna')
try:
    box.pass_('first')
    raise SystemExit('the first password is taken')
except poplib.error_proto as error:
    assert b'[AUTH] Authentication failed.' in error.args[0], error
box.user('anna')
box.pass_('second')
count, size = box.stat()
assert count > 5 and sum(int(line.split()[1]) for line in box.list()[1]) == size
uids = box.uidl()[1]
mail = b'\\n'.join(box.retr(1)[1])
assert b'Subject: ' in mail and b'Delivered-To: anna@corp.example' in mail, mail
assert box.top(1, 0)[1] == mail.split(b'\\n\\n')[0].split(b'\\n') + [b'']
box.dele(1)
box.quit()
box = poplib.POP3(sys.argv[1], 10110, timeout=20)
box.apop('anna', 'second')
assert box.uidl()[1][0].split()[1] == uids[1].split()[1], (box.uidl(), uids)
assert box.stat()[0] == count - 1
box.quit()
print('done')
";

const IMAP: &str = "
import imaplib, sys
box = imaplib.IMAP4(sys.argv[1], 10143)
assert b'Dovecot (Debian) ready.' in box.welcome, box.welcome
box.starttls()
try:
    box.login('anna', 'wrong')
    raise SystemExit('a wrong password is taken')
except imaplib.IMAP4.error as error:
    assert 'AUTHENTICATIONFAILED' in str(error), error
box.login_cram_md5('anna', 'second')
names = [line.decode().split(' \"\\\\.\" ')[-1] for line in box.list()[1]]
assert any(name.endswith('Sent') for name in names) and any(name.endswith('INBOX') for name in names), names
typ, data = box.select('INBOX')
count = int(data[0])
assert count > 4
typ, data = box.search(None, 'ALL')
assert len(data[0].split()) == count, data
typ, data = box.fetch('1', '(ENVELOPE BODYSTRUCTURE RFC822.SIZE BODY[])')
assert b'Delivered-To: anna@corp.example' in data[0][1], data
box.append('INBOX', '\\\\Seen', None, b'Subject: e2eappended\\r\\n\\r\\nnote\\r\\n')
typ, data = box.search(None, 'SUBJECT', 'e2eappended')
assert data[0] == str(count + 1).encode(), data
box.store(data[0], '+FLAGS', '\\\\Deleted')
assert box.expunge()[1] == [str(count + 1).encode()]
typ, data = box.uid('SEARCH', 'FROM', 'mailer@e2e.example')
assert len(data[0].split()) == 1, data
box.close()
assert box.logout()[0] == 'BYE'
print('done')
";

fn python(script: &str, ip: &str) {
    let seen = printed(&client("python3", &["-c", script, ip]));
    assert!(seen.ends_with("done\n"), "{seen}");
}

#[test]
fn clients_read_mailboxes_over_pop3_and_imap() {
    let tools = [("python3", "python3"), ("curl", "curl"), ("nmap", "nmap"), ("swaks", "swaks")];
    if !tools.iter().all(|(tool, package)| have(tool, package)) {
        return;
    }
    let fleet = Fleet::deploy_config(98, FLEET);
    let ip = fleet.ip(0);
    python(POP3, &ip);
    fleet.wait_for_text("file_read", "path", "INBOX/");
    fleet.wait_for_text("auth_attempt", "secret_printable", "second");
    fleet.wait_for_text("auth_attempt", "secret_kind", "pop3_apop");

    // What the mail server takes is in the mailbox.
    let server = format!("{ip}:10025");
    let sent = printed(&client(
        "swaks",
        &[
            "--server",
            &server,
            "--from",
            "mailer@e2e.example",
            "--to",
            "anna@corp.example",
            "--body",
            "hello",
        ],
    ));
    assert!(sent.contains("250 2.0.0 Ok: queued") || sent.contains("250 OK id="), "{sent}");
    python(IMAP, &ip);
    fleet.wait_for_text("auth_attempt", "secret_kind", "cram_md5");
    fleet.wait_for_text("message_stored", "subject", "e2eappended");
    let exported = fleet.run(&["creds", "export", "--format", "hashcat"]);
    assert!(exported.contains("$cram_md5$") && exported.contains("# hashcat -m 20\n"), "{exported}");

    for (address, wanted) in [
        (format!("pop3://{ip}:10110/2"), "Subject: "),
        (format!("pop3s://{ip}:10995/2"), "Subject: "),
        (format!("imap://{ip}:10143/INBOX;MAILINDEX=1"), "Subject: "),
        (format!("imaps://{ip}:10993/"), "* LIST (\\HasNoChildren) \".\" INBOX"),
    ] {
        let seen = printed(&client("curl", &["-sk", "--max-time", "30", "-u", "anna:second", &address]));
        assert!(seen.contains(wanted), "{address}: {seen}");
    }
    let scripts = "+pop3-capabilities,+imap-capabilities";
    let seen = printed(&client("nmap", &["-Pn", "-sT", "-p", "10110,10143", "--script", scripts, &ip]));
    assert!(seen.contains("LOGIN-REFERRALS") && seen.contains("PIPELINING"), "{seen}");
}
