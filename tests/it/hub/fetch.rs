//! Downloads that succeed, and what they leave behind.

use std::{fs, ops::ControlFlow, thread};

use yardstick::engine::local::hub::{self, DownloadError, Event, OpenError, Repository, Snapshot, Source};

use super::{
    TOKEN, World, environment, heard,
    server::{COMMIT, Given, Model, Server, file},
};

#[test]
fn only_what_a_model_needs_is_fetched_and_laid_out_as_python_does() {
    let world = World::honest();
    let mut log = Vec::new();
    let repository = Repository::new("owner/tiny", None).unwrap();
    let snapshot = hub::open(&repository, &world.environment, &mut heard(&mut log)).unwrap();

    assert_eq!(snapshot.commit.as_str(), COMMIT);
    assert_eq!(snapshot.folder, world.cache().join("models--owner--tiny/snapshots").join(COMMIT));
    let mut names: Vec<_> =
        snapshot.folder.read_dir().unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]);
    for name in names {
        let name = name.to_str().unwrap();
        assert_eq!(fs::read(snapshot.folder.join(name)).unwrap(), world.model.files[name], "{name}");
    }
    let blob = world.cache().join("models--owner--tiny/blobs").join(world.model.etag());
    assert!(blob.is_file());
    assert_eq!(
        fs::read_link(snapshot.folder.join("model.safetensors")).unwrap().to_str().unwrap(),
        format!("../../blobs/{}", world.model.etag())
    );
    assert_eq!(fs::read_to_string(world.cache().join("models--owner--tiny/refs/main")).unwrap(), COMMIT);
    assert_eq!(
        log,
        [
            "begins config.json Some(2) 0",
            "done config.json",
            "begins tokenizer.json Some(12) 0",
            "done tokenizer.json",
            "begins tokenizer_config.json Some(3) 0",
            "done tokenizer_config.json",
            "begins model.safetensors Some(300000) 0",
            "done model.safetensors",
        ]
    );
    // One list, then each file once, at the commit.
    let paths: Vec<String> = world.server.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths.len(), 5);
    assert_eq!(paths[0], "/api/models/owner/tiny/revision/main");
    assert!(
        paths[1..].iter().all(|path| path.starts_with(&format!("/owner/tiny/resolve/{COMMIT}/"))),
        "{paths:?}"
    );
}

#[test]
fn the_second_time_the_cache_is_enough() {
    let mut world = World::honest();
    let first = world.open().unwrap();
    let requests = world.server.asked().len();
    assert_eq!(world.open().unwrap(), first);
    world.environment.offline = true;
    assert_eq!(world.open().unwrap(), first);
    assert_eq!(world.open_at(Some("0123456")).unwrap().folder, first.folder);
    assert_eq!(world.server.asked().len(), requests);
    let entries = hub::list(world.cache()).unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (entries[0].id.as_str(), entries[0].commit.as_str(), entries[0].complete),
        ("owner/tiny", COMMIT, true)
    );
    assert_eq!(entries[0].bytes, 300_000 + 12 + 3 + 2);
}

#[test]
fn offline_nothing_is_asked_and_what_lacks_is_named() {
    let mut world = World::honest();
    world.environment.offline = true;
    let error = world.open().unwrap_err();
    assert!(matches!(error, OpenError::NotCached { .. }), "{error}");
    assert!(error.to_string().contains("HF_HUB_OFFLINE"), "{error}");
    assert!(world.server.asked().is_empty());

    world.environment.offline = false;
    let snapshot = world.open().unwrap();
    world.environment.offline = true;
    let error = world.open_at(Some("v2")).unwrap_err().to_string();
    assert!(error.contains(&format!("owner/tiny@{COMMIT}")), "{error}");
    fs::remove_file(snapshot.folder.join("tokenizer.json")).unwrap();
    let error = world.open().unwrap_err();
    assert!(matches!(error, OpenError::Incomplete { .. }), "{error}");
    assert!(error.to_string().contains("lacks `tokenizer.json`"), "{error}");
}

#[test]
fn a_revision_is_pinned_and_remembered() {
    let world = World::honest();
    for (revision, reference) in
        [("v1.0", Some("refs/v1.0")), ("refs/pr/1", Some("refs/refs/pr/1")), (COMMIT, None)]
    {
        let snapshot = world.open_at(Some(revision)).unwrap();
        assert_eq!((snapshot.commit.as_str(), snapshot.repository.revision()), (COMMIT, revision));
        if let Some(reference) = reference {
            assert_eq!(
                fs::read_to_string(world.cache().join("models--owner--tiny").join(reference)).unwrap(),
                COMMIT
            );
        }
    }
    let lists: Vec<String> = world
        .server
        .asked()
        .into_iter()
        .map(|asked| asked.path)
        .filter(|path| path.starts_with("/api"))
        .collect();
    // The commit is known by then.
    assert_eq!(
        lists,
        ["/api/models/owner/tiny/revision/v1.0", "/api/models/owner/tiny/revision/refs%2Fpr%2F1"]
    );
    assert!(!world.cache().join("models--owner--tiny/refs").join(COMMIT).exists());
}

