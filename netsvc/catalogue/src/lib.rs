//! The catalogue: every service that there is, of all families. The tests here hold each of them to what it declares.

use netsvc_kit::Def;
use std::sync::LazyLock;

/// Every service, by slug.
pub static ALL: LazyLock<Vec<&'static Def>> = LazyLock::new(|| {
    let families = [netsvc_proto::ALL, netsvc_windows::ALL, netsvc_data::ALL, netsvc_devices::ALL];
    let mut all = families.concat();
    all.sort_by_key(|def| def.slug);
    all
});
