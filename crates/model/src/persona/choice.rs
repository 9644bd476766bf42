//! Drawing from lists.

/// The entry of `list` that `random` falls on; `None` where there is none.
pub(crate) fn choose<T: Copy>(list: &[T], random: u64) -> Option<T> {
    let index = random.checked_rem(u64::try_from(list.len()).ok()?)?;
    list.get(usize::try_from(index).ok()?).copied()
}
