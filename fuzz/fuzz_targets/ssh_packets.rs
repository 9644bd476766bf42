//! Feeds `fuzz_targets::ssh_packets`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::ssh_packets(bytes));
