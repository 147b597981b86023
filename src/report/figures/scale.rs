//! From numbers to places and back, and the numbers worth writing beside an axis.

use crate::report::digits::Digits;

/// An axis: what its ends stand for, and where they lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Equal steps add, or multiply.
    pub steps: Steps,
    /// The numbers at the ends, the lower first; above zero where steps multiply.
    pub ends: (f64, f64),
    /// Their places; those of a vertical axis fall.
    pub places: (f64, f64),
}

/// What equal steps along an axis do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// They add: a plain axis.
    Add,
    /// They multiply: a logarithmic axis.
    Multiply,
    /// They multiply, and the numbers are the powers of ten: for probabilities too small for a number.
    Powers,
}

/// More decimals than this are a power of ten.
const MOST_DECIMALS: usize = 6;

impl Scale {
    /// The place of a number.
    pub fn at(&self, number: f64) -> f64 {
        let (from, to) = self.places;
        from + self.share(number) * (to - from)
    }

    /// The place of a number, at an end where it lies beyond.
    pub fn held(&self, number: f64) -> f64 {
        self.at(number.clamp(self.ends.0, self.ends.1))
    }

    /// Whether a number lies on the axis.
    pub fn holds(&self, number: f64) -> bool {
        (self.ends.0..=self.ends.1).contains(&number)
    }

    /// The number at a place.
    #[cfg(test)]
    pub fn number(&self, place: f64) -> f64 {
        let share = (place - self.places.0) / (self.places.1 - self.places.0);
        let (low, high) = self.ends;
        match self.steps {
            Steps::Add | Steps::Powers => low + share * (high - low),
            Steps::Multiply => (low.ln() + share * (high.ln() - low.ln())).exp(),
        }
    }

    fn share(&self, number: f64) -> f64 {
        let (low, high) = self.ends;
        match self.steps {
            Steps::Add | Steps::Powers => (number - low) / (high - low),
            Steps::Multiply => (libm::log(number) - libm::log(low)) / (libm::log(high) - libm::log(low)),
        }
    }

    /// Round numbers on the axis, about so many, as they are written beside it.
    pub fn ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        match self.steps {
            Steps::Add => self.sums(wanted),
            Steps::Multiply => self.powers(wanted),
            Steps::Powers => self.whole_powers(wanted),
        }
    }

    fn sums(&self, wanted: usize) -> Vec<(f64, String)> {
        let (low, high) = self.ends;
        let (step, decimals) = round_step((high - low) / wanted.max(1) as f64);
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        let tick = |count: i64| {
            let number = count as f64 * step;
            (number.clamp(low, high), written(number, decimals))
        };
        (first..=last).map(tick).collect()
    }

    /// Whole powers; where there are hardly any, parts of them.
    fn whole_powers(&self, wanted: usize) -> Vec<(f64, String)> {
        let (low, high) = self.ends;
        let every = round_step((high - low) / wanted.max(1) as f64).0.ceil().max(1.0);
        let whole = ((low / every).ceil() as i32..=(high / every).floor() as i32)
            .map(|count| f64::from(count) * every)
            .map(|power| (power, power_of_ten(power)))
            .collect::<Vec<_>>();
        if whole.len() > 1 {
            return whole;
        }
        let shares =
            Self { steps: Steps::Multiply, ends: (libm::pow(10.0, low), libm::pow(10.0, high)), ..*self };
        shares.powers(wanted).into_iter().map(|(number, shown)| (libm::log10(number), shown)).collect()
    }

    /// Powers of ten, thinned where there are many, with 2 and 5 between where there are few.
    fn powers(&self, wanted: usize) -> Vec<(f64, String)> {
        let (low, high) = self.ends;
        let decade = |number: f64| libm::log10(number).floor() as i32;
        let (first, last) = (decade(low), decade(high));
        let decades = libm::log10(high) - libm::log10(low);
        if decades < 1.0 {
            // Less than a factor of ten is read better by sums.
            return self.sums(wanted);
        }
        let between: &[f64] = if decades <= 3.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let every = ((decades / wanted.max(1) as f64).ceil() as i32).max(1);
        let powers = (first..=last).filter(|power| power.rem_euclid(every) == 0);
        let numbers = powers.flat_map(|power| between.iter().map(move |times| (power, *times)));
        numbers
            .map(|(power, times)| {
                let number = times * libm::pow(10.0, f64::from(power));
                let shown = match power {
                    -4..=6 => written(number, usize::try_from(-power).unwrap_or(0)),
                    _ => format!("{times:.0}e{power}"),
                };
                (number, shown)
            })
            .filter(|(number, _)| self.holds(*number))
            .collect()
    }
}

