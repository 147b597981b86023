//! Texts that are written side by side: one that ends makes room at once, and prompts are read while others are written.
//!
//! Equal prompts are read once, whatever is written after them; prompts that begin alike share what they begin with.

use std::collections::{BTreeMap, VecDeque};

use super::{
    Local,
    answer::{Answers, Kinds, in_groups, not_finite},
    forest::{Forest, Piece, Reached, Text},
    generate::{Step, Writing, step},
    memory::{Memory, Past, Reading, Sequence},
    model::Model,
};
use crate::{
    engine::decode::Sampler,
    plan::{Failure, Finish, Request},
};

/// Answers every `Generate`.
pub(super) fn write_all(local: &Local, requests: &[Request], answers: &mut Answers<'_>) {
    let plan = |request: &Request| plan(local, request);
    in_groups(
        local,
        requests,
        answers,
        plan,
        |text: &Writing| text.tokens.len(),
        |group, answers| {
            write(local, group, answers);
        },
    );
}

fn plan(local: &Local, request: &Request) -> Option<Result<Writing, Failure>> {
    let Request::Generate { prompt, decoding, max_tokens, stop, truncate, .. } = request else { return None };
    let Local { model, tokens, .. } = local;
    let sampler = Sampler::new(*decoding, prompt);
    Some(Writing::plan(model, tokens, prompt, sampler, *max_tokens, stop, *truncate))
}

/// A prompt, and the texts that go on from it.
struct Prompt {
    tokens: Vec<u32>,
    /// Those that are not begun yet, by their request; the next one last.
    texts: Vec<(usize, Writing)>,
    /// Of what is read of it; empty again when all of its texts are begun.
    memory: Memory,
    /// Of its last token.
    row: Vec<f32>,
}

/// A text that is being written.
struct Begun {
    request: usize,
    text: Writing,
    /// Of what is read of it: all but its last token, or all of its prompt.
    memory: Memory,
}

/// All texts of a group.
struct Texts<'a> {
    local: &'a Local,
    prompts: Vec<Prompt>,
    forest: Forest,
    reached: Reached,
    /// The prompt that the last batch ended with, as far as it was read.
    path: Memory,
    /// The prompt of which a part is read.
    cut: Option<usize>,
    /// Prompts that are read and have texts left.
    ready: VecDeque<usize>,
    begun: Vec<Begun>,
}

fn write(local: &Local, group: Vec<(usize, Writing)>, answers: &mut Answers<'_>) {
    let mut texts = Texts::new(local, group, answers);
    while !answers.stopped() {
        let fresh = texts.join();
        let Some(rows) = local.pool.install(|| texts.read(fresh)) else { return };
        texts.step(&rows, answers);
    }
}

impl<'a> Texts<'a> {
    fn new(local: &'a Local, group: Vec<(usize, Writing)>, answers: &mut Answers<'_>) -> Self {
        let mut prompts: Vec<Prompt> = Vec::new();
        let mut known: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
        for (request, text) in group.into_iter().rev() {
            if text.is_done() {
                answers.give(request, Ok(text.finish(Finish::Length)));
                continue;
            }
            let place = *known.entry(text.tokens.clone()).or_insert_with(|| {
                let (tokens, memory) = (text.tokens.clone(), local.model.memory());
                prompts.push(Prompt { tokens, texts: Vec::new(), memory, row: Vec::new() });
                prompts.len() - 1
            });
            prompts[place].texts.push((request, text));
        }
        local.work.add(prompts.iter().map(|prompt| prompt.tokens.len() * prompt.texts.len()).sum(), 0);
        let mut kinds = Kinds::new(&local.model);
        let text =
            |Prompt { tokens, .. }: &'_ Prompt| (kinds.of(tokens.len()), tokens.len() - 1..tokens.len());
        let wants: Vec<_> = prompts.iter().map(text).collect();
        let texts: Vec<Text<'_>> = prompts
            .iter()
            .zip(wants)
            .map(|(Prompt { tokens, .. }, (kind, wanted))| Text { tokens, kind, wanted })
            .collect();
        let forest = Forest::new(&texts, local.sharing);
        let (path, begun) = (local.model.memory(), Vec::new());
        Self {
            local,
            prompts,
            forest,
            reached: Reached::default(),
            path,
            cut: None,
            ready: VecDeque::new(),
            begun,
        }
    }

