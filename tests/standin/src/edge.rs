//! The edge caches of one distribution: what viewers asked for, and what they would get now.
//!
//! An edge is a pure value without clock or network, so property tests can use it by itself.

mod rules;

pub use rules::{EdgeRules, Fallback};

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;

use crate::encoding;
use crate::pattern::Pattern;

/// What a viewer gets: a status and a body.
#[derive(Debug, Clone)]
pub struct Content {
    /// 200, 404, or what a [`Fallback`] says.
    pub status: u16,
    /// The bytes.
    pub body: Bytes,
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.status == other.status && same_bytes(&self.body, &other.body)
    }
}

impl Eq for Content {}

/// An answer of an edge to a viewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// What the viewer got.
    pub content: Content,
    /// Whether it came from the cache.
    pub from_cache: bool,
}

impl View {
    /// The status.
    pub fn status(&self) -> u16 {
        self.content.status
    }

    /// The bytes.
    pub fn body(&self) -> &Bytes {
        &self.content.body
    }
}

/// A viewer URL whose cached content is not what the origin would give now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleView {
    /// The URL, as its cache key.
    pub url: String,
    /// What a viewer gets from the cache.
    pub cached: Content,
    /// What the origin would give.
    pub origin: Content,
}

/// What one invalidation did to the cache.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Eviction {
    /// The id of the invalidation.
    pub invalidation: String,
    /// The cache keys that were cleared.
    pub evicted: Vec<Arc<str>>,
    /// Those of them whose content was still right.
    pub needless: Vec<Arc<str>>,
}

/// Evictions of content that was still right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needless {
    /// How many in all.
    pub total: usize,
    /// How many by each invalidation, in the order in which they took effect.
    pub by_invalidation: Vec<(String, usize)>,
}

#[derive(Debug)]
struct OriginFile {
    body: Bytes,
    tags: Arc<[String]>,
    /// When it was put last, counted in replacements of the whole origin.
    generation: u64,
    /// The viewer URLs that resolve to this file when nothing else claims them.
    views: Vec<Name>,
}

/// A viewer URL: its cache key and its decoded path, which are mostly the same text.
#[derive(Debug, Clone)]
struct Name {
    key: Arc<str>,
    path: Arc<str>,
}

impl Name {
    fn new(path: &str) -> Self {
        let key: Arc<str> = encoding::cache_key(path).into();
        let path = if *key == *path {
            key.clone()
        } else {
            path.into()
        };
        Self { key, path }
    }
}

#[derive(Debug)]
struct Cached {
    path: Arc<str>,
    content: Content,
    tags: Arc<[String]>,
}

/// An origin, the rules by which viewer URLs resolve to its files, and a cache in front of it.
#[derive(Debug)]
pub struct Edge {
    rules: EdgeRules,
    /// The rules' [`mount`](EdgeRules::mount), because it is needed for every look-up.
    mount: String,
    /// Counts calls of [`replace_origin`](Self::replace_origin).
    generation: u64,
    origin: HashMap<String, OriginFile>,
    cache: BTreeMap<Arc<str>, Cached>,
    evictions: Vec<Eviction>,
}

impl Default for Edge {
    fn default() -> Self {
        Self::new(EdgeRules::default())
    }
}

impl Edge {
    /// An edge with an empty origin and an empty cache.
    pub fn new(rules: EdgeRules) -> Self {
        Self {
            mount: rules.mount(),
            rules,
            generation: 0,
            origin: HashMap::new(),
            cache: BTreeMap::new(),
            evictions: Vec::new(),
        }
    }

    /// The rules in force.
    pub fn rules(&self) -> &EdgeRules {
        &self.rules
    }

    /// Changes the rules. The cache stays, as it does when a real distribution is changed.
    pub fn set_rules(&mut self, rules: EdgeRules) {
        self.mount = rules.mount();
        self.rules = rules;
        for (path, file) in &mut self.origin {
            file.views = names(&self.rules, path);
        }
    }

