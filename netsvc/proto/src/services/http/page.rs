//! The servers' own pages for a status.

use super::{
    html::escape,
    iis,
    product::{Family, Server},
    request::{Fault, Request},
    response::Response,
};

/// Content-Type and bytes of the page for `response` to `request`; the fields may be needed for it.
pub fn standard(
    server: &Server,
    request: &Request,
    response: &Response,
    port: u16,
) -> (&'static str, String) {
    let reason = server.reason(response.status);
    match server.family {
        Family::Nginx => ("text/html", nginx(server, response, reason)),
        Family::Apache => ("text/html; charset=iso-8859-1", apache(server, request, response, reason, port)),
        Family::Lighttpd => ("text/html", lighttpd(response.status, reason)),
        Family::Iis => iis::page(response),
        Family::Device => ("text/html", device(server, request, response.status, reason)),
    }
}

fn nginx(server: &Server, response: &Response, reason: &str) -> String {
    let status = response.status;
    let mut title = format!("{status} {reason}");
    let mut more = String::new();
    if !response.detail.is_empty() {
        title = format!("{status} {}", response.detail);
        more = format!("<center>{}</center>\r\n", response.detail);
    }
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\r\n\
         {more}<hr><center>{}</center>\r\n</body>\r\n</html>\r\n",
        server.name
    )
}

fn apache(server: &Server, request: &Request, response: &Response, reason: &str, port: u16) -> String {
    let (host, port) = named(server, request, response, port);
    format!(
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n<html><head>\n\
         <title>{} {reason}</title>\n</head><body>\n<h1>{reason}</h1>\n{}<hr>\n\
         <address>{} Server at {} Port {port}</address>\n</body></html>\n",
        response.status,
        explanation(request, response),
        server.name,
        escape(&host)
    )
}

/// Host and port that httpd takes itself to be called by.
fn named(server: &Server, request: &Request, response: &Response, port: u16) -> (String, String) {
    // Requests that fail before their fields are used belong to the default host.
    let early =
        response.status == 414 || request.faults.iter().any(|fault| response.status == 400 && !late(*fault));
    let connect = Some(request.target.as_str()).filter(|_| request.method == "CONNECT" && !early);
    let absolute = request.authority.as_deref().map(|host| host.rsplit('@').next().unwrap_or(host));
    let field = request.field("host").filter(|value| !early && !value.is_empty());
    let Some(value) = connect.or(absolute).or(field) else { return (server.host.clone(), port.to_string()) };
    let (host, given) = match value.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
        Some((host, given)) => (host, Some(given)),
        None => (value, None),
    };
    match given.map(str::parse::<u16>) {
        Some(Err(_)) => (server.host.clone(), "0".to_owned()),
        given => {
            let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
            (host, given.and_then(Result::ok).unwrap_or(port).to_string())
        }
    }
}

fn late(fault: Fault) -> bool {
    matches!(fault, Fault::Outside | Fault::Percent | Fault::Zero | Fault::Chunk | Fault::Target)
}

fn explanation(request: &Request, response: &Response) -> String {
    let location =
        response.fields.iter().find(|(name, _)| *name == "Location").map(|(_, value)| value.as_str());
    match response.status {
        301..=303 => format!(
            "<p>The document has moved <a href=\"{0}\">here</a>.</p>\n",
            escape(location.unwrap_or_default())
        ),
        400 => format!(
            "<p>Your browser sent a request that this server could not understand.<br />\n{}</p>\n",
            response.detail
        ),
        401 => "<p>This server could not verify that you\nare authorized to access the document\nrequested.  \
                Either you supplied the wrong\ncredentials (e.g., bad password), or your\nbrowser doesn't \
                understand how to supply\nthe credentials required.</p>\n"
            .to_owned(),
        403 => "<p>You don't have permission to access this resource.</p>\n".to_owned(),
        404 => "<p>The requested URL was not found on this server.</p>\n".to_owned(),
        405 => format!("<p>The requested method {} is not allowed for this URL.</p>\n", escape(&request.method)),
        408 => "<p>Server timeout waiting for the HTTP request from the client.</p>\n".to_owned(),
        411 => format!(
            "<p>A request of the requested method {} requires a valid Content-length.<br />\n</p>\n",
            escape(&request.method)
        ),
        413 => format!(
            "The requested resource does not allow request data with {} requests, or the amount of data provided \
             in\nthe request exceeds the capacity limit.\n",
            escape(&request.method)
        ),
        414 => "<p>The requested URL's length exceeds the capacity\nlimit for this server.<br />\n</p>\n".to_owned(),
        416 => "<p>None of the range-specifier values in the Range\nrequest-header field overlap the current \
                extent\nof the selected resource.</p>\n"
            .to_owned(),
        417 => format!(
            "<p>The expectation given in the Expect request-header\nfield could not be met by this server.\nThe \
             client sent<pre>\n    Expect: {}\n</pre>\n</p><p>Only the 100-continue expectation is supported.</p>\n",
            escape(request.field("expect").unwrap_or_default())
        ),
        501 => format!("<p>{} not supported for current URL.<br />\n</p>\n", escape(&request.method)),
        _ => "<p>The server encountered an internal error or\nmisconfiguration and was unable to complete\nyour \
              request.</p>\n"
            .to_owned(),
    }
}

fn lighttpd(status: u16, reason: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 \
         Transitional//EN\"\n         \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n<html \
         xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n <head>\n  <title>{status} \
         {reason}</title>\n </head>\n <body>\n  <h1>{status} {reason}</h1>\n </body>\n</html>\n"
    )
}

fn device(server: &Server, request: &Request, status: u16, reason: &str) -> String {
    if let Some(own) = server.make().page(request, status, reason) {
        return own;
    }
    let lower = server.name.to_ascii_lowercase();
    if lower.starts_with("goahead") {
        return format!(
            "<html><head><title>Document Error: {reason}</title></head>\r\n\t\t<body><h2>Access Error: {reason}</h2>\r\n\
             \t\t<p>when trying to obtain <b>{}</b><br><p>Cannot open URL</p></body></html>\r\n\r\n",
            escape(&request.path)
        );
    }
    let sentence = match status {
        404 => format!("The requested URL {} was not found on this server.", escape(&request.path)),
        401 => format!(
            "Your client does not have permission to get URL {} from this server.",
            escape(&request.path)
        ),
        501 => format!("{} is not supported by this server.", escape(&request.method)),
        _ => "Your client has issued a malformed or illegal request.".to_owned(),
    };
    format!(
        "<HTML><HEAD><TITLE>{status} {reason}</TITLE></HEAD>\n<BODY><H1>{status} {reason}</H1>\n{sentence}\n</BODY></HTML>\n"
    )
}
