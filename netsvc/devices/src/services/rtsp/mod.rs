//! RTSP of cameras and recorders: what is asked about a stream, and who may see it.
//!
//! Sources: RFC 2326 (RTSP), RFC 4566 (SDP), RFC 2617 (logins); answers of such devices in the probes of
//! nmap and in
//! reports of their makers' firmware.

mod brand;
mod machine;
mod products;
mod talks;

use netsvc_kit::{Beyond, Def, Full, Port, Serve, Setting};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::time::Duration;

/// Kinds of its events.
const RECORDS: &[Kind] = &[Kind::AuthAttempt, Kind::Request];
/// What it leaves out.
const LIMITS: &[&str] =
    &["A stream that is played has no pictures: its packets never come.", "There is no RTSP over HTTP."];

/// The service.
pub static SERVICE: Def = Def {
    slug: "rtsp",
    about: "Camera streams over RTSP",
    ports: &[Port::tcp(554)],
    settings: &[Setting::ADMIN_PASSWORD, Setting::USER, Setting::USER_PASSWORD],
    products: products::PRODUCTS,
    daemons: products::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Duration::from_secs(60),
    total: Def::TOTAL,
    full: |_| Full::of(CONNECTIONS, Beyond::Close),
    serve: Serve::Machine(machine::open),
};

/// Connections that a camera serves at a time.
const CONNECTIONS: usize = 24;
