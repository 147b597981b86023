//! Prompts that are too long: which of their tokens are left out, so that what is asked fits the context.

use std::ops::Range;

use super::{tokens::Tokens, windows::too_long};
use crate::plan::{Failure, FailureKind, FirstToken, Room, Truncation};

/// The tokens of a prompt that are left out, so that each of the endings that are compared fits after it: the same ones
/// for all.
pub(super) fn for_endings(
    tokens: &Tokens,
    prompt: &str,
    room: &Room,
    context: usize,
) -> Result<Range<usize>, Failure> {
    let (mut over, mut longest, mut least) = (0, 0, 0);
    // Where a token reaches over the join, an ending takes one of the prompt's.
    let mut shortest = usize::MAX;
    for ending in &*room.endings {
        let cut = tokens.cut(prompt, ending)?;
        let before = tokens.before(cut.first > 0, FirstToken::Score).len();
        let whole = before + cut.ids.len();
        // The last token is scored and not read.
        over = over.max(whole.saturating_sub(context.saturating_add(1)));
        longest = longest.max(whole);
        least = least.max(whole + 1 - cut.first);
        shortest = shortest.min(cut.first);
    }
    if over == 0 {
        return Ok(0..0);
    }
    match shortest {
        0 => Err(too_long(longest, context)),
        _ if over < shortest => Ok(gap(shortest, over, room.from)),
        _ => Err(Failure::new(
            FailureKind::TooLong,
            format!(
                "{least} tokens are too many, though of the prompt a single one is left; the model reads at most {context}"
            ),
        )),
    }
}

/// The tokens of a prompt of `own` that are left out, so that with `before` put before it so many may be `written` after it;
/// one token stays, whatever is written.
pub(super) fn for_writing(
    own: usize,
    before: usize,
    written: usize,
    truncate: Truncation,
    context: usize,
) -> Range<usize> {
    let over = (before + own).saturating_sub(context.saturating_sub(written));
    gap(own, over.min(own.saturating_sub(1)), truncate)
}

/// Where so many tokens over are left out of a prompt.
fn gap(prompt: usize, over: usize, truncate: Truncation) -> Range<usize> {
    let first = match truncate {
        Truncation::Left => 0,
        Truncation::Middle => (prompt - over) / 2,
    };
    first..first + over
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_few_tokens_as_needed_are_left_out_and_one_stays() {
        // A context of 10, of which BOS takes one and what is written the last argument.
        let left = |own, written| for_writing(own, 1, written, Truncation::Left, 10);
        assert_eq!([left(5, 4), left(6, 4), left(9, 4)], [0..0, 0..1, 0..4]);
        assert_eq!([left(5, 10), left(5, 1000), left(1, 1000)], [0..4, 0..4, 0..0]);
        let middle = |own| for_writing(own, 1, 4, Truncation::Middle, 10);
        // Of five that stay, two begin the prompt and three end it.
        assert_eq!([middle(5), middle(6), middle(20)], [2..2, 2..3, 2..17]);
    }
}
