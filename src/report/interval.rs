//! An interval as a strip of characters that cannot contradict its numbers: one that excludes the reference never touches
//! the reference's cell, one that includes it always crosses it.
//!
//! ```text
//!        ┼───●───┤          +---*---]      [-0.004, 0.154]
//!        ┊├●┤               :[*]           [ 0.005, 0.067]
//! ◂──●───┼───────▸   <--*---+------->      [-0.900, 0.700]
//! ```

use super::{digits::whole, text::Charset};

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strip {
    /// Lower end.
    pub low: f64,
    /// The estimate.
    pub value: f64,
    /// Upper end.
    pub high: f64,
    /// Chance, or no difference; not drawn when it lies off the axis.
    pub reference: Option<f64>,
}

struct Glyphs {
    line: char,
    left: char,
    right: char,
    off_left: char,
    off_right: char,
    value: char,
    reference: char,
    crossing: char,
}

const UNICODE: Glyphs = Glyphs {
    line: '─',
    left: '├',
    right: '┤',
    off_left: '◂',
    off_right: '▸',
    value: '●',
    reference: '┊',
    crossing: '┼',
};

const ASCII: Glyphs = Glyphs {
    line: '-',
    left: '[',
    right: ']',
    off_left: '<',
    off_right: '>',
    value: '*',
    reference: ':',
    crossing: '+',
};

/// The narrowest strip: room on both sides of a reference.
pub const NARROWEST: usize = 3;

impl Strip {
    /// The strip on an axis, `width` characters wide (at least [`NARROWEST`]).
    pub fn draw(&self, axis: (f64, f64), width: usize, charset: Charset) -> String {
        let width = width.max(NARROWEST);
        let glyphs = charset.pick(&UNICODE, &ASCII);
        let on_axis = |x: f64| (axis.0..=axis.1).contains(&x);
        let cell = |x: f64| {
            let share = (x - axis.0) / (axis.1 - axis.0);
            whole((share * width as f64).floor()).min(width - 1)
        };
        let (mut first, mut last) = (cell(self.low), cell(self.high));
        let reference = self.reference.filter(|reference| on_axis(*reference));
        // One cell stays free on each side, so that "above" and "below" can be shown even at the ends of the axis.
        let at = reference.map(|reference| cell(reference).clamp(1, width - 2));
        if let (Some(reference), Some(at)) = (reference, at) {
            if self.low > reference {
                first = first.max(at + 1);
                last = last.max(first);
            } else if self.high < reference {
                last = last.min(at - 1);
                first = first.min(last);
            } else {
                first = first.min(at);
                last = last.max(at);
            }
        }
        let mut cells = vec![' '; width];
        cells[first..=last].fill(glyphs.line);
        cells[last] = glyphs.right;
        cells[first] = glyphs.left;
        if let Some(at) = at {
            cells[at] = if (first..=last).contains(&at) { glyphs.crossing } else { glyphs.reference };
        }
        if self.low < axis.0 {
            cells[first] = glyphs.off_left;
        }
        if self.high > axis.1 {
            cells[last] = glyphs.off_right;
        }
        if on_axis(self.value) {
            cells[cell(self.value).clamp(first, last)] = glyphs.value;
        }
        cells.into_iter().collect()
    }
}

/// A share of the width as a bar, by eighths of a character; what is not zero is never invisible.
pub fn bar(share: f64, width: usize, charset: Charset) -> String {
    const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    if share <= 0.0 {
        return String::new();
    }
    match charset {
        Charset::Unicode => {
            let eighths = whole(share * 8.0 * width as f64).clamp(1, 8 * width);
            let mut bar = "█".repeat(eighths / 8);
            if !eighths.is_multiple_of(8) {
                bar.push(EIGHTHS[eighths % 8]);
            }
            bar
        }
        Charset::Ascii => "#".repeat(whole(share * width as f64).clamp(1, width)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drawn(low: f64, value: f64, high: f64, charset: Charset) -> String {
        Strip { low, value, high, reference: Some(0.0) }.draw((-0.4, 0.4), 31, charset)
    }

    #[test]
    fn opposite_verdicts_look_different() {
        // The two intervals on which a first draft drew the same picture.
        let ascii = |low, value, high| drawn(low, value, high, Charset::Ascii);
        assert_eq!(ascii(-0.004, 0.075, 0.154), "               +--*--]         ");
        assert_eq!(ascii(0.005, 0.036, 0.067), "               :*-]            ");
        assert_eq!(ascii(0.141, 0.266, 0.491), "               :    [----*---->");
        assert_eq!(ascii(-0.9, -0.1, 0.7), "<----------*---+-------------->");
        assert_eq!(drawn(-0.004, 0.075, 0.154, Charset::Unicode), "               ┼──●──┤         ");
    }

    #[test]
    fn bars_show_small_shares() {
        assert_eq!(bar(0.5, 4, Charset::Unicode), "██");
        assert_eq!(bar(1e-9, 4, Charset::Unicode), "▏");
        assert_eq!(bar(1e-9, 4, Charset::Ascii), "#");
        assert_eq!(bar(0.0, 4, Charset::Ascii), "");
        assert_eq!(bar(1.0, 3, Charset::Unicode), "███");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn the_picture_agrees_with_the_numbers(
            ends in prop::array::uniform2(-1.2_f64..1.2),
            share in 0.0_f64..=1.0,
            reference in prop_oneof![-1.0_f64..=1.0, Just(-1.0), Just(1.0), Just(0.0)],
            edge in 0..4,
            width in NARROWEST..90,
        ) {
            let (mut low, mut high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
            match edge {
                0 => (low, high) = (reference, high.max(reference)),
                1 => (low, high) = (low.min(reference), reference),
                2 => low = low.max(f64::next_up(reference)).min(high.max(f64::next_up(reference))),
                _ => {}
            }
            high = high.max(low);
            let strip = Strip { low, value: low + share * (high - low), high, reference: Some(reference) };
            for charset in [Charset::Unicode, Charset::Ascii] {
                let glyphs = charset.pick(&UNICODE, &ASCII);
                let cells: Vec<char> = strip.draw((-1.0, 1.0), width, charset).chars().collect();
                prop_assert_eq!(cells.len(), width);
                let inked: Vec<usize> = (0..width)
                    .filter(|at| cells[*at] != ' ' && cells[*at] != glyphs.reference)
                    .collect();
                prop_assert!(!inked.is_empty());
                prop_assert_eq!(inked.len(), inked[inked.len() - 1] - inked[0] + 1, "one piece");
                let includes = low <= reference && reference <= high;
                match cells.iter().position(|cell| *cell == glyphs.reference) {
                    Some(at) => {
                        prop_assert!(!includes);
                        if low > reference { prop_assert!(inked[0] > at) } else { prop_assert!(inked[0] < at) }
                    }
                    None => prop_assert!(includes),
                }
            }
        }
    }
}
