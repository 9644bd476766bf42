//! One connection: who asks, what is to be done, and the envelope around what is answered.

use super::{
    envelope::{Envelope, escape},
    fault::Fault,
    login::{Login, Verdict, Who},
    run, sealed,
    shells::{PEERS, Shell, Shells},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_daemon::{
    date,
    http::{
        kernel, record,
        request::{Fault as Broken, Request},
        serve::Program,
    },
    kept::Kept,
    ntlm::Server,
    room::Pool,
};
use netsvc_kit::{Host, Link, Out};
use netsvc_persona::subkey;
use netsvc_wire::{Kind, field};
use parking_lot::Mutex;
use std::{fmt::Write, sync::Arc};

/// Ports of the two listeners.
pub(super) const HTTP: u16 = 5985;
/// See [`HTTP`].
pub(super) const HTTPS: u16 = 5986;
/// Longest envelope (`MaxEnvelopeSizekb`).
const LONGEST: u64 = 500 << 10;
const SOAP: &str = "application/soap+xml;charset=UTF-8";
const TRANSFER: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer/";
pub(super) const SHELL: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
const FAULT: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault";

/// The shells of a node, by attacker.
#[derive(Default)]
struct Kinds(Kept<Shells, PEERS>);

/// Bytes that wait at the shells of all nodes.
#[derive(Default)]
struct Waiting(Arc<Pool>);

/// A connection.
pub(super) struct Connection {
    host: Arc<Host>,
    link: Link,
    login: Login,
    who: Option<Who>,
    shells: Arc<Mutex<Shells>>,
}

/// The action and body of an answer.
pub(super) type Answered = Result<(String, String), Fault>;

/// What an action wants done with a shell.
pub(super) fn verb(action: &str) -> &str {
    let plain = action.strip_prefix(TRANSFER).or_else(|| action.strip_prefix(SHELL)).unwrap_or_default();
    plain.trim_start_matches('/')
}

/// The action and body of the answer to a command that began.
pub(super) fn begun(id: &str) -> (String, String) {
    let id = escape(id);
    let body = format!("<rsp:CommandResponse><rsp:CommandId>{id}</rsp:CommandId></rsp:CommandResponse>");
    (format!("{SHELL}/CommandResponse"), body)
}

/// An answer before it is written.
struct Reply {
    status: u16,
    fields: Vec<(&'static str, String)>,
    kind: &'static str,
    body: Vec<u8>,
    close: bool,
}

impl Reply {
    fn empty(status: u16) -> Reply {
        Reply { status, fields: Vec::new(), kind: "", body: Vec::new(), close: false }
    }

    fn page(status: u16, detail: &str) -> Reply {
        let body = kernel::page(status, detail).into_bytes();
        Reply { status, fields: Vec::new(), kind: kernel::KIND, body, close: true }
    }
}

impl Connection {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        let fresh = || Shells::new(host.node.stage.shared(Waiting::default).0.clone());
        let shells = host.node.shared(Kinds::default).0.of(link.source(), fresh);
        Connection { host: host.clone(), link: *link, login: Login::new(host, link), who: None, shells }
    }

    fn reply(&mut self, request: &Request, out: &mut Out) -> Reply {
        let path = request.path.trim_end_matches('/').to_ascii_lowercase();
        if path != "/wsman" && !path.starts_with("/wsman/") {
            return Reply::page(404, "");
        }
        if request.method != "POST" {
            let mut reply = Reply::empty(405);
            reply.fields.push(("Allow", "POST".to_owned()));
            return reply;
        }
        let unproven =
            request.field("wsmanidentify").is_some_and(|wish| wish.eq_ignore_ascii_case("unauthenticated"));
        if unproven && request.field("authorization").is_none() {
            return self.envelope(&request.body, None, out);
        }
        let mut said = None;
        if let Some(value) = request.field("authorization") {
            match self.login.judge(value, out) {
                Verdict::In(who, last) => {
                    self.who = Some(*who);
                    said = last;
                }
                Verdict::More(token) => return self.asked(Some(token)),
                Verdict::Refused => {
                    self.who = None;
                    return self.asked(None);
                }
            }
        }
        let Some(who) = self.who.take() else { return self.asked(None) };
        let mut reply = self.served(request, who, out);
        reply.fields.extend(said.map(|said| ("WWW-Authenticate", said)));
        reply
    }

    /// Asks for a login, or goes on with one.
    fn asked(&self, token: Option<String>) -> Reply {
        let mut reply = Reply::empty(401);
        match token {
            Some(token) => reply.fields.push(("WWW-Authenticate", token)),
            None => {
                reply.close = true;
                reply.fields.push(("WWW-Authenticate", "Negotiate".to_owned()));
                if Server::of(self.host.persona()).member {
                    reply.fields.push(("WWW-Authenticate", "Kerberos".to_owned()));
                }
                if self.login.takes_basic() {
                    reply.fields.push(("WWW-Authenticate", "Basic realm=\"WSMAN\"".to_owned()));
                }
            }
        }
        reply
    }

    /// Answers somebody who is in.
    fn served(&mut self, request: &Request, mut who: Who, out: &mut Out) -> Reply {
        if request.body.is_empty() {
            self.who = Some(who);
            return Reply { kind: SOAP, ..Reply::empty(200) };
        }
        let is_sealed = sealed::is_sealed(request.field("content-type").unwrap_or_default());
        let body = match (&mut who.sealing, is_sealed) {
            (Some(sealing), true) => match sealed::open(sealing, &request.body) {
                Some(body) => body,
                None => return Reply { close: true, ..Reply::empty(400) },
            },
            (_, true) => return Reply { close: true, ..Reply::empty(400) },
            // In clear nothing is taken, unless somebody switched that on or TLS is around it.
            (_, false) if self.link.port == HTTP && !self.login.takes_basic() => {
                return Reply { close: true, ..Reply::empty(401) };
            }
            (_, false) => request.body.clone(),
        };
        let mut reply = self.envelope(&body, Some(&who), out);
        if let (Some(sealing), true) = (&mut who.sealing, is_sealed) {
            reply.body = sealed::seal(sealing, &reply.body);
            reply.kind = sealed::KIND;
        }
        self.who = Some(who);
        reply
    }

    /// Answers an envelope.
    fn envelope(&self, body: &[u8], who: Option<&Who>, out: &mut Out) -> Reply {
        // Some clients write UTF-16, with a mark before it.
        let text = match body.strip_prefix(&[0xff, 0xfe]) {
            Some(units) => crate::wire::text(units),
            None => String::from_utf8_lossy(body).into_owned(),
        };
        let envelope = Envelope::read(&text);
        if envelope.whole && envelope.has("Identify") {
            return Reply { kind: SOAP, body: self.identity(who).into_bytes(), ..Reply::empty(200) };
        }
        let outcome = match who {
            _ if !envelope.whole => Err(Fault::schema()),
            Some(who) if who.chief => self.perform(&envelope, who, out),
            _ => Err(Fault::denied()),
        };
        let machine = Server::of(self.host.persona()).computer;
        let (status, action, body) = match outcome {
            Ok((action, body)) => (200, action, body),
            Err(fault) => (500, FAULT.to_owned(), fault.body(&machine)),
        };
        let text = self.wrapped(&action, &envelope.text("MessageID"), &body);
        Reply { status, kind: SOAP, body: text.into_bytes(), ..Reply::empty(200) }
    }

    /// What somebody who is in wants done: the action and body of the answer.
    fn perform(&self, envelope: &Envelope, who: &Who, out: &mut Out) -> Answered {
        let (action, uri) = (envelope.text("Action"), envelope.text("ResourceURI"));
        if uri.contains("/powershell/") {
            return self.remote(envelope, &uri, who, out);
        }
        let shell = envelope.named("Selector", "ShellId").unwrap_or_default();
        if !uri.starts_with(SHELL) {
            let line = format!("WSMAN {} {uri}", action.rsplit('/').next().unwrap_or_default());
            out.record(Kind::Command, vec![(field::COMMAND, line.into_bytes())]);
            return Err(if action.is_empty() { Fault::schema() } else { Fault::resource(&uri) });
        }
        match verb(&action) {
            "Create" => {
                let shell = Shell::new(self.identifier(), None);
                self.create(who, &format!("{SHELL}/cmd"), shell, ["stdin", "stdout stderr"])
            }
            "Command" => self.command(envelope, &shell, who, out),
            "Receive" => self.receive(envelope, &shell),
            "Send" => self.send(envelope, &shell, out),
            "Signal" => self.signal(&shell),
            "Delete" => self.delete(&shell),
            _ => Err(Fault::action(&action)),
        }
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    pub(super) fn shells(&self) -> &Mutex<Shells> {
        &self.shells
    }

    pub(super) fn signal(&self, shell: &str) -> Answered {
        self.shells.lock().get(shell).ok_or_else(|| Fault::selectors(shell))?;
        Ok((format!("{SHELL}/SignalResponse"), "<rsp:SignalResponse/>".to_owned()))
    }

    pub(super) fn delete(&self, shell: &str) -> Answered {
        if !self.shells.lock().close(shell) {
            return Err(Fault::selectors(shell));
        }
        Ok((format!("{TRANSFER}DeleteResponse"), String::new()))
    }

    /// A new shell of the resource `kind` with streams of these names for input and output.
    pub(super) fn create(
        &self,
        who: &Who,
        kind: &str,
        shell: Shell,
        [inputs, outputs]: [&str; 2],
    ) -> Answered {
        let kind = escape(&kind.chars().take(256).collect::<String>());
        let id = shell.id.clone();
        if !self.shells.lock().open(shell) {
            return Err(Fault::quota());
        }
        let server = Server::of(self.host.persona());
        let (scheme, port) = if self.link.port == HTTPS { ("https", HTTPS) } else { ("http", HTTP) };
        let body = format!(
            "<x:ResourceCreated><a:Address>{scheme}://{}:{port}/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>\
             {kind}</w:ResourceURI><w:SelectorSet><w:Selector Name=\"ShellId\">{id}</w:Selector></w:SelectorSet>\
             </a:ReferenceParameters></x:ResourceCreated><rsp:Shell \
             xmlns:rsp=\"{SHELL}\"><rsp:ShellId>{id}</rsp:ShellId>\
             <rsp:ResourceUri>{kind}</rsp:ResourceUri><rsp:Owner>{}\\{}</rsp:Owner><rsp:ClientIP>{}</rsp:ClientIP>\
             <rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut><rsp:InputStreams>{inputs}</rsp:InputStreams>\
             <rsp:OutputStreams>{outputs}</rsp:OutputStreams><rsp:ShellRunTime>P0DT0H0M0S</rsp:ShellRunTime>\
             <rsp:ShellInactivity>\
             P0DT0H0M0S</rsp:ShellInactivity></rsp:Shell>",
            self.host.persona().fqdn(),
            escape(&server.domain),
            escape(&who.name),
            self.link.peer.ip()
        );
        Ok((format!("{TRANSFER}CreateResponse"), body))
    }

    fn command(&self, envelope: &Envelope, shell: &str, who: &Who, out: &mut Out) -> Answered {
        let mut words = vec![envelope.text("Command")];
        words.extend(envelope.texts("Arguments"));
        let line = words.join(" ").trim().to_owned();
        if self.shells.lock().get(shell).is_none() {
            return Err(Fault::selectors(shell));
        }
        let ran = run::run(&self.host, &who.name, &line, out);
        let id = self.command_id(envelope);
        let answer = begun(&id);
        if let Some(shell) = self.shells.lock().get(shell) {
            shell.ran(id, ran);
        }
        Ok(answer)
    }

    /// The identifier of a command that begins: the one that the client wishes, or a new one.
    pub(super) fn command_id(&self, envelope: &Envelope) -> String {
        let wished = envelope.attribute("CommandLine", "CommandId");
        wished.filter(|id| id.len() < 64).unwrap_or_else(|| self.identifier())
    }

    fn receive(&self, envelope: &Envelope, shell: &str) -> Answered {
        let id = envelope.attribute("DesiredStream", "CommandId").unwrap_or_default();
        let mut shells = self.shells.lock();
        let shell = shells.get(shell).ok_or_else(|| Fault::selectors(shell))?;
        let ran = shell.take(&id).ok_or_else(Fault::timed_out)?;
        let id = escape(&id);
        let mut body = String::from("<rsp:ReceiveResponse>");
        for (name, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
            if !text.is_empty() {
                let content = STANDARD.encode(text);
                let _ = write!(body, "<rsp:Stream Name=\"{name}\" CommandId=\"{id}\">{content}</rsp:Stream>");
            }
            let _ = write!(body, "<rsp:Stream Name=\"{name}\" CommandId=\"{id}\" End=\"true\"></rsp:Stream>");
        }
        let _ = write!(
            body,
            "<rsp:CommandState CommandId=\"{id}\" State=\"{SHELL}/CommandState/Done\"><rsp:ExitCode>{}</rsp:ExitCode>\
             </rsp:CommandState></rsp:ReceiveResponse>",
            ran.status
        );
        Ok((format!("{SHELL}/ReceiveResponse"), body))
    }

    fn send(&self, envelope: &Envelope, shell: &str, out: &mut Out) -> Answered {
        self.shells.lock().get(shell).ok_or_else(|| Fault::selectors(shell))?;
        let typed = STANDARD.decode(envelope.text("Stream")).unwrap_or_default();
        let shown = typed.get(..4096).unwrap_or(&typed).to_vec();
        out.record(Kind::Command, vec![(field::COMMAND, shown), (field::NAME, b"stdin".to_vec())]);
        Ok((format!("{SHELL}/SendResponse"), "<rsp:SendResponse/>".to_owned()))
    }

    /// An identifier that this attacker has not seen.
    pub(super) fn identifier(&self) -> String {
        let number = {
            let mut shells = self.shells.lock();
            shells.drawn += 1;
            shells.drawn
        };
        let key = self.host.persona().subkey.hex_bytes().unwrap_or_default();
        let labels = ["winrm", "identifier", &self.link.peer.ip().to_string(), &number.to_string()];
        let drawn = subkey::bytes(&key, &labels);
        let hex = hex::encode_upper(drawn.get(..16).unwrap_or_default());
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
        format!("{}-{}-4{}-A{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
    }

    fn identity(&self, who: Option<&Who>) -> String {
        let os = &self.host.persona().os;
        let version = match who {
            Some(_) => format!("OS: {}.{} SP: 0.0 Stack: 3.0", os.version, os.build),
            None => "OS: 0.0.0 SP: 0.0 Stack: 3.0".to_owned(),
        };
        format!(
            "<s:Envelope xml:lang=\"en-US\" xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Header/><s:Body>\
             <wsmid:IdentifyResponse xmlns:wsmid=\"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\">\
             <wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>\
             <wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor><wsmid:ProductVersion>{version}\
             </wsmid:ProductVersion></wsmid:IdentifyResponse></s:Body></s:Envelope>"
        )
    }

    fn wrapped(&self, action: &str, relates: &str, body: &str) -> String {
        let relates = escape(&relates.chars().take(256).collect::<String>());
        format!(
            "<s:Envelope xml:lang=\"en-US\" xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
             xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
             xmlns:x=\"http://schemas.xmlsoap.org/ws/2004/09/transfer\" \
             xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" xmlns:rsp=\"{SHELL}\" \
             xmlns:p=\"http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd\"><s:Header><a:Action>{action}</a:Action>\
             <a:MessageID>uuid:{}</a:MessageID>\
             <a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To><a:RelatesTo>{relates}\
             </a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>",
            self.identifier()
        )
    }

    fn write(&self, request: &Request, reply: &Reply) -> Vec<u8> {
        let reason = match reply.status {
            404 => "Not Found",
            400 => "Bad Request",
            411 => "Length Required",
            413 => "Request Entity Too Large",
            414 => "Request URI Too Long",
            503 => "Service Unavailable",
            505 => "HTTP Version Not Supported",
            // What the service itself answers has no words.
            _ => "",
        };
        let mut text = format!("HTTP/1.1 {} {reason}\r\n", reply.status);
        if !reply.kind.is_empty() {
            let _ = write!(text, "Content-Type: {}\r\n", reply.kind);
        }
        text.push_str("Server: Microsoft-HTTPAPI/2.0\r\n");
        for (name, value) in &reply.fields {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        let _ = write!(text, "Date: {}\r\n", date::http(self.host.clock()));
        if reply.close || !request.keeps_alive() {
            text.push_str("Connection: close\r\n");
        }
        let _ = write!(text, "Content-Length: {}\r\n\r\n", reply.body.len());
        let mut bytes = text.into_bytes();
        if request.method != "HEAD" {
            bytes.extend_from_slice(&reply.body);
        }
        bytes
    }
}

impl Program for Connection {
    fn longest(&self) -> u64 {
        LONGEST
    }

    fn answer(&mut self, request: &Request, out: &mut Out) -> bool {
        let reply = self.reply(request, out);
        record::record(request, Some(reply.status), out);
        out.send(self.write(request, &reply));
        request.keeps_alive() && !reply.close
    }

    fn refuse(&mut self, request: &Request, fault: Broken, out: &mut Out) {
        let reply = match fault {
            Broken::Large => Reply::page(413, ""),
            Broken::LongLine => Reply::page(414, ""),
            Broken::LongField | Broken::LongHead | Broken::ManyFields => Reply::page(400, "Request Too Long"),
            Broken::Host => Reply::page(400, "Invalid Hostname"),
            Broken::Target | Broken::Outside | Broken::Percent | Broken::Zero => {
                Reply::page(400, "Invalid URL")
            }
            Broken::Colon | Broken::Field => Reply::page(400, "Invalid Header"),
            Broken::Version => Reply::page(505, ""),
            Broken::Length => Reply::page(411, ""),
            _ => Reply::page(400, "Invalid Verb"),
        };
        record::record(request, Some(reply.status), out);
        out.send(self.write(request, &reply));
    }
}
