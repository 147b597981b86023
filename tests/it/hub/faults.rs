//! Servers that fail, lie or change their mind.

use std::{fs, time::Duration};

use yardstick::engine::local::hub::{DownloadError, Environment};

use super::{
    World, environment,
    server::{Asked, COMMIT, Given, Model, file},
};

fn is_weights(asked: &Asked) -> bool {
    asked.path.ends_with("/model.safetensors")
}

fn ranges(world: &World) -> Vec<Option<String>> {
    let asked = world.server.asked_for("/model.safetensors");
    asked.iter().map(|asked| asked.header("range").map(str::to_owned)).collect()
}

#[test]
fn a_broken_download_goes_on_where_it_stopped() {
    let world = World::new(Model::tiny(), |asked, model| {
        (is_weights(asked) && asked.before == 0).then(|| model.answer(asked).cut(100_000))
    });
    let snapshot = world.open().unwrap();
    assert_eq!(fs::read(snapshot.folder.join("model.safetensors")).unwrap(), world.model.weights());
    // A new request learns what the file is now, then the rest of it is asked for.
    assert_eq!(ranges(&world), [None, None, Some("bytes=100000-".to_owned())]);
}

#[test]
fn a_server_without_ranges_sends_all_again() {
    let world = World::new(Model::tiny(), |asked, model| {
        let whole = Asked { headers: std::collections::BTreeMap::new(), ..asked.clone() };
        is_weights(asked).then(|| match asked.before {
            0 => model.answer(&whole).cut(100_000),
            _ => model.answer(&whole),
        })
    });
    let snapshot = world.open().unwrap();
    assert_eq!(fs::read(snapshot.folder.join("model.safetensors")).unwrap(), world.model.weights());
}

#[test]
fn a_download_that_always_breaks_ends_and_leaves_no_half_file() {
    let world =
        World::new(Model::tiny(), |asked, model| is_weights(asked).then(|| model.answer(asked).cut(1000)));
    let fault = world.fault();
    let DownloadError::Broken { ref file, bytes, size, .. } = fault else { panic!("{fault}") };
    // Four attempts of 1000 bytes each.
    assert_eq!((file.as_str(), bytes, size), ("model.safetensors", 4000, Some(300_000)));
    let finished = world.finished();
    assert!(!finished.contains(&world.model.etag()) && !finished.contains(&"model.safetensors".to_owned()));
    assert!(!world.cache().join("models--owner--tiny/refs/main").exists());
}

#[test]
fn a_commit_that_changes_between_files_is_an_error() {
    let world = World::new(Model::tiny(), |asked, model| {
        is_weights(asked).then(|| model.answer(asked).with("X-Repo-Commit", &"f".repeat(40)))
    });
    let fault = world.fault();
    assert!(matches!(fault, DownloadError::Changed { what: "commit", .. }), "{fault}");
}

#[test]
fn an_etag_that_changes_between_attempts_is_an_error() {
    let world = World::new(Model::tiny(), |asked, model| {
        is_weights(asked).then(|| match asked.before {
            0 => model.answer(asked).cut(100_000),
            _ => file(asked, &vec![7; 300_000])
                .with("X-Linked-Etag", "\"other\"")
                .with("X-Repo-Commit", COMMIT),
        })
    });
    let fault = world.fault();
    assert!(matches!(fault, DownloadError::Changed { what: "etag", .. }), "{fault}");
}

#[test]
fn a_size_that_changes_between_attempts_is_an_error() {
    let world = World::new(Model::tiny(), |asked, model| {
        is_weights(asked).then(|| match asked.before {
            0 => file(asked, model.weights()).cut(100_000),
            _ => file(asked, &vec![7; 200_000]),
        })
    });
    let fault = world.fault();
    assert!(matches!(fault, DownloadError::Changed { what: "size", .. }), "{fault}");
}

#[test]
fn bytes_that_are_not_the_promised_ones_are_an_error() {
    let world = World::new(Model::tiny(), |asked, model| {
        is_weights(asked).then(|| Given { body: vec![7; 300_000], ..model.answer(asked) })
    });
    let fault = world.fault();
    assert!(matches!(fault, DownloadError::Damaged { .. }), "{fault}");
    assert!(!world.finished().contains(&world.model.etag()));
}

#[test]
fn damaged_leftovers_are_fetched_anew() {
    let world = World::honest();
    let blobs = world.cache().join("models--owner--tiny/blobs");
    fs::create_dir_all(&blobs).unwrap();
    for leftover in [vec![7; 5], vec![7; 300_000], vec![7; 400_000]] {
        fs::write(blobs.join(format!("{}.incomplete", world.model.etag())), leftover).unwrap();
        let snapshot = world.open().unwrap();
        assert_eq!(fs::read(snapshot.folder.join("model.safetensors")).unwrap(), world.model.weights());
        fs::remove_file(blobs.join(world.model.etag())).unwrap();
    }
}

#[test]
fn a_lying_length_is_found_out() {
    for (length, why) in [(200_000, "announces 300000 bytes, then 200000"), (400_000, "then 400000")] {
        let world = World::new(Model::tiny(), move |asked, model| {
            is_weights(asked).then(|| model.answer(asked).with("Content-Length", &length.to_string()))
        });
        let fault = world.fault();
        assert!(matches!(fault, DownloadError::Broken { .. }) && fault.to_string().contains(why), "{fault}");
    }
    // Without a promise of the endpoint, an early end is told by the length alone, and a wrong length by the digest.
    for length in [200_000, 400_000] {
        let world = World::new(Model::tiny(), move |asked, model| {
            is_weights(asked).then(|| {
                let mut given = model.answer(asked).with("Content-Length", &length.to_string());
                given.headers.remove("X-Linked-Size");
                given
            })
        });
        let fault = world.fault();
        match length {
            200_000 => assert!(matches!(fault, DownloadError::Damaged { .. }), "{fault}"),
            _ => assert!(matches!(fault, DownloadError::Broken { size: Some(400_000), .. }), "{fault}"),
        }
    }
}

