//! The plan that names every stale path.

use crate::pattern::Pattern;

use super::NoPlan;
use super::candidates::{Name, Selection, below};
use super::given::Settled;
use super::legal::Prefixes;

/// Names every stale path as narrowly as possible, and drops what the wildcards among the names
/// cover anyway. No cover evicts fewer kept paths, because each of these wildcards, or a shorter
/// one, is in every cover.
///
/// # Errors
///
/// [`NoPlan::Protected`] if a stale path can only be covered by wildcards that touch a protected
/// pattern: if the narrowest one does, every shorter one does.
pub(super) fn name_all(settled: &Settled) -> Result<Selection, NoPlan> {
    let names: Vec<Name> = settled
        .stale
        .iter()
        .map(|path| Name::of(path, settled))
        .collect();
    let with_names = || settled.stale.iter().copied().zip(names.iter().copied());
    let forced = || {
        with_names().filter_map(|(path, name)| match name {
            Name::Wildcard(length) => Some((path, &path[..length])),
            Name::Exact | Name::Pair { .. } => None,
        })
    };
    for (path, prefix) in forced() {
        if let Some(touched) = settled.protected.in_the_way_of(prefix) {
            return Err(NoPlan::Protected {
                path: path.to_owned(),
                wildcard: Pattern::wildcard(prefix),
                protected: touched.clone(),
            });
        }
    }
    let wildcards = Prefixes::new(forced().map(|(_, prefix)| prefix));
    let mut selection = Selection::default();
    for prefix in wildcards.iter() {
        selection.add_wildcard(prefix);
        selection.kept += below(&settled.kept, prefix).len();
    }
    for (path, name) in with_names() {
        if !matches!(name, Name::Wildcard(_)) && !wildcards.cover(path) {
            selection.add_name(path, name);
        }
    }
    Ok(selection)
}
