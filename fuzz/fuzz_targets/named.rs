//! Feeds the target that `FUZZ_TARGET` names: any service, without a file here.
#![no_main]

use std::sync::LazyLock;

static NAME: LazyLock<String> = LazyLock::new(|| std::env::var("FUZZ_TARGET").unwrap_or_default());

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run(&NAME, bytes));
