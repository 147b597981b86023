//! Asks the hub over HTTP: the token goes to the endpoint's own host and to no other, passing faults are tried again.
//!
//! `hf-hub` gives the addresses and the layout of the cache. Its own requests are not used: version 0.5 sends the token along
//! with a redirect to another host, appends a whole body to a resumed file where the server ignores `Range`, compares neither
//! sizes nor digests, and tells no 401 from a 404.

use std::{fs, io, thread, time::Duration};

use ureq::{
    Agent, Body, Proxy,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::{
    Environment, Event, Listener, Patience,
    address::{Origin, resolve},
    environment::Secret,
    fault::{DownloadError, Said, Setback},
};

/// A connection to the endpoint.
pub(super) struct Client {
    agent: Agent,
    base: String,
    home: Origin,
    token: Option<Token>,
}

struct Token {
    secret: Secret,
    header: HeaderValue,
    from: String,
}

impl Client {
    pub(super) fn new(environment: &Environment) -> Result<Self, DownloadError> {
        let base = environment.endpoint.trim_end_matches('/').to_owned();
        let home = base
            .parse()
            .ok()
            .filter(|uri: &Uri| uri.query().is_none() && !base.contains('@'))
            .and_then(|uri| Origin::of(&uri))
            .ok_or_else(|| DownloadError::Endpoint {
                given: Said((!base.contains(['@', '?'])).then(|| base.clone())),
            })?;
        let mut tls = TlsConfig::builder();
        if let Some(path) = &environment.certificates {
            tls = tls.root_certs(roots(path)?);
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy(environment)?)
            .tls_config(tls.build())
            .user_agent(concat!("yardstick/", env!("CARGO_PKG_VERSION")))
            // The bytes as they are: lengths and ranges must count the file, not its compressed form.
            .accept_encoding("identity")
            .timeout_resolve(Some(environment.patience.connect))
            .timeout_connect(Some(environment.patience.connect))
            .timeout_recv_response(Some(environment.patience.silence))
            .timeout_per_read(Some(environment.patience.silence))
            .build()
            .into();
        Ok(Self { agent, base, home, token: token(environment)? })
    }

    /// The address of a path at the endpoint.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    /// The endpoint's host and port, for people.
    pub(super) fn host(&self) -> &str {
        &self.home.authority
    }

    /// Where the token was found that is sent.
    pub(super) fn token_from(&self) -> Option<&str> {
        self.token.as_ref().map(|token| token.from.as_str())
    }

    /// Asks for an address, from a byte on, and follows redirects. Any status may come back but those that pass.
    pub(super) fn get(&self, address: &str, from: u64) -> Result<Reply, Setback> {
        const MOST_REDIRECTS: usize = 8;
        let mut address = address.to_owned();
        let mut told = HeaderMap::new();
        for _ in 0..=MOST_REDIRECTS {
            let wrong =
                |why: &str| DownloadError::NotAHub { host: self.host().to_owned(), why: why.to_owned() };
            let uri: Uri = address.parse().map_err(|_| wrong("it redirects to what is no address"))?;
            let origin =
                Origin::of(&uri).ok_or_else(|| wrong("it redirects to another protocol than http"))?;
            if self.home.is_safe && !origin.is_safe {
                return Err(wrong("it redirects from https to http").into());
            }
            let mut request = self.agent.get(uri.clone());
            if from > 0 {
                request = request.header(header::RANGE, format!("bytes={from}-"));
            }
            if let Some(token) = self.token.as_ref().filter(|_| origin == self.home) {
                request = request.header(header::AUTHORIZATION, &token.header);
            }
            let response = request.call().map_err(|error| unreachable(&origin.authority, &error))?;
            let (parts, body) = response.into_parts();
            if origin == self.home {
                // Later words of the endpoint replace earlier ones; a store's own words about the file do not count.
                told.extend(parts.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            if parts.status.is_redirection()
                && let Some(location) = parts.headers.get(header::LOCATION)
            {
                let location = location.to_str().map_err(|_| wrong("it redirects to what is no address"))?;
                address = resolve(&uri, location);
                continue;
            }
            let is_from_home = origin == self.home;
            let mut reply = Reply {
                status: parts.status,
                told,
                headers: parts.headers,
                body,
                host: origin.authority,
                is_from_home,
            };
            if passes(reply.status) {
                let after = reply
                    .headers
                    .get(header::RETRY_AFTER)
                    .and_then(|value| value.to_str().ok()?.parse().ok());
                let said = self.said(&mut reply);
                let fault =
                    Box::new(DownloadError::Busy { host: reply.host, status: reply.status.as_u16(), said });
                return Err(Setback::Passing { fault, after: after.map(Duration::from_secs), reached: 0 });
            }
            return Ok(reply);
        }
        let why = format!("it redirects more than {MOST_REDIRECTS} times");
        Err(DownloadError::NotAHub { host: self.host().to_owned(), why }.into())
    }

    /// The server's own words about a refusal, short and without the token.
    pub(super) fn said(&self, reply: &mut Reply) -> Said {
        const LONGEST: usize = 300;
        let header =
            reply.headers.get("x-error-message").and_then(|value| Some(value.to_str().ok()?.to_owned()));
        let words = header.or_else(|| {
            let text = reply.body.with_config().limit(10_000).read_to_string().ok()?;
            let json: serde_json::Value = serde_json::from_str(&text).ok()?;
            Some(json.get("error")?.as_str()?.to_owned())
        });
        Said(words.map(|words| {
            let words = self.token.iter().fold(words, |words, token| token.secret.redact(&words));
            words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect()
        }))
    }
}

/// An answer.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    /// The headers that the endpoint itself gave on the way.
    told: HeaderMap,
    /// The headers of the answer, which may come from a store elsewhere.
    headers: HeaderMap,
    pub(super) body: Body,
    pub(super) host: String,
    /// Whether the endpoint itself gave it.
    pub(super) is_from_home: bool,
}

impl Reply {
    /// The hub's name for a refusal.
    pub(super) fn error_code(&self) -> Option<&str> {
        self.headers.get("x-error-code")?.to_str().ok()
    }

    /// The commit that the file belongs to.
    pub(super) fn commit(&self) -> Option<&str> {
        self.told.get("x-repo-commit")?.to_str().ok()
    }

    /// The name of the content: its SHA-256 for a large file.
    pub(super) fn etag(&self) -> Option<String> {
        let value = self.told.get("x-linked-etag").or_else(|| self.told.get(header::ETAG))?;
        let etag = value.to_str().ok()?.trim_start_matches("W/").trim_matches('"');
        // It becomes the name of a file.
        let fits = !etag.is_empty() && !etag.starts_with('.') && etag.len() <= 128;
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        (fits && etag.chars().all(plain)).then(|| etag.to_owned())
    }

    /// The size that the endpoint promised for the whole file.
    pub(super) fn promised_size(&self) -> Option<u64> {
        number(&self.told, "x-linked-size")
    }

    /// The size of the whole file, by the answer that carries it.
    pub(super) fn size(&self) -> Option<u64> {
        match self.status {
            StatusCode::OK => number(&self.headers, header::CONTENT_LENGTH.as_str()),
            StatusCode::PARTIAL_CONTENT => self.range()?.1,
            _ => None,
        }
    }

    /// The byte that the body begins at.
    pub(super) fn start(&self) -> Option<u64> {
        match self.status {
            StatusCode::OK => Some(0),
            StatusCode::PARTIAL_CONTENT => Some(self.range()?.0),
            _ => None,
        }
    }

    /// First byte and total of `Content-Range: bytes 5-9/10`.
    fn range(&self) -> Option<(u64, Option<u64>)> {
        let range = self.headers.get(header::CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?;
        let (bytes, total) = range.split_once('/')?;
        Some((bytes.split_once('-')?.0.parse().ok()?, total.parse().ok()))
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

/// Makes attempts until one succeeds, fails for good, or patience ends.
pub(super) fn patiently<T>(
    patience: &Patience,
    listener: Listener<'_>,
    mut attempt: impl FnMut(Listener<'_>) -> Result<T, Setback>,
) -> Result<T, DownloadError> {
    /// A download that got so much further has not failed in vain.
    const STRIDE: u64 = 1 << 20;
    let (mut failed, mut furthest) = (0, 0);
    loop {
        let (fault, after, reached) = match attempt(&mut *listener) {
            Ok(value) => return Ok(value),
            Err(Setback::Final(fault)) => return Err(fault),
            Err(Setback::Passing { fault, after, reached }) => (fault, after, reached),
        };
        if reached >= furthest + STRIDE {
            (failed, furthest) = (0, reached);
        }
        let pause = after.unwrap_or(patience.first_pause * 2_u32.pow(failed.min(16)));
        failed += 1;
        if failed >= patience.attempts || pause > patience.longest_pause {
            return Err(*fault);
        }
        let text = fault.to_string();
        let why = text.lines().next().unwrap_or_default();
        let mut left = pause;
        while !left.is_zero() {
            tell(listener, Event::Waits { why, left: Some(left) })?;
            let nap = left.min(Duration::from_secs(1));
            thread::sleep(nap);
            left -= nap;
        }
    }
}

/// Tells the listener, who may stop the download.
pub(super) fn tell(listener: Listener<'_>, event: Event<'_>) -> Result<(), DownloadError> {
    if listener(event).is_break() { Err(DownloadError::Stopped) } else { Ok(()) }
}

/// Whether a status says that the same request may succeed later.
fn passes(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}

/// Sorts the faults of a connection.
fn unreachable(host: &str, error: &ureq::Error) -> Setback {
    let (host, why) = (host.to_owned(), error.to_string());
    match error {
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::TlsRequired => {
            DownloadError::Tls { host, why }.into()
        }
        // So ureq hands on what rustls finds wrong in a handshake.
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            DownloadError::Tls { host, why: error.to_string() }.into()
        }
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) | ureq::Error::Http(_) => {
            DownloadError::NotAHub { host, why }.into()
        }
        ureq::Error::HostNotFound | ureq::Error::ConnectProxyFailed(_) => {
            DownloadError::Unreachable { host, why }.into()
        }
        _ => Setback::passing(DownloadError::Unreachable { host, why }, 0),
    }
}

fn token(environment: &Environment) -> Result<Option<Token>, DownloadError> {
    let file = || environment.token_file.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let found =
        environment.token().map_err(|error| DownloadError::Token { from: file(), why: error.to_string() })?;
    let Some((secret, from)) = found else { return Ok(None) };
    match HeaderValue::from_str(&format!("Bearer {}", secret.reveal())) {
        Ok(mut header) => {
            header.set_sensitive(true);
            Ok(Some(Token { secret, header, from }))
        }
        Err(_) => Err(DownloadError::Token {
            from,
            why: "a token is one line of letters, digits and `_`".to_owned(),
        }),
    }
}

fn roots(path: &std::path::Path) -> Result<RootCerts, DownloadError> {
    let fault = |why: String| DownloadError::Certificates { path: path.to_owned(), why };
    let text = fs::read(path).map_err(|error| fault(error.to_string()))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&text) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| fault(error.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(fault("nothing in it begins with -----BEGIN CERTIFICATE-----".to_owned()));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// The proxy with the hosts that go past it: ureq takes the two together only from its own builder.
fn proxy(environment: &Environment) -> Result<Option<Proxy>, DownloadError> {
    let Some(address) = &environment.proxy else { return Ok(None) };
    let given = Proxy::new(address.reveal()).map_err(|_| DownloadError::Proxy)?;
    let mut builder = Proxy::builder(given.protocol()).host(given.host()).port(given.port());
    if let Some(name) = given.username() {
        builder = builder.username(name);
    }
    if let Some(password) = given.password() {
        builder = builder.password(password);
    }
    for host in environment.no_proxy.split(',').map(str::trim).filter(|host| !host.is_empty()) {
        builder = builder.no_proxy(host);
    }
    builder.build().map(Some).map_err(|_| DownloadError::Proxy)
}
