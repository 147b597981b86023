//! Numbers in words: how a number, its interval and its distance from chance are said, in one place.

use crate::{
    record::{Measure, Unit},
    stats::{Estimate, Interval, Method, proportion},
};

/// Numbers without an interval show so many significant digits.
const DIGITS_ALONE: i32 = 4;

/// Such as `0.80 [0.49, 0.94], 8 of 10 (Wilson 95%)`.
pub fn number(measure: &Measure) -> String {
    number_to(measure, decimals(measure))
}

/// The same with so many decimals.
pub(super) fn number_to(measure: &Measure, decimals: usize) -> String {
    let estimate = &measure.estimate;
    let value = match estimate.value {
        Ok(value) => show(value, decimals),
        Err(why) => return format!("undefined: {why}"),
    };
    let items = items(estimate);
    match estimate.interval {
        Ok(interval) => {
            let Interval { low, high, .. } = interval;
            let (low, high) = (show(low, decimals), show(high, decimals));
            format!("{value} [{low}, {high}], {items} ({})", made(interval))
        }
        Err(why) => format!("{value}, {items} (no interval: {why})"),
    }
}

/// How an interval was made, such as `Wilson 95%`.
pub fn made(interval: Interval) -> String {
    let percent = (interval.level.get() * 1e8).round() / 1e6;
    format!("{} {percent}%", method(interval.method))
}

/// The name of a method.
pub fn method(method: Method) -> &'static str {
    match method {
        Method::Wilson => "Wilson",
        Method::WilsonClustered => "Wilson, clustered",
        Method::ClopperPearson => "Clopper-Pearson",
        Method::ClopperPearsonClustered => "Clopper-Pearson, clustered",
        Method::T => "t",
        Method::TClustered => "t, clustered",
        Method::JackknifeT => "jackknife t",
        Method::WelchJackknifeT => "jackknife t, Welch",
        Method::BootstrapPercentile => "bootstrap percentiles",
        Method::BootstrapBca => "bootstrap BCa",
        Method::OrderStatistics => "order statistics",
        Method::OrderStatisticsClustered => "order statistics, clustered",
    }
}

/// Where a number stands to what guessing gives, such as `above chance (0.25): p = .0004, exact binomial`. The interval
/// decides the words; the p is that of so many right answers or more by guessing, where items are independent.
pub fn against_chance(measure: &Measure) -> Option<String> {
    let (chance, estimate) = (measure.chance?, &measure.estimate);
    let interval = estimate.interval.ok()?;
    let verdict = if interval.low > chance {
        "above chance"
    } else if interval.high < chance {
        "below chance"
    } else {
        "not told from chance"
    };
    let chance_shown = (chance * 1e4).round() / 1e4;
    let by_guessing = match (estimate.successes, estimate.clusters, measure.unit) {
        (Some(successes), None, Unit::Proportion) if interval.high >= chance => {
            // A tie does not count as one more that is right.
            #[expect(clippy::cast_sign_loss, reason = "successes are not negative")]
            let p = proportion::p_at_least(successes.floor() as u64, estimate.n as u64, chance);
            format!(": p {}, exact binomial", p_value(p))
        }
        _ => String::new(),
    };
    Some(format!("{verdict} ({chance_shown}){by_guessing}"))
}

/// A p-value with its sign, such as `= .0004` or `< .0001`.
pub fn p_value(p: f64) -> String {
    match p {
        ..0.0001 => "< .0001".into(),
        0.0001..0.001 => format!("= {}", &format!("{p:.4}")[1..]),
        0.001..0.9995 => format!("= {}", &format!("{p:.3}")[1..]),
        _ => "= 1".into(),
    }
}

/// Enough decimals for two significant digits of the interval's half-width.
pub(super) fn decimals(measure: &Measure) -> usize {
    let half = measure.estimate.interval.map_or(0.0, |interval| 0.5 * (interval.high - interval.low));
    let wanted = match (measure.estimate.value, half > 0.0) {
        (_, true) => 1 - exponent(half),
        (Ok(value), false) if value != 0.0 => DIGITS_ALONE - 1 - exponent(value),
        _ => DIGITS_ALONE - 1,
    };
    usize::try_from(wanted).unwrap_or(0)
}

