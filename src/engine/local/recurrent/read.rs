//! The order in which a batch is read. A state stands after one token only, so sequences are cut into pieces where others go
//! on from them, and every round reads the next piece of all sequences whose beginning is known.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use super::{Piece, Recurrent, State, Trail};
use crate::engine::local::{
    decoder::Place,
    memory::{Memory, Past, Reading, Sequence},
};

/// The most tokens of a piece.
const LONGEST: usize = 2048;

/// A sequence while it is read.
struct Journey {
    /// All that is read, which may begin before the sequence's own: those are read once more, to reach its beginning.
    tokens: Vec<u32>,
    /// The position of the first of them.
    first: usize,
    /// The position that is read next.
    next: usize,
    /// What it holds before that.
    state: Option<Arc<State>>,
    /// States on the way, at their positions, where they are kept.
    trail: Vec<(usize, Arc<State>)>,
    /// Whether they are.
    kept: bool,
    /// The rows of its wanted tokens.
    rows: Vec<f32>,
}

/// What a sequence begins with.
enum Origin<'a> {
    /// Nothing.
    Nothing,
    /// A state that was kept, at a position.
    Kept(usize, &'a Arc<State>),
    /// What an earlier sequence of the batch holds at a position.
    Of(usize, usize),
}

/// The sequences that wait for a state, by the one that reaches it and the position.
type Waiting = BTreeMap<(usize, usize), Vec<usize>>;

impl Recurrent {
    /// A memory for a sequence that goes on.
    pub fn memory(&self) -> Memory {
        Memory::new(0)
    }

