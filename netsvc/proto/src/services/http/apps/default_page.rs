//! The first page of Debian's and Ubuntu's httpd: title, structure and length of theirs, the sentences are ours.

use super::Visit;

/// `icons/blank.gif` of httpd (public domain, as it says itself).
pub const BLANK: &[u8] =
    b"GIF89a\x14\x00\x16\x00\xa1\x00\x00\xff\xff\xff\xcc\xff\xff\x00\x00\x00\x00\x00\x00!\xfeN\
    This art is in the public domain. Kevin Hughes, kevinh@eit.com, September 1995\
    \x00!\xf9\x04\x01\x00\x00\x01\x00,\x00\x00\x00\x00\x14\x00\x16\x00\x00\x02\x13\
    \x8c\x8f\xa9\xcb\xed\x0f\xa3\x9c\xb4\xda\
    \x8b\xb3\xde\xbc\xfb\x0f\x86I\x01\x00;";

/// Where the rules of the style sheet are filled up to the page's length.
const FILL: &str = "{fill}";

/// The page of `visit`'s system.
pub fn of(visit: &Visit<'_>) -> Vec<u8> {
    let system = visit.host.persona().os.id.as_str();
    let (name, logo, length) = match system {
        "ubuntu1804" | "ubuntu2004" => ("Ubuntu", "ubuntu-logo.png", 10_918),
        system if system.starts_with("ubuntu") => ("Ubuntu", "ubuntu-logo.png", 10_671),
        _ => ("Debian", "openlogo-75.png", 10_701),
    };
    let page = PAGE.replace("{name}", name).replace("{logo}", logo);
    let missing = (length + FILL.len()).saturating_sub(page.len());
    let filling = RULE.repeat(missing / RULE.len() + 1);
    page.replace(FILL, filling.get(..missing).unwrap_or_default()).into_bytes()
}

/// Fills the style sheet inside a comment of it.
const RULE: &str =
    "  margin 0px padding 0px border 0px font-size 11pt line-height 14pt color #000000 background #D8DBE2\n";

const PAGE: &str = include_str!("debian-httpd.html");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_leaves_room_to_be_filled() {
        let shortest = 10_671;
        assert!(PAGE.len() < shortest, "{}", PAGE.len());
        assert_eq!(PAGE.matches(FILL).count(), 1);
    }
}
