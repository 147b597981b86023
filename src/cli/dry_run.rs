//! `run --dry-run`: what would be asked, and what it would cost.

use super::{
    Shell,
    exit::Exit,
    model::{EngineOptions, Found},
};
use crate::{
    plan::{Request, Tokenizer},
    report::{
        dry_run::{DryRun, PlannedTask},
        format::Format,
        summary,
    },
    task::Plan,
};

/// Questions of each task that are shown in full.
const SHOWN: usize = 2;

pub(super) fn show(
    plan: &Plan,
    found: &Found,
    engine: &EngineOptions,
    format: Format,
    shell: &mut Shell,
) -> Result<Exit, Exit> {
    let (name, revision) = found.title();
    let model = summary::model(name, revision);
    let tasks = plan.tasks.iter().map(|task| PlannedTask {
        name: &task.name,
        kind: task.kind,
        items: task.items.taken,
        requests: task.requests.len(),
    });
    let first = plan.tasks.iter().flat_map(|task| {
        task.requests.iter().take(SHOWN).map(|request| (task.name.as_str(), &plan.requests[*request]))
    });
    let tokens = plan.requests.iter().map(|request| cost(request, found.tokenizer())).sum();
    let view = DryRun {
        model: &model,
        tasks: tasks.collect(),
        requests: plan.requests.len(),
        tokens,
        time: tokens.and_then(|tokens| found.time(tokens, engine.threads())),
        memory: found.memory(engine),
        first: first.collect(),
    };
    let text = match format {
        Format::Human => view.terminal(&shell.out.look),
        Format::Json => format!("{:#}\n", view.json()),
        Format::Csv => super::next::csv(&view.table(), shell)?,
        Format::Md => view.table().markdown(),
        Format::Latex => view.table().plain_latex("plan"),
    };
    shell.print(&text, format)
}

/// Tokens that a request reads and writes; nothing where it cannot be cut.
fn cost(request: &Request, tokenizer: &dyn Tokenizer) -> Option<usize> {
    match request {
        Request::Score { prompt, ending, .. } => {
            tokenizer.ending(prompt, ending).ok().map(|ending| ending.before + ending.tokens.len())
        }
        Request::Rank { prompt, .. } => tokenizer.tokens(prompt).ok().map(|tokens| tokens.len()),
        Request::Generate { prompt, max_tokens, .. } => {
            tokenizer.tokens(prompt).ok().map(|tokens| tokens.len() + *max_tokens as usize)
        }
    }
}
