//! NTSTATUS values that are answered ([MS-ERREF] §2.3.1).

/// An NTSTATUS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status(pub(super) u32);

macro_rules! statuses {
    ($($name:ident = $value:literal;)+) => {
        impl Status { $(pub(super) const $name: Status = Status($value);)+
            /// Its name; that of another is its number.
            pub(super) fn name(self) -> String {
                match self.0 { $($value => stringify!($name).to_owned(),)+ other => format!("0x{other:08x}") }
            }
        }
    };
}

statuses! {
    SUCCESS = 0x0000_0000;
    PENDING = 0x0000_0103;
    NOTIFY_CLEANUP = 0x0000_010b;
    BUFFER_OVERFLOW = 0x8000_0005;
    NO_MORE_FILES = 0x8000_0006;
    NOT_IMPLEMENTED = 0xc000_0002;
    INVALID_INFO_CLASS = 0xc000_0003;
    INFO_LENGTH_MISMATCH = 0xc000_0004;
    INVALID_HANDLE = 0xc000_0008;
    INVALID_PARAMETER = 0xc000_000d;
    NO_SUCH_FILE = 0xc000_000f;
    INVALID_DEVICE_REQUEST = 0xc000_0010;
    END_OF_FILE = 0xc000_0011;
    MORE_PROCESSING_REQUIRED = 0xc000_0016;
    ACCESS_DENIED = 0xc000_0022;
    BUFFER_TOO_SMALL = 0xc000_0023;
    OBJECT_NAME_INVALID = 0xc000_0033;
    OBJECT_NAME_NOT_FOUND = 0xc000_0034;
    OBJECT_NAME_COLLISION = 0xc000_0035;
    OBJECT_PATH_NOT_FOUND = 0xc000_003a;
    LOGON_FAILURE = 0xc000_006d;
    RANGE_NOT_LOCKED = 0xc000_007e;
    DISK_FULL = 0xc000_007f;
    INSUFFICIENT_RESOURCES = 0xc000_009a;
    PIPE_EMPTY = 0xc000_00d9;
    FILE_IS_A_DIRECTORY = 0xc000_00ba;
    NOT_SUPPORTED = 0xc000_00bb;
    NETWORK_NAME_DELETED = 0xc000_00c9;
    BAD_DEVICE_TYPE = 0xc000_00cb;
    BAD_NETWORK_NAME = 0xc000_00cc;
    DIRECTORY_NOT_EMPTY = 0xc000_0101;
    NOT_A_DIRECTORY = 0xc000_0103;
    TOO_MANY_OPENED_FILES = 0xc000_011f;
    CANCELLED = 0xc000_0120;
    CANNOT_DELETE = 0xc000_0121;
    FILE_CLOSED = 0xc000_0128;
    FS_DRIVER_REQUIRED = 0xc000_019c;
    USER_SESSION_DELETED = 0xc000_0203;
    NOT_FOUND = 0xc000_0225;
    NOT_A_REPARSE_POINT = 0xc000_0275;
    NO_PREAUTH_HASH_OVERLAP = 0xc05d_0000;
    SMB_BAD_UID = 0x005b_0002;
    SMB_BAD_TID = 0x0005_0002;
}

impl Status {
    /// Whether it is an error, as opposed to a success, a hint or a warning.
    pub(super) fn is_error(self) -> bool {
        self.0 >= 0xc000_0000
    }
}
