//! What a model's tokenizer makes of the tasks: what looks different and is the same, what is cut at an odd place, what is
//! too long.

use std::num::NonZeroU32;

use super::{
    super::{
        Cloze, Endings, Memorization, NextToken, Normalization, Perplexity, Prompt, Task, planned::About,
    },
    joint::items,
    prompts,
};
use crate::{
    plan::{Ending, FailureKind, Tokenizer},
    spec::{
        Finding, Findings, Item, Kind as _, Linter, LongPrompts, Place, Severity, Sources, TaskSpec, Text,
        join,
    },
};

/// Looks at tasks with the tokenizer of a model that is to run them.
pub fn lint_tokens(tasks: &[&TaskSpec<Task>], tokenizer: &dyn Tokenizer, sources: &Sources) -> Findings {
    let mut findings = Findings::default();
    for task in tasks {
        let mark = findings.len();
        findings.scope(task.name.clone());
        let mut linter = Linter::new(&mut findings, sources, task.at, &task.settings);
        match &task.kind {
            Task::Cloze(task) => cloze(task, tokenizer, &mut linter),
            Task::NextToken(task) => next_token(task, tokenizer, &mut linter),
            Task::Perplexity(task) => perplexity(task, tokenizer, &mut linter),
            Task::Icl(icl) => prompts::icl(icl, About::of(task), tokenizer, &mut linter),
            Task::Strategies(strategies) => {
                prompts::strategies(strategies, About::of(task), tokenizer, &mut linter);
            }
            Task::Choice(choice) => prompts::choice(choice, About::of(task), tokenizer, &mut linter),
            Task::Generate(generate) => {
                prompts::generate(generate, About::of(task), tokenizer, &mut linter);
            }
            Task::Sampling(sampling) => {
                starts(&sampling.prompts, Some(sampling.max_tokens), tokenizer, &mut linter);
            }
            Task::Memorization(task) => memorization(task, tokenizer, &mut linter),
        }
        let allowed: Vec<&str> = task.settings.allow.iter().map(|lint| lint.word()).collect();
        findings.allow(mark, &allowed);
    }
    findings
}

/// Items of one task by what is so of them.
#[derive(Default)]
pub(super) struct Sorts {
    pub(super) straddling: Vec<Place>,
    pub(super) long: Vec<Place>,
    sharing: Vec<Place>,
    pub(super) unequal: Vec<Place>,
}

fn cloze(task: &Cloze, tokenizer: &dyn Tokenizer, linter: &mut Linter<'_>) {
    let mut sorts = Sorts::default();
    for item in task.items.iter() {
        compare(item, &task.join, tokenizer, &mut sorts, linter);
    }
    let all = task.items.len();
    too_long(&sorts.long, all, tokenizer, linter);
    straddling(&sorts.straddling, all, linter);
    let message = format!(
        "in {} of {all}, an incorrect ending begins with the token of the correct one",
        items_of(&sorts.sharing)
    );
    let help = "`first_token_accuracy` sees a tie there; accuracy is not concerned";
    linter.tell_of(Severity::Advice, "shared-first-token", &sorts.sharing, message, help);
    unequal(&sorts.unequal, all, &task.normalization, linter);
}

/// Endings of different lengths, where nothing makes up for it.
pub(super) fn unequal(
    places: &[Place],
    all: usize,
    normalizations: &[Normalization],
    linter: &mut Linter<'_>,
) {
    if normalizations.iter().all(|normalization| *normalization == Normalization::None) {
        let message =
            format!("in {} of {all}, endings of different numbers of tokens are compared", items_of(places));
        let help = "every token more lowers the probability of an ending; report more than one way: `normalization: [none, token]`";
        linter.tell_of(Severity::Advice, "unequal-lengths", places, message, help);
    }
}

fn memorization(task: &Memorization, tokenizer: &dyn Tokenizer, linter: &mut Linter<'_>) {
    let mut sorts = Sorts::default();
    let mut look = |at: Place, said: &mut dyn Iterator<Item = (&Text, Option<&Text>)>| {
        let mut cutting = Cutting::new(tokenizer);
        for (prompt, target) in said.filter_map(|(prompt, target)| Some((prompt, target?))) {
            let (prompt, text) = join(prompt, target, &task.join);
            cutting.cut(&prompt, &text);
        }
        cutting.tell(at, &mut sorts);
    };
    for item in task.pairs() {
        look(item.at, &mut task.conditions.names().into_iter().flat_map(|condition| item.said(condition)));
    }
    for item in task.groups.0.iter().flat_map(|(_, items)| items.iter()) {
        look(item.at, &mut std::iter::once((&item.prompt, item.target.as_ref())));
    }
    let all = task.items().taken;
    too_long(&sorts.long, all, tokenizer, linter);
    straddling(&sorts.straddling, all, linter);
}

