//! Feeds the target `client_hello`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("client_hello", bytes));
