//! Feeds the target `canary_dns`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("canary_dns", bytes));
