//! How makers of cameras answer.

use netsvc_daemon::date;
use netsvc_kit::Host;
use netsvc_persona::tables::camera;

/// A maker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brand {
    Hikvision,
    Dahua,
    /// Any other, on LIVE555.
    Other,
}

/// A camera.
#[derive(Clone, Debug)]
pub(super) struct Camera {
    pub(super) brand: Brand,
    /// Where logins are good.
    realm: String,
}

impl Camera {
    pub(super) fn of(host: &Host) -> Camera {
        let persona = host.persona();
        let brand = match persona.hardware.vendor.as_str() {
            "Hikvision" => Brand::Hikvision,
            "Dahua" => Brand::Dahua,
            _ => Brand::Other,
        };
        let realm = match brand {
            Brand::Hikvision | Brand::Dahua => camera::realm(persona),
            Brand::Other => "LIVE555 Streaming Media".to_owned(),
        };
        Camera { brand, realm }
    }

    /// What it can be asked.
    pub(super) fn methods(&self) -> &'static str {
        match self.brand {
            Brand::Hikvision => {
                "OPTIONS, DESCRIBE, PLAY, PAUSE, SETUP, TEARDOWN, SET_PARAMETER, GET_PARAMETER"
            }
            Brand::Dahua => {
                "OPTIONS, DESCRIBE, ANNOUNCE, SETUP, PLAY, RECORD, PAUSE, TEARDOWN, SET_PARAMETER, GET_PARAMETER"
            }
            Brand::Other => "OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER",
        }
    }

    /// Fields that every answer has, at `clock` (µs).
    pub(super) fn fields(&self, clock: i64) -> String {
        match self.brand {
            Brand::Hikvision => format!("Date:  {}\r\n", date::http(clock)),
            Brand::Dahua => "Server: Rtsp Server/2.0\r\n".to_owned(),
            Brand::Other => format!("Date: {}\r\n", american(&date::http(clock))),
        }
    }

    /// Challenges to log in, with `nonce`.
    pub(super) fn challenges(&self, nonce: &str) -> String {
        let realm = &self.realm;
        let digest = match self.brand {
            Brand::Hikvision => format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", stale=\"FALSE\""),
            Brand::Dahua | Brand::Other => format!("Digest realm=\"{realm}\", nonce=\"{nonce}\""),
        };
        let basic = format!("WWW-Authenticate: Basic realm=\"{realm}\"\r\n");
        match self.brand {
            Brand::Hikvision => format!("WWW-Authenticate: {digest}\r\n{basic}"),
            Brand::Dahua | Brand::Other => format!("WWW-Authenticate: {digest}\r\n"),
        }
    }

    /// Whether there is a stream at `path`.
    pub(super) fn shows(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let begins =
            |starts: &[&str]| starts.iter().any(|start| path.to_ascii_lowercase().starts_with(start));
        match self.brand {
            Brand::Hikvision => {
                begins(&["/streaming/channels", "/h264", "/mpeg4", "/isapi/streaming", "/psia", "/ch1"])
            }
            Brand::Dahua => begins(&["/cam/realmonitor", "/live", "/h264"]),
            Brand::Other => begins(&["/ch", "/live", "/stream"]),
        }
    }

    /// What is said of the stream (SDP).
    pub(super) fn description(&self, host: &Host, url: &str) -> String {
        let ip = host.persona().ip;
        let number = host.clock() / 1_000_000;
        let (title, width, height) = match self.brand {
            Brand::Hikvision => ("Media Presentation", 1920, 1080),
            Brand::Dahua => ("Media Server", 2048, 1536),
            Brand::Other => ("Session streamed by the camera", 1280, 720),
        };
        format!(
            "v=0\r\no=- {number}000000 {number}000000 IN IP4 {ip}\r\ns={title}\r\ne=NONE\r\nb=AS:5100\r\nt=0 0\r\n\
             a=control:{url}/\r\nm=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\nb=AS:5000\r\na=recvonly\r\n\
             a=x-dimensions:{width},{height}\r\na=control:{url}/trackID=1\r\na=rtpmap:96 H264/90000\r\n\
             a=fmtp:96 profile-level-id=420029; packetization-mode=1; \
             sprop-parameter-sets=Z00AKp2oHgCJ+WbgICAgQA==,aO48gA==\r\n\
             m=audio 0 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\nb=AS:50\r\na=recvonly\r\na=control:{url}/trackID=2\r\n\
             a=rtpmap:8 PCMA/8000\r\n"
        )
    }
}

/// A date with the month before the day, as LIVE555 writes it.
fn american(date: &str) -> String {
    let mut words = date.split(' ');
    let mut next = || words.next().unwrap_or_default();
    let (name, day, month) = (next(), next(), next());
    format!("{name} {month} {day} {} {} GMT", next(), next())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_month_comes_first() {
        assert_eq!(super::american("Sun, 06 Nov 1994 08:49:37 GMT"), "Sun, Nov 06 1994 08:49:37 GMT");
    }
}
