//! Rotary position embedding (Su et al. 2021).

use rayon::prelude::*;

use super::{Isa, kernel};

/// Rotates heads in place.
///
/// `rows` are `row_width` long and begin with `heads` heads of `head_dim`; `cos` and `sin` hold a row of half a
/// rotated part for each. The value at `i` of a head is paired with the one half a rotated part after it.
pub fn rotate(
    isa: Isa,
    rows: &mut [f32],
    row_width: usize,
    heads: usize,
    head_dim: usize,
    cos: &[f32],
    sin: &[f32],
) {
    let half = cos.len() / (rows.len() / row_width).max(1);
    rows.par_chunks_mut(row_width).zip(cos.par_chunks(half).zip(sin.par_chunks(half))).for_each(
        |(row, (cos, sin))| {
            for head in row[..heads * head_dim].chunks_mut(head_dim) {
                let (first, second) = head[..2 * half].split_at_mut(half);
                rotate_head(isa, first, second, cos, sin);
            }
        },
    );
}

kernel! {
    fn rotate_head(first: &mut [f32], second: &mut [f32], cos: &[f32], sin: &[f32]),
    wide: rotate_body, narrow: rotate_body,
}

#[inline(always)]
fn rotate_body(first: &mut [f32], second: &mut [f32], cos: &[f32], sin: &[f32]) {
    for ((a, b), (cos, sin)) in first.iter_mut().zip(second).zip(cos.iter().zip(sin)) {
        (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_turn_swaps_the_halves_and_leaves_the_rest() {
        // Two rows of one rotated head of 4 and two values after it.
        let mut rows = [1.0, 2.0, 3.0, 4.0, 9.0, 9.0, 1.0, 2.0, 3.0, 4.0, 9.0, 9.0_f32];
        rotate(Isa::best(), &mut rows, 6, 1, 4, &[1.0, 1.0, 0.0, 1.0], &[0.0, 0.0, 1.0, 0.0]);
        let right = [1.0, 2.0, 3.0, 4.0, 9.0, 9.0, -3.0, 2.0, 1.0, 4.0, 9.0, 9.0_f32];
        assert_eq!(rows.map(f32::to_bits), right.map(f32::to_bits));
    }
}