pub(super) fn straddling(places: &[Place], all: usize, linter: &mut Linter<'_>) {
    let message =
        format!("in {} of {all}, a token begins in the prompt and ends in what is scored", items_of(places));
    let help = "it is scored as well; a prompt that ends where a word ends avoids that";
    linter.tell_of(Severity::Warning, "boundary-merge", places, message, help);
}

fn items_of(places: &[Place]) -> String {
    items(places.len())
}

/// One item's endings as they are cut.
pub(super) struct Cutting<'a> {
    tokenizer: &'a dyn Tokenizer,
    straddles: bool,
    long: bool,
}

impl<'a> Cutting<'a> {
    pub(super) fn new(tokenizer: &'a dyn Tokenizer) -> Self {
        Self { tokenizer, straddles: false, long: false }
    }

    pub(super) fn cut(&mut self, prompt: &str, ending: &str) -> Option<Ending> {
        match self.tokenizer.ending(prompt, ending) {
            Ok(cut) => {
                self.straddles |= cut.straddles;
                // The last token is scored and not read.
                self.long |= exceeds(cut.before + cut.tokens.len() - 1, self.tokenizer);
                Some(cut)
            }
            Err(failure) => {
                self.long |= failure.kind == FailureKind::TooLong;
                None
            }
        }
    }

    pub(super) fn tell(self, at: Place, sorts: &mut Sorts) {
        sorts.straddling.extend(self.straddles.then_some(at));
        sorts.long.extend(self.long.then_some(at));
    }
}

pub(super) fn ids(cut: &Ending) -> Vec<u32> {
    cut.tokens.iter().map(|token| token.id).collect()
}

/// Compares the endings of an item.
fn compare(
    item: &Item<Endings>,
    between: &str,
    tokenizer: &dyn Tokenizer,
    sorts: &mut Sorts,
    linter: &mut Linter<'_>,
) {
    let prompt = item.prompt.as_deref().unwrap_or_default();
    let mut cutting = Cutting::new(tokenizer);
    let mut cut = |ending: &Text| {
        let (prompt, text) = join(prompt, ending, between);
        let cut = cutting.cut(&prompt, &text)?;
        Some((text, cut))
    };
    let correct = cut(&item.correct);
    let incorrect: Vec<_> = item.incorrect.iter().map(|text| (text, cut(text))).collect();
    cutting.tell(item.at, sorts);
    let Some((correct_text, correct)) = correct else { return };
    let wanted = ids(&correct);
    let (mut shares, mut differs) = (false, false);
    for (written, cut) in incorrect {
        let Some((text, cut)) = cut else { continue };
        let given = ids(&cut);
        if given != wanted {
            shares |= given.first() == wanted.first();
            differs |= given.len() != wanted.len();
        } else if text != correct_text {
            let message = format!("the tokenizer cannot tell `{written}` from `{}`", item.correct);
            let finding = linter.fault("same-tokens", written.at, message).label("incorrect");
            let finding = finding.also(item.correct.at, "correct");
            linter.tell(finding.help("the same tokens have the same probability: the item measures nothing"));
        }
    }
    // Whole texts of a minimal pair mostly begin alike, and are compared by their sums as the field does.
    if item.prompt.is_some() {
        sorts.sharing.extend(shares.then_some(item.at));
        sorts.unequal.extend(differs.then_some(item.at));
    }
}

