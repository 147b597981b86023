//! What sets the runs of two shards apart, in words: nothing where they are pieces of one run.

use std::collections::BTreeMap;

use crate::{record::Run, value::Digest};

/// Of the second, as seen from the first.
pub(super) fn between(own: &Run, other: &Run) -> Vec<String> {
    let mut found = Vec::new();
    if let (Some(one), Some(another)) = (own.shard, other.shard)
        && one.of() != another.of()
    {
        found.push(format!("it is shard {} of {}, not of {}", another.index(), another.of(), one.of()));
    }
    if own.model_digest != other.model_digest {
        model(own, other, &mut found);
    }
    let files = |run: &Run| -> BTreeMap<String, Digest> {
        run.suite.files.iter().map(|file| (file.path.clone(), file.sha256)).collect()
    };
    sets_apart("spec file", &files(own), &files(other), &mut found);
    let lists = [
        ("spec", &own.command.specs, &other.command.specs),
        ("--only", &own.command.only, &other.command.only),
        ("--set", &own.command.set, &other.command.set),
    ];
    for (name, one, another) in lists {
        if one != another {
            found.push(format!("{name} is {}, not {}", words(another), words(one)));
        }
    }
    let sample = |run: &Run| run.command.sample.map_or_else(|| "none".into(), |count| count.to_string());
    values("--sample", sample(own), sample(other), &mut found);
    values("the seed", own.seed.0, other.seed.0, &mut found);
    values("the level", own.level.get(), other.level.get(), &mut found);
    // What is left is told only where nothing above explains it.
    if found.is_empty() && own.suite.plan_sha256 != other.suite.plan_sha256 {
        found.push(unexplained("its plan asks something else", own, other));
    }
    // A newer version may know more settings.
    let same_program = own.program.version == other.program.version;
    if found.is_empty() && same_program && own.suite.resolved_sha256 != other.suite.resolved_sha256 {
        found.push("its settings differ (resolved.json)".into());
    }
    found
}

fn model(own: &Run, other: &Run, found: &mut Vec<String>) {
    let before = found.len();
    values("the engine", &own.model.engine, &other.model.engine, found);
    let dtype = |run: &Run| run.model.dtype.clone().unwrap_or_else(|| "not known".into());
    values("the number format", dtype(own), dtype(other), found);
    let files = |run: &Run| -> BTreeMap<String, Digest> {
        run.model.files.iter().map(|file| (file.name.clone(), file.sha256)).collect()
    };
    // Another engine has other files, which says nothing more.
    if own.model.engine == other.model.engine {
        sets_apart("model file", &files(own), &files(other), found);
    }
    if found.len() == before {
        found.push(unexplained("its model is another one", own, other));
    }
}

fn unexplained(what: &str, own: &Run, other: &Run) -> String {
    let (one, another) = (&own.program.version, &other.program.version);
    if one == another { what.into() } else { format!("{what} (by version {another}, not {one})") }
}

fn values<T: PartialEq + std::fmt::Display>(name: &str, own: T, other: T, found: &mut Vec<String>) {
    if own != other {
        found.push(format!("{name} is {other}, not {own}"));
    }
}

fn words(list: &[String]) -> String {
    if list.is_empty() { "none".into() } else { list.join(" ") }
}

/// Files by name.
fn sets_apart(
    noun: &str,
    own: &BTreeMap<String, Digest>,
    other: &BTreeMap<String, Digest>,
    found: &mut Vec<String>,
) {
    let differ = other.iter().filter(|(name, digest)| own.get(*name).is_some_and(|own| own != *digest));
    let more = other.keys().filter(|name| !own.contains_key(*name));
    let fewer = own.keys().filter(|name| !other.contains_key(*name));
    found.extend(differ.map(|(name, _)| format!("the {noun} {name} differs")));
    found.extend(more.map(|name| format!("it has the {noun} {name} more")));
    found.extend(fewer.map(|name| format!("it lacks the {noun} {name}")));
}
