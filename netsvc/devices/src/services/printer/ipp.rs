//! Operations of IPP: what is asked, and what is answered (RFC 8010, 3; RFC 8011, 4).

use super::{
    job::{Job, seconds},
    model::{Model, Printer},
    panel::Printed,
};
use crate::bytes::{Reader, length};
use netsvc_kit::{Host, Link, Out};

/// Attributes of a request that are read.
const ATTRIBUTES: usize = 256;

/// Tags of groups and values.
const OPERATION: u8 = 1;
const JOB: u8 = 2;
const END: u8 = 3;
const PRINTER: u8 = 4;
const INTEGER: u8 = 0x21;
const BOOLEAN: u8 = 0x22;
const ENUM: u8 = 0x23;
const RESOLUTION: u8 = 0x32;
const RANGE: u8 = 0x33;
const TEXT: u8 = 0x41;
const NAME: u8 = 0x42;
const KEYWORD: u8 = 0x44;
const URI: u8 = 0x45;
const SCHEME: u8 = 0x46;
const CHARSET: u8 = 0x47;
const LANGUAGE: u8 = 0x48;
const MIME: u8 = 0x49;

/// Status of answers.
const DONE: u16 = 0;
const BAD_REQUEST: u16 = 0x0400;
const NOT_FOUND: u16 = 0x0406;
const NOT_POSSIBLE: u16 = 0x0404;
const NO_FORMAT: u16 = 0x040a;
const NO_OPERATION: u16 = 0x0501;
const NO_VERSION: u16 = 0x0503;

/// What is printed.
const FORMATS: [&str; 6] = [
    "application/octet-stream",
    "application/postscript",
    "application/vnd.hp-pcl",
    "application/pdf",
    "image/pwg-raster",
    "text/plain",
];

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    version: (u8, u8),
    operation: u16,
    number: u32,
    /// Name and value, in order; a further value has an empty name.
    attributes: Vec<(String, Vec<u8>)>,
}

/// What answers it, and what it is called.
pub(super) struct Answer {
    pub(super) told: String,
    pub(super) bytes: Vec<u8>,
}

impl Question {
    /// Reads a request and its length; `None`: it is not whole.
    pub(super) fn read(bytes: &[u8]) -> Option<(Question, usize)> {
        let mut reader = Reader::new(bytes);
        let version = (reader.byte()?, reader.byte()?);
        let (operation, number) = (reader.word()?, reader.long()?);
        let mut attributes = Vec::new();
        loop {
            match reader.byte()? {
                END => break,
                0..=0x0f => {}
                _ => {
                    let name = reader.word()?;
                    let name = String::from_utf8_lossy(reader.take(name.into())?).into_owned();
                    let value = reader.word()?;
                    let value = reader.take(value.into())?.to_vec();
                    if attributes.len() < ATTRIBUTES {
                        attributes.push((name, value));
                    }
                }
            }
        }
        Some((Question { version, operation, number, attributes }, bytes.len() - reader.len()))
    }

    fn text(&self, name: &str) -> Option<String> {
        let value = self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    fn integer(&self, name: &str) -> Option<u32> {
        let value = self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)?;
        Reader::new(value).long()
    }

    /// All values of `requested-attributes`; empty: all attributes are wanted.
    fn requested(&self) -> Vec<String> {
        let after = self.attributes.iter().skip_while(|(name, _)| name != "requested-attributes");
        let values = after.enumerate().take_while(|(at, (name, _))| *at == 0 || name.is_empty());
        values.map(|(_, (_, value))| String::from_utf8_lossy(value).into_owned()).collect()
    }

    fn name(&self) -> &'static str {
        match self.operation {
            2 => "Print-Job",
            4 => "Validate-Job",
            5 => "Create-Job",
            6 => "Send-Document",
            8 => "Cancel-Job",
            9 => "Get-Job-Attributes",
            10 => "Get-Jobs",
            11 => "Get-Printer-Attributes",
            0x3c => "Identify-Printer",
            _ => "unknown",
        }
    }
}

/// Attributes that are written.
struct Writer(Vec<u8>);

impl Writer {
    fn group(&mut self, tag: u8) {
        self.0.push(tag);
    }

    fn value(&mut self, tag: u8, name: &str, value: &[u8]) {
        self.0.push(tag);
        self.0.extend(length(name.as_bytes()));
        self.0.extend(name.as_bytes());
        self.0.extend(length(value));
        self.0.extend(value);
    }

    /// Several values of one attribute.
    fn all<V: AsRef<[u8]>>(&mut self, tag: u8, name: &str, values: impl IntoIterator<Item = V>) {
        for (at, value) in values.into_iter().enumerate() {
            self.value(tag, if at == 0 { name } else { "" }, value.as_ref());
        }
    }

