//! Where the numbers come from, and how to get them again.

use maud::{Markup, html};

use super::{
    SpecText, day,
    page::Section,
    shown::{Foreign, Source},
};
use crate::{
    compare::Comparison,
    record::{Record, Run},
    report::{
        digits::grouped,
        quantity::{bytes, many},
        summary,
    },
};

pub(super) fn section(record: &Record, specs: &[SpecText]) -> Section {
    let run = &record.run;
    let body = html! {
        h3 { "How to reproduce" }
        (reproduce(run))
        h3 { "Model" }
        (model(run))
        h3 { "Run" }
        (facts(run))
        h3 { "Specs and data" }
        (files(run))
        @for spec in specs {
            details { summary { (Foreign(&spec.path)) } (Source(&spec.text)) }
        }
    };
    Section::new("provenance", "Provenance", body)
}

/// The provenance of every run of a comparison.
pub(super) fn of_several(comparison: &Comparison) -> Section {
    let body = html! {
        @for side in &comparison.sides {
            h3 { (side.letter) " " (Foreign(&side.run.model.name)) }
            (model(&side.run))
            details { summary { "How it was run" } (facts(&side.run)) (reproduce(&side.run)) (files(&side.run)) }
        }
        p.muted {
            "Intervals hold the truth at the level " (comparison.level.get()) "; random permutations begin with the seed "
            (comparison.seed.0) ", " (comparison.draws) " of them where not all were tried."
        }
    };
    Section::new("provenance", "Provenance", body)
}

fn reproduce(run: &Run) -> Markup {
    let mut command = vec!["yardstick".to_owned(), "run".into()];
    command.extend(run.command.specs.iter().map(|spec| quoted(spec)));
    command.extend(["--model".into(), quoted(&run.command.model)]);
    command.extend(run.command.only.iter().flat_map(|only| ["--only".into(), quoted(only)]));
    command.extend(run.command.set.iter().flat_map(|set| ["--set".into(), quoted(set)]));
    command.extend(run.command.sample.iter().flat_map(|sample| ["--sample".into(), sample.to_string()]));
    html! {
        p { "In the folder " code { "spec/" } " of the run:" }
        (Source(&command.join(" ")))
        p {
            "The same answers have the same digest, whatever the machine, the threads and the batches"
            @if let Some(digest) = &run.answers_sha256 { ": " code.long { (digest) } }
            "."
        }
    }
}

/// An argument as a shell takes it.
fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=@:+,".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', "'\\''"))
    }
}

fn model(run: &Run) -> Markup {
    let card = &run.model;
    html! {
        dl {
            (entry("name", html! { (Foreign(&summary::model(&card.name, card.revision.as_deref()))) }))
            (entry("from", html! { (Foreign(&card.source)) }))
            (entry("family", html! { (Foreign(&card.family)) ", " (card.dtype) }))
            @if card.parameters > 0 { (entry("weights", html! { (count(card.parameters)) })) }
            (entry("vocabulary", html! { (many(card.vocabulary, "token")) }))
            @if let Some(context) = card.context { (entry("context", html! { (many(context, "token")) })) }
            @if let Some(first) = &card.begins_with { (entry("a text alone follows", html! { code { (Foreign(first)) } })) }
            (entry("digest", html! { code.long { (run.model_digest) } }))
        }
        @if !card.files.is_empty() {
            details {
                summary { (many(card.files.len(), "file")) }
                dl.files { @for file in &card.files { (entry(&file.name, html! { (bytes(file.bytes)) " " code.long { (file.sha256) } })) } }
            }
        }
    }
}

fn facts(run: &Run) -> Markup {
    let engine = &run.engine;
    html! {
        dl {
            (entry("program", html! { (run.program.name) " " (run.program.version) @if !run.program.features.is_empty() { " (" (run.program.features.join(", ")) ")" } }))
            (entry("engine", html! {
                (run.model.engine) ", " (engine.device) @if let Some(kernels) = &engine.kernels { ", " (kernels) }
                ", " (many(engine.threads, "thread")) ", " (many(engine.batch_tokens, "token")) " a batch"
            }))
            (entry("machine", html! { (run.host.os) ", " (run.host.arch) ", " (many(run.host.cores, "core")) }))
            (entry("started", day(&run.time.started)))
            @if let Some(finished) = &run.time.finished { (entry("finished", day(finished))) }
            (entry("time", html! { (format!("{:.1}", run.time.load_s)) " s to load, " (format!("{:.1}", run.time.answer_s)) " s to answer" }))
            (entry("tokens", html! { (count(run.tokens.prompt)) " given, " (count(run.tokens.scored)) " scored, " (count(run.tokens.generated)) " written" }))
            (entry("requests", html! { (many(run.suite.requests, "different request")) }))
            (entry("seed", html! { (run.seed.0) }))
            @if run.resumed > 0 { (entry("taken up again", html! { (many(usize::try_from(run.resumed).unwrap_or(usize::MAX), "time")) })) }
            @if let Some(workspace) = &run.workspace {
                (entry("commit", html! { code.long { (Foreign(&workspace.commit)) } @if workspace.dirty { ", files differ from it" } }))
            }
            (entry("plan", html! { code.long { (run.suite.plan_sha256) } }))
        }
    }
}

fn files(run: &Run) -> Markup {
    html! {
        dl.files {
            @for file in &run.suite.files { (entry(&file.path, html! { (bytes(file.bytes)) " " code.long { (file.sha256) } })) }
            (entry("all defaults filled in", html! { code.long { (run.suite.resolved_sha256) } }))
        }
    }
}

fn entry(name: &str, value: Markup) -> Markup {
    html! { div { dt { (Foreign(name)) } dd { (value) } } }
}

fn count(number: u64) -> String {
    usize::try_from(number).map_or_else(|_| number.to_string(), grouped)
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn arguments_are_quoted_as_a_shell_takes_them() {
        let shown = ["a/b.yaml", "tasks.x=1", "two words", "it's", ""].map(quoted);
        assert_eq!(shown, ["a/b.yaml", "tasks.x=1", "'two words'", r"'it'\''s'", "''"]);
    }
}
