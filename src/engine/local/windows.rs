//! How a sequence is read: in one piece, or in windows when it is long.

use std::ops::Range;

use crate::plan::{Failure, FailureKind, Windows};

/// One reading of a part of a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The tokens that the model reads.
    pub(super) read: Range<usize>,
    /// The tokens that are scored, each from what is read before it.
    pub(super) scored: Range<usize>,
    /// Tokens that the window holds; one more than is read where the last is scored only.
    pub(super) length: usize,
}

/// The windows of a sequence of `tokens`, of which those from `first` on are scored; `first` is at least 1.
///
/// Each token is scored once, in the first window that holds it. Windows that overlap are those of transformers' guide to
/// perplexity. Windows that do not, which is what holds without a stride, are those of lm-eval's rolling log-likelihood: the
/// token that would begin the next window is scored at the end of this one, and the last window reaches back to be full.
pub(super) fn windows(
    tokens: usize,
    first: usize,
    context: usize,
    windows: Option<Windows>,
) -> Result<Vec<Window>, Failure> {
    let Some(Windows { window, stride }) = windows else {
        // The last token is scored and not read.
        return if tokens - 1 > context {
            Err(too_long(tokens, context))
        } else {
            Ok(vec![Window { read: 0..tokens - 1, scored: first..tokens, length: tokens }])
        };
    };
    let window = window.map_or(context, |window| window as usize);
    let stride = stride.map_or(window, |stride| stride as usize);
    if window > context {
        return Err(Failure::new(
            FailureKind::TooLong,
            format!("a window of {window} tokens is asked for; the model reads at most {context}"),
        ));
    }
    if window == 0 || stride == 0 {
        return Err(Failure::new(FailureKind::Text, "windows and their stride have at least 1 token"));
    }
    Ok(if stride < window {
        overlapping(tokens, first, window, stride)
    } else {
        in_turn(tokens, first, window)
    })
}

/// Why a sequence cannot be read in one piece.
pub(super) fn too_long(tokens: usize, context: usize) -> Failure {
    Failure::new(
        FailureKind::TooLong,
        format!("{tokens} tokens are too many; the model reads at most {context}"),
    )
}

fn overlapping(tokens: usize, first: usize, window: usize, stride: usize) -> Vec<Window> {
    let mut all = Vec::new();
    let mut scored = first;
    for begin in (0..tokens).step_by(stride) {
        let end = tokens.min(begin + window);
        if scored < end {
            all.push(Window { read: begin..end - 1, scored: scored..end, length: end - begin });
            scored = end;
        }
    }
    all
}

fn in_turn(tokens: usize, first: usize, window: usize) -> Vec<Window> {
    let mut all = Vec::new();
    let mut scored = first;
    while scored < tokens {
        // The first window begins with the sequence, whatever of it is scored.
        let end = if scored == first { window + 1 } else { scored + window }.max(scored + 1).min(tokens);
        let begin = end.saturating_sub(window + 1);
        all.push(Window { read: begin..end - 1, scored: scored..end, length: end - begin });
        scored = end;
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_and_scored(
        tokens: usize,
        first: usize,
        window: Option<u32>,
        stride: Option<u32>,
    ) -> Vec<(Range<usize>, Range<usize>)> {
        let all = windows(tokens, first, 4, Some(Windows { window, stride })).unwrap();
        all.into_iter().map(|window| (window.read, window.scored)).collect()
    }

    #[test]
    fn without_a_stride_windows_are_those_of_lm_eval() {
        // lm_eval.utils.get_rolling_token_windows(range(10), prefix, max_seq_len=4, context_len=1) predicts 0-3, 4-7 and 8-9,
        // each from the token before it on, the last from token 5 on; here every index is one more, for the prefix.
        assert_eq!(read_and_scored(11, 1, None, None), [(0..4, 1..5), (4..8, 5..9), (6..10, 9..11)]);
        assert_eq!(read_and_scored(3, 1, None, None), [(0..2, 1..3)]);
    }

    #[test]
    fn with_a_stride_windows_are_those_of_transformers_guide() {
        // begin_loc 0, 2, 4, …; end_loc = min(begin_loc + 4, 9); target length = end_loc - previous end_loc.
        assert_eq!(
            read_and_scored(9, 1, Some(4), Some(2)),
            [(0..3, 1..4), (2..5, 4..6), (4..7, 6..8), (6..8, 8..9)]
        );
    }

    #[test]
    fn a_sequence_without_windows_fits_or_fails() {
        assert_eq!(windows(5, 2, 4, None).unwrap()[0].read, 0..4);
        let failure = windows(6, 2, 4, None).unwrap_err();
        assert_eq!(failure.kind, FailureKind::TooLong);
        assert!(failure.message.contains('6') && failure.message.contains('4'), "{}", failure.message);
    }

    proptest! {
        #[test]
        fn every_token_is_scored_once_from_what_is_read_before_it(
            tokens in 2usize..60, first in 1usize..20, window in 1u32..10, stride in 1u32..12,
        ) {
            let first = first.min(tokens - 1);
            for stride in [None, Some(stride)] {
                let all = windows(tokens, first, 9, Some(Windows { window: Some(window), stride })).unwrap();
                let scored: Vec<usize> = all.iter().flat_map(|window| window.scored.clone()).collect();
                prop_assert_eq!(scored, (first..tokens).collect::<Vec<_>>());
                for held in &all {
                    prop_assert!(held.read.len() <= window as usize && !held.read.is_empty());
                    prop_assert!(held.scored.start > held.read.start && held.scored.end == held.read.end + 1);
                }
            }
        }
    }
}