#[test]
fn the_token_goes_to_the_endpoint_and_to_no_other_host() {
    let mut model = Model::tiny();
    let bytes = model.weights().to_vec();
    let store = Server::start(move |asked| file(asked, &bytes));
    model.store = Some(store.url());
    let world = World::new(model, |_, _| None).with_token();
    let snapshot = world.open().unwrap();
    assert_eq!(fs::read(snapshot.folder.join("model.safetensors")).unwrap(), world.model.weights());
    let asked = store.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].path, "/bucket/model.safetensors?signature=s");
    assert_eq!(asked[0].header("authorization"), None);
    assert!(!asked[0].headers.values().any(|value| value.contains(TOKEN)));
    for asked in world.server.asked() {
        assert_eq!(asked.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()), "{}", asked.path);
    }
}

#[test]
fn a_relative_redirect_keeps_the_token_and_the_first_words() {
    let world = World::new(Model::tiny(), |asked, model| {
        if let Some(name) = asked.path.strip_prefix("/renamed/") {
            return Some(file(asked, &model.files[name]));
        }
        let name = asked.path.strip_prefix(&format!("/owner/tiny/resolve/{COMMIT}/"))?;
        let moved = model.answer(asked).with("Location", &format!("/renamed/{name}"));
        Some(Given { status: 307, body: b"moved".to_vec(), ..moved })
    })
    .with_token();
    let snapshot = world.open().unwrap();
    assert_eq!(fs::read(snapshot.folder.join("model.safetensors")).unwrap(), world.model.weights());
    assert!(world.server.asked().iter().all(|asked| asked.header("authorization").is_some()));
    assert!(world.finished().contains(&world.model.etag()));
}

#[test]
fn shards_are_those_of_the_index() {
    let mut model = Model::tiny();
    let index = br#"{"weight_map":{"a":"model-1-of-2.safetensors","b":"model-2-of-2.safetensors"}}"#;
    model.files.remove("model.safetensors");
    model.files.insert("model.safetensors.index.json", index.to_vec());
    model.files.insert("model-1-of-2.safetensors", vec![1; 1000]);
    model.files.insert("model-2-of-2.safetensors", vec![2; 2000]);
    let mut world = World::new(model, |_, _| None);
    let snapshot = world.open().unwrap();
    assert_eq!(fs::read(snapshot.folder.join("model-2-of-2.safetensors")).unwrap(), vec![2; 2000]);
    assert!(!snapshot.folder.join("pytorch_model.bin").exists());

    // A blob that was deleted leaves a link to nowhere.
    fs::remove_file(fs::canonicalize(snapshot.folder.join("model-1-of-2.safetensors")).unwrap()).unwrap();
    world.environment.offline = true;
    let error = world.open().unwrap_err().to_string();
    assert!(error.contains("lacks `model-1-of-2.safetensors`"), "{error}");
    world.environment.offline = false;
    let before = world.server.asked().len();
    world.open().unwrap();
    assert_eq!(world.server.asked().len() - before, 2, "the list and the shard");
    assert_eq!(fs::read(snapshot.folder.join("model-1-of-2.safetensors")).unwrap(), vec![1; 1000]);
}

#[test]
fn a_pickle_is_taken_where_there_is_nothing_better() {
    let mut model = Model::tiny();
    model.files.remove("model.safetensors");
    let snapshot = World::new(model, |_, _| None).open().unwrap();
    assert!(snapshot.folder.ends_with(COMMIT));
}

#[test]
fn a_gguf_file_is_a_whole_model() {
    let mut model = Model::tiny();
    model.files.retain(|name, _| *name == "README.md");
    model.files.insert("tiny.gguf", vec![1, 2, 3]);
    let world = World::new(model, |_, _| None);
    let snapshot = world.open().unwrap();
    assert_eq!(fs::read(snapshot.folder.join("tiny.gguf")).unwrap(), [1, 2, 3]);
    assert!(!snapshot.folder.join("README.md").exists());
    // The second time the cache is enough.
    assert_eq!(world.open().unwrap().folder, snapshot.folder);
}

