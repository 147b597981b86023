//! Addresses of servers: which are the same server, and where a redirect leads.

use ureq::http::Uri;

/// Scheme, host and port: what must be the same for the token to be sent.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// By TLS.
    pub(super) is_safe: bool,
    /// Host and port, the port only where it is not the usual one.
    pub(super) authority: String,
}

impl Origin {
    /// Of an address of `http` or `https`.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let is_safe = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = uri.host()?.to_ascii_lowercase();
        let authority = match uri.port_u16() {
            Some(port) if port != if is_safe { 443 } else { 80 } => format!("{host}:{port}"),
            _ => host,
        };
        Some(Self { is_safe, authority })
    }
}

/// A `Location` seen from the address that gave it.
pub(super) fn resolve(from: &Uri, location: &str) -> String {
    let scheme = from.scheme_str().unwrap_or("https");
    let authority = from.authority().map_or("", |authority| authority.as_str());
    let is_whole = location
        .split_once("://")
        .is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric()));
    if is_whole {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else {
        let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{location}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3986, section 5.4, as far as servers use it.
    #[test]
    fn a_location_is_seen_from_where_it_was_given() {
        let from: Uri = "https://hub:8443/owner/name/resolve/main/file?x=1".parse().unwrap();
        for (location, whole) in [
            ("http://store/a", "http://store/a"),
            ("//store/a", "https://store/a"),
            ("/a?b=http://c", "https://hub:8443/a?b=http://c"),
            ("a?b=http://c", "https://hub:8443/owner/name/resolve/main/a?b=http://c"),
        ] {
            assert_eq!(resolve(&from, location), whole);
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same = |a: &str, b: &str| Origin::of(&a.parse().unwrap()) == Origin::of(&b.parse().unwrap());
        assert!(same("https://HuggingFace.co/a", "https://huggingface.co:443/b"));
        assert!(!same("https://huggingface.co", "http://huggingface.co:443"));
        assert!(!same("http://127.0.0.1:1", "http://127.0.0.1:2"));
        assert!(!same("https://huggingface.co", "https://cdn.huggingface.co"));
    }
}
