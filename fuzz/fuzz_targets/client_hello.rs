//! Feeds `fuzz_targets::client_hello`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::client_hello(bytes));
