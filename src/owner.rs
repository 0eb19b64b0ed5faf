//! Who owns the files that this program writes.
//!
//! A container runs as root, and files of root in a workspace break the next checkout on a machine
//! that is used again (actions/runner#434). So whatever is written belongs to the owner of the
//! directory it lies in.
#![allow(clippy::disallowed_methods, reason = "this module owns file ownership")]

use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;

/// Gives `path` to the owner of `directory`, where this process may.
///
/// # Errors
/// If either can't be looked at. A process that is not root keeps its own files: no error.
pub fn inherit(path: &Path, directory: &Path) -> io::Result<()> {
    let wanted = fs_err::metadata(directory)?;
    let found = fs_err::symlink_metadata(path)?;
    if (wanted.uid(), wanted.gid()) == (found.uid(), found.gid()) {
        return Ok(());
    }
    match chown(path, Some(wanted.uid()), Some(wanted.gid())) {
        Err(error) if error.kind() != io::ErrorKind::PermissionDenied => Err(error),
        _ => Ok(()),
    }
}

/// Creates a directory and its parents, each owned as the directory it lies in.
///
/// # Errors
/// If one can't be created.
pub fn create_directory(directory: &Path) -> io::Result<()> {
    let missing: Vec<_> = directory
        .ancestors()
        .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
        .collect();
    fs_err::create_dir_all(directory)?;
    for path in missing.into_iter().rev() {
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        inherit(path, parent.unwrap_or(Path::new(".")))?;
    }
    Ok(())
}

/// Writes a file as a whole, owned as the directory it lies in, whose parents are created.
///
/// # Errors
/// If it can't be written; a file that was there before may then be cut off.
pub fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = parent.unwrap_or(Path::new("."));
    create_directory(directory)?;
    let is_new = !path.exists();
    fs_err::write(path, bytes)?;
    if is_new {
        inherit(path, directory)
    } else {
        Ok(())
    }
}
