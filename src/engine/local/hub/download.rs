//! Fetches the files of a model that the cache lacks, all of one commit.

use std::{collections::BTreeSet, fs, io::Read, path::Path};

use hf_hub::{Repo, RepoType, api::RepoInfo};
use ureq::http::StatusCode;

use super::{
    Commit, Environment, Event, Listener, Near, Repository, Snapshot,
    client::{Client, Reply, patiently, tell},
    fault::{DownloadError, Setback},
    files::{self, Weights},
    source::near_repositories,
    store::{Part, Store},
};
use crate::{
    engine::local::weights::{gguf::parts, shards},
    value::Digest,
};

/// Fetches a repository at its revision into the cache. The revision is looked up once; every file comes from that commit.
pub(super) fn download(
    repository: &Repository,
    cache: &Path,
    environment: &Environment,
    listener: Listener<'_>,
) -> Result<Snapshot, DownloadError> {
    let hub = Hub { client: Client::new(environment)?, repository, environment };
    let (commit, names) = hub.listing(listener)?;
    let choice = choose(repository, &names)?;
    let store = Store::new(cache, hub.repo(repository.revision()), commit.clone());

    let (needed, main) = match &choice {
        Choice::Gguf(parts) => (&[][..], parts.clone()),
        Choice::Weights(weights) => (&files::NEEDED[..], vec![weights.file().to_owned()]),
    };
    let welcome = files::NEEDED[1..]
        .iter()
        .chain(&files::WELCOME)
        .filter(|name| names.contains(**name) && !needed.contains(name));
    for name in needed.iter().chain(welcome).copied().chain(main.iter().map(String::as_str)) {
        hub.fetch(&store, &commit, name, listener)?;
    }
    if let Choice::Weights(Weights::Sharded(index)) = choice {
        let path = store.snapshot().join(index);
        let text = fs::read(&path).map_err(|error| DownloadError::disk(path, error))?;
        let shards = shards(&text).map_err(|why| DownloadError::Index {
            id: repository.id().to_owned(),
            file: index.to_owned(),
            why: format!("it {why}"),
        })?;
        for shard in &shards {
            hub.fetch(&store, &commit, shard, listener)?;
        }
    }
    if !commit.is_meant_by(repository.revision()) {
        store.remember_revision()?;
    }
    Ok(Snapshot { folder: store.snapshot(), repository: repository.clone(), commit })
}

/// What a model is made of.
enum Choice {
    /// Weights, and files that say what they are.
    Weights(Weights),
    /// One file, or its parts.
    Gguf(Vec<String>),
}

/// What to fetch, if all of it is there.
fn choose(repository: &Repository, names: &BTreeSet<String>) -> Result<Choice, DownloadError> {
    let id = repository.id().to_owned();
    let all: Vec<String> = names.iter().cloned().collect();
    let gguf = |file: &str| {
        let parts = parts(file);
        match parts.iter().find(|part| !names.contains(*part)) {
            Some(part) => Err(DownloadError::NoFile { id: id.clone(), file: part.clone(), has: all.clone() }),
            None => Ok(Choice::Gguf(parts)),
        }
    };
    if let Some(file) = repository.file() {
        return gguf(file);
    }
    let Some(weights) = Weights::choose(|name| names.contains(name)) else {
        let firsts = names.iter().filter(|name| files::is_gguf(name)).map(|name| parts(name).swap_remove(0));
        let whole: Vec<String> = firsts.collect::<BTreeSet<_>>().into_iter().collect();
        return match whole.as_slice() {
            [] => {
                let has =
                    Some(files::like_weights(&all)).filter(|weights| !weights.is_empty()).unwrap_or(all);
                Err(DownloadError::NoWeights { id, has })
            }
            [file] => gguf(file),
            _ => Err(DownloadError::Several { id, files: whole }),
        };
    };
    match files::NEEDED.into_iter().find(|name| !names.contains(*name)) {
        Some(file) => Err(DownloadError::Lacks { id, file: file.to_owned(), has: all }),
        None => Ok(Choice::Weights(weights)),
    }
}

