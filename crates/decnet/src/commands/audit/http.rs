//! What an HTTP server shows: its name and its clock.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
};
use time::{Date, Month, OffsetDateTime, Time};

/// Bytes of a head that are read.
const HEAD: usize = 8192;

/// What was seen.
pub(super) struct Http {
    /// `Server`.
    pub(super) server: Option<String>,
    /// `Date` less the time at which it came, in µs.
    pub(super) ahead: Option<i64>,
}

/// Asks for it.
///
/// # Errors
/// When the peer hangs up.
pub(super) fn look(mut stream: TcpStream) -> io::Result<Http> {
    stream.write_all(
        b"HEAD / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\
                       Connection: close\r\n\r\n",
    )?;
    let mut head = Vec::new();
    let mut some = [0; 1024];
    while head.len() < HEAD && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut some)? {
            0 => break,
            read => head.extend_from_slice(some.get(..read).unwrap_or_default()),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let now = OffsetDateTime::now_utc();
    let ahead = field(&head, "date").and_then(moment).map(|date| {
        // A date has whole seconds.
        i64::try_from((date - now).whole_microseconds()).unwrap_or(i64::MAX) + 500_000
    });
    Ok(Http { server: field(&head, "server").map(str::to_owned), ahead })
}

/// A header field's value.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
fn moment(text: &str) -> Option<OffsetDateTime> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [_, day, month, year, clock, "GMT"] = words.as_slice() else { return None };
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| name == month)?;
    let month = Month::try_from(u8::try_from(month + 1).ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    let mut parts = clock.split(':').map(|part| part.parse::<u8>().ok());
    let time = Time::from_hms(parts.next()??, parts.next()??, parts.next()??).ok()?;
    Some(date.with_time(time).assume_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read() {
        let read = |text| moment(text).map(OffsetDateTime::unix_timestamp);
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(read("Sun, 06 Nov 1994 08:49 GMT"), None);
        assert_eq!(read("yesterday"), None);
    }

    #[test]
    fn a_field_is_found_whatever_its_case() {
        let head = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDATE: x\r\n\r\n";
        assert_eq!((field(head, "server"), field(head, "date")), (Some("nginx/1.22.1"), Some("x")));
        assert_eq!(field(head, "etag"), None);
    }
}
