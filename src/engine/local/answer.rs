//! Answers a plan in batches: first everything that is read, in plan order, then the texts that are written.

use std::{collections::BTreeMap, ops::ControlFlow};

use rayon::prelude::*;

use super::{
    Local,
    decoder::Place,
    generate::{Step, Writing, step},
    kernel::Want,
    memory::{Past, Reading as Kept, Sequence},
    rank::Ranking,
    score::Scoring,
    windows::Window,
};
use crate::{
    engine::{Each, decode::Sampler},
    plan::{Answer, Failure, FailureKind, Finish, Request},
};

/// Rows of logits that are held at a time.
pub(super) const LOGITS: usize = 16;

/// Answers a whole plan, as [`Engine::answer`](crate::engine::Engine::answer) demands.
pub(super) fn answer(local: &Local, requests: &[Request], each: Each<'_>) {
    let mut answers = Answers { each, stopped: false };
    read_all(local, requests, &mut answers);
    write_all(local, requests, &mut answers);
}

/// Hands answers over until the listener has enough.
struct Answers<'a> {
    each: Each<'a>,
    stopped: bool,
}

impl Answers<'_> {
    fn give(&mut self, request: usize, answer: Result<Answer, Failure>) {
        if (self.each)(request, answer) == ControlFlow::Break(()) {
            self.stopped = true;
        }
    }
}

/// What is read only.
enum Asked {
    Score(Scoring),
    Rank(Ranking),
}

/// A part of a sequence that is read at once.
struct Reading {
    request: usize,
    window: Window,
}

/// What a reading gave.
enum Outcome {
    Logprobs(Vec<f32>),
    Ranked(Answer),
    NotFinite(Place),
}

/// Readings that are done together.
#[derive(Default)]
struct Batch {
    /// By request; one that is read in many windows stays over several batches.
    asked: BTreeMap<usize, Asked>,
    readings: Vec<Reading>,
    tokens: usize,
}

fn read_all(local: &Local, requests: &[Request], answers: &mut Answers<'_>) {
    let mut batch = Batch::default();
    for (request, asked) in requests.iter().enumerate() {
        let asked = match ask(local, asked) {
            None => continue,
            Some(Ok(asked)) => asked,
            Some(Err(failure)) => {
                answers.give(request, Err(failure));
                continue;
            }
        };
        let windows = asked.windows();
        batch.asked.insert(request, asked);
        for window in windows {
            if batch.tokens > 0 && batch.tokens + window.read.len() > local.batch_tokens {
                batch.run(local, answers);
            }
            if answers.stopped {
                return;
            }
            batch.tokens += window.read.len();
            batch.readings.push(Reading { request, window });
        }
    }
    batch.run(local, answers);
}

fn ask(local: &Local, request: &Request) -> Option<Result<Asked, Failure>> {
    let (tokens, context) = (&local.tokens, local.decoder.context());
    match request {
        Request::Score { prompt, ending, first_token, windows } => {
            Some(Scoring::plan(tokens, prompt, ending, *first_token, *windows, context).map(Asked::Score))
        }
        Request::Rank { prompt, top, watch } => {
            Some(Ranking::plan(tokens, prompt, *top, watch, context).map(Asked::Rank))
        }
        Request::Generate { .. } => None,
    }
}

impl Asked {
    fn tokens(&self) -> &[u32] {
        match self {
            Self::Score(scoring) => &scoring.tokens,
            Self::Rank(ranking) => &ranking.tokens,
        }
    }

    fn windows(&self) -> Vec<Window> {
        match self {
            Self::Score(scoring) => scoring.windows.clone(),
            Self::Rank(ranking) => {
                let len = ranking.tokens.len();
                vec![Window { read: 0..len, scored: len..len + 1, length: len }]
            }
        }
    }
}

impl Batch {
    fn run(&mut self, local: &Local, answers: &mut Answers<'_>) {
        self.tokens = 0;
        let mut readings = std::mem::take(&mut self.readings);
        // A request that failed in an earlier window is not read on.
        readings.retain(|reading| self.asked.contains_key(&reading.request));
        if readings.is_empty() {
            return;
        }
        let outcomes = local.pool.install(|| self.outcomes(local, &readings));
        for (Reading { request, .. }, outcome) in readings.into_iter().zip(outcomes) {
            let answer = match (outcome, self.asked.get_mut(&request)) {
                (_, None) => continue,
                (Outcome::NotFinite(place), _) => Err(not_finite(place, local.decoder.layers())),
                (Outcome::Ranked(answer), _) => Ok(answer),
                (Outcome::Logprobs(logprobs), Some(asked)) => match asked {
                    Asked::Score(scoring) => match scoring.take(logprobs) {
                        Some(answer) => Ok(answer),
                        None => continue,
                    },
                    Asked::Rank(_) => continue,
                },
            };
            self.asked.remove(&request);
            answers.give(request, answer);
        }
    }

