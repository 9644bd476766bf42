//! The memory allocator: buffers of connections go back to the system when they are freed.

use netsvc_kit::budget::Budget;
use std::{
    sync::{Arc, Weak},
    time::Duration,
};

/// Size from which an allocation is a mapping of its own, which is given back when freed; glibc would raise it after
/// the first such one.
#[cfg(target_env = "gnu")]
const MAPPED: libc::c_int = 128 * 1024;
/// Free bytes at the end of a heap that are kept.
#[cfg(target_env = "gnu")]
const KEPT: libc::c_int = 1 << 20;
/// Heaps. Few, because each has free memory of its own; more than threads that serve, because those must not wait for
/// one that a thread of low priority has locked.
#[cfg(target_env = "gnu")]
const HEAPS: libc::c_int = 8;
/// Time between looks whether much was freed.
const LOOK: Duration = Duration::from_secs(5);
/// Connections whose memory is worth giving back.
const MANY: usize = 64;
/// Bytes of buffers that are.
const MUCH: usize = 4 << 20;

/// Sets the allocator up. Called before there are threads.
pub(crate) fn set_up() {
    #[cfg(target_env = "gnu")]
    #[expect(unsafe_code, reason = "mallopt is a C function")]
    // SAFETY: parameters and values are those of mallopt(3); nothing else runs yet.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
        libc::mallopt(libc::M_ARENA_MAX, HEAPS);
    }
}

/// Gives memory back after each flood, as long as the process runs.
pub(crate) fn keep_small(budget: &Arc<Budget>) {
    let budget: Weak<Budget> = Arc::downgrade(budget);
    std::thread::spawn(move || {
        let (mut most_open, mut most_held) = (0, 0);
        while let Some(budget) = budget.upgrade() {
            let (open, held) = (budget.open(), budget.memory().held());
            drop(budget);
            (most_open, most_held) = (open.max(most_open), held.max(most_held));
            let fewer = MANY <= most_open && open < most_open / 2;
            let less = MUCH <= most_held && held < most_held / 2;
            if fewer || less {
                (most_open, most_held) = (open, held);
                give_back();
            }
            std::thread::sleep(LOOK);
        }
    });
}

fn give_back() {
    #[cfg(target_env = "gnu")]
    #[expect(unsafe_code, reason = "malloc_trim is a C function")]
    // SAFETY: it may be called at any time from any thread (malloc_trim(3)).
    unsafe {
        libc::malloc_trim(0);
    }
}
