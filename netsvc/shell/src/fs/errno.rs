//! Error numbers of Linux with glibc's texts.

macro_rules! errors {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal $text:literal;)+) => {
        /// Why a file operation failed. `Display` gives glibc's text, as programs print it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        pub enum Errno {
            $($(#[doc = $doc])+ #[error($text)] $name,)+
        }
        impl Errno {
            /// Number of the error on Linux.
            pub fn code(self) -> i32 {
                match self { $(Errno::$name => $code,)+ }
            }
        }
    };
}

errors! {
    /// EPERM
    NotPermitted = 1 "Operation not permitted";
    /// ENOENT
    NotFound = 2 "No such file or directory";
    /// EIO
    InputOutput = 5 "Input/output error";
    /// ENOEXEC
    ExecFormat = 8 "Exec format error";
    /// EBADF
    BadDescriptor = 9 "Bad file descriptor";
    /// EACCES
    Access = 13 "Permission denied";
    /// EBUSY
    Busy = 16 "Device or resource busy";
    /// EEXIST
    Exists = 17 "File exists";
    /// ENOTDIR
    NotDirectory = 20 "Not a directory";
    /// EISDIR
    IsDirectory = 21 "Is a directory";
    /// EINVAL
    Invalid = 22 "Invalid argument";
    /// EMFILE
    TooManyOpen = 24 "Too many open files";
    /// EFBIG
    TooBig = 27 "File too large";
    /// ENOSPC
    NoSpace = 28 "No space left on device";
    /// EROFS
    ReadOnly = 30 "Read-only file system";
    /// ENAMETOOLONG
    NameTooLong = 36 "File name too long";
    /// ENOTEMPTY
    NotEmpty = 39 "Directory not empty";
    /// ELOOP
    Loop = 40 "Too many levels of symbolic links";
}
