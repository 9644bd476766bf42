//! The pages of HTTP.sys, the part of Windows that answers what never reaches a site.

/// Content-Type of them.
pub const KIND: &str = "text/html; charset=us-ascii";

/// The page for `status`, `detail` saying more of a bad request.
pub fn page(status: u16, detail: &str) -> String {
    let (title, heading, sentence) = match (status, detail) {
        (400, "Invalid Hostname") => {
            ("Bad Request", "Bad Request - Invalid Hostname", "The request hostname is invalid.")
        }
        (400, "Invalid URL") => ("Bad Request", "Bad Request - Invalid URL", "The request URL is invalid."),
        (400, "Invalid Header") => {
            ("Bad Request", "Bad Request - Invalid Header", "The request has an invalid header name.")
        }
        (400, "Request Too Long") => {
            ("Bad Request", "Bad Request - Request Too Long", "The size of the request headers is too long.")
        }
        (400, _) => ("Bad Request", "Bad Request - Invalid Verb", "The request verb is invalid."),
        (404, _) => ("Not Found", "Not Found", "The requested resource is not found."),
        (411, _) => {
            ("Length Required", "Length Required", "The request must be chunked or have a content length.")
        }
        (413, _) => {
            ("Request Entity Too Large", "Request Entity Too Large", "The request body is too large.")
        }
        (414, _) => ("Request URI Too Long", "Request URI Too Long", "The request URL is too long."),
        (501, _) => {
            ("Not Implemented", "Not Implemented", "The request transfer-encoding type is not supported.")
        }
        (505, _) => {
            ("Version Not Supported", "HTTP Version Not Supported", "The HTTP version is not supported.")
        }
        _ => ("Service Unavailable", "Service Unavailable", "The service is unavailable."),
    };
    format!(
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\"\"http://www.w3.org/TR/html4/strict.dtd\">\r\n\
         <HTML><HEAD><TITLE>{title}</TITLE>\r\n\
         <META HTTP-EQUIV=\"Content-Type\" Content=\"text/html; charset=us-ascii\"></HEAD>\r\n\
         <BODY><h2>{heading}</h2>\r\n<hr><p>HTTP Error {status}. {sentence}</p>\r\n</BODY></HTML>\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_what_is_not_there_has_the_length_of_the_real_one() {
        assert_eq!(page(404, "").len(), 315);
    }
}
