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
    let costs: Option<Vec<usize>> =
        plan.requests.iter().map(|request| cost(request, found.tokenizer())).collect();
    let tokens = costs.as_ref().map(|costs| costs.iter().sum());
    let read = costs.as_ref().map(|costs| read(&plan.requests, costs));
    let written = costs.into_iter().flatten().zip(&plan.requests);
    let written = written.filter(|(_, request)| matches!(request, Request::Generate { .. }));
    let written = written.map(|(tokens, _)| tokens).collect();
    let view = DryRun {
        model: &model,
        tasks: tasks.collect(),
        requests: plan.requests.len(),
        tokens,
        time: read.and_then(|tokens| found.time(tokens, engine.threads())),
        memory: found.memory(written, engine),
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

/// About how many of all tokens are computed: what a request begins with as the one before it does is read once.
fn read(requests: &[Request], costs: &[usize]) -> usize {
    let alike = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let (mut before, mut all) = (("", ""), 0.0);
    for (request, cost) in requests.iter().zip(costs) {
        let (ending, written) = match request {
            Request::Score { ending, .. } => (&**ending, 0),
            Request::Rank { .. } => ("", 0),
            Request::Generate { max_tokens, .. } => ("", *max_tokens as usize),
        };
        let prompt = request.prompt();
        let shared =
            if prompt == before.0 { prompt.len() + alike(ending, before.1) } else { alike(prompt, before.0) };
        let own = 1.0 - shared as f64 / (prompt.len() + ending.len()).max(1) as f64;
        all += (cost - written) as f64 * own + written as f64;
        before = (prompt, ending);
    }
    all.ceil() as usize
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Ask, Decoding};

    #[test]
    fn what_texts_begin_with_in_common_is_read_once() {
        let mut ask = Ask::default();
        // As many tokens as bytes, and six that are written.
        ask.score("01234567", "ab");
        ask.score("01234567", "ac");
        ask.score("0123xxxx", "ad");
        ask.generate("0123xxxy", Decoding::Greedy, 6, &[]);
        assert_eq!(read(&ask.into_requests(), &[10, 10, 10, 14]), 10 + 1 + 6 + 1 + 6);
    }
}
