//! The pages of IIS for remote clients, and those of HTTP.sys for what never reaches IIS.

use super::response::Response;
use netsvc_daemon::http::kernel;

/// Whether HTTP.sys answers itself, under its own name.
pub fn by_kernel(response: &Response) -> bool {
    response.close && matches!(response.status, 400 | 411 | 413 | 414 | 501 | 503 | 505)
}

/// Content-Type and page.
pub fn page(response: &Response) -> (&'static str, String) {
    if by_kernel(response) {
        (kernel::KIND, kernel::page(response.status, &response.detail))
    } else {
        ("text/html", site(response))
    }
}

fn site(response: &Response) -> String {
    if matches!(response.status, 301 | 302) {
        let to =
            response.fields.iter().find(|(name, _)| *name == "Location").map_or("/", |(_, to)| to.as_str());
        return format!(
            "<head><title>Document Moved</title></head>\n<body><h1>Object Moved</h1>This document may be found <a \
             HREF=\"{}\">here</a></body>",
            super::html::escape(to)
        );
    }
    let (title, heading, sentence) = match response.status {
        401 => (
            "401 - Unauthorized: Access is denied due to invalid credentials.",
            "401 - Unauthorized: Access is denied due to invalid credentials.",
            "You do not have permission to view this directory or page using the credentials that you supplied.",
        ),
        403 => (
            "403 - Forbidden: Access is denied.",
            "403 - Forbidden: Access is denied.",
            "You do not have permission to view this directory or page using the credentials that you supplied.",
        ),
        404 => (
            "404 - File or directory not found.",
            "404 - File or directory not found.",
            "The resource you are looking for might have been removed, had its name changed, or is temporarily \
             unavailable.",
        ),
        405 => (
            "405 - HTTP verb used to access this page is not allowed.",
            "405 - HTTP verb used to access this page is not allowed.",
            "The page you are looking for cannot be displayed because an invalid method (HTTP verb) was used to \
             attempt access.",
        ),
        412 => (
            "412 - Precondition set by the client failed when evaluated on the Web server.",
            "412 - Precondition set by the client failed when evaluated on the Web server.",
            "The request was not completed due to preconditions that are set in the request header.",
        ),
        501 => (
            "501 - Header values specify a method that is not implemented.",
            "501 - Header values specify a method that is not implemented.",
            "The page you are looking for cannot be displayed because a header value in the request does not \
             match certain configuration settings on the Web server.",
        ),
        _ => (
            "500 - Internal server error.",
            "500 - Internal server error.",
            "There is a problem with the resource you are looking for, and it cannot be displayed.",
        ),
    };
    PAGE.replace("{title}", title)
        .replace("{heading}", heading)
        .replace("{sentence}", sentence)
        .replace('\n', "\r\n")
}

const PAGE: &str = r##"<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"/>
<title>{title}</title>
<style type="text/css">
<!--
body{margin:0;font-size:.7em;font-family:Verdana, Arial, Helvetica, sans-serif;background:#EEEEEE;}
fieldset{padding:0 15px 10px 15px;} 
h1{font-size:2.4em;margin:0;color:#FFF;}
h2{font-size:1.7em;margin:0;color:#CC0000;} 
h3{font-size:1.2em;margin:10px 0 0 0;color:#000000;} 
#header{width:96%;margin:0 0 0 0;padding:6px 2% 6px 2%;font-family:"trebuchet MS", Verdana, sans-serif;color:#FFF;
background-color:#555555;}
#content{margin:0 0 0 2%;position:relative;}
.content-container{background:#FFF;width:96%;margin-top:8px;padding:10px;position:relative;}
-->
</style>
</head>
<body>
<div id="header"><h1>Server Error</h1></div>
<div id="content">
 <div class="content-container"><fieldset>
  <h2>{heading}</h2>
  <h3>{sentence}</h3>
 </fieldset></div>
</div>
</body>
</html>
"##;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_the_lengths_that_real_ones_have() {
        let length = |response: &Response| page(response).1.len();
        assert_eq!(length(&Response::standard(404)), 1245);
        assert_eq!(length(&Response::standard(401)), 1293);
        assert_eq!(length(&Response::standard(403)), 1233);
        let kernel =
            |detail: &str| Response { detail: detail.to_owned(), ..Response::standard(400).closing() };
        assert_eq!(length(&kernel("Invalid Hostname")), 334);
        assert_eq!(length(&kernel("Invalid URL")), 324);
        assert_eq!(length(&kernel("Invalid Verb")), 326);
    }
}
