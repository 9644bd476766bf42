//! A site behind its connections: what it is made of, what it answers, and what of a request is recorded. It is the
//! same at each port of a node.

use super::{
    apps::{self, Visit, welcome},
    builtin::by_server,
    credentials::{self, Verdict},
    exploit,
    form::Form,
    product::{Family, Server},
    request::Request,
    response::Response,
};
pub use netsvc_daemon::http::record::{HEAD, SMALL, record};
use netsvc_kit::{Host, Link, Out};
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// The site as one connection sees it.
pub struct Site {
    /// The service on its node.
    pub host: Arc<Host>,
    /// The connection.
    pub link: Link,
    /// The server in front.
    pub server: Server,
    /// The application behind it.
    pub app: &'static str,
    /// NTLM's challenge on the connection.
    nonce: Option<[u8; 8]>,
}

impl Site {
    /// The site of `host` for a fresh connection.
    pub fn new(host: &Arc<Host>, link: &Link) -> Self {
        let server = Server::of(host);
        let app = apps::choose(host, &server);
        Site { host: host.clone(), link: *link, server, app, nonce: None }
    }

    /// What the Authorization field of `request` comes to; recorded.
    pub fn judge(&mut self, request: &Request, out: &mut Out) -> Verdict {
        credentials::judge(&self.host, &self.link, request, &mut self.nonce, out)
    }

    /// Records what of a request is worth it besides the request; its body as a form.
    pub fn evidence(&self, request: &Request, out: &mut Out) -> Form {
        exploit::record(request, out);
        let form = if request.body.is_empty() {
            Form::default()
        } else {
            Form::read(request.field("content-type").unwrap_or_default(), &request.body)
        };
        keep_payloads(request, &form, out);
        form
    }

    /// The answer to a request.
    pub fn answer(&self, request: &Request, form: &Form, verdict: &Verdict, out: &mut Out) -> Response {
        let visit =
            Visit { host: &self.host, link: &self.link, server: &self.server, request, verdict, form };
        if let Some(response) = by_server(&visit, self.app) {
            return response;
        }
        match apps::answer(self.app, &visit, out) {
            Some(response) => response,
            None if visit.is_read() || visit.is_post() || self.server.family == Family::Nginx => {
                Response::standard(404)
            }
            None => welcome::refusal(&visit),
        }
    }
}

fn keep_payloads(request: &Request, form: &Form, out: &mut Out) {
    let path = request.path.as_bytes();
    for (name, content) in &form.files {
        let fields = vec![
            (field::ORIGIN, b"upload".to_vec()),
            (field::PATH, path.to_vec()),
            (field::NAME, name.as_bytes().to_vec()),
        ];
        out.capture(Kind::FileCaptured, fields, content.clone());
    }
    if request.body.len() > SMALL || request.method == "PUT" && !request.body.is_empty() {
        let fields = vec![(field::ORIGIN, b"body".to_vec()), (field::PATH, path.to_vec())];
        out.capture(Kind::FileCaptured, fields, request.body.clone());
    }
}
