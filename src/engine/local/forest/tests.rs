//! Forests against the texts that they are made of.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

impl Forest {
    /// Tokens that are read.
    fn tokens(&self) -> usize {
        self.branches.iter().map(|branch| branch.range.len()).sum()
    }
}

fn text(tokens: &[u32], wanted: Range<usize>) -> Text<'_> {
    Text { tokens, kind: 0, wanted }
}

#[test]
fn what_texts_begin_with_is_read_once() {
    let texts = [&[1, 2, 3, 4][..], &[1, 2, 3, 5, 6], &[7], &[1, 2], &[1, 2, 3, 4]];
    let forest = Forest::new(&texts.map(|tokens| text(tokens, tokens.len() - 1..tokens.len())), true);
    // 1 2 | 3 4 | 5 6 | 7
    assert_eq!(forest.tokens(), 7);
    let mut reached = Reached::default();
    let pieces = forest.next(&mut reached, 100, |_, _| true);
    let ranges: Vec<_> = pieces.iter().map(|piece| (piece.text, piece.range.clone(), piece.past)).collect();
    assert_eq!(
        ranges,
        [
            (3, 0..2, From::Nothing),
            (0, 2..4, From::Piece(0)),
            (1, 3..5, From::Piece(1)),
            (2, 0..1, From::Nothing)
        ]
    );
    assert!(forest.is_read(&reached));
    // The two equal texts want the same row.
    let rows: Vec<Vec<usize>> = (0..5).map(|text| forest.rows(text).collect()).collect();
    assert_eq!(rows, [[1], [2], [3], [0], [1]]);
}

#[test]
fn texts_of_different_kinds_share_nothing() {
    let tokens = [1, 2, 3];
    let kinds = [0, 1, 0];
    let texts = kinds.map(|kind| Text { tokens: &tokens, kind, wanted: 2..3 });
    assert_eq!(Forest::new(&texts, true).tokens(), 6);
    assert_eq!(Forest::new(&texts, false).tokens(), 9);
}

#[test]
fn many_texts_that_each_go_on_from_the_last_take_a_time_that_grows_with_their_number() {
    let tokens: Vec<u32> = (0..20_000).collect();
    let texts: Vec<Text<'_>> = (1..tokens.len()).map(|len| text(&tokens[..len], len - 1..len)).collect();
    let forest = Forest::new(&texts, true);
    assert_eq!(forest.tokens(), tokens.len() - 1);
    let mut reached = Reached::default();
    while !forest.is_read(&reached) {
        forest.next(&mut reached, 64, |_, _| true);
    }
}

/// What a text's tokens up to a row are, for each row; read piece by piece as a model would.
fn read(texts: &[Text<'_>], forest: &Forest, most: usize) -> Vec<Vec<u32>> {
    let mut reached = Reached::default();
    let (mut rows, mut path) = (Vec::new(), Vec::new());
    while !forest.is_read(&reached) {
        let mut batch: Vec<Vec<u32>> = Vec::new();
        let pieces = forest.next(&mut reached, most, |_, _| true);
        assert!(!pieces.is_empty());
        assert!(pieces.iter().map(|piece| piece.range.len()).sum::<usize>() <= most);
        for piece in &pieces {
            let mut known = match piece.past {
                From::Nothing => Vec::new(),
                From::Piece(piece) => batch[piece].clone(),
                From::Path => path.clone(),
            };
            known.truncate(piece.range.start);
            assert_eq!(known.len(), piece.range.start);
            known.extend(&texts[piece.text].tokens[piece.range.clone()]);
            let wanted = piece.wanted.iter().cloned().flatten();
            rows.extend(wanted.map(|at| known[..=piece.range.start + at].to_vec()));
            batch.push(known);
        }
        path = if forest.goes_on(&reached) { batch.pop().unwrap() } else { Vec::new() };
    }
    rows
}

proptest! {
    #[test]
    fn every_text_finds_its_rows_whatever_the_batches(
        texts in prop::collection::vec((prop::collection::vec(0u32..3, 1..9), 0usize..2, 0.0f64..1.0, 0.0f64..1.0), 1..24),
        most in 1usize..12, sharing in any::<bool>(),
    ) {
        let texts: Vec<Text<'_>> = texts
            .iter()
            .map(|(tokens, kind, from, len)| {
                let from = (from * tokens.len() as f64) as usize;
                let len = 1 + (len * (tokens.len() - from) as f64) as usize;
                Text { tokens, kind: *kind, wanted: from..tokens.len().min(from + len) }
            })
            .collect();
        let forest = Forest::new(&texts, sharing);
        let rows = read(&texts, &forest, most);
        let mut asked: BTreeMap<(usize, Vec<u32>), BTreeSet<usize>> = BTreeMap::new();
        for (place, text) in texts.iter().enumerate() {
            let own: Vec<usize> = forest.rows(place).collect();
            prop_assert_eq!(own.len(), text.wanted.len());
            for (row, at) in own.into_iter().zip(text.wanted.clone()) {
                prop_assert_eq!(&rows[row], &text.tokens[..=at]);
                asked.entry((text.kind, rows[row].clone())).or_default().insert(row);
            }
        }
        let distinct: BTreeSet<(usize, &[u32])> =
            texts.iter().flat_map(|text| (1..=text.tokens.len()).map(|len| (text.kind, &text.tokens[..len]))).collect();
        let all: usize = texts.iter().map(|text| text.tokens.len()).sum();
        prop_assert_eq!(forest.tokens(), if sharing { distinct.len() } else { all });
        if sharing {
            prop_assert_eq!(rows.len(), asked.len());
            prop_assert!(asked.values().all(|rows| rows.len() == 1));
        }
    }
}