    /// One for each reading, in order.
    fn outcomes(&self, local: &Local, readings: &[Reading]) -> Vec<Outcome> {
        let decoder = &local.decoder;
        let mut sequences: Vec<Sequence<'_>> = readings
            .iter()
            .map(|Reading { request, window: Window { read, scored, length } }| Sequence {
                tokens: &self.asked[request].tokens()[read.clone()],
                length: *length,
                reading: Kept::Passing(Past::Nothing),
                // What a row says is about the token after it.
                wanted: vec![scored.start - 1 - read.start..scored.end - 1 - read.start],
            })
            .collect();
        let rows = decoder.read(&mut sequences);

        let (mut scored, mut wants, mut ranked) = (Vec::new(), Vec::new(), Vec::new());
        let mut rest = rows.as_slice();
        for Reading { request, window } in readings {
            let (own, others) = rest.split_at(window.scored.len() * decoder.hidden());
            rest = others;
            match &self.asked[request] {
                Asked::Score(scoring) => {
                    scored.extend_from_slice(own);
                    wants.extend(scoring.tokens[window.scored.clone()].iter().map(|id| Want::Token(*id)));
                }
                Asked::Rank(ranking) => ranked.push((ranking, own)),
            }
        }
        let mut logprobs = decoder.find(&scored, &wants).into_iter().map(|found| found.logprob);
        let mut rankings = rank(local, &ranked).into_iter();
        let outcome = |Reading { request, window }: &Reading| {
            let asked = &self.asked[request];
            let outcome = match asked {
                Asked::Score(_) => {
                    let logprobs: Vec<f32> = logprobs.by_ref().take(window.scored.len()).collect();
                    logprobs.iter().all(|logprob| logprob.is_finite()).then_some(Outcome::Logprobs(logprobs))
                }
                Asked::Rank(_) => rankings.next().flatten().map(Outcome::Ranked),
            };
            outcome.unwrap_or_else(|| {
                let place = decoder.first_not_finite(&asked.tokens()[window.read.clone()], window.length);
                Outcome::NotFinite(place)
            })
        };
        readings.iter().map(outcome).collect()
    }
}

/// An answer for each row, or `None` where its numbers are not finite.
fn rank(local: &Local, ranked: &[(&Ranking, &[f32])]) -> Vec<Option<Answer>> {
    let mut answers = Vec::with_capacity(ranked.len());
    for ranked in ranked.chunks(LOGITS) {
        let rows: Vec<f32> = ranked.iter().flat_map(|(_, row)| *row).copied().collect();
        let logits = local.decoder.logits(&rows);
        let logits = logits.par_chunks(logits.len() / ranked.len());
        let answer = |(logits, (ranking, _)): (&[f32], &(&Ranking, &[f32]))| {
            let log_sum_exp = local.decoder.softmax(logits).log_sum_exp;
            log_sum_exp.is_finite().then(|| ranking.answer(&local.tokens, logits, log_sum_exp))
        };
        answers.extend(logits.zip(ranked).map(answer).collect::<Vec<_>>());
    }
    answers
}

/// Texts that are written side by side.
struct Texts<'a, I> {
    local: &'a Local,
    coming: I,
    next: Option<Writing>,
    begun: Vec<Writing>,
}

fn write_all(local: &Local, requests: &[Request], answers: &mut Answers<'_>) {
    let coming = requests.iter().enumerate();
    let mut all = Texts { local, coming, next: None, begun: Vec::new() };
    loop {
        all.admit(answers);
        if answers.stopped || all.begun.is_empty() {
            return;
        }
        all.step(answers);
    }
}

impl<'a, I: Iterator<Item = (usize, &'a Request)>> Texts<'a, I> {
    /// Takes on as many texts as may be held, and at least one.
    fn admit(&mut self, answers: &mut Answers<'_>) {
        while !answers.stopped {
            let Some(text) = self.next.take().or_else(|| self.plan(answers)) else { return };
            if self.begun.is_empty() || self.fits(&text) {
                self.begun.push(text);
            } else {
                self.next = Some(text);
                return;
            }
        }
    }

    fn fits(&self, text: &Writing) -> bool {
        let all = || self.begun.iter().chain([text]);
        let model = &self.local.decoder;
        let kept: u64 = all().map(|text| model.memory_of_sequence(text.most_tokens(model.context()))).sum();
        all().map(Writing::unread).sum::<usize>() <= self.local.batch_tokens && kept <= self.local.kept
    }

    /// The next text that has something to write.
    fn plan(&mut self, answers: &mut Answers<'_>) -> Option<Writing> {
        let Local { decoder, tokens, .. } = self.local;
        for (index, request) in self.coming.by_ref() {
            let Request::Generate { prompt, decoding, max_tokens, stop, .. } = request else { continue };
            let sampler = Sampler::new(*decoding, prompt);
            match Writing::plan(index, decoder, tokens, prompt, sampler, *max_tokens, stop) {
                Ok(text) if *max_tokens > 0 => return Some(text),
                Ok(text) => answers.give(index, Ok(text.finish(Finish::Length))),
                Err(failure) => answers.give(index, Err(failure)),
            }
        }
        None
    }

    fn step(&mut self, answers: &mut Answers<'_>) {
        let Local { decoder, tokens, pool, .. } = self.local;
        let mut steps = pool.install(|| step(decoder, tokens, &mut self.begun)).into_iter();
        self.begun.retain(|text| {
            let answer = match steps.next() {
                None | Some(Step::More) => return true,
                Some(Step::Done(answer)) => Ok(answer),
                Some(Step::NotFinite) => {
                    let place = decoder.first_not_finite(text.tokens(), text.tokens().len());
                    Err(not_finite(place, decoder.layers()))
                }
            };
            answers.give(text.request, answer);
            false
        });
    }
}

fn not_finite(place: Place, layers: usize) -> Failure {
    let place = match place {
        Place::Embedding => "in the embedding".to_owned(),
        Place::Layer(layer) => format!("in layer {} of {layers}", layer + 1),
        Place::Head => "in the logits".to_owned(),
    };
    Failure::new(
        FailureKind::NotFinite,
        format!("the model's numbers stop being finite {place}; its weights are damaged or overflow f32"),
    )
}
