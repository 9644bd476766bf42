//! Files that root touches in another user's stead.

use super::User;
use nix::unistd::{Gid, Uid, setfsgid, setfsuid};
use std::{fs, io};

/// Has this thread, and those that it begins from now on, touch files as `user` with his group alone, with no right to
/// pass over what is closed to him. The process stays who it is: for root where a folder is another user's, who may put
/// links there.
///
/// # Errors
/// When there is no such user here.
pub fn touch_files_as(user: User) -> io::Result<()> {
    let none = std::ptr::null::<libc::gid_t>();
    #[expect(unsafe_code, reason = "the C library would change the groups of all threads")]
    // SAFETY: no groups are read of a list of none.
    let left = unsafe { libc::syscall(libc::SYS_setgroups, 0, none) };
    // In a user namespace there may be no groups to give up.
    let kept = left != 0 && fs::read_to_string("/proc/self/setgroups").is_ok_and(|may| may.trim() == "allow");
    setfsgid(Gid::from_raw(user.gid));
    setfsuid(Uid::from_raw(user.uid));
    // Nobody is asked for; the answer says who it is.
    let is = (setfsuid(Uid::from_raw(u32::MAX)).as_raw(), setfsgid(Gid::from_raw(u32::MAX)).as_raw());
    if kept || is != (user.uid, user.gid) {
        let said = format!("files cannot be touched as user {}, group {}", user.uid, user.gid);
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, said));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::unistd::geteuid;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

    #[test]
    fn a_thread_touches_files_as_another_user_and_the_others_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let (theirs, ours) = (folder.path().join("theirs"), folder.path().join("ours"));
        for path in [&theirs, &ours] {
            fs::create_dir(path).unwrap();
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        if !geteuid().is_root() || chown(&theirs, Some(1), Some(1)).is_err() {
            return;
        }
        let (mine, closed, link) = (theirs.join("x"), ours.join("x"), theirs.join("link"));
        std::os::unix::fs::symlink(&closed, &link).unwrap();
        let made = mine.clone();
        std::thread::spawn(move || {
            touch_files_as(User { uid: 1, gid: 1 }).unwrap();
            // What it begins is as it is.
            std::thread::spawn(move || {
                fs::write(&made, "").unwrap();
                assert!(fs::write(&closed, "").is_err() && fs::write(&link, "").is_err());
            })
            .join()
            .unwrap();
        })
        .join()
        .unwrap();
        let data = fs::metadata(&mine).unwrap();
        assert_eq!((data.uid(), data.gid()), (1, 1));
        fs::write(ours.join("y"), "").unwrap();
        assert!(!ours.join("x").exists());
    }
}