/// The next larger of 1, 2, 2.5 and 5 times a power of ten, and the decimals that show it.
fn round_step(least: f64) -> (f64, usize) {
    let power = libm::log10(least).floor();
    let unit = libm::pow(10.0, power);
    let (times, more) = [(1.0, 0), (2.0, 0), (2.5, 1), (5.0, 0)]
        .into_iter()
        .find(|(times, _)| times * unit >= least * (1.0 - 1e-9))
        .unwrap_or((10.0, -1));
    let decimals = more - power as i32;
    (times * unit, usize::try_from(decimals).unwrap_or(0))
}

/// Such as `0.01`, `1e-12`.
fn power_of_ten(power: f64) -> String {
    if (-3.0..=3.0).contains(&power) {
        written(libm::pow(10.0, power), usize::try_from(-(power as i32)).unwrap_or(0))
    } else {
        format!("1e{power:.0}")
    }
}

fn written(number: f64, decimals: usize) -> String {
    match decimals {
        0 => Digits::Grouped.show(number),
        1..=MOST_DECIMALS => Digits::Fixed(decimals).show(number),
        _ => Digits::Scientific(1).show(number),
    }
}

/// The smallest axis with round ends that holds all numbers, with some air; wider where they are one.
pub fn around(numbers: impl Iterator<Item = f64>, steps: Steps) -> Option<(f64, f64)> {
    let usable = numbers.filter(|n| n.is_finite() && (steps != Steps::Multiply || *n > 0.0));
    let (low, high) =
        usable.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), n| (low.min(n), high.max(n)));
    if low > high {
        return None;
    }
    Some(match steps {
        Steps::Add | Steps::Powers => {
            let span = if high > low { high - low } else { low.abs().max(1.0) };
            let (step, _) = round_step(span / 5.0);
            let (from, to) = (low - 0.03 * span, high + 0.03 * span);
            let end = (to / step).ceil() * step;
            // No probability is above one.
            ((from / step).floor() * step, if steps == Steps::Powers { end.min(0.0) } else { end })
        }
        Steps::Multiply => {
            let air = libm::pow(high / low, 0.04).max(1.05);
            (low / air, high * air)
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scale(steps: Steps, ends: (f64, f64)) -> Scale {
        Scale { steps, ends, places: (100.0, 500.0) }
    }

    fn shown(scale: Scale, wanted: usize) -> Vec<String> {
        scale.ticks(wanted).into_iter().map(|(_, shown)| shown).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(shown(scale(Steps::Add, (0.0, 1.0)), 5), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(shown(scale(Steps::Add, (-0.2, 0.3)), 5), ["-0.2", "-0.1", "0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(shown(scale(Steps::Add, (0.0, 12_000.0)), 4), ["0", "5,000", "10,000"]);
        assert_eq!(shown(scale(Steps::Multiply, (0.9, 120.0)), 5), ["1", "2", "5", "10", "20", "50", "100"]);
        assert_eq!(shown(scale(Steps::Multiply, (1e-9, 1.0)), 5), ["1e-8", "1e-6", "0.0001", "0.01", "1"]);
        assert_eq!(shown(scale(Steps::Multiply, (20.0, 30.0)), 5), ["20", "22", "24", "26", "28", "30"]);
    }

    #[test]
    fn ends_are_round_and_hold_everything() {
        assert_eq!(around([1.2, 8.9].into_iter(), Steps::Add), Some((0.0, 10.0)));
        assert_eq!(around([0.5].into_iter(), Steps::Add), Some((0.4, 0.600_000_000_000_000_1)));
        assert_eq!(around([-1.0, f64::NAN].into_iter(), Steps::Multiply), None);
    }

    proptest! {
        #[test]
        fn a_place_tells_its_number(low in -1e6_f64..1e6, span in 1e-3_f64..1e6, share in 0.0_f64..1.0) {
            let add = scale(Steps::Add, (low, low + span));
            let number = low + share * span;
            prop_assert!((add.number(add.at(number)) - number).abs() <= 1e-9 * (span + low.abs()));
            let multiply = scale(Steps::Multiply, (1e-9 * (1.0 + span), 1.0 + span));
            let number = multiply.number(100.0 + 400.0 * share);
            prop_assert!((multiply.at(number) - (100.0 + 400.0 * share)).abs() < 1e-6);
        }

        #[test]
        fn ticks_lie_on_the_axis(low in -1e6_f64..1e6, span in 1e-3_f64..1e6, wanted in 2_usize..9) {
            let ticks = scale(Steps::Add, (low, low + span)).ticks(wanted);
            prop_assert!(!ticks.is_empty() && ticks.len() <= 2 * wanted + 2, "{}", ticks.len());
            prop_assert!(ticks.iter().all(|(number, _)| (low..=low + span).contains(number)));
        }
    }
}
