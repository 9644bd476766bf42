//! Releases: one file with everything that is installed, and a signature beside it that only the operator can make.
//!
//! [`key`] and [`signature`] speak minisign's formats, so that `minisign -V` and `decnet release verify` judge the
//! same; [`manifest`] says what is in a release and for whom it is; [`bundle`] packs and unpacks one. Nothing of a
//! bundle is looked at before its signature was.

pub mod bundle;
pub mod key;
pub mod manifest;
pub mod signature;
pub mod version;

pub use bundle::{BundleError, pack, unpack};
pub use key::{KeyError, PublicKey, SecretKey};
pub use manifest::{Entry, Here, MANIFEST, Manifest, Peers, Unfit};
pub use signature::{Signature, SignatureError, sign};
pub use version::Version;
