//! Refusals, each with its own remedy.

use std::fs;

use yardstick::engine::local::hub::DownloadError;

use super::{
    TOKEN, World,
    server::{Given, Model},
};

/// A hub that refuses every request.
fn refusing(status: u16, code: Option<&'static str>) -> World {
    World::new(Model::tiny(), move |_, _| {
        let given = Given::status(status).with("X-Error-Message", &format!("no, {TOKEN}, no"));
        Some(match code {
            Some(code) => given.with("X-Error-Code", code),
            None => given,
        })
    })
}

#[test]
fn without_a_token_a_closed_repository_asks_for_one() {
    let fault = refusing(401, Some("RepoNotFound")).fault();
    assert!(matches!(fault, DownloadError::Closed { .. }), "{fault}");
    assert!(fault.to_string().contains("HF_TOKEN") && fault.to_string().contains("terms"), "{fault}");
    for status in [401, 403] {
        let fault = refusing(status, Some("GatedRepo")).fault();
        assert!(matches!(fault, DownloadError::Gated { .. }), "{fault}");
        assert!(fault.to_string().contains("/owner/tiny, then set HF_TOKEN"), "{fault}");
        let fault = refusing(status, None).fault();
        assert!(matches!(fault, DownloadError::Closed { .. }), "{fault}");
    }
}

#[test]
fn a_token_that_is_refused_is_told_from_one_that_is_not_let_in() {
    let fault = refusing(401, None).with_token().fault();
    assert!(matches!(fault, DownloadError::TokenRefused { .. }), "{fault}");
    assert!(fault.to_string().contains("token from HF_TOKEN (“no, ***, no”)"), "{fault}");
    for (status, code) in [(403, Some("GatedRepo")), (401, Some("GatedRepo")), (403, None)] {
        let fault = refusing(status, code).with_token().fault();
        assert!(matches!(fault, DownloadError::NotLetIn { .. }), "{fault}");
        assert!(fault.to_string().contains("accept its terms"), "{fault}");
    }
}

#[test]
fn a_gated_repository_that_shows_its_list_is_refused_at_its_first_file() {
    let world = World::new(Model::tiny(), |asked, _| {
        asked.path.contains("/resolve/").then(|| Given::status(401).with("X-Error-Code", "GatedRepo"))
    });
    let fault = world.fault();
    assert!(matches!(fault, DownloadError::Gated { .. }), "{fault}");
    assert!(world.finished().is_empty());
}

#[test]
fn a_repository_that_is_not_there_brings_similar_ones_to_mind() {
    for code in [Some("RepoNotFound"), None] {
        let world = refusing(404, code);
        fs::create_dir_all(world.cache().join("models--owner--tinny")).unwrap();
        let fault = world.fault();
        assert!(matches!(fault, DownloadError::NoSuchRepository { .. }), "{fault}");
        assert!(fault.to_string().contains("did you mean `owner/tinny`?"), "{fault}");
    }
}

#[test]
fn a_revision_that_is_not_there_is_told_from_a_repository() {
    for code in [Some("RevisionNotFound"), None] {
        let world = World::new(Model::tiny(), move |asked, _| {
            let given = Given::status(404);
            asked.path.contains("/v9").then(|| match code {
                Some(code) => given.with("X-Error-Code", code),
                None => given,
            })
        });
        let error = world.open_at(Some("v9")).unwrap_err().to_string();
        assert!(error.contains("no revision `v9`"), "{error}");
    }
}

#[test]
fn a_file_that_is_listed_and_not_served_is_named() {
    for code in [Some("EntryNotFound"), None] {
        let world = World::new(Model::tiny(), move |asked, _| {
            let given = Given::status(404);
            asked.path.ends_with("/tokenizer.json").then(|| match code {
                Some(code) => given.with("X-Error-Code", code),
                None => given,
            })
        });
        let fault = world.fault();
        assert!(matches!(&fault, DownloadError::Missing { file, .. } if file == "tokenizer.json"), "{fault}");
    }
}

#[test]
fn without_usable_weights_the_others_are_listed() {
    let mut model = Model::tiny();
    model.files.remove("model.safetensors");
    model.files.remove("pytorch_model.bin");
    model.files.insert("tiny.h5", vec![1]);
    let fault = World::new(model.clone(), |_, _| None).fault();
    assert!(
        matches!(&fault, DownloadError::NoWeights { has, .. } if has == &["flax_model.msgpack", "tiny.h5"]),
        "{fault}"
    );
    model.files.insert("tiny-F16.gguf", vec![1]);
    model.files.insert("tiny-Q4_0.gguf", vec![1]);
    let fault = World::new(model.clone(), |_, _| None).fault().to_string();
    assert!(fault.contains("several models: `tiny-F16.gguf`, `tiny-Q4_0.gguf`"), "{fault}");
    assert!(fault.ends_with(":tiny-F16.gguf`"), "{fault}");
    model.files.retain(|name, _| *name == "README.md");
    let fault = World::new(model, |_, _| None).fault();
    assert!(fault.to_string().ends_with("it has `README.md`"), "{fault}");
}

#[test]
fn weights_without_a_tokenizer_are_no_model() {
    let mut model = Model::tiny();
    let _ = model.files.remove("tokenizer.json");
    let world = World::new(model, |_, _| None);
    let fault = world.fault();
    assert!(matches!(fault, DownloadError::Lacks { ref file, .. } if file == "tokenizer.json"), "{fault}");
    assert!(world.finished().is_empty(), "nothing is fetched in vain");
}

#[test]
fn an_index_that_leads_out_of_the_folder_is_refused() {
    let mut model = Model::tiny();
    model.files.remove("model.safetensors");
    model.files.insert("model.safetensors.index.json", br#"{"weight_map":{"a":"../../../escape"}}"#.to_vec());
    let fault = World::new(model, |_, _| None).fault();
    assert!(matches!(fault, DownloadError::Index { .. }), "{fault}");
}
