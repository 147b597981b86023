//! A hub on this machine: HTTP by hand, so that it can lie, break off and fall silent.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use yardstick::value::Digest;

/// A request as it arrived; names of headers in small letters.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    /// How often the same path was asked for before.
    pub(crate) before: usize,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// An answer as it is sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    /// The connection closes after so many bytes of the body.
    pub(crate) cut: Option<usize>,
    /// Before the body.
    pub(crate) silence: Duration,
}

impl Given {
    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn cut(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }
}

/// Answers on a port of 127.0.0.1 until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    ends: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Asked) -> Given + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server =
            Self { address: listener.local_addr().unwrap(), asked: Arc::default(), ends: Arc::default() };
        let (asked, ends, answer) = (server.asked.clone(), server.ends.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    break;
                }
                let (asked, answer) = (asked.clone(), answer.clone());
                thread::spawn(move || serve(stream.unwrap(), &asked, answer.as_ref()));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The requests for paths with this end.
    pub(crate) fn asked_for(&self, end: &str) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.path.ends_with(end)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // Wakes the thread up.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked) -> Given) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(path) = lines.next().and_then(|line| line.split(' ').nth(1).map(str::to_owned)) else {
        // As web servers answer to TLS on a port without it.
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        return;
    };
    let headers = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())))
        .collect();
    let asked = {
        let mut log = log.lock().unwrap();
        let before = log.iter().filter(|asked| asked.path == path).count();
        log.push(Asked { path, headers, before });
        log.last().unwrap().clone()
    };
    let mut given = answer(&asked);
    given.headers.entry("Content-Length".to_owned()).or_insert_with(|| given.body.len().to_string());
    let mut head = format!("HTTP/1.1 {} -\r\nConnection: close\r\n", given.status);
    for (name, value) in &given.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    let sent = &given.body[..given.cut.unwrap_or(given.body.len())];
    // The client may have hung up.
    let _ = stream.write_all(head.as_bytes());
    thread::sleep(given.silence);
    let _ = stream.write_all(sent);
}

/// A repository as the hub serves it.
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) id: &'static str,
    pub(crate) commit: &'static str,
    pub(crate) files: BTreeMap<&'static str, Vec<u8>>,
    /// Where large files lie; at the hub itself if nowhere.
    pub(crate) store: Option<String>,
}

pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

impl Model {
    /// A model of random bytes among files that nobody needs.
    pub(crate) fn tiny() -> Self {
        let weights: Vec<u8> =
            (0_u32..).flat_map(|i| *Digest::of(i.to_le_bytes()).bytes()).take(300_000).collect();
        Self {
            id: "owner/tiny",
            commit: COMMIT,
            files: BTreeMap::from([
                ("README.md", b"tiny".to_vec()),
                ("config.json", b"{}".to_vec()),
                ("flax_model.msgpack", vec![1; 100]),
                ("model.safetensors", weights.clone()),
                ("pytorch_model.bin", weights),
                ("tokenizer.json", br#"{"model":{}}"#.to_vec()),
                ("tokenizer_config.json", b"{ }".to_vec()),
            ]),
            store: None,
        }
    }

    pub(crate) fn weights(&self) -> &[u8] {
        &self.files["model.safetensors"]
    }

    /// Its digest is the etag of the weights.
    pub(crate) fn etag(&self) -> String {
        Digest::of(self.weights()).to_string()
    }

    /// What the hub says to a request.
    pub(crate) fn answer(&self, asked: &Asked) -> Given {
        if asked.path.starts_with(&format!("/api/models/{}/revision/", self.id)) {
            let names: Vec<String> =
                self.files.keys().map(|name| format!(r#"{{"rfilename":"{name}"}}"#)).collect();
            let list = format!(r#"{{"id":"x","sha":"{}","siblings":[{}]}}"#, self.commit, names.join(","));
            return Given { body: list.into_bytes(), ..Given::status(200) };
        }
        let Some(rest) = asked.path.strip_prefix(&format!("/{}/resolve/", self.id)) else {
            return Given::status(404).with("X-Error-Code", "RepoNotFound");
        };
        let Some((name, bytes)) = rest.split_once('/').and_then(|(_, name)| self.files.get_key_value(name))
        else {
            return Given::status(404).with("X-Error-Code", "EntryNotFound");
        };
        let digest = Digest::of(bytes).to_string();
        if !name.contains("model") {
            return file(asked, bytes)
                .with("ETag", &format!("\"{}\"", &digest[..40]))
                .with("X-Repo-Commit", self.commit);
        }
        let large = match &self.store {
            None => file(asked, bytes),
            Some(store) => Given::status(302).with("Location", &format!("{store}/bucket/{name}?signature=s")),
        };
        large
            .with("X-Linked-Etag", &format!("\"{digest}\""))
            .with("X-Linked-Size", &bytes.len().to_string())
            .with("X-Repo-Commit", self.commit)
    }
}

/// A file, or the rest of it that was asked for.
pub(crate) fn file(asked: &Asked, bytes: &[u8]) -> Given {
    let range =
        asked.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    match range {
        None => Given { body: bytes.to_vec(), ..Given::status(200) },
        Some(start) if start < bytes.len() => Given { body: bytes[start..].to_vec(), ..Given::status(206) }
            .with("Content-Range", &format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len())),
        Some(_) => Given::status(416),
    }
}
