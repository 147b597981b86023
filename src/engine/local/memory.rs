//! What sequences have read: keys and values in blocks that several sequences share.
//!
//! A batch is a packed forest. A sequence may go on from the beginning of an earlier one of its batch, whose keys and values
//! are met layer by layer and need not be kept; or from a memory that was kept by an earlier call.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use rayon::prelude::*;

use super::{
    kernel::{Block, Heads, Span},
    recurrent::Trail,
};

/// Keys and values of the tokens that a sequence has read, for each layer with attention, and the states of a state-space
/// model. A clone shares the blocks and states of the first until either goes on.
#[derive(Clone)]
pub struct Memory {
    /// `[layers][tokens / 32]`.
    layers: Vec<Vec<Arc<Block>>>,
    pub(super) trail: Trail,
    tokens: usize,
}

/// A sequence, or the next part of one.
pub struct Sequence<'a> {
    /// What is read now.
    pub tokens: &'a [u32],
    /// The length of the whole sequence for rotations that depend on it.
    pub length: usize,
    /// What was read before, and where what is read is put.
    pub reading: Reading<'a>,
    /// Tokens of this part, by their index in it, after which something is asked; ascending, and apart.
    pub wanted: Vec<Range<usize>>,
}

/// What a sequence goes on from, and what is kept of it.
pub enum Reading<'a> {
    /// Nothing is kept after the call.
    Passing(Past<'a>),
    /// The memory holds all of it after the call, whatever it held before.
    Kept(Past<'a>, &'a mut Memory),
    /// Goes on from all that the memory holds, and is put into it. No sequence of the same batch goes on from this one.
    On(&'a mut Memory),
}

/// What was read before.
#[derive(Clone, Copy)]
pub enum Past<'a> {
    /// Nothing.
    Nothing,
    /// The first tokens, so many, of an earlier sequence of the batch with all that it goes on from.
    Sequence(usize, usize),
    /// The first tokens, so many, of those that the memory holds.
    Memory(&'a Memory, usize),
}

/// Where the sequences of a batch lie, and what they remember of the layer that is computed.
pub(super) struct Batch {
    places: Vec<Place>,
    /// For each sequence: every block from position 0 on, unless they lie in a memory.
    blocks: Vec<Vec<Arc<Block>>>,
}

/// Where a sequence of a batch lies.
struct Place {
    /// In the batch.
    rows: Range<usize>,
    /// The position of the first row.
    start: usize,
    /// The rows of the positions right before `start` that are computed in this call and share its block.
    before: Vec<usize>,
    /// The sequence that goes on from a memory, where that holds the rest of the block.
    rest: Option<usize>,
}

/// A block of one sequence that takes keys and values.
struct Filling<'a> {
    block: &'a mut Arc<Block>,
    /// What holds the positions before those that are put in.
    rest: Option<&'a Block>,
    positions: Range<usize>,
    place: &'a Place,
}

impl Memory {
    /// A memory of nothing, for a model of so many layers.
    pub fn new(layers: usize) -> Self {
        Self { layers: vec![Vec::new(); layers], trail: Trail::default(), tokens: 0 }
    }

    /// Tokens read so far.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// The blocks of a layer that these hold together, each counted once.
    pub fn held<'a>(memories: impl Iterator<Item = &'a Self>) -> usize {
        let blocks = memories.flat_map(|memory| memory.layers.first().into_iter().flatten());
        blocks.map(Arc::as_ptr).collect::<BTreeSet<_>>().len()
    }

    /// Holds this and nothing else.
    pub(super) fn hold(&mut self, trail: Trail) {
        self.tokens = trail.tokens();
        self.trail = trail;
    }
}

impl<'a> Sequence<'a> {
    pub(super) fn past(&self) -> Past<'a> {
        match self.reading {
            Reading::Passing(past) | Reading::Kept(past, _) => past,
            Reading::On(_) => Past::Nothing,
        }
    }

    /// The position of the first token.
    pub(super) fn start(&self) -> usize {
        match (&self.reading, self.past()) {
            (Reading::On(memory), _) => memory.tokens,
            (_, Past::Nothing) => 0,
            (_, Past::Sequence(_, tokens) | Past::Memory(_, tokens)) => tokens,
        }
    }
}