#[test]
fn a_busy_server_is_asked_again_a_few_times() {
    for path in ["/revision/main", "/model.safetensors"] {
        for status in [500, 503, 429] {
            let world = World::new(Model::tiny(), move |asked, _| {
                (asked.path.ends_with(path) && asked.before < 2).then(|| Given::status(status))
            });
            world.open().unwrap();
            assert_eq!(world.server.asked_for(path).len(), 3);
        }
    }
    let world = World::new(Model::tiny(), |_, _| {
        Some(Given { body: br#"{"error":"down"}"#.to_vec(), ..Given::status(503) })
    });
    let fault = world.fault();
    assert!(
        matches!(fault, DownloadError::Busy { status: 503, .. }) && fault.to_string().contains("down"),
        "{fault}"
    );
    assert_eq!(world.server.asked().len(), 4);
}

#[test]
fn a_server_may_say_when_to_come_back() {
    let world = World::new(Model::tiny(), |asked, _| {
        (asked.before == 0).then(|| Given::status(429).with("Retry-After", "0"))
    });
    world.open().unwrap();
    let world = World::new(Model::tiny(), |_, _| Some(Given::status(429).with("Retry-After", "3600")));
    let fault = world.fault();
    assert!(matches!(fault, DownloadError::Busy { status: 429, .. }), "{fault}");
    assert_eq!(world.server.asked().len(), 1, "nobody waits an hour");
}

#[test]
fn a_silent_server_is_given_up() {
    let mut world = World::new(Model::tiny(), |asked, model| {
        is_weights(asked).then(|| Given { silence: Duration::from_secs(3), ..model.answer(asked) })
    });
    world.environment.patience.silence = Duration::from_millis(100);
    world.environment.patience.attempts = 2;
    let fault = world.fault();
    assert!(matches!(fault, DownloadError::Broken { bytes: 0, .. }), "{fault}");
    assert!(fault.to_string().contains("timeout"), "{fault}");
}

#[test]
fn a_server_that_is_not_there_or_not_safe_is_told_apart() {
    let mut world = World::honest();
    let port = world.server.url().rsplit(':').next().unwrap().to_owned();
    world.environment.patience.attempts = 2;

    // Port 9 of this machine: nothing listens.
    world.environment.endpoint = "http://127.0.0.1:9".to_owned();
    let fault = world.fault();
    assert!(matches!(fault, DownloadError::Unreachable { .. }), "{fault}");
    // RFC 6761 keeps the name from ever being one.
    world.environment.endpoint = "http://hub.invalid".to_owned();
    let fault = world.fault();
    assert!(matches!(fault, DownloadError::Unreachable { .. }), "{fault}");
    world.environment.endpoint = format!("https://127.0.0.1:{port}");
    let fault = world.fault();
    assert!(matches!(fault, DownloadError::Tls { .. }), "{fault}");
    for address in ["huggingface.co", "ftp://huggingface.co", "https://user:hf_verysecret@mirror", "https://"]
    {
        world.environment.endpoint = address.to_owned();
        let fault = world.fault();
        assert!(matches!(fault, DownloadError::Endpoint { .. }), "{fault}");
    }
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    let world = World::honest();
    let fault = |more: &[(&str, &str)]| {
        let environment: Environment = environment(world.folder.path(), &world.server.url(), more);
        World {
            environment,
            server: super::Server::start(|_| Given::status(404)),
            folder: tempfile::tempdir().unwrap(),
            model: Model::tiny(),
        }
        .fault()
    };
    let token = fault(&[("HF_TOKEN", "hf_verysecret\nhf_verysecret")]);
    assert!(matches!(token, DownloadError::Token { .. }), "{token}");
    let token = fault(&[("HF_TOKEN_PATH", world.folder.path().to_str().unwrap())]);
    assert!(matches!(token, DownloadError::Token { .. }), "{token}");
    let certificates = fault(&[("SSL_CERT_FILE", "/nowhere.pem")]);
    assert!(matches!(certificates, DownloadError::Certificates { .. }), "{certificates}");
    let proxy = fault(&[("HTTP_PROXY", "what://hf_verysecret")]);
    assert!(matches!(proxy, DownloadError::Proxy), "{proxy}");
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let mut world = World::honest();
    let file = world.folder.path().join("file");
    fs::write(&file, "").unwrap();
    world.environment.cache = Some(file.join("hub"));
    let fault = world.fault();
    assert!(fault.to_string().contains(file.to_str().unwrap()), "{fault}");
}

#[test]
fn a_server_that_is_no_hub_is_told() {
    for body in ["<html>", "{}", r#"{"sha":"../..","siblings":[]}"#] {
        let world =
            World::new(Model::tiny(), move |_, _| Some(Given { body: body.into(), ..Given::status(200) }));
        let fault = world.fault();
        assert!(matches!(fault, DownloadError::NotAHub { .. }), "{fault}");
    }
    let world = World::new(Model::tiny(), |asked, _| Some(Given::status(302).with("Location", &asked.path)));
    let fault = world.fault();
    assert!(fault.to_string().contains("redirects more than"), "{fault}");
}
