//! A mail server that relays for everybody: whoever finds it may send to whomever he likes, and every mail is kept.
//!
//! The servers are those of [`super::smtp`], set up as careless people do: `mynetworks = 0.0.0.0/0` of Postfix,
//! `hostlist relay_from_hosts = *` of Exim, a receive connector of Microsoft's that anonymous users may relay by.

use super::smtp::{
    self, SIZE_LIMIT, daemons,
    machine::{Duty, Smtp},
    products,
    talks::TALKS,
};
use netsvc_kit::{Def, Host, Link, Machine, Port, Serve, Setting, SettingKind, Talks};
use netsvc_persona::service::Look;
use std::sync::Arc;

/// What it leaves out.
const LIMITS: &[&str] = &[
    "Mail is taken, kept and goes nowhere: a tester who waits for his own mail waits in vain.",
    "Nothing comes back either: no notice tells of an address that does not exist.",
    "Kerberos is not offered.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "smtp_relay",
    about: "Mail server that relays for everybody (SMTP)",
    ports: &[Port::tcp(25), Port::tcp(587)],
    settings: &[
        Setting {
            key: "catch_all",
            kind: SettingKind::Bool,
            default: "yes",
            help: "take mail for any user of the own domain too, not only for those that exist",
        },
        SIZE_LIMIT,
    ],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: Talks {
        // What a tester of relays tries (RFC 5321, F.2 and the forms of old gateways).
        visit: &[
            b"EHLO mail.example.net\r\n",
            b"MAIL FROM:<probe@example.net>\r\n",
            b"RCPT TO:<drop@example.org>\r\n",
            b"RCPT TO:<drop%example.org@[127.0.0.1]>\r\n",
            b"RCPT TO:<@localhost:drop@example.org>\r\n",
            b"DATA\r\n",
            b"Subject: relay test\r\n\r\n192.0.2.1:25\r\n.\r\n",
            b"QUIT\r\n",
        ],
        dialogues: &[b"EHLO there\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.org>\r\nVRFY b@example.org\r\n\
                       BDAT 3 LAST\r\nabcQUIT\r\n"],
        floods: &[],
        client: "swaks --server {ip}:{port} --from a@example.net --to b@example.org",
        ..TALKS
    },
    records: smtp::RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Def::IDLE,
    total: Def::TOTAL,
    full: smtp::full,
    serve: Serve::Machine(open),
};

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Smtp::new(host, link, Duty::Relay))
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::{
        Action,
        testing::{converse, host, link, persona_with, sent, stage, with_product},
    };
    use netsvc_wire::Kind;

    fn said(system: &str, settings: &[(&str, &str)], pieces: &[&[u8]]) -> (String, Vec<Action>) {
        let folder = tempfile::tempdir().unwrap();
        let mut persona = persona_with(&SERVICE, "mx-01");
        system.clone_into(&mut persona.os.id);
        persona.products.remove("smtp_relay");
        let host = host(&stage(folder.path()), with_product(&SERVICE, persona), "smtp_relay", settings);
        let actions = converse(&SERVICE, &host, &link(25), pieces);
        (String::from_utf8_lossy(&sent(&actions)).into_owned(), actions)
    }

    #[test]
    fn mail_from_anybody_to_anybody_is_taken_and_kept() {
        let mail: &[&[u8]] = &[
            b"EHLO x\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<b@example.org>\r\nRCPT TO:<c%d@corp.example>\r\n",
            b"DATA\r\nSubject: s\r\n\r\ntext\r\n.\r\nQUIT\r\n",
        ];
        for system in ["debian12", "debian9", "windows_server_2019"] {
            let (text, actions) = said(system, &[], mail);
            let taken = text.lines().filter(|line| line.starts_with("250 2.1.5") || *line == "250 Accepted");
            assert_eq!(taken.count(), 2, "{system}: {text}");
            let kept =
                actions.iter().filter(|action| matches!(action, Action::Capture(Kind::MessageStored, ..)));
            assert_eq!(kept.count(), 1, "{system}: {text}");
        }
    }

    #[test]
    fn users_of_the_own_domain_have_to_exist_only_where_that_is_set() {
        let asks: &[&[u8]] = &[b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<nobody@corp.example>\r\n"];
        assert!(said("debian12", &[], asks).0.contains("250 2.1.5"));
        assert!(said("debian12", &[("catch_all", "no")], asks).0.contains("550 5.1.1"));
    }
}
