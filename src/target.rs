//! Targets: what CloudFront is asked to invalidate.

use std::fmt;

/// A distribution, a distribution tenant, or a name that the run looks up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A distribution, by id.
    Distribution(String),
    /// A tenant of a multi-tenant distribution, by id.
    Tenant(String),
    /// The distribution that has this alternate domain name.
    Alias(String),
}

impl Target {
    /// A distribution by id or ARN.
    ///
    /// # Errors
    /// Says what the text is instead, and what to give.
    pub fn distribution(text: &str) -> Result<Self, String> {
        let domain = text.trim_start_matches("https://").trim_end_matches('/');
        if domain.ends_with(".cloudfront.net") {
            return Err(format!(
                "`{text}` is a domain name; the id stands beside it in the console, and \
                 `aws cloudfront list-distributions --query \"DistributionList.Items[?DomainName=='{domain}'].Id\"` prints it"
            ));
        }
        match resource(text, "distribution") {
            Ok(id) if is_id(id) => Ok(Target::Distribution(id.to_owned())),
            Ok(_) if text.contains('.') => Err(format!(
                "`{text}` is a domain name, not an id such as E2EXAMPLE1; give it as `distribution-alias`"
            )),
            Ok(_) => Err(format!(
                "`{text}` is not a distribution's id, such as E2EXAMPLE1, or ARN"
            )),
            Err(what) => Err(what),
        }
    }

    /// A tenant by id or ARN.
    ///
    /// # Errors
    /// Says what the text is instead.
    pub fn tenant(text: &str) -> Result<Self, String> {
        match resource(text, "distribution-tenant") {
            Ok(id) if is_id(id) => Ok(Target::Tenant(id.to_owned())),
            Ok(_) => Err(format!(
                "`{text}` is not a tenant's id, such as dt_2EXAMPLE, or ARN"
            )),
            Err(what) => Err(what),
        }
    }

    /// A distribution by alternate domain name.
    ///
    /// # Errors
    /// If the text is no domain name.
    pub fn alias(text: &str) -> Result<Self, String> {
        let name = text.to_ascii_lowercase();
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '*');
        if name.contains('.') && name.chars().all(legal) {
            Ok(Target::Alias(name))
        } else {
            Err(format!(
                "`{text}` is not a domain name such as www.example.com"
            ))
        }
    }

    /// The id (or the name, where it has not been looked up).
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Target::Distribution(name) | Target::Tenant(name) | Target::Alias(name) => name,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn is_id(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    !text.is_empty() && text.chars().all(legal)
}

/// The id in an ARN of the wanted kind; a text that is no ARN is returned as it is.
fn resource<'a>(text: &'a str, kind: &str) -> Result<&'a str, String> {
    if !text.starts_with("arn:") {
        return Ok(text);
    }
    // arn:partition:cloudfront::account:kind/id
    let parts: Vec<_> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        [_, _, "cloudfront", _, _, resource] => match resource.split_once('/') {
            Some((found, id)) if found == kind => Ok(id),
            _ => Err(format!(
                "`{text}` is the ARN of something else than a {kind}"
            )),
        },
        _ => Err(format!("`{text}` is not the ARN of a CloudFront {kind}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_arns() {
        let id = Target::Distribution("EDFDVBD632BHDS5".into());
        assert_eq!(Target::distribution("EDFDVBD632BHDS5"), Ok(id.clone()));
        let arn = "arn:aws:cloudfront::123456789012:distribution/EDFDVBD632BHDS5";
        assert_eq!(Target::distribution(arn), Ok(id));
        let arn = "arn:aws:cloudfront::123456789012:distribution-tenant/dt_2x";
        assert_eq!(Target::tenant(arn), Ok(Target::Tenant("dt_2x".into())));
        assert_eq!(
            Target::alias("WWW.Example.com"),
            Ok(Target::Alias("www.example.com".into()))
        );
    }

    #[test]
    fn each_mistake_has_its_own_error() {
        let rows = [
            (
                Target::distribution("d111111abcdef8.cloudfront.net"),
                "is a domain name",
            ),
            (
                Target::distribution("https://d111111abcdef8.cloudfront.net/"),
                "list-distributions",
            ),
            (
                Target::distribution("www.example.com"),
                "give it as `distribution-alias`",
            ),
            (
                Target::distribution("arn:aws:s3:::bucket"),
                "not the ARN of a CloudFront",
            ),
            (
                Target::distribution("arn:aws:cloudfront::1:distribution-tenant/dt_1"),
                "something else than a distribution",
            ),
            (Target::distribution("E1 E2"), "not a distribution's id"),
            (Target::tenant("a/b"), "not a tenant's id"),
            (Target::alias("localhost"), "not a domain name"),
        ];
        for (found, expected) in rows {
            let error = found.unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
