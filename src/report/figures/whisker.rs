//! An interval with its estimate as a whisker that cannot contradict its numbers: one that excludes the reference never
//! touches the reference's line, one that includes it always does.

use super::{
    scale::Scale,
    svg::{Mark, Series, Stroke, Svg},
};

/// Half the height of an estimate's mark.
pub const RADIUS: f64 = 4.5;
/// Half the height of the caps.
const CAP: f64 = 4.0;
/// How far the line of an interval stays from a reference that it excludes: both lines and white between them.
pub const CLEAR: f64 = 2.6;

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Whisker<'a> {
    /// The estimate.
    pub value: f64,
    /// The interval; without one the mark is hollow.
    pub interval: Option<(f64, f64)>,
    /// Chance, or no difference.
    pub reference: Option<f64>,
    /// Whose it is.
    pub series: Series,
    /// Whether the mark is filled.
    pub filled: bool,
    /// What it says to who points at it.
    pub title: &'a str,
}

/// Where the parts of a whisker lie.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Places {
    low: f64,
    value: f64,
    high: f64,
    radius: f64,
}

impl Whisker<'_> {
    /// Lying at a height.
    pub fn draw(&self, svg: &mut Svg, x: &Scale, y: f64) {
        let places = self.places(x);
        if let Some((low, high)) = self.interval {
            let line = Stroke::Series(self.series);
            svg.line(line, (places.low, y), (places.high, y));
            self.end(svg, (places.low, y), low < x.ends.0, -1.0);
            self.end(svg, (places.high, y), high > x.ends.1, 1.0);
        }
        if x.holds(self.value) {
            svg.mark(&Mark {
                at: (places.value, y),
                radius: places.radius,
                series: self.series,
                filled: self.filled && self.interval.is_some(),
                title: self.title,
            });
        }
    }

    /// A cap, or an arrow where the interval goes on beyond the axis.
    fn end(&self, svg: &mut Svg, (x, y): (f64, f64), goes_on: bool, outwards: f64) {
        let line = Stroke::Series(self.series);
        if goes_on {
            let back = x - outwards * CAP;
            svg.path(line, &[(back, y - CAP), (x, y), (back, y + CAP)]);
        } else {
            svg.line(line, (x, y - CAP), (x, y + CAP));
        }
    }

    fn places(&self, x: &Scale) -> Places {
        let (low, high) = self.interval.unwrap_or((self.value, self.value));
        let mut places =
            Places { low: x.held(low), value: x.held(self.value), high: x.held(high), radius: RADIUS };
        let Some(reference) = self.reference.filter(|reference| x.holds(*reference)) else { return places };
        let line = x.at(reference);
        if low > reference {
            places.low = places.low.max(line + CLEAR);
            places.value = places.value.max(places.low);
            places.high = places.high.max(places.low);
            places.radius = (places.value - line - 1.0).min(RADIUS);
        } else if high < reference {
            places.high = places.high.min(line - CLEAR);
            places.value = places.value.min(places.high);
            places.low = places.low.min(places.high);
            places.radius = (line - places.value - 1.0).min(RADIUS);
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::scale::Steps, *};

    proptest! {
        #[test]
        fn a_whisker_never_contradicts_its_numbers(
            ends in (-2.0_f64..2.0, -2.0_f64..2.0), share in 0.0_f64..=1.0, reference in -1.0_f64..1.0,
            near in any::<bool>(),
        ) {
            let (mut low, high) = (ends.0.min(ends.1), ends.0.max(ends.1));
            if near && high > reference {
                // Hardly above the reference.
                low = reference + 1e-12;
            }
            let value = low + share * (high - low);
            let scale = Scale { steps: Steps::Add, ends: (-1.0, 1.0), places: (200.0, 500.0) };
            let whisker = Whisker {
                value, interval: Some((low, high)), reference: Some(reference),
                series: Series::Number(0), filled: true, title: "",
            };
            let places = whisker.places(&scale);
            let line = scale.at(reference);
            prop_assert!(places.low <= places.value && places.value <= places.high);
            let touches = places.low - 0.8 <= line + 0.6 && places.high + 0.8 >= line - 0.6;
            prop_assert_eq!(touches, low <= reference && reference <= high);
            let covers = (places.value - line).abs() < places.radius;
            prop_assert!(touches || !covers);
            prop_assert!(places.radius > 1.0);
            // What is moved, is moved by no more than that.
            prop_assert!((places.value - scale.held(value)).abs() <= CLEAR + 1e-9);
        }
    }
}
