//! The site of a web server as what answers.

use super::{
    dialect::{self, Dialect},
    program::{Answer, Given, Program},
};
use crate::services::http::{
    apps,
    form::Form,
    product::Family,
    request::{Fault, Request},
    response::Response,
    site::Site,
    writer::{self, Moment},
};
use netsvc_kit::{Host, Link, Out};
use std::sync::Arc;

/// A site as one connection sees it.
pub struct Web(Site);

impl Web {
    /// The site of `host` for a fresh connection.
    pub fn new(host: &Arc<Host>, link: &Link) -> Self {
        Web(Site::new(host, link))
    }

    fn composed(&self, request: &Request, response: &Response) -> Answer {
        let moment = Moment { clock: self.0.host.clock(), port: self.0.link.port, served: 0, keep: true };
        let composed = writer::compose(&self.0.server, request, response, moment);
        let mut fields = vec![(":status".to_owned(), composed.status.to_string())];
        let given = composed.fields.into_iter();
        fields.extend(given.map(|(name, value)| (name.to_ascii_lowercase(), value)));
        self.arrange(&mut fields);
        Answer { status: composed.status, fields, body: composed.body, open: false }
    }

    /// Puts the fields where the server has them: httpd adds two of them last, HTTP.sys one first.
    fn arrange(&self, fields: &mut [(String, String)]) {
        let (first, last): (&[&str], &[&str]) = match self.0.server.family {
            Family::Apache => (&[], &["date", "server"]),
            Family::Iis => (&["content-length"], &[]),
            _ => (&[], &[]),
        };
        let rank = |name: &str| match (first.contains(&name), last.contains(&name)) {
            _ if name == ":status" => 0,
            (true, _) => 1,
            (_, false) => 2,
            (_, true) => 3,
        };
        fields.sort_by_key(|(name, _)| rank(name));
    }
}

impl Program for Web {
    fn dialect(&self) -> Dialect {
        dialect::of(self.0.server.family)
    }

    fn family(&self) -> Family {
        self.0.server.family
    }

    fn body_limit(&self) -> u64 {
        self.0.server.body_limit()
    }

    fn at_once(&self, request: &Request) -> bool {
        !apps::is_dynamic(self.0.app, &request.path)
    }

    fn answer(&mut self, _stream: u32, request: &Request, whole: bool, out: &mut Out) -> Given {
        let form = if whole { self.0.evidence(request, out) } else { Form::default() };
        let verdict = self.0.judge(request, out);
        let response = self.0.answer(request, &form, &verdict, out);
        Given::Now(self.composed(request, &response))
    }

    fn seen(&mut self, request: &Request, out: &mut Out) {
        self.0.evidence(request, out);
    }

    fn refuse(&mut self, request: &Request, fault: Fault) -> Answer {
        let response = self.0.server.fault(fault);
        self.composed(request, &response)
    }
}
