//! Feeds the target `ssh_greeting`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("ssh_greeting", bytes));
