//! How many digits a number is shown with: as many as its interval supports. Files hold every digit; this is for people.

use crate::{
    record::{Measure, Unit},
    stats::Estimate,
};

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// That many decimals.
    Fixed(usize),
    /// That many decimals, and a plus before what is above zero.
    Signed(usize),
    /// That many decimals and a power of ten.
    Scientific(usize),
    /// A share in percent with two decimals; what would round to none or all without being it is `<0.01%` or `>99.99%`.
    Percent,
    /// A whole number in groups of three.
    Grouped,
}

/// More decimals than this are a power of ten.
const MOST_DECIMALS: i32 = 8;

/// Larger numbers than this are shown with a power of ten.
const LARGEST: f64 = 1e7;

impl Digits {
    /// For an estimate and its ends: two significant digits of the interval's half-width, at least three decimals for a
    /// share or a difference of shares of fewer than 10,000 items; on a scale of ratios two significant digits of the lower end as well. A number
    /// without an interval gets four significant digits, a share three decimals.
    pub fn of(measure: &Measure) -> Self {
        Self::of_estimate(&measure.estimate, measure.unit)
    }

    /// Likewise for an estimate of such a unit.
    pub fn of_estimate(estimate: &Estimate, unit: Unit) -> Self {
        let Estimate { value: Ok(value), interval, n, .. } = estimate else { return Self::Fixed(3) };
        let largest =
            interval.as_ref().map_or(value.abs(), |i| i.high.abs().max(i.low.abs()).max(value.abs()));
        let half = match interval {
            Ok(interval) if interval.high > interval.low => (interval.high - interval.low) / 2.0,
            Ok(_) | Err(_) if unit == Unit::Proportion => 0.05,
            Ok(_) | Err(_) => value.abs() / 100.0,
        };
        if half == 0.0 || (value.fract() == 0.0 && unit == Unit::Count && interval.is_err()) {
            return Self::Fixed(0);
        }
        let mut decimals = decimals_for(half);
        match (unit, interval) {
            (Unit::Proportion | Unit::Difference, _) if *n < 10_000 => decimals = decimals.max(3),
            (Unit::Perplexity | Unit::Ratio, Ok(interval)) if interval.low > 0.0 => {
                decimals = decimals.max(decimals_for(interval.low).min(decimals + 3));
            }
            _ => {}
        }
        if decimals > MOST_DECIMALS || largest >= LARGEST {
            let digits = exponent(largest) - exponent(half) + 1;
            return Self::Scientific(digits.clamp(1, MOST_DECIMALS).unsigned_abs() as usize);
        }
        Self::Fixed(decimals.max(0).unsigned_abs() as usize)
    }

    /// The same with a plus before what is above zero, for differences.
    #[must_use]
    pub fn signed(self) -> Self {
        if let Self::Fixed(decimals) = self { Self::Signed(decimals) } else { self }
    }

    /// The number in words.
    pub fn show(self, number: f64) -> String {
        let shown = match self {
            Self::Fixed(decimals) => format!("{number:.decimals$}"),
            Self::Signed(decimals) => {
                let shown = Self::Fixed(decimals).show(number);
                let is_zero = shown.bytes().all(|b| matches!(b, b'0' | b'.'));
                if shown.starts_with('-') || is_zero { shown } else { format!("+{shown}") }
            }
            Self::Scientific(decimals) => format!("{number:.decimals$e}"),
            Self::Percent if number > 0.0 && number < 1e-4 => "<0.01%".into(),
            Self::Percent if (0.999_95..1.0).contains(&number) => ">99.99%".into(),
            Self::Percent => format!("{:.2}%", 100.0 * number),
            Self::Grouped => group(&format!("{number:.0}")),
        };
        match shown.strip_prefix('-') {
            Some(zero) if zero.bytes().all(|b| matches!(b, b'0' | b'.')) => zero.to_owned(),
            _ => shown,
        }
    }
}

/// The nearest whole number; none below zero.
#[expect(clippy::cast_sign_loss, reason = "the cast stops at zero")]
pub(super) fn whole(number: f64) -> usize {
    number.round() as usize
}

/// A whole number in groups of three.
pub fn grouped(number: usize) -> String {
    group(&number.to_string())
}

fn group(number: &str) -> String {
    let digits = number.trim_start_matches('-').len();
    let mut shown = String::with_capacity(number.len() + digits / 3);
    for (at, c) in number.chars().enumerate() {
        let left = number.len() - at;
        if at > number.len() - digits && left.is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(c);
    }
    shown
}