/// A repository at the endpoint.
struct Hub<'a> {
    client: Client,
    repository: &'a Repository,
    environment: &'a Environment,
}

impl Hub<'_> {
    /// The commit that the revision stands for, and the names of its files.
    fn listing(&self, listener: Listener<'_>) -> Result<(Commit, BTreeSet<String>), DownloadError> {
        let address = self.list_address(self.repository.revision());
        let listing = patiently(&self.environment.patience, &mut *listener, |_| {
            let mut reply = self.client.get(&address, 0)?;
            match reply.status {
                StatusCode::OK => self.read_listing(&mut reply).map(Some),
                // Perhaps a mirror of the files only.
                StatusCode::NOT_FOUND if reply.error_code().is_none() => Ok(None),
                _ => Err(self.refusal(reply, "the list of files").into()),
            }
        })?;
        listing.map_or_else(|| self.probe(listener), Ok)
    }

    fn read_listing(&self, reply: &mut Reply) -> Result<(Commit, BTreeSet<String>), Setback> {
        /// A repository of a million files.
        const LONGEST: u64 = 1 << 28;
        let mut text = Vec::new();
        if let Err(error) = reply.body.as_reader().take(LONGEST).read_to_end(&mut text) {
            let bytes = text.len() as u64;
            let (file, why) = ("the list of files".to_owned(), error.to_string());
            return Err(Setback::passing(
                DownloadError::Broken { file, bytes, size: reply.size(), why },
                bytes,
            ));
        }
        let fault = |why| DownloadError::NotAHub { host: self.host(), why };
        let info: RepoInfo = serde_json::from_slice(&text)
            .map_err(|error| fault(format!("its list of files is wrong: {error}")))?;
        let commit =
            Commit::new(&info.sha).ok_or_else(|| fault(format!("it names a commit `{}`", info.sha)))?;
        Ok((commit, info.siblings.into_iter().map(|file| file.rfilename).collect()))
    }

    /// The same where there is no list, from the files themselves.
    fn probe(&self, listener: Listener<'_>) -> Result<(Commit, BTreeSet<String>), DownloadError> {
        let repo = self.repo(self.repository.revision());
        let mut commit = None;
        let mut names = BTreeSet::new();
        let named = self.repository.file().map(parts).unwrap_or_default();
        for name in files::all().map(str::to_owned).chain(named) {
            let address =
                self.client.address(&format!("{}/resolve/{}/{name}", repo.url(), repo.url_revision()));
            let there = patiently(&self.environment.patience, &mut *listener, |_| {
                let reply = self.client.get(&address, 0)?;
                match reply.status {
                    StatusCode::OK => Ok(Some(reply.commit().and_then(Commit::new))),
                    StatusCode::NOT_FOUND if has_no_file(&reply) => Ok(None),
                    _ => Err(self.refusal(reply, &name).into()),
                }
            })?;
            if let Some(of) = there {
                names.insert(name);
                commit = commit.or(of);
            }
        }
        if let Some(commit) = commit {
            return Ok((commit, names));
        }
        if !names.is_empty() {
            let why = "it does not say which commit its files are of".to_owned();
            return Err(DownloadError::NotAHub { host: self.host(), why });
        }
        let main = self.list_address("main");
        let is_there = patiently(&self.environment.patience, listener, |_| {
            Ok(self.client.get(&main, 0)?.status.is_success())
        })?;
        Err(if is_there { self.no_such_revision() } else { self.no_such_repository() })
    }

    fn list_address(&self, revision: &str) -> String {
        self.client.address(&format!("api/{}", self.repo(revision).api_url()))
    }

    fn repo(&self, revision: &str) -> Repo {
        Repo::with_revision(self.repository.id().to_owned(), RepoType::Model, revision.to_owned())
    }

    /// Fetches a file into the snapshot, unless it is there.
    fn fetch(
        &self,
        store: &Store,
        commit: &Commit,
        name: &str,
        listener: Listener<'_>,
    ) -> Result<(), DownloadError> {
        if store.holds(name) {
            return Ok(());
        }
        let wanted = Wanted {
            name,
            commit,
            address: self.client.address(&format!("{}/resolve/{commit}/{name}", self.repository.id())),
        };
        let mut first = None;
        patiently(&self.environment.patience, &mut *listener, |listener| {
            let mut reply = self.ask(&wanted, 0, &mut first)?;
            let Version { etag, size } = Version::of(&reply);
            let blob = etag.clone().unwrap_or_else(|| format!("{commit}-{name}"));
            let _lock = store.lock(&blob, &mut *listener)?;
            if !store.has_blob(&blob, size) {
                let mut part = store.part(&blob)?;
                let held = part.length();
                if held > 0 && size != Some(held) {
                    reply = self.ask(&wanted, held, &mut first)?;
                }
                if held == 0 || size != Some(held) {
                    receive(reply, name, size, &mut part, &mut *listener)?;
                }
                if let Err(fault) = check(&part, name, etag.as_deref()) {
                    part.restart()?;
                    // What an earlier download left may be at fault.
                    let may_pass = held > 0;
                    return Err(if may_pass { Setback::passing(fault, 0) } else { fault.into() });
                }
                part.finish()?;
            }
            Ok(store.link(&blob, name)?)
        })?;
        tell(listener, Event::Done { file: name })
    }

    /// Asks for a file, from a byte on; it must be of the commit, and the same file each time.
    fn ask(&self, wanted: &Wanted<'_>, from: u64, first: &mut Option<Version>) -> Result<Reply, Setback> {
        let mut reply = self.client.get(&wanted.address, from)?;
        let (id, file) = (self.repository.id().to_owned(), wanted.name.to_owned());
        match reply.status {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {}
            status if !reply.is_from_home => {
                // The way to a store is good for a while only; the endpoint gives a new one.
                let said = self.client.said(&mut reply);
                let fault =
                    DownloadError::Refused { host: reply.host, id, file, status: status.as_u16(), said };
                return Err(Setback::passing(fault, 0));
            }
            StatusCode::NOT_FOUND if has_no_file(&reply) => {
                return Err(DownloadError::Missing { id, file, host: self.host() }.into());
            }
            _ => return Err(self.refusal(reply, wanted.name).into()),
        }
        let changed = |what, was: &str, is: &str| {
            let (was, is) = (was.to_owned(), is.to_owned());
            DownloadError::Changed { id: id.clone(), file: file.clone(), what, was, is }
        };
        if let Some(commit) = reply.commit().filter(|commit| *commit != wanted.commit.as_str()) {
            return Err(changed("commit", wanted.commit.as_str(), commit).into());
        }
        let now = Version::of(&reply);
        let was = first.get_or_insert_with(|| now.clone());
        if let (Some(was), Some(now)) = (&was.etag, &now.etag)
            && was != now
        {
            return Err(changed("etag", was, now).into());
        }
        if let (Some(was), Some(now)) = (was.size, now.size)
            && was != now
        {
            return Err(changed("size", &was.to_string(), &now.to_string()).into());
        }
        Ok(reply)
    }

    /// What a status that is no success means.
    fn refusal(&self, mut reply: Reply, file: &str) -> DownloadError {
        let said = self.client.said(&mut reply);
        let (id, host) = (self.repository.id().to_owned(), self.host());
        let page = self.client.address(&id);
        let token = self.client.token_from().map(str::to_owned);
        match (reply.status.as_u16(), reply.error_code(), token) {
            (404, Some("RevisionNotFound"), _) => self.no_such_revision(),
            (404, ..) => self.no_such_repository(),
            (401 | 403, Some("GatedRepo"), None) => DownloadError::Gated { id, page },
            (401, Some("GatedRepo"), Some(from)) | (403, _, Some(from)) => {
                DownloadError::NotLetIn { from, id, page, said }
            }
            (401, _, Some(from)) => DownloadError::TokenRefused { host, from, said },
            (401 | 403, _, None) => DownloadError::Closed { id, host, page },
            (status, ..) => DownloadError::Refused { host, id, file: file.to_owned(), status, said },
        }
    }

    fn no_such_repository(&self) -> DownloadError {
        let id = self.repository.id();
        let near = Near(near_repositories(id, self.environment));
        DownloadError::NoSuchRepository { id: id.to_owned(), host: self.host(), near }
    }

    fn no_such_revision(&self) -> DownloadError {
        let (id, revision) = (self.repository.id().to_owned(), self.repository.revision().to_owned());
        DownloadError::NoSuchRevision { id, revision, host: self.host() }
    }

    fn host(&self) -> String {
        self.client.host().to_owned()
    }
}

