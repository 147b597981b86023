//! Downloads from a hub on this machine.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod faults;
mod fetch;
mod refusals;
pub(crate) mod server;

use std::{ffi::OsString, ops::ControlFlow, path::Path, time::Duration};

use tempfile::TempDir;
use yardstick::engine::local::hub::{
    self, DownloadError, Environment, Event, OpenError, Repository, Snapshot,
};

use self::server::{Asked, Given, Model, Server};

/// A hub with one model, and an empty cache.
struct World {
    server: Server,
    folder: TempDir,
    environment: Environment,
    model: Model,
}

impl World {
    /// The hub answers as it should, where `special` has no other answer.
    fn new(model: Model, special: impl Fn(&Asked, &Model) -> Option<Given> + Send + Sync + 'static) -> Self {
        let served = model.clone();
        let server =
            Server::start(move |asked| special(asked, &served).unwrap_or_else(|| served.answer(asked)));
        let folder = tempfile::tempdir().unwrap();
        let environment = environment(folder.path(), &server.url(), &[]);
        Self { server, folder, environment, model }
    }

    fn honest() -> Self {
        Self::new(Model::tiny(), |_, _| None)
    }

    fn with_token(mut self) -> Self {
        self.environment = environment(self.folder.path(), &self.server.url(), &[("HF_TOKEN", TOKEN)]);
        self
    }

    fn open(&self) -> Result<Snapshot, OpenError> {
        self.open_at(None)
    }

    fn open_at(&self, revision: Option<&str>) -> Result<Snapshot, OpenError> {
        let repository = Repository::new(self.model.id, revision).unwrap();
        hub::open(&repository, &self.environment, &mut |_| ControlFlow::Continue(()))
    }

    /// The fault of a download that must fail; its text never holds the token.
    fn fault(&self) -> DownloadError {
        match self.open().unwrap_err() {
            OpenError::Download(fault) => {
                assert!(!format!("{fault} {fault:?}").contains(TOKEN), "{fault:?}");
                fault
            }
            other => panic!("{other}"),
        }
    }

    fn cache(&self) -> &Path {
        self.environment.cache.as_deref().unwrap()
    }

    /// The files under their final names: links of snapshots and blobs.
    fn finished(&self) -> Vec<String> {
        let mut files = Vec::new();
        for entry in ["blobs", "snapshots/0123456789abcdef0123456789abcdef01234567"] {
            let folder = self.cache().join("models--owner--tiny").join(entry);
            let names = folder.read_dir().into_iter().flatten().map(|file| file.unwrap().file_name());
            files.extend(
                names.map(|name| name.into_string().unwrap()).filter(|name| !name.ends_with(".incomplete")),
            );
        }
        files.sort();
        files
    }
}

const TOKEN: &str = "hf_verysecret";

fn environment(home: &Path, endpoint: &str, more: &[(&str, &str)]) -> Environment {
    let mut environment = Environment::from_lookup(|name| match name {
        "HF_HOME" => Some(home.as_os_str().to_owned()),
        "HF_ENDPOINT" => Some(OsString::from(endpoint)),
        _ => more.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value)),
    });
    environment.patience.first_pause = Duration::from_millis(5);
    environment.patience.silence = Duration::from_secs(5);
    environment
}

/// What a listener hears, one line each; counts of bytes only at the beginning.
fn heard(log: &mut Vec<String>) -> impl FnMut(Event<'_>) -> ControlFlow<()> {
    |event| {
        match event {
            Event::Begins { file, bytes, held } => log.push(format!("begins {file} {bytes:?} {held}")),
            Event::Done { file } => log.push(format!("done {file}")),
            Event::Waits { .. } => log.push("waits".to_owned()),
            Event::Reached { .. } => {}
        }
        ControlFlow::Continue(())
    }
}
