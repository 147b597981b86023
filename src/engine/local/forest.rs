//! Texts in the order of their tokens, so that what several begin with is read once.
//!
//! Sorted, a text begins like the one before it for some tokens, and is a branch that goes on from there. Branches are read
//! in order, as many tokens at a time as a batch may have; a long one is cut. What a later batch still needs of the tree is
//! always on the path to the last token that was read, so one memory is all that is kept.

use std::ops::Range;

use super::memory::{Memory, Past};

/// A sequence to read.
pub(super) struct Text<'a> {
    pub(super) tokens: &'a [u32],
    /// Only texts of one kind share what is read.
    pub(super) kind: usize,
    /// The tokens after which something is asked, by their index.
    pub(super) wanted: Range<usize>,
}

/// Texts as branches of trees.
pub(super) struct Forest {
    /// In the order in which they are read.
    branches: Vec<Branch>,
    /// For each text, the rows of what it wants, in order.
    rows: Vec<Vec<Range<usize>>>,
}

/// What is read for one text.
struct Branch {
    text: usize,
    /// Its tokens from the first that no text before has read.
    range: Range<usize>,
    /// Of its tokens, those after which any text asks something.
    wanted: Vec<Range<usize>>,
    /// The first of the rows of those, over all branches.
    first_row: usize,
}

/// How far a forest is read.
#[derive(Default)]
pub(super) struct Reached {
    branch: usize,
    /// Tokens of this branch that were read.
    tokens: usize,
}

/// A part of a branch, read in one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// By its place among those that the forest was made of.
    pub(super) text: usize,
    /// The tokens of the text that are read.
    pub(super) range: Range<usize>,
    pub(super) past: From,
    /// Those after which something is asked, by their index in the piece.
    pub(super) wanted: Vec<Range<usize>>,
    /// Whether the branch ends with it.
    pub(super) last: bool,
}

/// What a piece goes on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Nothing,
    /// An earlier piece of the batch, by its place.
    Piece(usize),
    /// The text that the last piece of the batch before belongs to.
    Path,
}

impl Forest {
    /// Without `sharing` every text is a tree of its own.
    pub(super) fn new(texts: &[Text<'_>], sharing: bool) -> Self {
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|text| (texts[*text].kind, texts[*text].tokens));
        let mut forest = Self { branches: Vec::new(), rows: Vec::new() };
        // For each text, which branches have read what it wants.
        let mut sources: Vec<Vec<(usize, Range<usize>)>> = texts.iter().map(|_| Vec::new()).collect();
        // The branches that the text consists of, from its beginning on.
        let mut path: Vec<usize> = Vec::new();
        let mut before: Option<&Text<'_>> = None;
        for text in order {
            let Text { tokens, kind, wanted } = &texts[text];
            let shared = match before {
                Some(before) if sharing && before.kind == *kind => common(before.tokens, tokens),
                _ => 0,
            };
            before = Some(&texts[text]);
            while path.last().is_some_and(|branch| forest.branches[*branch].range.start >= shared) {
                path.pop();
            }
            if shared < tokens.len() {
                path.push(forest.branches.len());
                forest.branches.push(Branch {
                    text,
                    range: shared..tokens.len(),
                    wanted: Vec::new(),
                    first_row: 0,
                });
            }
            let mut end = wanted.end;
            for branch in path.iter().rev() {
                let from = forest.branches[*branch].range.start.max(wanted.start);
                if from < end {
                    forest.branches[*branch].wanted.push(from..end);
                    sources[text].push((*branch, from..end));
                    end = from;
                }
                if end == wanted.start {
                    break;
                }
            }
            sources[text].reverse();
        }
        forest.number();
        let rows = |(branch, wanted): &(usize, Range<usize>)| forest.branches[*branch].rows(wanted);
        forest.rows = sources.iter().map(|sources| sources.iter().map(rows).collect()).collect();
        forest
    }