    fn number(&mut self, tag: u8, name: &str, value: u32) {
        self.value(tag, name, &value.to_be_bytes());
    }
}

/// A peer at the printer.
pub(super) struct Desk<'a> {
    pub(super) host: &'a Host,
    pub(super) link: &'a Link,
    pub(super) printer: &'a Printer,
}

impl Desk<'_> {
    /// Answers `question`, whose data is in `job`.
    pub(super) fn answer(&self, question: &Question, job: &mut Job, out: &mut Out) -> Answer {
        let mut writer = Writer(Vec::new());
        writer.group(OPERATION);
        writer.value(CHARSET, "attributes-charset", b"utf-8");
        writer.value(LANGUAGE, "attributes-natural-language", b"en");
        let status = match self.refusal(question) {
            Some(status) => status,
            None => self.perform(question, job, &mut writer, out),
        };
        writer.group(END);
        let version = if question.version.0 == 2 { [2, 0] } else { [1, 1] };
        let mut bytes = version.to_vec();
        bytes.extend(status.to_be_bytes());
        bytes.extend(question.number.to_be_bytes());
        bytes.extend(writer.0);
        let user = question.text("requesting-user-name").unwrap_or_default();
        let title = question.text("job-name").unwrap_or_default();
        let told = format!("ipp {} user \"{user}\" job \"{title}\" status {status:#06x}", question.name());
        Answer { told, bytes }
    }

    /// Why it is not done at all (RFC 8011, 4.1.4 and 4.1.8).
    fn refusal(&self, question: &Question) -> Option<u16> {
        let first = |at: usize| question.attributes.get(at).map(|(name, _)| name.as_str());
        if !matches!(question.version, (1, 0 | 1) | (2, 0..=2)) {
            return Some(NO_VERSION);
        }
        if question.name() == "unknown" {
            return Some(NO_OPERATION);
        }
        let whole = first(0) == Some("attributes-charset") && first(1) == Some("attributes-natural-language");
        let meant = question.text("printer-uri").is_some() || question.text("job-uri").is_some();
        if !whole || !meant || question.number == 0 {
            return Some(BAD_REQUEST);
        }
        let format = question.text("document-format");
        format.is_some_and(|format| !FORMATS.contains(&format.as_str())).then_some(NO_FORMAT)
    }

    fn perform(&self, question: &Question, job: &mut Job, writer: &mut Writer, out: &mut Out) -> u16 {
        let panel = self.printer.kept.of(self.link.source(), Default::default);
        match question.operation {
            // Create-Job is told of by the document that follows.
            2 | 5 | 6 => {
                let user = question.text("requesting-user-name").unwrap_or_default();
                job.title = question.text("job-name").unwrap_or_default();
                job.user = user;
                let known = self.number(question).filter(|_| question.operation == 6);
                let at = seconds(self.host, self.printer);
                let number = match known {
                    Some(number) => {
                        let Some(title) = panel.lock().job(number).map(|job| job.title.clone()) else {
                            return NOT_FOUND;
                        };
                        job.title = title;
                        if !job.is_empty() {
                            job.finish(self.host, self.link, self.printer, out);
                        }
                        number
                    }
                    None if question.operation == 6 => return NOT_FOUND,
                    None if job.is_empty() => panel.lock().print(&job.title, &job.user, 0, at),
                    None => job.finish(self.host, self.link, self.printer, out),
                };
                self.job(number, &panel.lock().job(number).cloned(), &[], writer)
            }
            8 => {
                let mut panel = panel.lock();
                match self.number(question).and_then(|number| panel.job(number)) {
                    // What is printed cannot be called back.
                    Some(_) => NOT_POSSIBLE,
                    None => NOT_FOUND,
                }
            }
            9 => match self.number(question) {
                Some(number) => {
                    let found = panel.lock().job(number).cloned();
                    self.job(number, &found, &question.requested(), writer)
                }
                None => NOT_FOUND,
            },
            10 => self.jobs(question, panel.lock().jobs(), writer),
            11 => {
                let message = panel.lock().message().map(str::to_owned);
                self.attributes(&question.requested(), message, writer);
                DONE
            }
            // Validate-Job, Identify-Printer.
            _ => DONE,
        }
    }

    /// Jobs that are printed, or those that wait: there are none.
    fn jobs(&self, question: &Question, jobs: &[Printed], writer: &mut Writer) -> u16 {
        let done = question.text("which-jobs").is_some_and(|which| which == "completed");
        let most = usize::try_from(question.integer("limit").unwrap_or(u32::MAX)).unwrap_or(usize::MAX);
        let mut wanted = question.requested();
        if wanted.is_empty() {
            wanted = ["job-uri", "job-id"].map(str::to_owned).to_vec();
        }
        for job in jobs.iter().rev().take(if done { most } else { 0 }) {
            self.job(job.number, &Some(job.clone()), &wanted, writer);
        }
        DONE
    }

    /// The job that is meant.
    fn number(&self, question: &Question) -> Option<u32> {
        let uri = || question.text("job-uri")?.rsplit('/').next()?.parse().ok();
        question.integer("job-id").or_else(uri)
    }

    fn job(&self, number: u32, job: &Option<Printed>, wanted: &[String], writer: &mut Writer) -> u16 {
        let Some(job) = job else { return NOT_FOUND };
        let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|all| all == "all" || all == name);
        writer.group(JOB);
        let uri = format!("{}/{number}", self.uri());
        let (state, reason) =
            if job.cancelled { (7, "job-canceled-by-user") } else { (9, "job-completed-successfully") };
        for (tag, name, value) in [
            (URI, "job-uri", uri.into_bytes()),
            (INTEGER, "job-id", number.to_be_bytes().to_vec()),
            (ENUM, "job-state", u32::to_be_bytes(state).to_vec()),
            (KEYWORD, "job-state-reasons", reason.as_bytes().to_vec()),
            (URI, "job-printer-uri", self.uri().into_bytes()),
            (NAME, "job-name", job.title.clone().into_bytes()),
            (NAME, "job-originating-user-name", job.user.clone().into_bytes()),
            (INTEGER, "job-k-octets", number_of(job.size / 1024)),
            (INTEGER, "time-at-creation", job.at.to_be_bytes().to_vec()),
            (INTEGER, "time-at-processing", job.at.to_be_bytes().to_vec()),
            (INTEGER, "time-at-completed", job.at.saturating_add(2).to_be_bytes().to_vec()),
        ] {
            if wants(name) {
                writer.value(tag, name, &value);
            }
        }
        DONE
    }

    /// Where it prints, as its addresses say.
    fn uri(&self) -> String {
        format!("ipp://{}/ipp/print", self.link.local.ip())
    }

    fn attributes(&self, wanted: &[String], message: Option<String>, writer: &mut Writer) {
        let groups = ["all", "printer-description", "job-template"];
        let wants = |name: &str| {
            wanted.is_empty() || wanted.iter().any(|other| other == name || groups.contains(&other.as_str()))
        };
        writer.group(PRINTER);
        let mut whole = Writer(Vec::new());
        for (name, add) in DESCRIPTION {
            if wants(name) {
                add(self, name, &mut whole);
            }
        }
        if wants("printer-state-message") {
            let usual = if self.printer.model.hp { "Ready" } else { "Sleep" };
            whole.value(TEXT, "printer-state-message", message.as_deref().unwrap_or(usual).as_bytes());
        }
        writer.0.extend(whole.0);
    }

    fn model(&self) -> &Model {
        &self.printer.model
    }
}

