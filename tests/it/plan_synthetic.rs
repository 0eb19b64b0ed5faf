//! Large made-up sites, as problems for the planner.

use cloudfront_delta::viewer::{Mount, ViewerPaths};

/// Where the stale tenth of a site's files is.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Everywhere, at random.
    Scattered,
    /// In runs of 500 neighbours.
    Clustered,
    /// In one folder, eight levels deep, where half of the files are stale, and three at the root.
    Deep,
}

pub const SHAPES: [Shape; 3] = [Shape::Scattered, Shape::Clustered, Shape::Deep];

/// The stale and the kept files of a site of `files` files, of which a tenth is stale: sections of
/// 20,000 files, folders of 200, names of which nobody could guess the next.
pub fn site(shape: Shape, files: u64) -> (Vec<String>, Vec<String>) {
    let (mut stale, mut kept) = (Vec::new(), Vec::new());
    if matches!(shape, Shape::Deep) {
        stale.extend(["feed.xml", "news.html", "sitemap.xml"].map(str::to_owned));
    }
    for file in 0..files {
        let in_deep_folder = matches!(shape, Shape::Deep) && file < files / 5;
        let path = if in_deep_folder {
            format!("a/b/c/d/e/f/g/h/{:08x}.html", mixed(file) >> 32)
        } else {
            let (section, folder) = (file / 20_000, file / 200 % 100);
            format!(
                "section-{section}/folder-{folder}/{:08x}.html",
                mixed(file) >> 32
            )
        };
        let is_stale = match shape {
            Shape::Scattered => mixed(file + files).is_multiple_of(10),
            Shape::Clustered => mixed(file / 500 + files).is_multiple_of(10),
            Shape::Deep => in_deep_folder && mixed(file + files).is_multiple_of(2),
        };
        if is_stale {
            stale.push(path);
        } else {
            kept.push(path);
        }
    }
    // As a listing has them.
    stale.sort_unstable();
    kept.sort_unstable();
    (stale, kept)
}

/// The site's viewer paths, of which there are as many as files, because none is an index document.
pub fn viewer_paths((stale, kept): &(Vec<String>, Vec<String>)) -> ViewerPaths {
    ViewerPaths::classify(
        &Mount::default(),
        stale.iter().map(String::as_str),
        kept.iter().map(String::as_str),
        std::iter::empty(),
    )
}

/// A number that looks random and depends on `number` alone: the finaliser of `SplitMix64`.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
