//! Errors as the server tells them: a number, its name, and a text.
//!
//! Source: `src/mongo/base/error_codes.yml` of the releases.

use super::bson::{Doc, bson};

/// An error of a command.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub code: i32,
    pub text: String,
}

const NAMES: &[(i32, &str)] = &[
    (1, "InternalError"),
    (2, "BadValue"),
    (9, "FailedToParse"),
    (11, "UserNotFound"),
    (13, "Unauthorized"),
    (14, "TypeMismatch"),
    (15, "Overflow"),
    (18, "AuthenticationFailed"),
    (20, "IllegalOperation"),
    (26, "NamespaceNotFound"),
    (27, "IndexNotFound"),
    (40, "ConflictingUpdateOperators"),
    (43, "CursorNotFound"),
    (48, "NamespaceExists"),
    (50, "MaxTimeMSExpired"),
    (52, "DollarPrefixedFieldName"),
    (59, "CommandNotFound"),
    (66, "ImmutableField"),
    (72, "InvalidOptions"),
    (73, "InvalidNamespace"),
    (76, "NoReplicationEnabled"),
    (115, "CommandNotSupported"),
    (168, "InvalidPipelineOperator"),
    (292, "QueryExceededMemoryLimitNoDiskUseAllowed"),
    (334, "MechanismUnavailable"),
    (352, "UnsupportedOpQueryCommand"),
    (11_000, "DuplicateKey"),
    (14_031, "OutOfDiskSpace"),
];

impl Fault {
    pub(super) fn new(code: i32, text: impl Into<String>) -> Self {
        Fault { code, text: text.into() }
    }

    /// A value that a command does not take.
    pub(super) fn bad(text: impl Into<String>) -> Self {
        Fault::new(2, text)
    }

    /// Something that cannot be parsed.
    pub(super) fn parse(text: impl Into<String>) -> Self {
        Fault::new(9, text)
    }

    /// There is no room for more.
    pub(super) fn full() -> Self {
        Fault::new(
            14_031,
            "available disk space of 482115584 bytes is less than required minimum of 524288000",
        )
    }

    /// A document would be nested deeper than documents are.
    pub(super) fn deep() -> Self {
        Fault::new(15, "Document exceeds maximum nesting depth of 180")
    }

    /// A stage would take more memory than one may.
    pub(super) fn memory() -> Self {
        Fault::new(
            292,
            "Exceeded memory limit for $group, but didn't allow external sort. Pass allowDiskUse:true to opt \
                in.",
        )
    }

    /// A query took more work than one may.
    pub(super) fn time() -> Self {
        Fault::new(50, "operation exceeded time limit")
    }

    /// Name of its code.
    pub(super) fn name(&self) -> String {
        let known = NAMES.iter().find(|(code, _)| *code == self.code);
        known.map_or_else(|| format!("Location{}", self.code), |(_, name)| (*name).to_owned())
    }

    /// The answer to the command.
    pub(super) fn reply(&self) -> Doc {
        bson! { "ok" => 0.0, "errmsg" => self.text.as_str(), "code" => self.code, "codeName" => self.name() }
    }
}
