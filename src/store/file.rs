//! The record as a local file.
#![allow(
    clippy::disallowed_methods,
    reason = "this module owns the record's file"
)]

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{Loaded, SaveError, Version};
use crate::failure::{Code, Failure};
use crate::gzip;
use crate::owner;

/// A record in a file that is only ever replaced as a whole.
///
/// A save writes a temporary file beside the record, syncs it, and renames it, all under a lock on
/// the directory: of two processes that save at the same time, the second one sees the first one's
/// version and changes nothing.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
}

impl FileStore {
    /// A record at `path`.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        FileStore { path }
    }

    fn directory(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        }
    }

    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        match fs_err::read(&self.path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn load(&self) -> Result<Loaded, Failure> {
        let stored = self.read().map_err(|error| {
            let code = match error.kind() {
                io::ErrorKind::PermissionDenied => Code::ManifestDenied,
                _ => Code::ManifestUnavailable,
            };
            Failure::new(
                code,
                format!("can't read the record `{}`", self.path.display()),
            )
            .because(error)
            .hint("`manifest` names a file that this user may read and write")
        })?;
        let version = version(stored.as_deref());
        let name = self.path.to_string_lossy();
        Ok(Loaded {
            bytes: stored.map(|bytes| gzip::unpack(&name, bytes)),
            version,
        })
    }

    pub(super) fn save(&self, bytes: Vec<u8>, expected: &Version) -> Result<Version, SaveError> {
        self.replace(bytes, expected).map_err(|error| match error {
            Replace::Conflict => SaveError::Conflict,
            Replace::Io(error) => {
                let what = format!("can't write the record `{}`", self.path.display());
                SaveError::Failed(Box::new(
                    Failure::new(Code::ManifestUnavailable, what)
                        .because(error)
                        .hint(
                            "check the permissions and the space of its directory, then run again",
                        ),
                ))
            }
        })
    }

    fn replace(&self, bytes: Vec<u8>, expected: &Version) -> Result<Version, Replace> {
        let bytes = gzip::pack(&self.path.to_string_lossy(), bytes)?;
        let directory = self.directory();
        owner::create_directory(directory)?;
        let handle = File::open(directory)?;
        // Closing the handle releases the lock, also when the process dies.
        handle.lock()?;
        if version(self.read()?.as_deref()) != *expected {
            return Err(Replace::Conflict);
        }
        // A crash leaves this file behind; the next save overwrites it, under the lock.
        let temporary = temporary(&self.path);
        let mut file = File::create(&temporary)?;
        file.write_all(&bytes)?;
        owner::inherit(&temporary, directory)?;
        file.sync_all()?;
        fs_err::rename(&temporary, &self.path)?;
        // The rename itself is durable only once the directory is.
        handle.sync_all()?;
        Ok(version(Some(&bytes)))
    }
}

/// All files that a record at `path` may consist of; none of them is ever part of a site.
#[must_use]
pub fn files_of(path: &Path) -> Vec<PathBuf> {
    vec![path.to_owned(), temporary(path)]
}

/// The name under which a new record is written before it replaces the old one.
fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

enum Replace {
    Conflict,
    Io(io::Error),
}

impl From<io::Error> for Replace {
    fn from(error: io::Error) -> Self {
        Replace::Io(error)
    }
}

fn version(stored: Option<&[u8]>) -> Version {
    match stored {
        None => Version::Absent,
        Some(bytes) => Version::Tag(blake3::hash(bytes).to_hex().to_string()),
    }
}
