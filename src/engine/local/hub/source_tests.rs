//! Names of models, good and bad.

use std::fs;

use tempfile::TempDir;

use super::*;

fn environment(cache: &Path) -> Environment {
    let mut environment = Environment::from_lookup(|_| None);
    environment.cache = Some(cache.to_owned());
    environment
}

/// A working folder with a model beside other files, and a cache.
fn beside() -> (TempDir, Environment) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("my-model")).unwrap();
    fs::create_dir_all(folder.path().join("owner/name")).unwrap();
    fs::write(folder.path().join("small.gguf"), "").unwrap();
    for id in ["models--openai-community--gpt2", "models--bert-tiny", "datasets--x--y", ".locks"] {
        fs::create_dir_all(folder.path().join("cache").join(id)).unwrap();
    }
    let environment = environment(&folder.path().join("cache"));
    (folder, environment)
}

#[test]
fn names_are_understood_in_their_order() {
    let (folder, environment) = beside();
    let parse = |name: &str| Source::parse(name, folder.path(), &environment).unwrap();
    let repository =
        |id: &str, revision: Option<&str>| Source::Repository(Repository::new(id, revision).unwrap());
    assert_eq!(parse("reference"), Source::Reference);
    assert_eq!(parse("my-model"), Source::Folder(folder.path().join("my-model")));
    assert_eq!(parse("./my-model"), Source::Folder(folder.path().join("./my-model")));
    assert_eq!(parse("small.gguf"), Source::File(folder.path().join("small.gguf")));
    let Source::Repository(named) = parse("owner/other@v1:model-Q4_0.gguf") else { panic!("a repository") };
    assert_eq!((named.id(), named.revision(), named.file()), ("owner/other", "v1", Some("model-Q4_0.gguf")));
    assert_eq!(named.to_string(), "owner/other@v1:model-Q4_0.gguf");
    assert_eq!(named.at("v2").unwrap().file(), Some("model-Q4_0.gguf"));
    // What exists comes before what may.
    assert_eq!(parse("owner/name"), Source::Folder(folder.path().join("owner/name")));
    assert_eq!(parse("owner/other"), repository("owner/other", None));
    assert_eq!(parse("owner/other@v1.0"), repository("owner/other", Some("v1.0")));
    assert_eq!(parse("owner/other@refs/pr/1"), repository("owner/other", Some("refs/pr/1")));
    assert_eq!(parse("gpt2"), repository("openai-community/gpt2", None));
    assert_eq!(parse("gpt2-xl@607a30d"), repository("openai-community/gpt2-xl", Some("607a30d")));
    assert_eq!(parse("distilgpt2"), repository("distilbert/distilgpt2", None));
    // Python keeps it in the cache without an owner.
    assert_eq!(parse("bert-tiny"), repository("bert-tiny", None));
}

#[test]
fn home_is_where_the_environment_says() {
    let (folder, mut environment) = beside();
    environment.home = Some(folder.path().to_owned());
    let source = Source::parse("~/my-model", Path::new("/nowhere"), &environment).unwrap();
    assert_eq!(source, Source::Folder(folder.path().join("my-model")));
}

#[test]
fn what_is_nothing_is_told_with_what_was_likely_meant() {
    let (folder, environment) = beside();
    let fault = |name: &str| Source::parse(name, folder.path(), &environment).unwrap_err();
    let text = |name: &str| fault(name).to_string();
    assert_eq!(fault(" "), SourceError::Empty);
    assert!(text("gtp2").contains("did you mean `gpt2`"), "{}", text("gtp2"));
    assert!(text("refrence").contains("did you mean `reference`"), "{}", text("refrence"));
    assert!(
        text("my-modle").contains(&format!("did you mean `{}", folder.path().join("my-model").display()))
    );
    assert!(text("bert-tny").contains("did you mean `bert-tiny`"));
    assert!(text("./my-modle").contains("my-model`?"), "{}", text("./my-modle"));
    assert!(matches!(fault("smal.gguf"), SourceError::NoSuchPath { .. }));
    assert!(text("smal.gguf").contains("small.gguf`?"));
    assert!(matches!(fault("a/b/c"), SourceError::NoSuchPath { .. }));
    assert!(matches!(fault("https://huggingface.co/gpt2"), SourceError::Address { .. }));
    assert!(!text("quite-another-thing").contains("did you mean"));
}

#[test]
fn names_that_no_repository_has_are_refused() {
    for id in
        ["a--b/c", "a/..", "-a/b", "a/b.", "a/b c", "a/ü", "a/", "/a", "a/b/c", "", "a/b?x", "a/b#x", "a/%2e"]
    {
        assert!(matches!(Repository::new(id, None), Err(SourceError::Repository { .. })), "{id}");
    }
    for revision in ["", "../x", "a..b", "a b", "/a", "a/", "a//b", "a?b", "a#b", "a%2Fb", ".git", "x/.y"] {
        assert!(
            matches!(Repository::new("a/b", Some(revision)), Err(SourceError::Revision { .. })),
            "{revision}"
        );
    }
}

#[test]
fn repositories_of_the_cache_resemble_by_name_or_owner() {
    let (_folder, environment) = beside();
    assert_eq!(near_repositories("openai/gpt2", &environment), ["openai-community/gpt2"]);
    assert_eq!(near_repositories("openai-comunity/gpt2", &environment)[0], "openai-community/gpt2");
    assert!(near_repositories("meta/llama", &environment).is_empty());
}
