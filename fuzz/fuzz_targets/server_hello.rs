//! Feeds the target `server_hello`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("server_hello", bytes));
