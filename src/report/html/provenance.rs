//! Where the numbers come from, and how to get them again.

use maud::{Markup, html};

use super::{
    SpecText, day,
    page::Section,
    shown::{Foreign, Source},
};
use crate::{
    compare::Comparison,
    record::{Provenance, Record, Run},
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
    if let Provenance::Imported(imported) = &run.origin {
        return html! {
            p { "The answers were read from the files of " (Foreign(&imported.source())) "; they were not asked for here." }
            dl.files {
                @for file in &imported.files { (entry(&file.path, html! { (bytes(file.bytes)) " " code.long { (file.sha256) } })) }
            }
            @if !imported.left_out.is_empty() {
                ul { @for what in &imported.left_out { li { "left out: " (Foreign(what)) } } }
            }
        };
    }
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
            @if let Some(family) = &card.family { (entry("family", html! { (Foreign(family)) })) }
            @if let Some(dtype) = &card.dtype { (entry("numbers", html! { (Foreign(dtype)) })) }
            @if let Some(weights) = card.parameters.filter(|weights| *weights > 0) { (entry("weights", html! { (count(weights)) })) }
            @if let Some(tokens) = card.vocabulary { (entry("vocabulary", html! { (many(tokens, "token")) })) }
            @if let Some(context) = card.context { (entry("context", html! { (many(context, "token")) })) }
            @if let Some(first) = &card.begins_with { (entry("a text alone follows", html! { code { (Foreign(first)) } })) }
            @if let Some(digest) = &run.model_digest { (entry("digest", html! { code.long { (digest) } })) }
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
    html! {
        dl {
            (entry("program", html! { (run.program.name) " " (run.program.version) @if !run.program.features.is_empty() { " (" (run.program.features.join(", ")) ")" } }))
            @if let Some(engine) = &run.engine {
                (entry("engine", html! {
                    (run.model.engine) ", " (engine.device) @if let Some(kernels) = &engine.kernels { ", " (kernels) }
                    ", " (many(engine.threads, "thread")) ", " (many(engine.batch_tokens, "token")) " a batch"
                }))
            }
            @if let Some(host) = &run.host {
                (entry("machine", html! { (host.os) ", " (host.arch) ", " (many(host.cores, "core")) }))
            }
            @if let Some(time) = &run.time {
                (entry("started", day(&time.started)))
                @if let Some(finished) = &time.finished { (entry("finished", day(finished))) }
                (entry("time", html! { (format!("{:.1}", time.load_s)) " s to load, " (format!("{:.1}", time.answer_s)) " s to answer" }))
            }
            @if let Some(tokens) = &run.tokens {
                (entry("tokens", html! { (count(tokens.prompt)) " given, " (count(tokens.scored)) " scored, " (count(tokens.generated)) " written" }))
            }
            @if let Some(requests) = run.suite.requests { (entry("requests", html! { (many(requests, "different request")) })) }
            (entry("seed", html! { (run.seed.0) }))
            @if run.resumed > 0 { (entry("taken up again", html! { (many(usize::try_from(run.resumed).unwrap_or(usize::MAX), "time")) })) }
            @if !run.parts.is_empty() { (entry("merged from", html! { (many(run.parts.len(), "shard")) })) }
            @if !run.reused.is_empty() {
                (entry("answers taken from", html! { @for (at, reused) in run.reused.iter().enumerate() {
                    @if at > 0 { ", " } code { (Foreign(&reused.run_id)) } " (" (count(u64::try_from(reused.answers).unwrap_or(u64::MAX))) ")"
                } }))
            }
            @if let Some(workspace) = &run.workspace {
                (entry("commit", html! { code.long { (Foreign(&workspace.commit)) } @if workspace.dirty { ", files differ from it" } }))
            }
            @if let Some(digest) = &run.suite.plan_sha256 { (entry("plan", html! { code.long { (digest) } })) }
        }
    }
}

fn files(run: &Run) -> Markup {
    html! {
        dl.files {
            @for file in &run.suite.files { (entry(&file.path, html! { (bytes(file.bytes)) " " code.long { (file.sha256) } })) }
            @if let Some(digest) = &run.suite.resolved_sha256 { (entry("all defaults filled in", html! { code.long { (digest) } })) }
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