fn number_of(value: usize) -> Vec<u8> {
    u32::try_from(value).unwrap_or(u32::MAX).to_be_bytes().to_vec()
}

/// An attribute of the printer, and what writes it.
type Attribute = (&'static str, fn(&Desk<'_>, &str, &mut Writer));

/// Attributes of the printer (RFC 8011, 5.4; PWG 5100.12).
const DESCRIPTION: [Attribute; 43] = [
    ("printer-uri-supported", |desk, name, out| out.value(URI, name, desk.uri().as_bytes())),
    ("uri-authentication-supported", |_, name, out| out.value(KEYWORD, name, b"none")),
    ("uri-security-supported", |_, name, out| out.value(KEYWORD, name, b"none")),
    ("printer-name", |desk, name, out| out.value(NAME, name, desk.model().hostname.as_bytes())),
    ("printer-info", |desk, name, out| out.value(TEXT, name, desk.model().name.as_bytes())),
    ("printer-location", |_, name, out| out.value(TEXT, name, b"")),
    ("printer-make-and-model", |desk, name, out| out.value(TEXT, name, desk.model().name.as_bytes())),
    ("printer-more-info", |desk, name, out| {
        out.value(URI, name, format!("http://{}/", desk.link.local.ip()).as_bytes());
    }),
    ("printer-uuid", |desk, name, out| {
        out.value(URI, name, format!("urn:uuid:{}", desk.model().uuid).as_bytes());
    }),
    ("printer-device-id", |desk, name, out| {
        let Model { maker, name: model, serial, .. } = desk.model();
        let model = model.strip_prefix(maker.as_str()).unwrap_or(model).trim();
        let id = format!("MFG:{maker};MDL:{model};CMD:PJL,PCL,POSTSCRIPT,PWGRaster;CLS:PRINTER;SN:{serial};");
        out.value(TEXT, name, id.as_bytes());
    }),
    ("printer-firmware-string-version", |desk, name, out| {
        out.value(TEXT, name, desk.model().firmware.as_bytes());
    }),
    ("printer-state", |_, name, out| out.number(ENUM, name, 3)),
    ("printer-state-reasons", |_, name, out| out.value(KEYWORD, name, b"none")),
    ("printer-is-accepting-jobs", |_, name, out| out.value(BOOLEAN, name, &[1])),
    ("queued-job-count", |_, name, out| out.number(INTEGER, name, 0)),
    ("printer-up-time", |desk, name, out| {
        out.number(INTEGER, name, seconds(desk.host, desk.printer).max(1));
    }),
    ("ipp-versions-supported", |_, name, out| out.all(KEYWORD, name, ["1.0", "1.1", "2.0"])),
    ("operations-supported", |_, name, out| {
        let operations: [u32; 9] = [2, 4, 5, 6, 8, 9, 10, 11, 0x3c];
        out.all(ENUM, name, operations.map(u32::to_be_bytes));
    }),
    ("multiple-document-jobs-supported", |_, name, out| out.value(BOOLEAN, name, &[0])),
    ("multiple-operation-time-out", |_, name, out| out.number(INTEGER, name, 120)),
    ("charset-configured", |_, name, out| out.value(CHARSET, name, b"utf-8")),
    ("charset-supported", |_, name, out| out.all(CHARSET, name, ["us-ascii", "utf-8"])),
    ("natural-language-configured", |_, name, out| out.value(LANGUAGE, name, b"en")),
    ("generated-natural-language-supported", |_, name, out| out.value(LANGUAGE, name, b"en")),
    ("document-format-default", |_, name, out| out.value(MIME, name, b"application/octet-stream")),
    ("document-format-supported", |_, name, out| out.all(MIME, name, FORMATS)),
    ("compression-supported", |_, name, out| out.value(KEYWORD, name, b"none")),
    ("pdl-override-supported", |_, name, out| out.value(KEYWORD, name, b"attempted")),
    ("color-supported", |desk, name, out| out.value(BOOLEAN, name, &[u8::from(!desk.model().hp)])),
    ("pages-per-minute", |desk, name, out| out.number(INTEGER, name, if desk.model().hp { 38 } else { 22 })),
    ("reference-uri-schemes-supported", |_, name, out| out.value(SCHEME, name, b"ipp")),
    ("copies-default", |_, name, out| out.number(INTEGER, name, 1)),
    ("copies-supported", |_, name, out| out.value(RANGE, name, &[0, 0, 0, 1, 0, 0, 3, 0xe7])),
    ("media-default", |_, name, out| out.value(KEYWORD, name, b"iso_a4_210x297mm")),
    ("media-supported", |_, name, out| {
        out.all(
            KEYWORD,
            name,
            ["iso_a4_210x297mm", "na_letter_8.5x11in", "iso_a5_148x210mm", "na_legal_8.5x14in"],
        );
    }),
    ("sides-default", |_, name, out| out.value(KEYWORD, name, b"one-sided")),
    ("sides-supported", |_, name, out| {
        out.all(KEYWORD, name, ["one-sided", "two-sided-long-edge", "two-sided-short-edge"]);
    }),
    ("orientation-requested-default", |_, name, out| out.number(ENUM, name, 3)),
    ("print-quality-default", |_, name, out| out.number(ENUM, name, 4)),
    ("print-quality-supported", |_, name, out| out.all(ENUM, name, [3_u32, 4, 5].map(u32::to_be_bytes))),
    ("printer-resolution-default", |_, name, out| {
        out.value(RESOLUTION, name, &[0, 0, 2, 0x58, 0, 0, 2, 0x58, 3]);
    }),
    ("printer-resolution-supported", |_, name, out| {
        out.value(RESOLUTION, name, &[0, 0, 2, 0x58, 0, 0, 2, 0x58, 3]);
    }),
    ("which-jobs-supported", |_, name, out| out.all(KEYWORD, name, ["completed", "not-completed"])),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_with_its_values() {
        let mut writer = Writer(vec![2, 0, 0, 11, 0, 0, 0, 7]);
        writer.group(OPERATION);
        writer.value(CHARSET, "attributes-charset", b"utf-8");
        writer.all(KEYWORD, "requested-attributes", ["printer-name", "printer-state"]);
        writer.number(INTEGER, "limit", 9);
        writer.group(END);
        let whole = writer.0.len();
        writer.0.extend(b"data");
        let (question, length) = Question::read(&writer.0).unwrap();
        assert_eq!((question.operation, question.number, length), (11, 7, whole));
        assert_eq!(question.requested(), ["printer-name", "printer-state"]);
        assert_eq!(question.integer("limit"), Some(9));
        assert_eq!(Question::read(&writer.0[..whole - 1]), None);
    }
}
