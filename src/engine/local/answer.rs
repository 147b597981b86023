//! Answers a plan: first everything that is read, then the texts that are written.
//!
//! Requests are cut into tokens on all threads, a bounded group of them at a time; the texts of a group are sorted into a
//! [forest](super::forest), so that what they begin with is computed once.

use std::{collections::BTreeMap, ops::ControlFlow};

use rayon::prelude::*;

use super::{Local, decoder::Place, model::Model, read, write};
use crate::{
    engine::Each,
    plan::{Answer, Failure, FailureKind, Request},
};

/// Rows of logits that are held at a time.
pub(super) const LOGITS: usize = 16;
/// Requests that are cut at a time.
const CHUNK: usize = 256;
/// Tokens of the requests that are sorted together, at least.
const GROUP: usize = 1 << 20;

/// Answers a whole plan, as [`Engine::answer`](crate::engine::Engine::answer) demands.
pub(super) fn answer(local: &Local, requests: &[Request], each: Each<'_>) {
    let mut answers = Answers::new(each);
    read::read_all(local, requests, &mut answers);
    write::write_all(local, requests, &mut answers);
}

/// Hands answers over until the listener has enough.
pub(super) struct Answers<'a> {
    each: Each<'a>,
    stopped: bool,
}

impl<'a> Answers<'a> {
    pub(super) fn new(each: Each<'a>) -> Self {
        Self { each, stopped: false }
    }

    pub(super) fn give(&mut self, request: usize, answer: Result<Answer, Failure>) {
        if !self.stopped && (self.each)(request, answer) == ControlFlow::Break(()) {
            self.stopped = true;
        }
    }

    pub(super) fn stopped(&self) -> bool {
        self.stopped
    }
}

/// Plans requests and hands them on in groups, each with its place; `plan` gives nothing for those of another sort.
pub(super) fn in_groups<T: Send>(
    local: &Local,
    requests: &[Request],
    answers: &mut Answers<'_>,
    plan: impl Fn(&Request) -> Option<Result<T, Failure>> + Sync,
    tokens: impl Fn(&T) -> usize,
    mut run: impl FnMut(Vec<(usize, T)>, &mut Answers<'_>),
) {
    let (mut group, mut size) = (Vec::new(), 0);
    for (first, chunk) in (0..).step_by(CHUNK).zip(requests.chunks(CHUNK)) {
        let planned: Vec<_> = local.pool.install(|| chunk.par_iter().map(&plan).collect());
        for (request, planned) in (first..).zip(planned) {
            match planned {
                None => {}
                Some(Ok(planned)) => {
                    size += tokens(&planned);
                    group.push((request, planned));
                }
                Some(Err(failure)) => answers.give(request, Err(failure)),
            }
        }
        if size >= GROUP && !answers.stopped() {
            run(std::mem::take(&mut group), answers);
            size = 0;
        }
        if answers.stopped() {
            return;
        }
    }
    if !group.is_empty() {
        run(group, answers);
    }
}

/// Numbers the ways in which sequences of different lengths are rotated: those of one kind may share what is read.
pub(super) struct Kinds<'a> {
    model: &'a Model,
    by_length: BTreeMap<usize, usize>,
    rotations: Vec<Vec<f32>>,
}

impl<'a> Kinds<'a> {
    pub(super) fn new(model: &'a Model) -> Self {
        Self { model, by_length: BTreeMap::new(), rotations: Vec::new() }
    }

    pub(super) fn of(&mut self, length: usize) -> usize {
        let Self { model, by_length, rotations } = self;
        *by_length.entry(length).or_insert_with(|| {
            let rotation = model.rotation(length);
            rotations.iter().position(|known| *known == rotation).unwrap_or_else(|| {
                rotations.push(rotation);
                rotations.len() - 1
            })
        })
    }
}

/// Why a sequence has no answer, which is read once more for it.
pub(super) fn not_finite(model: &Model, tokens: &[u32], length: usize) -> Failure {
    let layer = |layer: usize| format!("layer {} of {}", layer + 1, model.layers());
    let place = match model.first_not_finite(tokens, length) {
        Place::Embedding => "in the embedding".to_owned(),
        Place::Attention(index) => format!("in the attention of {}", layer(index)),
        Place::Feed(index) => format!("in the feed-forward part of {}", layer(index)),
        Place::Layer(index) => format!("in {}", layer(index)),
        Place::Head => "in the logits".to_owned(),
    };
    Failure::new(
        FailureKind::NotFinite,
        format!("the model's numbers stop being finite {place}; its weights are damaged or overflow f32"),
    )
}
