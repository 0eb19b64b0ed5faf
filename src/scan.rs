//! From a site directory, or a listing file, to a [`Listing`].
#![allow(
    clippy::disallowed_methods,
    reason = "this module owns reading the site"
)]

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use globset::{Glob, GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use walkdir::WalkDir;

use crate::failure::{Code, Failure};
use crate::gzip;
use crate::listing::{Digest, File, Listing};

/// Bytes read at a time: one buffer a thread, large enough for BLAKE3 to use its widest
/// instructions and for most files of a site to be read in one call.
const BUFFER: usize = 256 * 1024;

/// How many bad names an error shows.
const SHOWN: usize = 10;

/// Which files belong to the site: globs over site paths.
///
/// `*` and `?` do not cross a `/`, `**` does; a leading dot is nothing special; case matters.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl Filter {
    /// Compiles the globs; no `include` means every file.
    ///
    /// # Errors
    /// Names the glob that is malformed, and how.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, globset::Error> {
        let include = if include.is_empty() {
            None
        } else {
            Some(glob_set(include)?)
        };
        Ok(Filter {
            include,
            exclude: glob_set(exclude)?,
        })
    }

    /// Whether a site path belongs to the site.
    #[must_use]
    pub fn admits(&self, path: &str) -> bool {
        self.include.as_ref().is_none_or(|set| set.is_match(path)) && !self.exclude.is_match(path)
    }
}

/// Compiles a glob over site paths with the one meaning they have in every input.
///
/// # Errors
/// Names the glob that is malformed, and how.
pub fn glob(glob: &str) -> Result<GlobMatcher, globset::Error> {
    Ok(parse_glob(glob)?.compile_matcher())
}

fn parse_glob(glob: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(glob)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
}

fn glob_set(globs: &[String]) -> Result<GlobSet, globset::Error> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(parse_glob(glob)?);
    }
    set.build()
}

/// What to scan, and how.
#[derive(Debug)]
pub struct Scan {
    /// A directory, or a listing file.
    pub site: PathBuf,
    /// The input that names it: what a message says is to be mended.
    pub input: &'static str,
    /// Which files count.
    pub filter: Filter,
    /// Files that are never part of the site, wherever they lie: the record.
    pub never: Vec<PathBuf>,
    /// Whether a person watches a terminal.
    pub progress: bool,
}

/// The listing of a site.
///
/// A directory is walked once, symbolic links followed as uploaders follow them, and every file is
/// hashed with BLAKE3 on all cores. O(bytes of the site); memory for the listing and one buffer a
/// core.
///
/// # Errors
/// A directory that can't be read, a broken or circular link, a name that is not UTF-8, something
/// that is neither file nor directory, a malformed listing: each named.
pub fn scan(scan: &Scan) -> Result<Listing, Failure> {
    let metadata = fs_err::metadata(&scan.site).map_err(|error| {
        let what = format!(
            "can't read `{}`, which `{}` names",
            show(&scan.site),
            scan.input
        );
        let hint = missing_hint(scan.input, &error);
        Failure::new(Code::SiteUnreadable, what)
            .because(error)
            .hint(hint)
    })?;
    if metadata.is_dir() {
        scan_directory(scan)
    } else {
        let listing = read_listing(&scan.site)?;
        let files = listing.iter().filter(|(path, _)| scan.filter.admits(path));
        Listing::new(files.map(|(path, file)| (path.into(), *file)).collect())
            .map_err(|error| invalid(&scan.site, error))
    }
}

