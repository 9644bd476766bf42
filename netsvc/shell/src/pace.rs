//! Pauses in long runs: whoever runs a shell may be asked, between steps, whether it goes on.

use std::cell::{Cell, RefCell};

/// Steps between two questions.
const STEPS: u32 = 64;

type Ask = Box<dyn Fn() -> bool>;

thread_local! {
    static ASK: RefCell<Option<Ask>> = const { RefCell::new(None) };
    static COUNT: Cell<u32> = const { Cell::new(0) };
}

/// Runs `work`; every few steps of a shell in it, `ask` is called, which may take its time, and ends the run by
/// answering false.
pub fn paced<T>(ask: impl Fn() -> bool + 'static, work: impl FnOnce() -> T) -> T {
    /// Takes the question away, also when `work` panics.
    struct Over;
    impl Drop for Over {
        fn drop(&mut self) {
            ASK.with(|slot| slot.borrow_mut().take());
        }
    }
    ASK.with(|slot| *slot.borrow_mut() = Some(Box::new(ask)));
    let _over = Over;
    work()
}

/// Whether the run goes on.
pub(crate) fn goes_on() -> bool {
    let count = COUNT.with(|count| {
        count.set(count.get().wrapping_add(1));
        count.get()
    });
    !count.is_multiple_of(STEPS) || ASK.with(|slot| slot.borrow().as_ref().is_none_or(|ask| ask()))
}
