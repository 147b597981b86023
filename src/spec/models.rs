//! Which models are run: those of the command line, of the suite, or of the benchmarks.

use std::{collections::BTreeMap, path::Path, rc::Rc};

use super::{
    document::{Benchmark, Suite},
    file::{EngineKind, Model},
    finding::Finding,
    load::Choices,
    place::Place,
    reader::Reader,
    settings::Lint,
    text::Text,
};

/// The models: of the command line, else of the suite, else of the benchmarks.
pub(super) fn gather(
    suite: Option<&Suite>,
    benchmarks: &[Rc<Benchmark>],
    choices: &Choices,
    reader: &mut Reader,
) -> Vec<Model> {
    let written = || suite.iter().flat_map(|suite| &suite.file.models);
    let of_benchmarks = || benchmarks.iter().filter_map(|benchmark| benchmark.file.model.as_ref());
    let mut models = Vec::<Model>::new();
    for name in &choices.models {
        // What a spec says of the model holds for it on the command line too.
        let known = written().chain(of_benchmarks()).find(|model| *model.id == **name).cloned();
        let words = reader.words(&format!("--model {name}"), "''");
        let unknown = words.map(|node| Model::named(Text::new(name.as_str(), node.at)));
        models.extend(known.or(unknown));
    }
    if models.is_empty() {
        models.extend(written().cloned());
    }
    if models.is_empty() {
        for model in of_benchmarks() {
            if !models.iter().any(|known| known.id == model.id) {
                models.push(model.clone());
            }
        }
    }
    let mut seen = BTreeMap::<&str, Place>::new();
    for model in &models {
        if let Some(first) = seen.insert(&model.id, model.id.at) {
            let message = format!("two models are called `{}`", model.id);
            let finding = Finding::error("same-name", model.id.at, message).also(first, "first");
            reader
                .findings
                .add(finding.help("give one of them another `id`, and say what it is with `model`"));
        }
    }
    for model in &models {
        unpinned(model, suite, benchmarks, reader);
    }
    models
}

/// Says that a spec names a model of the Hub without a commit.
fn unpinned(model: &Model, suite: Option<&Suite>, benchmarks: &[Rc<Benchmark>], reader: &mut Reader) {
    let source = model.source();
    let elsewhere = matches!(source.as_str(), "reference" | "mock")
        || source.starts_with(['.', '/', '~'])
        || source.matches('/').count() > 1
        || Path::new(source.as_str()).exists();
    if elsewhere || model.engine != EngineKind::Local || model.revision.is_some() {
        return;
    }
    let suite = suite.map(|suite| (&suite.name, &suite.file.allow));
    let files = benchmarks.iter().map(|benchmark| (&benchmark.name, &benchmark.file.allow)).chain(suite);
    // A model that the command line names is in none of them.
    let Some((_, allow)) = files.into_iter().find(|(name, _)| name.at.source == model.id.at.source) else {
        return;
    };
    if !allow.iter().flatten().any(|lint| *lint == Lint::NoRevision) {
        let message = format!("`{source}` has no `revision`: its files may change between two runs");
        let help =
            format!("name a commit: {{id: {}, revision: …}}; a run records the one that it used", model.id);
        reader.findings.add(Finding::advice("no-revision", source.at, message).help(help));
    }
}
