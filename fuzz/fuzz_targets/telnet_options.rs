//! Feeds the target `telnet_options`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("telnet_options", bytes));