fn next_token(task: &NextToken, tokenizer: &dyn Tokenizer, linter: &mut Linter<'_>) {
    starts(&task.prompts, None, tokenizer, linter);
    // After white space a word is cut in another way, which would be told of every word.
    let Some(item) = task.prompts.iter().find(|item| !item.prompt.ends_with(char::is_whitespace)) else {
        return;
    };
    let mut seen: Vec<(u32, &Text)> = Vec::new();
    for word in &task.watch {
        let (prompt, text) = join(&item.prompt, word, &task.join);
        let Ok(cut) = tokenizer.ending(&prompt, &text) else { continue };
        let Some(first) = cut.tokens.first() else { continue };
        if let Some((_, other)) = seen.iter().find(|(id, _)| *id == first.id) {
            let message = format!("`{other}` and `{word}` begin with the same token `{}`", first.text);
            let finding =
                Finding::warning("shared-first-token", word.at, message).also(other.at, "the other one");
            linter.tell(
                finding.help("only first tokens are ranked, so both get the same rank; watch one of them"),
            );
        } else if cut.tokens.len() > 1 {
            let message = format!("`{word}` is {} tokens", cut.tokens.len());
            let finding = Finding::advice("not-one-token", word.at, message);
            linter.tell(finding.help(format!("its rank is that of its first token `{}`", first.text)));
        }
        seen.push((first.id, word));
    }
}

/// Texts that a model goes on from.
fn starts(
    prompts: &[Item<Prompt>],
    written: Option<NonZeroU32>,
    tokenizer: &dyn Tokenizer,
    linter: &mut Linter<'_>,
) {
    let room = room(written, tokenizer, linter);
    let long = prompts.iter().filter(|item| is_long(&item.prompt, room, tokenizer));
    let places: Vec<Place> = long.map(|item| item.at).collect();
    too_long(&places, prompts.len(), tokenizer, linter);
}

/// Texts are read in windows, whatever their length; a window has to fit.
fn perplexity(task: &Perplexity, tokenizer: &dyn Tokenizer, linter: &mut Linter<'_>) {
    let Some(window) = task.window.map(|window| window.get() as usize) else { return };
    if let Some(context) = tokenizer.context().filter(|context| window > *context) {
        let message =
            format!("a window of {window} tokens is asked for, and the model reads at most {context}");
        let finding = Finding::error("too-long", linter.task(), message);
        linter.tell(finding.help("lower `window`, or leave it out for as much as the model reads"));
    }
}

/// How many tokens after a prompt count: where it is cut, those that may be written.
pub(super) fn room(written: Option<NonZeroU32>, tokenizer: &dyn Tokenizer, linter: &mut Linter<'_>) -> usize {
    let written = match linter.long_prompts() {
        LongPrompts::Error | LongPrompts::Skip => 0,
        LongPrompts::TruncateLeft | LongPrompts::TruncateMiddle => {
            written.map_or(0, |written| written.get() as usize)
        }
    };
    if let Some(context) = tokenizer.context().filter(|context| written >= *context) {
        let message = format!(
            "`max_tokens: {written}` leave no room for prompts: the model reads {context} tokens, and of each prompt one is left"
        );
        let finding = Finding::warning("too-long", linter.task(), message);
        linter
            .tell(finding.help("lower `max_tokens`: prompts are cut so that as many tokens fit after them"));
    }
    written
}

/// Whether a model cannot read a text whole, with so much room after it.
pub(super) fn is_long(text: &str, room: usize, tokenizer: &dyn Tokenizer) -> bool {
    tokenizer.opening(text).is_ok_and(|tokens| exceeds(tokens.saturating_add(room), tokenizer))
}

fn exceeds(tokens: usize, tokenizer: &dyn Tokenizer) -> bool {
    tokenizer.context().is_some_and(|context| tokens > context)
}

/// What is too long, and what becomes of it.
pub(super) fn too_long(places: &[Place], all: usize, tokenizer: &dyn Tokenizer, linter: &mut Linter<'_>) {
    let Some(context) = tokenizer.context() else { return };
    let (severity, help) = match linter.long_prompts() {
        LongPrompts::Error | LongPrompts::Skip if places.len() == all => (
            Severity::Error,
            "not one item has all of its answers: shorten them, take another model, or cut them: `long_prompts: truncate-left`",
        ),
        LongPrompts::Error => (
            Severity::Warning,
            "they are refused, not cut: shorten them, take another model, or say what becomes of them with `long_prompts`",
        ),
        LongPrompts::Skip => {
            (Severity::Warning, "they are left out of every number, as `long_prompts: skip` says")
        }
        LongPrompts::TruncateLeft => {
            (Severity::Warning, "their beginning is cut off, as `long_prompts: truncate-left` says")
        }
        LongPrompts::TruncateMiddle => {
            (Severity::Warning, "their middle is cut out, as `long_prompts: truncate-middle` says")
        }
    };
    let message =
        format!("{} of {all} longer than the {context} tokens that the model reads", items_of(places));
    linter.tell_of(severity, "too-long", places, message, help);
}
