//! Deploy ids and caller references: the identities that make a repeated run pay nothing and a new
//! deploy never look like an old one.
//!
//! Both are SHA-256 over a sequence of fields in which nothing can be mistaken for anything else:
//! each field is its length (8 bytes, big-endian) and its bytes; a number is a field of 8 bytes,
//! big-endian; a list is its number of items, as a number, and then its items.

use sha2::{Digest as _, Sha256};

use crate::listing::{Digest, ListingId};
use crate::pattern::Pattern;

/// The identity of one deploy in the chain.
pub type DeployId = Digest;

/// A hash over unambiguous fields.
struct Fields(Sha256);

impl Fields {
    fn new(domain: &str) -> Self {
        let mut fields = Fields(Sha256::new());
        fields.bytes(domain.as_bytes());
        fields
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn number(&mut self, number: usize) {
        self.bytes(&(number as u64).to_be_bytes());
    }

    fn list<'a>(&mut self, items: impl ExactSizeIterator<Item = &'a str>) {
        self.number(items.len());
        for item in items {
            self.bytes(item.as_bytes());
        }
    }

    fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// The id of a new deploy.
///
/// `committed` is the id of the last committed deploy (or 32 random bytes where there is none),
/// `superseded` the id of an intent that this deploy replaces. Because each id hashes the one
/// before it, content that returns (A, B, A) gets a new id each time; because nothing else but the
/// content and settings enters, two runs that start from the same record with the same site agree.
#[must_use]
pub fn deploy_id(
    committed: DeployId,
    superseded: Option<DeployId>,
    site: ListingId,
    scope: &str,
    targets: &[String],
) -> DeployId {
    let mut fields = Fields::new("cloudfront-delta deploy 1");
    fields.bytes(committed.as_bytes());
    fields.bytes(
        superseded
            .as_ref()
            .map_or(&[], |id| id.as_bytes().as_slice()),
    );
    fields.bytes(site.as_bytes());
    fields.bytes(scope.as_bytes());
    fields.list(targets.iter().map(String::as_str));
    Digest::new(fields.finish())
}

/// The `CallerReference` of one batch: `cfd1-` and the first 40 hexadecimal digits of a SHA-256.
///
/// It depends on what is submitted and on the deploy, so the same run repeated sends the same
/// reference, and the next deploy that changes the same files does not.
/// 45 characters; the service is known to take 128.
#[must_use]
pub fn caller_reference(
    target: &str,
    deploy: DeployId,
    number: usize,
    batches: usize,
    patterns: &[Pattern],
) -> String {
    let mut fields = Fields::new("cloudfront-delta batch 1");
    fields.bytes(target.as_bytes());
    fields.bytes(deploy.as_bytes());
    fields.number(number);
    fields.number(batches);
    fields.list(patterns.iter().map(Pattern::as_str));
    format!("cfd1-{}", hex::encode(&fields.finish()[..20]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Widen;

    fn digest(byte: u8) -> Digest {
        Digest::new([byte; 32])
    }

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts
            .iter()
            .map(|text| Pattern::parse(text, Widen::No).unwrap())
            .collect()
    }

    /// Known answers from an implementation of the module's description in Python (hashlib,
    /// struct).
    #[test]
    fn known_answers() {
        let targets = ["E1".to_owned(), "E2".to_owned()];
        let id = |superseded| deploy_id(digest(1), superseded, digest(3), "{\"a\":1}", &targets);
        let first = "4df9b78af0f1e5d703a5c65324978342031c6045e631402d3afefec96e237f8b";
        assert_eq!(id(None).to_string(), first);
        let second = "ced0e79e0ed11bcfb234dcd888cc1f8fbd207e12bb986fdb34a7d42fb89bb0f2";
        assert_eq!(id(Some(digest(2))).to_string(), second);
        assert_eq!(
            caller_reference("E1", digest(1), 1, 2, &patterns(&["/a.html", "/docs/*"])),
            "cfd1-96018dad3261ae00c556204b1271c8d2e46640a6"
        );
    }

    #[test]
    fn every_field_matters() {
        let base = caller_reference("E1", digest(1), 1, 2, &patterns(&["/a", "/b"]));
        let others = [
            caller_reference("E2", digest(1), 1, 2, &patterns(&["/a", "/b"])),
            caller_reference("E1", digest(2), 1, 2, &patterns(&["/a", "/b"])),
            caller_reference("E1", digest(1), 2, 2, &patterns(&["/a", "/b"])),
            caller_reference("E1", digest(1), 1, 1, &patterns(&["/a", "/b"])),
            caller_reference("E1", digest(1), 1, 2, &patterns(&["/a"])),
            caller_reference("E1", digest(1), 1, 2, &patterns(&["/b", "/a"])),
            caller_reference("E1", digest(1), 1, 2, &patterns(&["/a/b"])),
        ];
        for other in others {
            assert_ne!(other, base);
        }
    }

    /// A, B, A, B: the same two sites in turn, each deploy upon the one before it.
    #[test]
    fn content_that_returns_gets_a_new_id() {
        let mut ids = vec![digest(0)];
        for site in [10, 20, 10, 20] {
            let last = ids[ids.len() - 1];
            ids.push(deploy_id(last, None, digest(site), "{}", &[]));
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 5);
    }
}
