//! Which items an invalidation may hold.

/// The longest path, in characters, by the developer guide.
const LONGEST_PATH: usize = 4_000;

/// The longest cache tag, in characters, by the developer guide.
const LONGEST_TAG: usize = 256;

/// Characters that are refused in raw form.
const REFUSED: &str = " ~\"<>\\^`{|}";

/// What depends on the distribution and the configuration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowed {
    pub(super) tags: bool,
    pub(super) apostrophe: bool,
}

/// Whether the service takes this item. What it takes may still name nothing.
pub(super) fn is_valid(item: &str, allowed: Allowed) -> bool {
    if let Some(tag) = item.strip_prefix('#') {
        return allowed.tags && is_valid_tag(tag);
    }
    item.starts_with('/')
        && item.chars().count() <= LONGEST_PATH
        && item.chars().all(|character| {
            character.is_ascii_graphic()
                && !REFUSED.contains(character)
                && (character != '\'' || allowed.apostrophe)
        })
}

fn is_valid_tag(tag: &str) -> bool {
    !tag.is_empty()
        && tag.len() <= LONGEST_TAG
        && tag
            .chars()
            .all(|character| character.is_ascii_graphic() && !",*".contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (item, valid) in [
            ("/", true),
            ("/*", true),
            ("/images/image*", true),
            ("/images/*.gif", true),
            ("/%2A", true),
            ("/%7Euser", true),
            ("/%27", true),
            ("/a%2Bb", true),
            ("/docs/?*", true),
            ("/a+b&c=d", true),
            ("", false),
            ("a.html", false),
            ("*", false),
            ("/~user", false),
            ("/it's", false),
            ("/a b", false),
            (" /a", false),
            ("/a\n", false),
            ("/é", false),
            ("/\"", false),
            ("/<", false),
            ("/>", false),
            ("/\\", false),
            ("/^", false),
            ("/`", false),
            ("/{", false),
            ("/|", false),
            ("/}", false),
            ("#tag", false),
        ] {
            let allowed = Allowed {
                tags: false,
                apostrophe: false,
            };
            assert_eq!(is_valid(item, allowed), valid, "{item:?}");
        }
    }

    #[test]
    fn length() {
        let allowed = Allowed {
            tags: true,
            apostrophe: true,
        };
        assert!(is_valid(&format!("/{}", "a".repeat(3_999)), allowed));
        assert!(!is_valid(&format!("/{}", "a".repeat(4_000)), allowed));
        assert!(is_valid(&format!("#{}", "a".repeat(256)), allowed));
        assert!(!is_valid(&format!("#{}", "a".repeat(257)), allowed));
        assert!(is_valid("/it's", allowed));
    }

    #[test]
    fn tags() {
        let allowed = Allowed {
            tags: true,
            apostrophe: false,
        };
        for (item, valid) in [
            ("#blog", true),
            ("#a:b/c~'", true),
            ("#", false),
            ("#a,b", false),
            ("#a b", false),
            ("#é", false),
            ("#a*", false),
        ] {
            assert_eq!(is_valid(item, allowed), valid, "{item}");
        }
    }
}