/// The power of ten of the leading digit.
fn exponent(number: f64) -> i32 {
    libm::floor(libm::log10(number.abs())) as i32
}

/// A number with so many decimals, or as a power of ten where it would be long.
pub(super) fn show(number: f64, decimals: usize) -> String {
    if number.abs() >= 1e7 || decimals > 9 { format!("{number:.3e}") } else { format!("{number:.decimals$}") }
}

/// Such as `8 of 10`, `8.5 of 10 in 4 clusters`, `n = 30`.
fn items(estimate: &Estimate) -> String {
    let items = match estimate.successes {
        Some(successes) => format!("{successes} of {}", estimate.n),
        None => format!("n = {}", estimate.n),
    };
    match estimate.clusters {
        Some(1) => format!("{items} in one cluster"),
        Some(clusters) => format!("{items} in {clusters} clusters"),
        None => items,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        stats::{Clusters, influence::Scale, mean, proportion::Ends},
        value::Level,
    };

    fn measure(unit: Unit, chance: Option<f64>, estimate: Estimate) -> Measure {
        Measure { metric: "m".into(), group: None, unit, better: None, chance, headline: true, estimate }
    }

    fn share(values: &[f64], clusters: &Clusters, chance: f64) -> Measure {
        let estimate = proportion::estimate(values, clusters, Level::DEFAULT, Ends::Wilson);
        measure(Unit::Proportion, Some(chance), estimate)
    }

    const EIGHT_OF_TEN: [f64; 10] = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0];

    #[test]
    fn a_number_is_one_sentence() {
        let apart = Clusters::apart(10);
        assert_eq!(number(&share(&EIGHT_OF_TEN, &apart, 0.5)), "0.80 [0.49, 0.94], 8 of 10 (Wilson 95%)");
        let together = Clusters::by([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
        assert_eq!(
            number(&share(&EIGHT_OF_TEN, &together, 0.5)),
            "0.80 [0.22, 0.98], 8 of 10 in 5 clusters (Wilson, clustered 95%)"
        );
        assert_eq!(number(&share(&[], &Clusters::apart(0), 0.5)), "undefined: no items");
        let one = mean::estimate(&[24.123_456], &Clusters::apart(1), Level::DEFAULT, Scale::Plain);
        assert_eq!(
            number(&measure(Unit::Nats, None, one)),
            "24.12, n = 1 (no interval: one item: its spread is not known)"
        );
        let wide = mean::estimate(&[3e8, 5e8, 4e8], &Clusters::apart(3), Level::DEFAULT, Scale::Plain);
        assert_eq!(number(&measure(Unit::Count, None, wide)), "4.000e8 [1.516e8, 6.484e8], n = 3 (t 95%)");
    }

    #[test]
    fn chance_is_told_from_by_the_interval() {
        let apart = Clusters::apart(10);
        let words = |chance| against_chance(&share(&EIGHT_OF_TEN, &apart, chance));
        // scipy.stats.binomtest(8, 10, p, "greater")
        assert_eq!(words(0.25).as_deref(), Some("above chance (0.25): p = .0004, exact binomial"));
        assert_eq!(words(0.5).as_deref(), Some("not told from chance (0.5): p = .055, exact binomial"));
        assert_eq!(words(0.99).as_deref(), Some("below chance (0.99)"));
        let together = share(&EIGHT_OF_TEN, &Clusters::by([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]), 0.1);
        assert_eq!(against_chance(&together).as_deref(), Some("above chance (0.1)"));
    }

    #[test]
    fn a_p_value_is_never_zero() {
        let shown = [0.0, 0.000_4, 0.054_687_5, 0.999, 1.0].map(p_value);
        assert_eq!(shown, ["< .0001", "= .0004", "= .055", "= .999", "= 1"]);
    }
}
