//! A model blog of 728 files, and what deploys of it need. Every figure can be checked by hand.

use std::collections::BTreeSet;

use cloudfront_delta::pattern::Pattern;
use cloudfront_delta::plan::{Budget, Collapse, Plan, Problem, TradeoffPoint, plan, tradeoff};
use cloudfront_delta::viewer::{Mount, ViewerPaths};

const SECTIONS: [&str; 12] = [
    "",
    "about/",
    "archive/",
    "contact/",
    "docs/",
    "images/",
    "page/",
    "posts/",
    "projects/",
    "search/",
    "tags/",
    "talks/",
];

/// 300 posts, 29 pages of a list of them, 40 tags with a page and a feed each, 200 images in 10
/// months, 80 chapters, 24 assets, 12 section indexes, and 3 files at the root.
fn site() -> BTreeSet<String> {
    let mut files: BTreeSet<String> = ["feed.xml", "robots.txt", "sitemap.xml"]
        .map(str::to_owned)
        .into();
    files.extend(SECTIONS.map(|section| format!("{section}index.html")));
    files.extend((1..=300).map(post));
    files.extend((2..=30).map(list_page));
    files.extend((1..=40).flat_map(|tag| [tag_file(tag, "html"), tag_file(tag, "xml")]));
    files.extend((1..=10).flat_map(|month| (1..=20).map(move |number| image(month, number))));
    files.extend((1..=80).map(|chapter| format!("docs/chapter-{chapter:02}.html")));
    files.extend((1..=12).flat_map(|n| [style_sheet(n), format!("js/script-{n:02}.js")]));
    files
}

fn post(number: u32) -> String {
    format!("posts/post-{number:03}/index.html")
}

fn list_page(number: u32) -> String {
    format!("page/{number}/index.html")
}

fn tag_file(tag: u32, extension: &str) -> String {
    format!("tags/tag-{tag:02}/index.{extension}")
}

fn image(month: u32, number: u32) -> String {
    format!("images/2024-{month:02}/img-{number:02}.jpg")
}

fn style_sheet(number: u32) -> String {
    format!("css/style-{number:02}.css")
}

fn paths(stale: &BTreeSet<String>) -> ViewerPaths {
    let site = site();
    ViewerPaths::classify(
        &Mount::default(),
        stale.iter().map(String::as_str),
        site.difference(stale).map(String::as_str),
        std::iter::empty(),
    )
}

