//! Feeds the target `shell_terminal`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("shell_terminal", bytes));
