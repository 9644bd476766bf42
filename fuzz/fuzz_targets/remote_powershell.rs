//! Feeds the target `remote_powershell`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("remote_powershell", bytes));
