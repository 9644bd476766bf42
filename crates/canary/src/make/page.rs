//! Pages, drawings and scripts that browsers open.

use super::{Body, Task};

fn held(content: String, lead: String) -> Body {
    Body { content: content.into_bytes(), lead, secrets: Vec::new() }
}

/// The address of an image.
pub(super) fn web_bug(task: &mut Task<'_>) -> Body {
    let url = match task.asked.target {
        Some(_) => task.url("go/{id}"),
        None => task.url("img/{id}/spacer.gif"),
    };
    held(format!("{url}\n"), url)
}

/// A page with an image.
pub(super) fn page(task: &mut Task<'_>) -> Body {
    let url = task.url("static/{id}/logo.png");
    let title = task.draw.one(&["Staff directory", "Server list", "VPN access", "Project archive"]);
    held(
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n</head>\n\
             <body>\n<img src=\"{url}\" alt=\"\" width=\"1\" height=\"1\">\n<h1>{title}</h1>\n<p>Internal. The current \
             version is kept by the service desk.</p>\n</body>\n</html>\n"
        ),
        url,
    )
}

/// A drawing with an image in it.
pub(super) fn drawing(task: &mut Task<'_>) -> Body {
    let url = task.url("media/{id}/plan.png");
    held(
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" \
             xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"640\" height=\"360\" viewBox=\"0 0 640 360\">\n  \
             <rect width=\"640\" height=\"360\" fill=\"#fff\"/>\n  <g fill=\"none\" stroke=\"#456\">\n    \
             <rect x=\"40\" y=\"140\" width=\"140\" height=\"70\"/>\n    <rect x=\"250\" y=\"140\" width=\"140\" \
             height=\"70\"/>\n    <rect x=\"460\" y=\"140\" width=\"140\" height=\"70\"/>\n    \
             <path d=\"M180 175h70M390 175h70\"/>\n  </g>\n  <g font-family=\"sans-serif\" font-size=\"15\" \
             text-anchor=\"middle\">\n    <text x=\"110\" y=\"180\">office</text>\n    <text x=\"320\" y=\"180\">core\
             </text>\n    <text x=\"530\" y=\"180\">storage</text>\n  </g>\n  <image href=\"{url}\" \
             xlink:href=\"{url}\" width=\"1\" height=\"1\"/>\n</svg>\n"
        ),
        url,
    )
}

/// Bookmarks as browsers export them (the Netscape form).
pub(super) fn bookmarks(task: &mut Task<'_>) -> Body {
    let url = task.url("wiki/{id}/Passwords");
    let added = task.now / 1_000_000 - 86_400 * i64::try_from(20 + task.draw.below(300)).unwrap_or(20);
    let mut text = String::from(
        "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<META HTTP-EQUIV=\"Content-Type\" CONTENT=\"text/html; charset=UTF-8\">\n\
         <TITLE>Bookmarks</TITLE>\n<H1>Bookmarks</H1>\n<DL><p>\n",
    );
    let known = [
        ("https://www.wikipedia.org/", "Wikipedia"),
        (url.as_str(), "Admin wiki - passwords"),
        ("https://www.debian.org/doc/", "Debian documentation"),
    ];
    for (offset, (address, name)) in (0_i64..).zip(known) {
        let date = added + 7200 * offset;
        text.push_str(&format!("    <DT><A HREF=\"{address}\" ADD_DATE=\"{date}\">{name}</A>\n"));
    }
    text.push_str("</DL><p>\n");
    held(text, url)
}

/// A script that tells where a page is shown, unless it is at home.
pub(super) fn script(task: &mut Task<'_>) -> Body {
    let url = task.url("stats/{id}/p.gif");
    let home = task.asked.target.clone().unwrap_or_default().to_lowercase();
    let here = if home.is_empty() {
        "true".to_owned()
    } else {
        format!("h !== \"{home}\" && h.slice(-{}) !== \".{home}\"", home.len() + 1)
    };
    let text = format!(
        "(function () {{\n  var h = document.location.hostname.toLowerCase();\n  if ({here}) {{\n    new Image().src = \
         \"{url}?l=\" +\n      encodeURIComponent(document.location.href) + \"&r=\" + \
         encodeURIComponent(document.referrer);\n  }}\n}})();\n"
    );
    held(text, url)
}