fn scan_directory(scan: &Scan) -> Result<Listing, Failure> {
    let never: Vec<_> = scan
        .never
        .iter()
        .filter_map(|path| fs_err::canonicalize(path).ok())
        .collect();
    let mut files = Vec::new();
    let mut not_utf8 = Vec::new();
    for entry in WalkDir::new(&scan.site).follow_links(true) {
        let entry = entry.map_err(|error| unreadable(&scan.site, error))?;
        if entry.file_type().is_dir() {
            continue;
        }
        let below = entry
            .path()
            .strip_prefix(&scan.site)
            .unwrap_or(entry.path());
        let Some(path) = below.to_str() else {
            not_utf8.push(show(below));
            continue;
        };
        if !scan.filter.admits(path) {
            continue;
        }
        if !entry.file_type().is_file() {
            let what = format!("`{}` is neither a file nor a directory", show(entry.path()));
            return Err(Failure::new(Code::SiteUnreadable, what)
                .hint("remove it from the site, or leave it out with `exclude`"));
        }
        // The file name is compared first, because resolving every path would cost a system call
        // for each of its parts.
        let suspect = never
            .iter()
            .any(|path| path.file_name() == Some(entry.file_name()));
        if suspect && fs_err::canonicalize(entry.path()).is_ok_and(|path| never.contains(&path)) {
            continue;
        }
        files.push((Box::<str>::from(path), entry.into_path()));
    }
    if !not_utf8.is_empty() {
        let count = not_utf8.len();
        not_utf8.sort();
        not_utf8.truncate(SHOWN);
        let what = format!(
            "{count} file names of the site are not UTF-8: {}",
            not_utf8.join(", ")
        );
        return Err(Failure::new(Code::NameNotUtf8, what).hint(
            "a browser can't ask for such a name; rename the files (convmv finds and mends them)",
        ));
    }
    let bar = progress_bar(scan.progress, files.len());
    let hashed = files
        .into_par_iter()
        .map_init(
            || vec![0; BUFFER],
            |buffer, (path, file)| {
                let hashed = hash(&file, buffer).map_err(|error| {
                    let what = format!("can't read `{}`", show(&file));
                    let hint = unreadable_hint(&error);
                    Failure::new(Code::SiteUnreadable, what)
                        .because(error)
                        .hint(hint)
                })?;
                bar.inc(1);
                Ok((path, hashed))
            },
        )
        .collect::<Result<Vec<_>, Failure>>()?;
    bar.finish_and_clear();
    Listing::new(hashed).map_err(|error| invalid(&scan.site, error))
}

/// What to do where an input names what can't be looked at.
fn missing_hint(input: &str, error: &io::Error) -> &'static str {
    match (input, error.kind()) {
        (_, io::ErrorKind::PermissionDenied) => PERMISSIONS,
        ("previous", _) => {
            "`previous` is a directory, or a listing, of the site as it was deployed, relative to the working directory"
        }
        _ => {
            "`site` is the directory that the build writes, relative to the working directory; run this step after the build"
        }
    }
}

/// What to do where a part of the site can't be read.
fn unreadable_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => PERMISSIONS,
        io::ErrorKind::NotFound => "the site must not change while it is read",
        _ => "check the file system that the site is on",
    }
}

const PERMISSIONS: &str = "the user that runs this job may not read it: check its permissions and those of its directories";

/// Hashes one file. The size is the number of bytes hashed, so digest and size always agree.
fn hash(path: &Path, buffer: &mut [u8]) -> io::Result<File> {
    let mut file = fs_err::File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut size = 0;
    loop {
        let count = match file.read(buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..count]);
        size += count as u64;
    }
    Ok(File {
        digest: Digest::new(*hasher.finalize().as_bytes()),
        size,
    })
}

