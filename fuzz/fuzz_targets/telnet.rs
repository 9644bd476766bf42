//! Feeds the target `telnet`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("telnet", bytes));