/// Decimals that show two significant digits; negative where even a whole number shows more.
fn decimals_for(number: f64) -> i32 {
    1 - exponent(number)
}

/// The power of ten of the leading digit, after rounding to two of them.
fn exponent(number: f64) -> i32 {
    let shown = format!("{number:.1e}");
    shown.rsplit('e').next().and_then(|e| e.parse().ok()).expect("a finite number has an exponent")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        stats::{Interval, Method, Undefined},
        value::Level,
    };

    fn shown(unit: Unit, n: usize, value: f64, ends: Option<(f64, f64)>) -> String {
        let interval = ends.ok_or(Undefined::OneItem).map(|(low, high)| Interval {
            low,
            high,
            level: Level::DEFAULT,
            method: Method::T,
        });
        let estimate =
            Estimate { value: Ok(value), interval, std_error: None, n, clusters: None, successes: None };
        let measure = Measure {
            metric: "m".into(),
            group: None,
            unit,
            better: None,
            chance: None,
            headline: true,
            estimate,
            difference_from: None,
            test: None,
        };
        let digits = Digits::of(&measure);
        match ends {
            Some((low, high)) => {
                format!("{} [{}, {}]", digits.show(value), digits.show(low), digits.show(high))
            }
            None => digits.show(value),
        }
    }

    #[test]
    fn digits_follow_the_interval() {
        let share = |n, value, ends| shown(Unit::Proportion, n, value, Some(ends));
        assert_eq!(share(120, 0.741_666, (0.656_9, 0.811_9)), "0.742 [0.657, 0.812]");
        assert_eq!(share(5, 0.8, (0.375_5, 0.963_8)), "0.800 [0.376, 0.964]");
        assert_eq!(share(20_000, 0.741_666, (0.735_54, 0.747_68)), "0.7417 [0.7355, 0.7477]");
        let perplexity = |value, ends| shown(Unit::Perplexity, 30, value, Some(ends));
        assert_eq!(perplexity(24.12, (21.87, 26.55)), "24.1 [21.9, 26.6]");
        assert_eq!(perplexity(812.3, (610.0, 1080.9)), "812 [610, 1081]");
        assert_eq!(perplexity(1.234e9, (1.1e9, 1.4e9)), "1.23e9 [1.10e9, 1.40e9]");
        assert_eq!(shown(Unit::Ratio, 9, 3.1, Some((0.24, 40.0))), "3.10 [0.24, 40.00]");
        assert_eq!(shown(Unit::Nats, 9, -0.000_01, Some((-0.2, 0.2))), "0.00 [-0.20, 0.20]");
        assert_eq!(shown(Unit::Nats, 9, 0.0099, Some((0.0, 0.0199))), "0.010 [0.000, 0.020]");
    }

    #[test]
    fn without_an_interval_a_number_is_still_short() {
        assert_eq!(shown(Unit::Proportion, 1, 1.0, None), "1.000");
        assert_eq!(shown(Unit::Perplexity, 1, 24.123_456, None), "24.12");
        assert_eq!(shown(Unit::Count, 1, 50_257.0, None), "50257");
        assert_eq!(shown(Unit::Nats, 1, 0.0, None), "0");
        assert_eq!(shown(Unit::Nats, 1, 1e-12, None), "1.000e-12");
    }

    #[test]
    fn a_difference_has_its_sign() {
        let shown =
            [0.0749, -0.0041, 0.0004, 0.0, -0.0004].map(|number| Digits::Fixed(3).signed().show(number));
        assert_eq!(shown, ["+0.075", "-0.004", "0.000", "0.000", "0.000"]);
    }

    #[test]
    fn counts_and_percents_read_well() {
        let counts = [(0, "0"), (999, "999"), (1_060, "1,060"), (1_234_567, "1,234,567")];
        for (count, shown) in counts {
            assert_eq!(grouped(count), shown);
        }
        assert_eq!(Digits::Grouped.show(-1_234.0), "-1,234");
        assert_eq!(Digits::Grouped.show(-123.0), "-123");
        assert_eq!(
            [0.327_1, 1e-6, 0.0, 0.999_96, 1.0].map(|p| Digits::Percent.show(p)),
            ["32.71%", "<0.01%", "0.00%", ">99.99%", "100.00%"]
        );
    }
}