/// Reads a listing file, gzip if its name ends in `.gz`.
///
/// # Errors
/// Names the file and what is wrong with it.
pub fn read_listing(path: &Path) -> Result<Listing, Failure> {
    let name = path.to_string_lossy();
    let bytes = fs_err::read(path).map_err(|error| {
        let what = format!("can't read the listing `{}`", show(path));
        let hint = unreadable_hint(&error);
        Failure::new(Code::SiteUnreadable, what)
            .because(error)
            .hint(hint)
    })?;
    if gzip::begins(&bytes) && !gzip::is_gzip(&name) {
        let error = anyhow::anyhow!("it is gzip, but its name does not say so");
        return Err(invalid(path, error).hint("let its name end in `.gz`, or unpack it"));
    }
    if gzip::is_gzip(&name) && !gzip::begins(&bytes) {
        let error = anyhow::anyhow!("its name says gzip, and it is none");
        return Err(invalid(path, error).hint("take `.gz` off the name, or pack it"));
    }
    let bytes = gzip::unpack(&name, bytes).map_err(|error| {
        invalid(path, error).hint("it is damaged or cut off: write it again with `--write-listing`")
    })?;
    Listing::from_json(&bytes).map_err(|error| invalid(path, error))
}

fn invalid(path: &Path, error: impl Into<anyhow::Error>) -> Failure {
    Failure::new(
        Code::ListingInvalid,
        format!("`{}` is not a valid listing", show(path)),
    )
    .because(error)
    .hint("`site` and `previous` take a directory or a file that `--write-listing` wrote")
}

fn unreadable(site: &Path, error: walkdir::Error) -> Failure {
    if let Some(ancestor) = error.loop_ancestor() {
        let at = error.path().map(show).unwrap_or_default();
        let what = format!(
            "the link `{at}` leads back to the directory `{}`",
            show(ancestor)
        );
        return Failure::new(Code::BrokenLink, what)
            .hint("remove the link: no uploader could finish with it either");
    }
    let at = error.path().unwrap_or(site).to_owned();
    let is_link = fs_err::symlink_metadata(&at).is_ok_and(|metadata| metadata.is_symlink());
    if is_link
        && error
            .io_error()
            .is_some_and(|e| e.kind() == io::ErrorKind::NotFound)
    {
        let target = fs_err::read_link(&at)
            .map(|target| show(&target))
            .unwrap_or_default();
        let what = format!(
            "the link `{}` leads to `{target}`, which does not exist",
            show(&at)
        );
        return Failure::new(Code::BrokenLink, what).hint("remove the link, or build its target");
    }
    let hint = error.io_error().map(unreadable_hint);
    let mut failure = Failure::new(Code::SiteUnreadable, format!("can't read `{}`", show(&at)));
    failure.hint = hint.map(str::to_owned);
    failure.because(error)
}

/// A path for people: what is not UTF-8, or would break a line, is escaped.
fn show(path: &Path) -> String {
    path.to_string_lossy()
        .chars()
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_default());
            let plain = (!c.is_control()).then_some(c);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