/// A file at its place on the endpoint.
struct Wanted<'a> {
    name: &'a str,
    commit: &'a Commit,
    address: String,
}

/// What must be the same in all answers about one file, where it is told.
#[derive(Clone)]
struct Version {
    etag: Option<String>,
    size: Option<u64>,
}

impl Version {
    fn of(reply: &Reply) -> Self {
        Self { etag: reply.etag(), size: reply.promised_size().or_else(|| reply.size()) }
    }
}

/// Whether a 404 speaks of the file, not of the repository.
fn has_no_file(reply: &Reply) -> bool {
    matches!(reply.error_code(), None | Some("EntryNotFound"))
}

/// Appends a body to what is there of the file.
fn receive(
    reply: Reply,
    name: &str,
    size: Option<u64>,
    part: &mut Part,
    listener: Listener<'_>,
) -> Result<(), Setback> {
    const CHUNK: usize = 1 << 17;
    let broken = |part: &Part, why: &str| {
        let bytes = part.length();
        Setback::passing(
            DownloadError::Broken { file: name.to_owned(), bytes, size, why: why.to_owned() },
            bytes,
        )
    };
    let start = reply.start();
    if start != Some(part.length()) {
        // The server knows no ranges, or sends another one; with a body from the first byte we begin anew.
        part.restart()?;
        if start != Some(0) {
            return Err(broken(part, "the server sent another part of the file than it was asked for"));
        }
    }
    if let (Some(size), Some(sent)) = (size, reply.size())
        && size != sent
    {
        return Err(broken(part, &format!("the server announces {size} bytes, then {sent}")));
    }
    tell(&mut *listener, Event::Begins { file: name, bytes: size, held: part.length() })?;
    let mut body = reply.body.into_reader();
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = match body.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) => return Err(broken(part, &error.to_string())),
        };
        if size.is_some_and(|size| part.length() + count as u64 > size) {
            part.restart()?;
            return Err(broken(part, "the server sends more bytes than it announced"));
        }
        part.append(&chunk[..count])?;
        tell(&mut *listener, Event::Reached { file: name, bytes: part.length() })?;
    }
    match size {
        Some(size) if part.length() < size => Err(broken(part, "the server closed the connection")),
        _ => Ok(()),
    }
}

/// The etag of a large file is the SHA-256 of its content.
fn check(part: &Part, name: &str, etag: Option<&str>) -> Result<(), DownloadError> {
    let Some(promised) = etag.and_then(|etag| etag.parse::<Digest>().ok()) else { return Ok(()) };
    let found = part.digest();
    if found == promised {
        return Ok(());
    }
    Err(DownloadError::Damaged {
        file: name.to_owned(),
        promised: promised.to_string(),
        found: found.to_string(),
    })
}
