//! Feeds the target `ssh_kexinit`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("ssh_kexinit", bytes));