    /// Puts a file at a site path (no leading slash). Its tags are gone, if it had any.
    pub fn set_origin_file(&mut self, site_path: &str, body: impl Into<Bytes>) {
        self.put(site_path, body.into(), Arc::default());
    }

    /// Puts a file that the origin serves with cache tags.
    pub fn set_tagged_origin_file(
        &mut self,
        site_path: &str,
        body: impl Into<Bytes>,
        tags: &[&str],
    ) {
        let tags = tags.iter().map(|tag| tag.to_ascii_lowercase()).collect();
        self.put(site_path, body.into(), tags);
    }

    /// Removes a file; whether there was one.
    pub fn remove_origin_file(&mut self, site_path: &str) -> bool {
        self.origin.remove(site_path).is_some()
    }

    /// Makes the origin hold exactly these files; files that stay keep their tags. O(files), with
    /// little work for names that it holds already.
    pub fn replace_origin<P, B>(&mut self, files: impl IntoIterator<Item = (P, B)>)
    where
        P: AsRef<str>,
        B: Into<Bytes>,
    {
        self.generation += 1;
        for (path, body) in files {
            let body = body.into();
            match self.origin.get_mut(path.as_ref()) {
                Some(file) => {
                    file.body = body;
                    file.generation = self.generation;
                }
                None => self.put(path.as_ref(), body, Arc::default()),
            }
        }
        let generation = self.generation;
        self.origin.retain(|_, file| file.generation == generation);
    }

    /// The file at a site path.
    pub fn origin_file(&self, site_path: &str) -> Option<&Bytes> {
        self.origin.get(site_path).map(|file| &file.body)
    }

    /// Answers a viewer: from the cache, or from the origin, and then it is cached. A 404 is
    /// cached like anything else. The URL is read as a browser would send it; raw characters that
    /// a browser would escape are taken as they are.
    pub fn view(&mut self, url: &str) -> View {
        let (path, query) = encoding::split_url(url);
        let mut key = encoding::cache_key(&path);
        if let (true, Some(query)) = (self.rules.query_strings, query) {
            key.push('?');
            key.push_str(query);
        }
        if let Some(cached) = self.cache.get(key.as_str()) {
            return View {
                content: cached.content.clone(),
                from_cache: true,
            };
        }
        let name = Name {
            path: path.into(),
            key: key.into(),
        };
        View {
            content: self.fetch(name),
            from_cache: false,
        }
    }

    /// Views each URL once.
    pub fn warm<U: AsRef<str>>(&mut self, urls: impl IntoIterator<Item = U>) {
        for url in urls {
            self.view(url.as_ref());
        }
    }

    /// Views every viewer URL of the current origin, and the extra ones.
    pub fn warm_all<U: AsRef<str>>(&mut self, extra: impl IntoIterator<Item = U>) {
        let missing: Vec<Name> = self
            .origin
            .values()
            .flat_map(|file| &file.views)
            .filter(|name| !self.cache.contains_key(&name.key))
            .cloned()
            .collect();
        for name in missing {
            self.fetch(name);
        }
        self.warm(extra);
    }

    /// The cache keys of every viewer URL of the current origin, sorted.
    pub fn viewer_urls(&self) -> Vec<Arc<str>> {
        let mut urls: Vec<_> = self
            .origin
            .values()
            .flat_map(|file| &file.views)
            .map(|name| name.key.clone())
            .collect();
        urls.sort_unstable();
        urls.dedup();
        urls
    }

    /// The cache keys that are filled, sorted.
    pub fn cached_urls(&self) -> Vec<Arc<str>> {
        self.cache.keys().cloned().collect()
    }

    /// Empties the cache without a trace, as time does.
    pub fn clear_cache(&mut self) {
        self.cache.clear();
    }

    /// Which cached viewer URLs would get something else from the origin now.
    pub fn stale(&self) -> Vec<StaleView> {
        self.cache
            .iter()
            .filter_map(|(key, cached)| {
                let origin = self.ask(&cached.path).0;
                (origin != cached.content).then(|| StaleView {
                    url: key.to_string(),
                    cached: cached.content.clone(),
                    origin,
                })
            })
            .collect()
    }

