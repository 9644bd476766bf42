//! Families of servers, which read requests each in its way.

/// A family of servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// nginx.
    Nginx,
    /// Apache httpd.
    Apache,
    /// Microsoft IIS on HTTP.sys.
    Iis,
    /// lighttpd.
    Lighttpd,
    /// A server of a device, or of a program.
    Device,
}