impl Batch {
    /// Lays the sequences one after the other.
    pub(super) fn new(batch: &[Sequence<'_>]) -> Self {
        let mut places: Vec<Place> = Vec::with_capacity(batch.len());
        for (index, sequence) in batch.iter().enumerate() {
            let row = places.last().map_or(0, |place| place.rows.end);
            let start = sequence.start();
            let mut place =
                Place { rows: row..row + sequence.tokens.len(), start, before: Vec::new(), rest: None };
            let mut owner = index;
            for position in (place.full() * Block::POSITIONS..start).rev() {
                while let (Past::Sequence(of, _), true) =
                    (batch[owner].past(), owner == index || position < places[owner].start)
                {
                    owner = of;
                }
                if owner == index || position < places[owner].start {
                    place.rest = matches!(batch[owner].past(), Past::Memory(..)).then_some(owner);
                    break;
                }
                place.before.push(places[owner].rows.start + position - places[owner].start);
            }
            place.before.reverse();
            places.push(place);
        }
        Self { blocks: batch.iter().map(|_| Vec::new()).collect(), places }
    }

    /// Rows of the whole batch.
    pub(super) fn rows(&self) -> usize {
        self.places.last().map_or(0, |place| place.rows.end)
    }

    /// The rows of each sequence and the position of the first.
    pub(super) fn places(&self) -> impl Iterator<Item = (Range<usize>, usize)> {
        self.places.iter().map(|place| (place.rows.clone(), place.start))
    }

    /// Puts the batch's keys and values of a layer where its sequences find them.
    ///
    /// `rows` holds rows of `width` values: those of the queries, then the keys of all heads, then the values.
    pub(super) fn remember<'a>(
        &'a mut self,
        batch: &'a mut [Sequence<'_>],
        layer: usize,
        heads: Heads,
        rows: &[f32],
        width: usize,
    ) -> Vec<Span<'a>> {
        self.fill(batch, layer, heads, rows, width);
        self.share(batch, layer);
        let spans = batch.iter().zip(&self.places).zip(&self.blocks);
        spans
            .map(|((sequence, place), blocks)| {
                let blocks = match &sequence.reading {
                    Reading::On(memory) => &memory.layers[layer],
                    Reading::Passing(_) | Reading::Kept(..) => blocks,
                };
                Span { rows: place.rows.clone(), start: place.start, blocks }
            })
            .collect()
    }

    /// After the last layer: how much the memories hold.
    pub(super) fn close(self, batch: &mut [Sequence<'_>]) {
        for (sequence, place) in batch.iter_mut().zip(&self.places) {
            if let Reading::Kept(_, memory) | Reading::On(memory) = &mut sequence.reading {
                memory.tokens = place.start + place.rows.len();
            }
        }
    }

    /// The blocks that hold the rows of each sequence, beginning with the one that holds the first.
    fn fill(&mut self, batch: &mut [Sequence<'_>], layer: usize, heads: Heads, rows: &[f32], width: usize) {
        // Shared blocks of the layer before go first, so that a sequence's own can be written again.
        for (blocks, place) in self.blocks.iter_mut().zip(&self.places) {
            blocks.drain(..blocks.len().min(place.full()));
        }
        let pasts: Vec<Past<'_>> = batch.iter().map(Sequence::past).collect();
        let mut fillings = Vec::new();
        for ((sequence, place), own) in batch.iter_mut().zip(&self.places).zip(&mut self.blocks) {
            let full = place.full();
            let rest = place.rest.and_then(|of| match pasts[of] {
                Past::Memory(memory, _) => Some(&*memory.layers[layer][full]),
                Past::Nothing | Past::Sequence(..) => None,
            });
            let (blocks, own) = match &mut sequence.reading {
                Reading::On(memory) => (&mut memory.layers[layer], full),
                Reading::Passing(_) | Reading::Kept(..) => (own, 0),
            };
            blocks.resize_with(own + place.count() - full, || Arc::new(Block::new(heads)));
            for (index, block) in (full..).zip(&mut blocks[own..]) {
                let from = (index * Block::POSITIONS).max(place.start - place.before.len());
                let to = ((index + 1) * Block::POSITIONS).min(place.end());
                let rest = rest.filter(|_| index == full);
                fillings.push(Filling { block, rest, positions: from..to, place });
            }
        }
        fillings.into_par_iter().for_each(|filling| filling.fill(heads, rows, width));
    }

    /// The blocks before those, which are shared.
    fn share(&mut self, batch: &mut [Sequence<'_>], layer: usize) {
        for (index, (sequence, place)) in batch.iter_mut().zip(&self.places).enumerate() {
            let (earlier, own) = self.blocks.split_at_mut(index);
            let shared = match sequence.past() {
                Past::Nothing => [].as_slice(),
                Past::Sequence(of, _) => &earlier[of][..place.full()],
                Past::Memory(memory, _) => &memory.layers[layer][..place.full()],
            };
            own[0].splice(..0, shared.iter().cloned());
            if let Reading::Kept(_, memory) = &mut sequence.reading {
                memory.layers[layer].clone_from(&own[0]);
            }
        }
    }
}

impl Place {
    /// Whole blocks before the first row.
    fn full(&self) -> usize {
        self.start / Block::POSITIONS
    }

    /// The position after the last row.
    fn end(&self) -> usize {
        self.start + self.rows.len()
    }

    /// Blocks up to the last row.
    fn count(&self) -> usize {
        Block::count(self.end())
    }

    /// The row in the batch of a position of a sequence's own blocks.
    fn row(&self, position: usize) -> usize {
        match position.checked_sub(self.start) {
            Some(own) => self.rows.start + own,
            None => self.before[self.before.len() + position - self.start],
        }
    }
}

impl Filling<'_> {
    fn fill(self, heads: Heads, rows: &[f32], width: usize) {
        let Self { block, rest, positions, place } = self;
        if let Some(rest) = rest {
            *block = Arc::new(rest.clone());
        }
        // What a kept memory holds is copied before it is written to.
        let block = Arc::make_mut(block);
        let (queries, keys) = (heads.queries * heads.dim, heads.keys * heads.dim);
        for position in positions {
            let (key, value) = rows[place.row(position) * width..][..width][queries..].split_at(keys);
            block.put(position, key, value);
        }
    }
}

#[cfg(test)]
mod tests;