    /// Begins as many texts of the prompts that are read as may be held, and at least one; the rows that they go on from.
    fn join(&mut self) -> Vec<f32> {
        let (mut taken, mut rows) = (self.taken(), Vec::new());
        while let Some(place) = self.ready.front() {
            let prompt = &mut self.prompts[*place];
            if let Some((_, text)) = prompt.texts.last() {
                let grows = growth(self.local, text, prompt.tokens.len());
                taken += grows;
                let fits = taken <= self.local.room.of(self.begun.len() + 1);
                if !(self.begun.is_empty() || fits && self.begun.len() < self.local.batch_tokens) {
                    break;
                }
            }
            if let Some((request, text)) = prompt.texts.pop() {
                rows.extend_from_slice(&prompt.row);
                self.begun.push(Begun { request, text, memory: prompt.memory.clone() });
            } else {
                (prompt.memory, prompt.row) = (self.local.model.memory(), Vec::new());
                self.ready.pop_front();
            }
        }
        rows
    }

    /// Reads the last token of each text, and of the prompts that come next what there is room for. Gives the rows of all
    /// texts, of which the last are `fresh`; nothing when everything is written.
    fn read(&mut self, fresh: Vec<f32>) -> Option<Vec<f32>> {
        let model = &self.local.model;
        let pieces = self.pieces(self.begun.len() - fresh.len() / model.hidden());
        if self.begun.is_empty() && pieces.is_empty() {
            return None;
        }
        let mut memories: Vec<Memory> = pieces.iter().map(|_| model.memory()).collect();
        let unread = self.begun.iter_mut().filter(|begun| begun.memory.tokens() < begun.text.tokens.len());
        let mut batch: Vec<Sequence<'_>> = unread
            .map(|Begun { text, memory, .. }| Sequence {
                tokens: &text.tokens[memory.tokens()..],
                length: text.tokens.len(),
                reading: Reading::On(memory),
                wanted: std::iter::once(0..1).collect(),
            })
            .collect();
        let writing = batch.len();
        for (piece, memory) in pieces.iter().zip(&mut memories) {
            let tokens = &self.prompts[piece.text].tokens;
            batch.push(Sequence {
                tokens: &tokens[piece.range.clone()],
                length: tokens.len(),
                reading: Reading::Kept(piece.past(writing, &self.path), memory),
                wanted: piece.wanted.clone(),
            });
        }
        self.local.work.add(writing, batch.iter().map(|sequence| sequence.tokens.len()).sum());
        // Texts that have just joined have nothing to read.
        let mut rows = if batch.is_empty() { Vec::new() } else { model.read(&mut batch) };
        drop(batch);
        let of_prompts = rows.split_off(writing * model.hidden());
        self.keep(&pieces, memories, &of_prompts);
        rows.extend(fresh);
        Some(rows)
    }

    /// What is read of the prompts, beside so many tokens of texts.
    fn pieces(&mut self, writing: usize) -> Vec<Piece> {
        let (mut taken, mut texts) = (self.taken(), self.begun.len() + usize::from(self.cut.is_some()));
        let mut alone = self.begun.is_empty();
        let room = self.local.batch_tokens.saturating_sub(writing).max(usize::from(alone));
        let Self { local, prompts, forest, reached, ready, .. } = self;
        forest.next(reached, room, |prompt, shared| {
            let grows = prompts[prompt].texts.last().map_or(0, |(_, text)| growth(local, text, shared));
            (taken, texts) = (taken + grows, texts + 1);
            let begins = alone || ready.is_empty() && taken <= local.room.of(texts);
            alone = false;
            begins
        })
    }

    /// Keeps what was read of prompts.
    fn keep(&mut self, pieces: &[Piece], memories: Vec<Memory>, rows: &[f32]) {
        let model = &self.local.model;
        let mut rows = rows.chunks(model.hidden());
        for (piece, memory) in pieces.iter().zip(memories) {
            let prompt = &mut self.prompts[piece.text];
            prompt.memory = memory;
            self.cut = (!piece.last).then_some(piece.text);
            if piece.last {
                let row = rows.next().expect("the last token of a prompt is wanted");
                prompt.row = if row.iter().all(|value| value.is_finite()) {
                    row.to_vec()
                } else {
                    prompt.read_alone(model)
                };
                self.ready.push_back(piece.text);
            }
        }
        if let Some(last) = pieces.last() {
            self.path = if self.forest.goes_on(&self.reached) {
                self.prompts[last.text].memory.clone()
            } else {
                model.memory()
            };
        }
    }