    /// Clears what the items of an invalidation name.
    pub fn invalidate<I: AsRef<str>>(
        &mut self,
        invalidation: &str,
        items: impl IntoIterator<Item = I>,
    ) {
        let mut eviction = Eviction {
            invalidation: invalidation.to_owned(),
            ..Eviction::default()
        };
        for item in items {
            for key in self.named(&Pattern::parse(item.as_ref())) {
                let Some(cached) = self.cache.remove(&key) else {
                    continue;
                };
                if self.ask(&cached.path).0 == cached.content {
                    eviction.needless.push(key.clone());
                }
                eviction.evicted.push(key);
            }
        }
        self.evictions.push(eviction);
    }

    /// What each invalidation cleared, in the order in which they took effect.
    pub fn evictions(&self) -> &[Eviction] {
        &self.evictions
    }

    /// Evictions of content that was still right.
    pub fn needless(&self) -> Needless {
        Needless {
            total: self.evictions.iter().map(|each| each.needless.len()).sum(),
            by_invalidation: self
                .evictions
                .iter()
                .map(|each| (each.invalidation.clone(), each.needless.len()))
                .collect(),
        }
    }

    /// Forgets what earlier invalidations cleared; the cache stays.
    pub fn clear_evictions(&mut self) {
        self.evictions.clear();
    }

    fn put(&mut self, site_path: &str, body: Bytes, tags: Arc<[String]>) {
        if let Some(file) = self.origin.get_mut(site_path) {
            file.body = body;
            file.tags = tags;
            file.generation = self.generation;
        } else {
            let views = names(&self.rules, site_path);
            let file = OriginFile {
                body,
                tags,
                generation: self.generation,
                views,
            };
            self.origin.insert(site_path.to_owned(), file);
        }
    }

    fn fetch(&mut self, name: Name) -> Content {
        let (content, tags) = self.ask(&name.path);
        let cached = Cached {
            path: name.path,
            content: content.clone(),
            tags,
        };
        self.cache.insert(name.key, cached);
        content
    }

    /// What the origin gives for a decoded viewer path, and its tags.
    fn ask(&self, path: &str) -> (Content, Arc<[String]>) {
        let found = self
            .rules
            .resolve(&self.mount, path, |site_path| self.origin.get(site_path));
        if let Some(file) = found {
            return (file.content(200), file.tags.clone());
        }
        if let Some(fallback) = &self.rules.fallback
            && let Some(file) = self.origin.get(&fallback.file)
        {
            return (file.content(fallback.status), file.tags.clone());
        }
        let nothing = Content {
            status: 404,
            body: Bytes::new(),
        };
        (nothing, Arc::default())
    }

    /// The filled cache keys that a pattern names. O(log cache + matches), but for tags.
    fn named(&self, pattern: &Pattern) -> Vec<Arc<str>> {
        match pattern {
            Pattern::Exact(key) => self
                .cache
                .get_key_value(key.as_str())
                .map(|(key, _)| key.clone())
                .into_iter()
                .collect(),
            Pattern::Prefix(prefix) => self
                .cache
                .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded))
                .take_while(|(key, _)| key.starts_with(prefix.as_str()))
                .map(|(key, _)| key.clone())
                .collect(),
            Pattern::Tag(tag) => self
                .cache
                .iter()
                .filter(|(_, cached)| cached.tags.contains(tag))
                .map(|(key, _)| key.clone())
                .collect(),
            Pattern::Nothing => Vec::new(),
        }
    }
}

impl OriginFile {
    fn content(&self, status: u16) -> Content {
        Content {
            status,
            body: self.body.clone(),
        }
    }
}

fn names(rules: &EdgeRules, site_path: &str) -> Vec<Name> {
    rules
        .viewer_paths(site_path)
        .iter()
        .map(|path| Name::new(path))
        .collect()
}

/// Compares contents, quickly where both are the same allocation.
fn same_bytes(one: &Bytes, other: &Bytes) -> bool {
    one.len() == other.len() && (one.as_ptr() == other.as_ptr() || one == other)
}

#[cfg(test)]
mod tests;
