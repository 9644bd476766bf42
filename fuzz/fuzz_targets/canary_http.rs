//! Feeds the target `canary_http`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("canary_http", bytes));