    fn step(&mut self, rows: &[f32], answers: &mut Answers<'_>) {
        let Local { model, pool, .. } = self.local;
        let mut texts: Vec<&mut Writing> = self.begun.iter_mut().map(|begun| &mut begun.text).collect();
        let mut steps = pool.install(|| step(self.local, &mut texts, rows)).into_iter();
        self.begun.retain(|Begun { request, text, .. }| {
            let answer = match steps.next() {
                None | Some(Step::More) => return true,
                Some(Step::Done(answer)) => Ok(answer),
                Some(Step::NotFinite) => Err(not_finite(model, &text.tokens, text.tokens.len())),
            };
            answers.give(*request, answer);
            false
        });
    }

    /// Bytes that what is begun holds, and will hold before it ends.
    fn taken(&self) -> u64 {
        let growing = self.begun.iter().map(|begun| growth(self.local, &begun.text, begun.memory.tokens()));
        let cut = self.cut.map(|prompt| &self.prompts[prompt]);
        let cut = cut.and_then(|prompt| prompt.texts.last().map(|(_, text)| (text, prompt.memory.tokens())));
        let reading = cut.map_or(0, |(text, tokens)| growth(self.local, text, tokens));
        self.held() + growing.sum::<u64>() + reading
    }

    /// Bytes of the blocks that are held.
    fn held(&self) -> u64 {
        let read = self.ready.iter().chain(&self.cut).map(|prompt| &self.prompts[*prompt].memory);
        let memories = self.begun.iter().map(|begun| &begun.memory).chain(read).chain([&self.path]);
        Memory::held(memories) as u64 * self.local.model.memory_of_sequence(1)
    }
}

impl Prompt {
    /// The row of its last token, of a sequence that shares nothing: what is not finite spreads within a block.
    fn read_alone(&mut self, model: &Model) -> Vec<f32> {
        let Self { tokens, memory, .. } = self;
        model.read(&mut [Sequence {
            tokens,
            length: tokens.len(),
            reading: Reading::Kept(Past::Nothing, memory),
            wanted: std::iter::once(tokens.len() - 1..tokens.len()).collect(),
        }])
    }
}

/// Bytes that a text may still take when it shares this many tokens.
fn growth(local: &Local, text: &Writing, tokens: usize) -> u64 {
    local.model.growth(tokens, text.most_tokens(local.model.context()))
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroUsize, ops::ControlFlow};

    use super::*;
    use crate::{
        engine::{
            drive,
            local::{Options, needs::Room},
        },
        plan::{Ask, Decoding},
    };

    #[test]
    fn texts_wait_until_there_is_memory_and_share_that_of_their_prompt() {
        let options = Options { batch_tokens: NonZeroUsize::new(50).unwrap(), threads: NonZeroUsize::new(1) };
        let mut local = Local::reference(options).unwrap();
        let block = local.model.memory_of_sequence(1);
        let mut ask = Ask::default();
        let beginning =
            "Once upon a time there was a little girl who lived in a house near the woods. ".repeat(2);
        for prompt in 0..6 {
            for repeat in 0..5 {
                let prompt = format!("{beginning}{}", "and then ".repeat(prompt));
                ask.generate_again(&prompt, Decoding::Greedy, 20 + 3 * repeat, &[], repeat);
            }
        }
        let requests = ask.into_requests();
        let right = drive(&mut local, &requests, &mut |_, _| ControlFlow::Continue(()));
        let room = |few: u64, many: u64| Room { few: few * block, many: many * block };
        let cases = [(room(1, 1), 1), (room(8, 8), 3), (room(1000, 8), Room::FEW), (room(1000, 1000), 30)];
        for (room, at_once) in cases {
            local.room = room;
            let mut given = vec![None; requests.len()];
            let mut each = |request, answer| {
                given[request] = Some(answer);
                ControlFlow::Continue(())
            };
            let mut answers = Answers::new(&mut each);
            let group =
                requests.iter().map(|request| plan(&local, request).unwrap().unwrap()).enumerate().collect();
            let mut texts = Texts::new(&local, group, &mut answers);
            let mut most = 0;
            loop {
                let fresh = texts.join();
                let Some(rows) = texts.read(fresh) else { break };
                if texts.begun.len() > 1 {
                    assert!(texts.held() <= room.few, "{} of {}", texts.held(), room.few);
                }
                most = most.max(texts.begun.len());
                texts.step(&rows, &mut answers);
            }
            assert!(given.into_iter().map(Option::unwrap).eq(right.iter().cloned()), "{room:?}");
            assert_eq!(most, at_once, "{room:?}");
        }
    }
}
