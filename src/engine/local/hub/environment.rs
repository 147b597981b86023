//! The settings that Python's `huggingface_hub` takes from the environment, under the same names, as plain data: the caller
//! reads the environment, once.

use std::{
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Where models are kept, where they come from, and who asks for them.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The folder of `models--owner--name`; `None` where neither `HF_HUB_CACHE` nor `HF_HOME` nor a home folder is known.
    pub cache: Option<PathBuf>,
    /// `HF_TOKEN`.
    pub token: Option<Secret>,
    /// The file that a login leaves the token in: `HF_TOKEN_PATH`, else `token` in `HF_HOME`.
    pub token_file: Option<PathBuf>,
    /// `HF_ENDPOINT`: the hub, or a mirror of it.
    pub endpoint: String,
    /// `HF_HUB_OFFLINE`: never ask the network.
    pub offline: bool,
    /// What `~` stands for.
    pub home: Option<PathBuf>,
    /// `SSL_CERT_FILE`: the certificates to trust instead of the built-in ones, as PEM.
    pub certificates: Option<PathBuf>,
    /// `HTTPS_PROXY` or `HTTP_PROXY`, as the endpoint needs, else `ALL_PROXY`; may hold a password.
    pub proxy: Option<Secret>,
    /// `NO_PROXY`: hosts that are asked directly, with commas between them.
    pub no_proxy: String,
    /// How long to wait for a server.
    pub patience: Patience,
}

impl Environment {
    /// The hub of Hugging Face.
    pub const ENDPOINT: &str = "https://huggingface.co";

    /// From a function that looks a variable up, such as `std::env::var_os`. An empty variable counts as not set.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let find = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let first = |names: &[&str]| names.iter().find_map(|name| find(name));
        let text = |names: &[&str]| first(names).map(|value| value.to_string_lossy().into_owned());
        let home = first(&["HOME", "USERPROFILE"]).map(PathBuf::from);
        let path = |names: &[&str]| first(names).map(|value| at_home(PathBuf::from(value), home.as_deref()));

        let user_cache = || path(&["XDG_CACHE_HOME"]).or_else(|| Some(home.as_ref()?.join(".cache")));
        let hf_home = path(&["HF_HOME"]).or_else(|| Some(user_cache()?.join("huggingface")));
        let in_hf_home = |name: &str| hf_home.as_ref().map(|folder| folder.join(name));
        let endpoint = text(&["HF_ENDPOINT"]).unwrap_or_else(|| Self::ENDPOINT.to_owned());
        let proxies = if endpoint.starts_with("https:") {
            ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        } else {
            ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        };
        Self {
            cache: path(&["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"]).or_else(|| in_hf_home("hub")),
            token: text(&["HF_TOKEN"]).and_then(|token| Secret::new(&token)),
            token_file: path(&["HF_TOKEN_PATH"]).or_else(|| in_hf_home("token")),
            endpoint,
            offline: text(&["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"]).is_some_and(|value| {
                ["1", "ON", "YES", "TRUE"].contains(&value.to_ascii_uppercase().as_str())
            }),
            certificates: path(&["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]),
            proxy: text(&proxies).and_then(|proxy| Secret::new(&proxy)),
            no_proxy: text(&["NO_PROXY", "no_proxy"]).unwrap_or_default(),
            home,
            patience: Patience::default(),
        }
    }

    /// The token and where it was found.
    pub fn token(&self) -> io::Result<Option<(Secret, String)>> {
        if let Some(token) = &self.token {
            return Ok(Some((token.clone(), "HF_TOKEN".to_owned())));
        }
        let Some(path) = &self.token_file else { return Ok(None) };
        match fs::read_to_string(path) {
            Ok(text) => Ok(Secret::new(&text).map(|token| (token, path.display().to_string()))),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// A path with its leading `~` replaced.
pub(super) fn at_home(path: PathBuf, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    }
}

/// How long to wait for a server, and how often to ask again when it fails.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the next byte of an answer.
    pub silence: Duration,
    /// How often a request is made before it is given up; progress of a download starts the count anew.
    pub attempts: u32,
    /// The pause before the second attempt; each further one is twice as long.
    pub first_pause: Duration,
    /// The longest pause that a server may ask for.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            attempts: 4,
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_mins(1),
        }
    }
}

/// A text that nobody may see: it has no `Display`, and `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text without the white space around it; `None` where nothing is left.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The text, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A foreign text, such as a server's message, without the secret in it.
    pub fn redact(&self, text: &str) -> String {
        text.replace(&self.0, "***")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::from_lookup(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        })
    }

    /// The rules of `huggingface_hub/constants.py`.
    #[test]
    fn folders_follow_the_rules_of_python() {
        let cache = |variables: &[(&str, &str)]| {
            environment(variables).cache.map(|path| path.to_string_lossy().into_owned())
        };
        assert_eq!(cache(&[]), None);
        assert_eq!(cache(&[("HOME", "/h")]).as_deref(), Some("/h/.cache/huggingface/hub"));
        assert_eq!(cache(&[("HOME", "/h"), ("HF_HOME", "")]).as_deref(), Some("/h/.cache/huggingface/hub"));
        assert_eq!(cache(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")]).as_deref(), Some("/x/huggingface/hub"));
        assert_eq!(cache(&[("HOME", "/h"), ("HF_HOME", "~/hf")]).as_deref(), Some("/h/hf/hub"));
        assert_eq!(cache(&[("HF_HOME", "/hf"), ("HF_HUB_CACHE", "/c")]).as_deref(), Some("/c"));
        assert_eq!(environment(&[("HF_HOME", "/hf")]).token_file.as_deref(), Some(Path::new("/hf/token")));
        let named = environment(&[("HF_HOME", "/hf"), ("HF_TOKEN_PATH", "/t")]);
        assert_eq!(named.token_file.as_deref(), Some(Path::new("/t")));
    }

    #[test]
    fn offline_is_what_python_takes_for_true() {
        for (value, offline) in [
            ("1", true),
            ("true", true),
            ("Yes", true),
            ("ON", true),
            ("0", false),
            ("", false),
            ("2", false),
        ] {
            assert_eq!(environment(&[("HF_HUB_OFFLINE", value)]).offline, offline, "{value}");
        }
        assert!(environment(&[("TRANSFORMERS_OFFLINE", "1")]).offline);
        assert!(!environment(&[("HF_HUB_OFFLINE", "0"), ("TRANSFORMERS_OFFLINE", "1")]).offline);
    }

    #[test]
    fn a_token_comes_from_the_variable_then_from_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        fs::write(&file, "hf_fromfile\n").unwrap();
        let path = file.to_str().unwrap();
        let (token, from) = environment(&[("HF_TOKEN_PATH", path)]).token().unwrap().unwrap();
        assert_eq!((token.reveal(), from.as_str()), ("hf_fromfile", path));
        let both = environment(&[("HF_TOKEN_PATH", path), ("HF_TOKEN", " hf_variable\n")]);
        assert_eq!(both.token().unwrap().unwrap().0.reveal(), "hf_variable");
        assert!(environment(&[("HF_TOKEN_PATH", "/nowhere/token")]).token().unwrap().is_none());
    }

    #[test]
    fn a_secret_is_never_printed() {
        let environment =
            environment(&[("HF_TOKEN", "hf_secret"), ("HTTPS_PROXY", "http://u:hf_secret@proxy")]);
        assert!(environment.token.is_some() && environment.proxy.is_some());
        assert!(!format!("{environment:?}").contains("hf_secret"));
        assert_eq!(environment.token.unwrap().redact("bad hf_secret!"), "bad ***!");
    }
}