fn files(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

const DEFAULT: (usize, usize) = (30, 10);
const EIGHT: (usize, usize) = (8, 8);

fn solve(
    stale: &BTreeSet<String>,
    collapse: Collapse,
    (max_paths, max_wildcards): (usize, usize),
) -> Plan {
    plan(&Problem {
        collapse,
        budget: Budget {
            max_paths,
            max_wildcards,
        },
        ..Problem::new(&paths(stale))
    })
    .unwrap()
}

/// Patterns, wildcards and evictions of the plan.
#[track_caller]
fn check(
    stale: &BTreeSet<String>,
    collapse: Collapse,
    budget: (usize, usize),
    expected: (usize, usize, usize),
) {
    let plan = solve(stale, collapse, budget);
    let found = (
        plan.path_count(),
        plan.wildcard_count(),
        plan.over_invalidated,
    );
    assert_eq!(found, expected, "{:#?}", plan.patterns);
    assert!(plan.optimal);
}

#[test]
fn the_site_has_728_files_and_1109_viewer_paths() {
    assert_eq!(site().len(), 728);
    // 300 posts, 29 list pages, 40 tags and 12 sections have two names.
    assert_eq!(paths(&BTreeSet::new()).kept().len(), 728 + 381);
}

#[test]
fn one_post_edited() {
    let stale = files(&[
        "feed.xml",
        "index.html",
        "posts/post-007/index.html",
        "sitemap.xml",
    ]);
    check(&stale, Collapse::OverBudget, DEFAULT, (6, 0, 0));
    let plan = solve(&stale, Collapse::Always, DEFAULT);
    let texts: Vec<&str> = plan.patterns.iter().map(Pattern::as_str).collect();
    assert_eq!(
        texts,
        [
            "/",
            "/feed.xml",
            "/index.html",
            "/posts/post-007/*",
            "/sitemap.xml"
        ],
    );
}

/// A new post moves the whole list on: 38 files with 72 viewer paths.
#[test]
fn pagination_moves() {
    let mut stale = files(&["feed.xml", "index.html", "posts/index.html", "sitemap.xml"]);
    stale.insert(post(300));
    stale.extend((2..=30).map(list_page));
    stale.extend(
        [7, 31]
            .into_iter()
            .flat_map(|tag| [tag_file(tag, "html"), tag_file(tag, "xml")]),
    );
    assert_eq!(stale.len(), 38);
    // `/page/1*`, `/page/2*`, `/page/3*` and both tags save most; five of the seven pairs that are
    // left use up the wildcards. The pairs that come first are named.
    check(&stale, Collapse::OverBudget, DEFAULT, (20, 10, 0));
    let plan = solve(&stale, Collapse::OverBudget, DEFAULT);
    let texts: Vec<&str> = plan.patterns.iter().map(Pattern::as_str).collect();
    assert_eq!(
        texts,
        [
            "/",
            "/feed.xml",
            "/index.html",
            "/page/1*",
            "/page/2*",
            "/page/3*",
            "/page/4/",
            "/page/4/index.html",
            "/page/5/",
            "/page/5/index.html",
            "/page/6/*",
            "/page/7/*",
            "/page/8/*",
            "/page/9/*",
            "/posts/",
            "/posts/index.html",
            "/posts/post-300/*",
            "/sitemap.xml",
            "/tags/tag-07/*",
            "/tags/tag-31/*",
        ],
    );
}

/// One prefix divides the style sheets 01 to 09 from 10 to 12.
#[test]
fn nine_of_twelve_style_sheets() {
    let stale: BTreeSet<String> = (1..=9).map(style_sheet).collect();
    check(&stale, Collapse::OverBudget, DEFAULT, (9, 0, 0));
    check(&stale, Collapse::OverBudget, EIGHT, (1, 1, 0));
}

/// `/a*` covers two sections, and four others have nothing but their index.
#[test]
fn twelve_section_indexes() {
    let stale: BTreeSet<String> = SECTIONS
        .map(|section| format!("{section}index.html"))
        .into();
    check(&stale, Collapse::OverBudget, DEFAULT, (24, 0, 0));
    check(&stale, Collapse::Always, DEFAULT, (17, 5, 0));
    check(&stale, Collapse::Never, (0, 0), (24, 0, 0));
}

#[test]
fn one_month_of_images() {
    let stale: BTreeSet<String> = (1..=20).map(|number| image(3, number)).collect();
    check(&stale, Collapse::OverBudget, DEFAULT, (20, 0, 0));
    check(&stale, Collapse::OverBudget, EIGHT, (1, 1, 0));
}

/// Ten wildcards are not enough for thirty pairs: two hundreds have to go, 90 kept posts each.
#[test]
fn thirty_scattered_posts() {
    let stale: BTreeSet<String> = (1..=30).map(|tenth| post(10 * tenth)).collect();
    check(&stale, Collapse::OverBudget, DEFAULT, (14, 10, 360));
    let plan = solve(&stale, Collapse::OverBudget, DEFAULT);
    let cover = &plan.covers[7];
    assert_eq!(
        cover.to_string(),
        "/posts/post-1* covers 20 stale paths and evicts 180 kept ones, such as \
         /posts/post-101/",
    );
}

/// Every page changes; of what else there is, only the tags' feeds are in the way. One of 40 tags
/// can be spared, the one that shares its tens with no other.
#[test]
fn template_change() {
    let stale: BTreeSet<String> = site()
        .into_iter()
        .filter(|file| {
            file.rsplit_once('.')
                .is_some_and(|(_, kind)| kind == "html")
        })
        .collect();
    check(&stale, Collapse::OverBudget, DEFAULT, (18, 10, 39));
}

#[test]
fn more_patterns_evict_less() {
    let stale: BTreeSet<String> = (1..=30).map(|tenth| post(10 * tenth)).collect();
    let curve = tradeoff(&Problem::new(&paths(&stale))).unwrap();
    let points: Vec<(usize, usize)> = curve
        .iter()
        .map(
            |TradeoffPoint {
                 paths,
                 over_invalidated,
             }| (*paths, *over_invalidated),
        )
        .collect();
    // All posts; two hundreds; one; none, with a wildcard each for ten of 30 pairs.
    assert_eq!(points, [(1, 540), (14, 360), (32, 180), (50, 0)]);
}