#[test]
fn the_parts_of_a_gguf_file_are_fetched_together() {
    let parts = ["tiny-00001-of-00002.gguf", "tiny-00002-of-00002.gguf"];
    let mut model = Model::tiny();
    model.files.retain(|name, _| *name == "README.md");
    model.files.extend(parts.map(|part| (part, part.as_bytes().to_vec())));
    let mut half = model.clone();
    half.files.remove(parts[1]);

    let whole = |snapshot: Snapshot| {
        for part in parts {
            assert_eq!(fs::read(snapshot.folder.join(part)).unwrap(), part.as_bytes());
        }
        snapshot
    };
    let world = World::new(model.clone(), |_, _| None);
    let snapshot = whole(world.open().unwrap());
    // A part that is lost is fetched again.
    fs::remove_file(snapshot.folder.join(parts[1])).unwrap();
    whole(world.open().unwrap());
    // By name, from a mirror that has no list.
    let world = World::new(model, |asked, model| {
        let mut given = model.answer(asked);
        given.headers.remove("X-Error-Code");
        Some(if asked.path.starts_with("/api") { Given::status(404) } else { given })
    });
    let named = Source::parse(&format!("owner/tiny:{}", parts[0]), world.folder.path(), &world.environment);
    let Ok(Source::Repository(named)) = named else { panic!("{named:?}") };
    whole(hub::open(&named, &world.environment, &mut |_| ControlFlow::Continue(())).unwrap());

    let fault = World::new(half, |_, _| None).fault();
    assert!(matches!(&fault, DownloadError::NoFile { file, .. } if file == parts[1]), "{fault}");
}

#[test]
fn a_mirror_without_the_list_is_asked_for_the_files() {
    let world = World::new(Model::tiny(), |asked, model| {
        let mut given = model.answer(asked);
        given.headers.remove("X-Error-Code");
        Some(if asked.path.starts_with("/api") { Given::status(404) } else { given })
    });
    let snapshot = world.open().unwrap();
    assert_eq!(snapshot.commit.as_str(), COMMIT);
    assert_eq!(fs::read(snapshot.folder.join("model.safetensors")).unwrap(), world.model.weights());
}

#[test]
fn two_at_once_fetch_each_file_once() {
    let world = World::honest();
    let repository = Repository::new("owner/tiny", None).unwrap();
    let fetch = || {
        let mut log = Vec::new();
        let snapshot = hub::open(&repository, &world.environment, &mut heard(&mut log)).unwrap();
        assert_eq!(fs::read(snapshot.folder.join("model.safetensors")).unwrap(), world.model.weights());
        log.iter().filter(|line| line.starts_with("begins")).count()
    };
    let begun = thread::scope(|scope| {
        let both = [scope.spawn(fetch), scope.spawn(fetch)];
        both.map(|thread| thread.join().unwrap())
    });
    assert_eq!(begun[0] + begun[1], 4);
}

#[test]
fn a_stopped_download_goes_on_later() {
    let world = World::honest();
    let repository = Repository::new("owner/tiny", None).unwrap();
    let error = hub::open(&repository, &world.environment, &mut |event| match event {
        Event::Reached { file: "model.safetensors", .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    })
    .unwrap_err();
    assert!(error.to_string().contains("was stopped"), "{error}");
    assert!(!world.finished().contains(&world.model.etag()));
    let snapshot = world.open().unwrap();
    assert_eq!(fs::read(snapshot.folder.join("model.safetensors")).unwrap(), world.model.weights());
    let ranges: Vec<bool> = world
        .server
        .asked_for("model.safetensors")
        .iter()
        .map(|asked| asked.header("range").is_some())
        .collect();
    assert_eq!(ranges, [false, false, true]);
}

#[test]
fn a_proxy_is_used_except_for_hosts_that_go_past_it() {
    let world = World::honest();
    // Nothing listens there.
    let proxied = |more: &[(&str, &str)]| {
        let mut environment = environment(world.folder.path(), &world.server.url(), more);
        environment.patience.attempts = 1;
        let repository = Repository::new("owner/tiny", None).unwrap();
        hub::open(&repository, &environment, &mut |_| ControlFlow::Continue(()))
    };
    let proxy = ("HTTP_PROXY", "http://user:hf_verysecret@127.0.0.1:9");
    let error = proxied(&[proxy]).unwrap_err();
    assert!(error.to_string().contains("cannot be reached"), "{error}");
    assert!(!format!("{error} {error:?}").contains(TOKEN));
    assert!(world.server.asked().is_empty());
    proxied(&[proxy, ("NO_PROXY", "example.org, 127.0.0.1")]).unwrap();
}