    /// The rows of what a text wants, in the order of its tokens. Rows are numbered over all pieces in turn.
    pub(super) fn rows(&self, text: usize) -> impl Iterator<Item = usize> {
        self.rows[text].iter().cloned().flatten()
    }

    /// What is read next: at most so many tokens, of branches that may begin, by their text and how many tokens they share.
    pub(super) fn next(
        &self,
        reached: &mut Reached,
        most: usize,
        mut may_begin: impl FnMut(usize, usize) -> bool,
    ) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut left = most;
        // The pieces that the next one can go on from, the longest last.
        let mut path: Vec<usize> = Vec::new();
        while left > 0
            && let Some(branch) = self.branches.get(reached.branch)
            && (reached.tokens > 0 || may_begin(branch.text, branch.range.start))
        {
            let start = branch.range.start + reached.tokens;
            let range = start..branch.range.end.min(start + left);
            while path.last().is_some_and(|piece| pieces[*piece].range.start >= start) {
                path.pop();
            }
            let past = match path.last() {
                _ if start == 0 => From::Nothing,
                Some(piece) => From::Piece(*piece),
                None => From::Path,
            };
            left -= range.len();
            let last = range.end == branch.range.end;
            *reached = if last {
                Reached { branch: reached.branch + 1, tokens: 0 }
            } else {
                Reached { tokens: reached.tokens + range.len(), ..*reached }
            };
            path.push(pieces.len());
            let wanted = branch.wanted_in(&range);
            pieces.push(Piece { text: branch.text, range, past, wanted, last });
        }
        pieces
    }

    /// Whether what comes next goes on from the last piece that was read, or from a part of it.
    pub(super) fn goes_on(&self, reached: &Reached) -> bool {
        self.branches.get(reached.branch).is_some_and(|branch| branch.range.start + reached.tokens > 0)
    }

    /// Whether everything is read.
    pub(super) fn is_read(&self, reached: &Reached) -> bool {
        reached.branch == self.branches.len()
    }

    /// Joins what is wanted twice, and gives every branch its rows.
    fn number(&mut self) {
        let mut row = 0;
        for branch in &mut self.branches {
            branch.wanted.sort_by_key(|range| range.start);
            branch.wanted.dedup_by(|next, range| {
                let joined = next.start <= range.end;
                if joined {
                    range.end = range.end.max(next.end);
                }
                joined
            });
            branch.first_row = row;
            row += branch.wanted.iter().map(Range::len).sum::<usize>();
        }
    }
}

impl Branch {
    /// The rows of tokens that lie in one of the wanted ranges.
    fn rows(&self, tokens: &Range<usize>) -> Range<usize> {
        let holding = self.wanted.partition_point(|range| range.end <= tokens.start);
        let before: usize = self.wanted[..holding].iter().map(Range::len).sum();
        let first = self.first_row + before + tokens.start - self.wanted[holding].start;
        first..first + tokens.len()
    }

    /// What is wanted of a part, by the index in it.
    fn wanted_in(&self, part: &Range<usize>) -> Vec<Range<usize>> {
        let first = self.wanted.partition_point(|range| range.end <= part.start);
        self.wanted[first..]
            .iter()
            .take_while(|range| range.start < part.end)
            .map(|range| range.start.max(part.start) - part.start..range.end.min(part.end) - part.start)
            .collect()
    }
}

impl Piece {
    /// Rows that it gives.
    pub(super) fn rows(&self) -> usize {
        self.wanted.iter().map(Range::len).sum()
    }

    /// What it goes on from, where `earlier` sequences stand before those of the pieces, and `path` holds the last piece of
    /// the batch before.
    pub(super) fn past<'a>(&self, earlier: usize, path: &'a Memory) -> Past<'a> {
        match self.past {
            From::Nothing => Past::Nothing,
            From::Piece(piece) => Past::Sequence(earlier + piece, self.range.start),
            From::Path => Past::Memory(path, self.range.start),
        }
    }
}

/// How many tokens both begin with.
fn common(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests;