    /// Reads all sequences of a batch and returns the normalized rows of the wanted tokens, `[wanted, hidden]`, in order.
    pub fn read(&self, batch: &mut [Sequence<'_>]) -> Vec<f32> {
        self.read_watched(batch, &mut |_, _| {})
    }

    /// Reads a sequence once more to find where its numbers stop being numbers.
    pub fn first_not_finite(&self, tokens: &[u32], length: usize) -> Place {
        let mut place = Place::Head;
        let sequence =
            Sequence { tokens, length, reading: Reading::Passing(Past::Nothing), wanted: Vec::new() };
        self.read_watched(&mut [sequence], &mut |after, rows| {
            if place == Place::Head && rows.iter().any(|value| !value.is_finite()) {
                place = after;
            }
        });
        place
    }

    fn read_watched(&self, batch: &mut [Sequence<'_>], watch: &mut dyn FnMut(Place, &[f32])) -> Vec<f32> {
        let (mut journeys, mut waiting, mut ready) = plan(batch);
        while !ready.is_empty() {
            let parts: Vec<(usize, Range<usize>)> =
                ready.iter().map(|index| (*index, journeys[*index].part(*index, &waiting))).collect();
            let pieces = parts.iter().map(|(index, part)| {
                let journey = &journeys[*index];
                let passing = matches!(batch[*index].reading, Reading::Passing(_));
                let keep = !passing || part.end < journey.end() || waiting.contains_key(&(*index, part.end));
                Piece { tokens: journey.of(part), before: journey.state.as_deref(), keep }
            });
            let (rows, states) = self.run(&pieces.collect::<Vec<_>>(), watch);

            let mut rest = rows.as_slice();
            ready.clear();
            for ((index, part), state) in parts.into_iter().zip(states) {
                let (rows, others) = rest.split_at(part.len() * self.hidden());
                rest = others;
                journeys[index].take(&part, rows, &batch[index], self.hidden());
                let Some(state) = state.map(Arc::new) else {
                    journeys[index].state = None;
                    continue;
                };
                let followers = waiting.remove(&(index, part.end)).unwrap_or_default();
                for reached in followers.into_iter().chain([index]) {
                    journeys[reached].reach(part.end, &state);
                    if journeys[reached].next < journeys[reached].end() {
                        ready.push(reached);
                    }
                }
            }
            ready.sort_unstable();
        }
        close(batch, &mut journeys);
        journeys.into_iter().flat_map(|journey| journey.rows).collect()
    }
}

/// Where each sequence begins, which wait for others, and which can be read.
fn plan(batch: &[Sequence<'_>]) -> (Vec<Journey>, Waiting, Vec<usize>) {
    let (mut journeys, mut waiting, mut ready) = (Vec::new(), Waiting::new(), Vec::new());
    for (index, sequence) in batch.iter().enumerate() {
        let start = sequence.start();
        let origin = origin(batch, index);
        let first = match origin {
            Origin::Nothing => 0,
            Origin::Kept(at, _) => at,
            Origin::Of(..) => start,
        };
        let mut tokens = if first < start { whole(batch, index, start).split_off(first) } else { Vec::new() };
        tokens.extend_from_slice(sequence.tokens);
        let unread = !tokens.is_empty();
        let kept = matches!(sequence.reading, Reading::Kept(..));
        let mut journey =
            Journey { tokens, first, next: first, state: None, trail: Vec::new(), kept, rows: Vec::new() };
        match origin {
            Origin::Of(of, at) => waiting.entry((of, at)).or_default().push(index),
            Origin::Kept(at, state) => journey.reach(at, state),
            Origin::Nothing => {}
        }
        if unread && !matches!(origin, Origin::Of(..)) {
            ready.push(index);
        }
        journeys.push(journey);
    }
    (journeys, waiting, ready)
}

fn origin<'a>(batch: &'a [Sequence<'_>], index: usize) -> Origin<'a> {
    let at = batch[index].start();
    let mut owner = index;
    let trail: &Trail = loop {
        match (&batch[owner].reading, batch[owner].past()) {
            (Reading::On(memory), _) => break &memory.trail,
            (_, Past::Nothing) => return Origin::Nothing,
            (_, Past::Memory(memory, _)) => break &memory.trail,
            (_, Past::Sequence(of, _)) if at > batch[of].start() => return Origin::Of(of, at),
            (_, Past::Sequence(of, _)) => owner = of,
        }
    };
    trail.before(at).map_or(Origin::Nothing, |(at, state)| Origin::Kept(at, state))
}

/// The first tokens, so many, of a sequence with all that it goes on from.
fn whole(batch: &[Sequence<'_>], mut index: usize, mut end: usize) -> Vec<u32> {
    let mut parts: Vec<&[u32]> = Vec::new();
    loop {
        let (sequence, start) = (&batch[index], batch[index].start());
        if end > start {
            parts.push(&sequence.tokens[..end - start]);
            end = start;
        }
        match (&sequence.reading, sequence.past()) {
            (Reading::On(memory), _) => parts.push(&memory.trail.tokens[..end]),
            (_, Past::Memory(memory, _)) => parts.push(&memory.trail.tokens[..end]),
            (_, Past::Nothing) => {}
            (_, Past::Sequence(of, _)) => {
                index = of;
                continue;
            }
        }
        return parts.into_iter().rev().flatten().copied().collect();
    }
}

/// Fills the memories.
fn close(batch: &mut [Sequence<'_>], journeys: &mut [Journey]) {
    let whole = |(index, sequence): (usize, &Sequence<'_>)| {
        let end = sequence.start() + sequence.tokens.len();
        (!matches!(sequence.reading, Reading::Passing(_))).then(|| whole(batch, index, end))
    };
    let wholes: Vec<Option<Vec<u32>>> = batch.iter().enumerate().map(whole).collect();
    for ((sequence, journey), tokens) in batch.iter_mut().zip(journeys).zip(wholes) {
        if let (Reading::Kept(_, memory) | Reading::On(memory), Some(tokens)) =
            (&mut sequence.reading, tokens)
        {
            let mut states = std::mem::take(&mut journey.trail);
            if !journey.kept {
                states.extend(journey.state.take().map(|state| (journey.next, state)));
            }
            memory.hold(Trail { tokens, states });
        }
    }
}

impl Journey {
    fn end(&self) -> usize {
        self.first + self.tokens.len()
    }

    /// What is read next: up to where another sequence goes on, or as much as a piece may be.
    fn part(&self, index: usize, waiting: &Waiting) -> Range<usize> {
        let end = self.end().min(self.next + LONGEST);
        let cut = waiting.range((index, self.next + 1)..=(index, end)).next();
        self.next..cut.map_or(end, |((_, at), _)| *at)
    }

    fn of(&self, part: &Range<usize>) -> &[u32] {
        &self.tokens[part.start - self.first..part.end - self.first]
    }

    /// Takes the rows of a part that are wanted.
    fn take(&mut self, part: &Range<usize>, rows: &[f32], sequence: &Sequence<'_>, hidden: usize) {
        let start = sequence.start();
        for wanted in &sequence.wanted {
            let from = (start + wanted.start).max(part.start);
            let to = (start + wanted.end).min(part.end);
            if from < to {
                self.rows.extend_from_slice(&rows[(from - part.start) * hidden..(to - part.start) * hidden]);
            }
        }
        self.next = part.end;
    }

    fn reach(&mut self, at: usize, state: &Arc<State>) {
        self.state = Some(Arc::clone(state));
        if self.kept {
            self.trail.push((at, Arc::clone(state)));
        }
    }
}