fn progress_bar(visible: bool, files: usize) -> ProgressBar {
    if !visible {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(files as u64);
    if let Ok(style) = ProgressStyle::with_template("hashing {bar:30} {pos}/{len} files {eta}") {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    fn site() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("index.html", "a"),
            ("docs/index.html", "b"),
            (".well-known/x", "c"),
        ] {
            let path = directory.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        directory
    }

    fn paths(directory: &Path, include: &[&str], exclude: &[&str]) -> Result<Vec<String>, Failure> {
        let globs = |globs: &[&str]| {
            globs
                .iter()
                .map(|glob| (*glob).to_owned())
                .collect::<Vec<_>>()
        };
        let filter = Filter::new(&globs(include), &globs(exclude)).unwrap();
        let never = [directory.join("docs/manifest.json")];
        let listing = scan(&Scan {
            site: directory.to_owned(),
            input: "site",
            filter,
            never: never.into(),
            progress: false,
        })?;
        Ok(listing.iter().map(|(path, _)| path.to_owned()).collect())
    }

    #[test]
    fn sorted_with_digests_that_b3sum_prints() {
        let site = site();
        let filter = Filter::new(&[], &[]).unwrap();
        let listing = scan(&Scan {
            site: site.path().to_owned(),
            input: "site",
            filter,
            never: Vec::new(),
            progress: false,
        })
        .unwrap();
        let files: Vec<_> = listing
            .iter()
            .map(|(path, file)| (path, file.size))
            .collect();
        assert_eq!(
            files,
            [
                (".well-known/x", 1),
                ("docs/index.html", 1),
                ("index.html", 1)
            ]
        );
        // From `printf a | b3sum`.
        let digest = "17762fddd969a453925d65717ac3eea21320b66b54342fde15128d6caf21215f";
        assert_eq!(
            listing.get("index.html").unwrap().digest.to_string(),
            digest
        );
    }

    #[test]
    fn globs_cross_directories_only_by_two_stars() {
        let site = site();
        let rows: &[(&[&str], &[&str], &[&str])] = &[
            (&["*.html"], &[], &["index.html"]),
            (&["**/*.html"], &[], &["docs/index.html", "index.html"]),
            (&[], &["**/*.html"], &[".well-known/x"]),
            (&["*/*"], &["docs/**"], &[".well-known/x"]),
        ];
        for (include, exclude, expected) in rows {
            assert_eq!(
                paths(site.path(), include, exclude).unwrap(),
                *expected,
                "{include:?}"
            );
        }
    }

    #[test]
    fn the_record_is_never_part_of_the_site() {
        let site = site();
        fs_err::write(site.path().join("docs/manifest.json"), "{}").unwrap();
        fs_err::write(site.path().join("manifest.json"), "{}").unwrap();
        let found = paths(site.path(), &["**/*.json", "*.json"], &[]).unwrap();
        assert_eq!(found, ["manifest.json"]);
    }

    #[test]
    fn links_are_followed() {
        let site = site();
        symlink("docs", site.path().join("latest")).unwrap();
        symlink("index.html", site.path().join("home.html")).unwrap();
        let found = paths(site.path(), &["latest/*", "home.html"], &[]).unwrap();
        assert_eq!(found, ["home.html", "latest/index.html"]);
    }

    #[test]
    fn a_cycle_ends_with_its_name() {
        let site = site();
        symlink("..", site.path().join("docs/up")).unwrap();
        let failure = paths(site.path(), &[], &[]).unwrap_err();
        assert_eq!(failure.code, Code::BrokenLink);
        assert!(
            failure.what.contains("docs/up` leads back to"),
            "{}",
            failure.what
        );
    }

    #[test]
    fn a_broken_link_ends_with_its_name_and_target() {
        let site = site();
        symlink("nowhere", site.path().join("docs/broken")).unwrap();
        let failure = paths(site.path(), &[], &[]).unwrap_err();
        assert_eq!(failure.code, Code::BrokenLink);
        assert!(
            failure
                .what
                .ends_with("docs/broken` leads to `nowhere`, which does not exist")
        );
    }

    #[test]
    fn names_that_are_not_utf8_are_refused_by_name() {
        let site = site();
        let name = std::ffi::OsStr::from_bytes(b"caf\xe9.html");
        fs_err::write(site.path().join(name), "x").unwrap();
        let failure = paths(site.path(), &[], &[]).unwrap_err();
        assert_eq!(failure.code, Code::NameNotUtf8);
        assert!(
            failure.what.contains("caf\u{fffd}.html"),
            "{}",
            failure.what
        );
    }

    #[test]
    fn a_missing_site_is_named() {
        let failure = paths(Path::new("/does/not/exist"), &[], &[]).unwrap_err();
        assert_eq!(failure.code, Code::SiteUnreadable);
        assert!(failure.chain().contains("/does/not/exist"));
    }

    #[test]
    fn a_hint_is_for_the_input_that_names_it_and_for_what_is_wrong() {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let missing = io::Error::from(io::ErrorKind::NotFound);
        assert!(missing_hint("previous", &missing).starts_with("`previous` is"));
        assert!(missing_hint("site", &missing).starts_with("`site` is"));
        assert!(missing_hint("site", &denied).contains("permissions"));
        assert!(unreadable_hint(&denied).contains("permissions"));
        assert!(unreadable_hint(&missing).contains("must not change"));
    }
}
