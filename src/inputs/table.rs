//! The one definition of every input: `action.yml`, `INPUT_…` variables, flags, help and the
//! README's table are made from it or held to it by a test.

/// How an input's text is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One value.
    Text,
    /// `true` or `false`.
    Bool,
    /// One item a line.
    Lines,
    /// One item a line, or several separated by commas, which no item can hold.
    Commas,
}

/// One input.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// The name, as in `action.yml`.
    pub name: &'static str,
    /// How its text is understood.
    pub kind: Kind,
    /// What holds if it is not given; empty for nothing.
    pub default: &'static str,
    /// One line for `--help`, `action.yml` and the README.
    pub help: &'static str,
    /// Whether it is an input of the action, or a flag of the binary only.
    pub action: bool,
}

const fn input(name: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Input {
    Input {
        name,
        kind,
        default,
        help,
        action: true,
    }
}

const fn flag(name: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Input {
    Input {
        name,
        kind,
        default,
        help,
        action: false,
    }
}

use Kind::{Bool, Commas, Lines, Text};

/// Every input, in the order of the README.
pub const INPUTS: &[Input] = &[
    input(
        "distribution-id",
        Commas,
        "",
        "CloudFront distributions to invalidate: ids or ARNs",
    ),
    input(
        "site",
        Text,
        "",
        "Directory of the built site, or a listing file",
    ),
    input(
        "manifest",
        Text,
        "",
        "Record of the previous deploy: a file, or `s3://bucket/key` (ending in `/`, the name is made from targets and prefix); required on GitHub",
    ),
    input(
        "dry-run",
        Bool,
        "false",
        "Plan and report, change nothing; needs no AWS credentials unless the record is on S3",
    ),
    input(
        "previous",
        Text,
        "",
        "Directory or listing to compare with instead of a record; with `dry-run` only",
    ),
    input(
        "path-prefix",
        Text,
        "/",
        "Where the site is mounted on the distribution",
    ),
    input(
        "index-documents",
        Commas,
        "index.html",
        "File names that stand for their directory, or `none`",
    ),
    input(
        "aliases",
        Commas,
        "slash",
        "Further names of files: `slash` (`/docs/`), `bare` (`/docs`), `extensionless` (`/about` for `about.html`), or `none`",
    ),
    input(
        "include",
        Lines,
        "",
        "Globs of the files that belong to the site; all if not given",
    ),
    input(
        "exclude",
        Lines,
        "",
        "Globs of the files that do not belong to the site",
    ),
    input(
        "added",
        Text,
        "invalidate",
        "`invalidate`, or `skip` to leave added files out (safe only where error pages are not cached and removed files leave the origin)",
    ),
    input(
        "max-paths",
        Text,
        "30",
        "Budget of paths for a target and deploy; 1,000 a month are free for the whole AWS account",
    ),
    input("max-wildcards", Text, "10", "Budget of wildcards, 0 to 15"),
    input(
        "collapse",
        Text,
        "over-budget",
        "When to collapse paths into wildcards: `over-budget`, `always` or `never`",
    ),
    input(
        "query-strings",
        Bool,
        "false",
        "The cache key holds query strings: cover every `path?…` too",
    ),
    input(
        "always-invalidate",
        Lines,
        "",
        "Patterns that every deploy with changes invalidates",
    ),
    input(
        "on-change",
        Lines,
        "",
        "`glob => pattern` lines: invalidate the pattern when a matching file is stale",
    ),
    input(
        "protect",
        Lines,
        "",
        "Patterns that no wildcard may touch, such as `/api/*`",
    ),
    input(
        "on-missing-manifest",
        Text,
        "flush",
        "Without a record: `flush`, `fail`, or `adopt` (first run only: take the site as it is, submit nothing)",
    ),
    input(
        "flush",
        Bool,
        "false",
        "Ignore what is remembered, invalidate everything, remember this deploy",
    ),
    input(
        "revision",
        Text,
        "",
        "Free text kept in the record; a change flushes (for headers, redirects, functions)",
    ),
    input(
        "phase",
        Text,
        "all",
        "`all`, or `begin` before the upload: records what is about to change, also if that is nothing",
    ),
    input(
        "paths",
        Lines,
        "",
        "Explicit mode: paths to invalidate, already encoded, sent as given",
    ),
    input(
        "paths-from",
        Text,
        "",
        "Explicit mode: a file with one path a line, or `-` for standard input",
    ),
    input(
        "tags",
        Commas,
        "",
        "Explicit mode: cache tags to invalidate, with or without `#`",
    ),
    input(
        "widen",
        Bool,
        "false",
        "Explicit mode: turn `/images/*.gif` into `/images/*` instead of refusing it",
    ),
    input(
        "tags-on-change",
        Commas,
        "",
        "Cache tags that join a plan that is not empty",
    ),
    input(
        "distribution-tenant-id",
        Commas,
        "",
        "Distribution tenants to invalidate: ids or ARNs",
    ),
    input(
        "distribution-alias",
        Commas,
        "",
        "Distributions to invalidate, by alternate domain name (`www.example.com`)",
    ),
    input(
        "wait",
        Bool,
        "false",
        "Wait until the invalidation is completed",
    ),
    input("wait-timeout", Text, "10m", "How long to wait"),
    input(
        "wait-timeout-action",
        Text,
        "warn",
        "When that is over: `warn` or `fail`",
    ),
    input(
        "quota-timeout",
        Text,
        "15m",
        "How long to wait while CloudFront's quota of invalidations in progress is full",
    ),
    input(
        "report-file",
        Text,
        "",
        "Where the JSON report goes as well",
    ),
    input(
        "summary-file",
        Text,
        "",
        "Where the Markdown summary goes as well",
    ),
    input(
        "summary",
        Text,
        "full",
        "Step summary: `full`, `compact` or `none`",
    ),
    input("allow-empty", Bool, "false", "Accept a site without files"),
    flag(
        "invalidation-batch",
        Text,
        "",
        "Explicit mode: the AWS CLI's JSON file, `{\"Paths\":{\"Quantity\":…,\"Items\":[…]},\"CallerReference\":\"…\"}`",
    ),
    flag(
        "caller-reference",
        Text,
        "",
        "The caller reference to send; explicit modes, one batch",
    ),
    flag(
        "write-listing",
        Text,
        "",
        "Write the site's listing to a file; without a target, do nothing else",
    ),
    flag(
        "endpoint-url",
        Text,
        "",
        "Where the AWS services are, instead of AWS itself",
    ),
    flag(
        "profile",
        Text,
        "",
        "Profile of the AWS configuration files",
    ),
    flag(
        "region",
        Text,
        "",
        "AWS region; `us-east-1` if nothing names one",
    ),
    flag(
        "ca-bundle",
        Text,
        "",
        "PEM file of certificate authorities to trust instead of the system's",
    ),
    flag(
        "connect-timeout",
        Text,
        "5s",
        "How long a connection may take",
    ),
    flag("read-timeout", Text, "30s", "How long an answer may take"),
    flag(
        "output",
        Text,
        "text",
        "What standard output holds: `text`, or `json` (the report; the log goes to standard error)",
    ),
    flag(
        "verbose",
        Bool,
        "false",
        "Say more: each path, each request",
    ),
    flag(
        "quiet",
        Bool,
        "false",
        "Say nothing but warnings and errors",
    ),
];

/// The definition of an input.
#[must_use]
pub(super) fn find(name: &str) -> Option<&'static Input> {
    INPUTS.iter().find(|input| input.name == name)
}
