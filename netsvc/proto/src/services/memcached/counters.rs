//! What the server has counted since it started or since `stats reset`.

/// Declares the counters, which `stats` shows under their names.
macro_rules! counters {
    ($($name:ident)+) => {
        /// Counters by their names.
        #[derive(Clone, Debug, Default)]
        pub(super) struct Counters {
            $(pub $name: u64,)+
        }

        impl Counters {
            /// The counter called `name`.
            pub(super) fn get(&self, name: &str) -> Option<u64> {
                match name {
                    $(stringify!($name) => Some(self.$name),)+
                    _ => None,
                }
            }
        }
    };
}
counters! {
    total_connections cmd_get cmd_set cmd_flush cmd_touch cmd_meta get_hits get_misses get_expired get_flushed
    delete_misses delete_hits incr_misses incr_hits decr_misses decr_hits cas_misses cas_hits cas_badval touch_hits
    touch_misses store_too_large bytes_read bytes_written total_items evictions
}
