//! For tests that feed parsers any bytes: the ways in that have no public name otherwise.

use crate::services;

/// Reads fragments of remote PowerShell; the scripts in them.
pub fn remote_powershell(bytes: &[u8]) -> Vec<String> {
    services::winrm::scripts(bytes)
}
