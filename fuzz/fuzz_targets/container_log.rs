//! Feeds the target `container_log`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("container_log", bytes));
