//! Numbers in words: how a number and its interval are said, in one place.

use crate::{
    record::{Measure, Unit},
    stats::{Estimate, Hypothesis, Interval, Method},
};

/// Numbers without an interval show so many significant digits.
const DIGITS_ALONE: i32 = 4;

/// [`number_to`] as many decimals as the interval supports.
pub fn number(measure: &Measure) -> String {
    number_to(measure, decimals(measure))
}

/// Such as `0.80 [0.49, 0.94], 8 of 10 (Wilson 95%)`, with so many decimals.
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
        Method::NewcombePaired => "Newcombe, paired",
        Method::Tango => "Tango",
        Method::T => "t",
        Method::TClustered => "t, clustered",
        Method::JackknifeT => "jackknife t",
        Method::WelchJackknifeT => "jackknife t, Welch",
        Method::BootstrapPercentile => "bootstrap percentiles",
        Method::BootstrapBca => "bootstrap BCa",
        Method::CalibrationComposite => "calibration, composite",
        Method::SimulatedCalibration => "simulated calibration",
        Method::Jeffreys => "Jeffreys",
        Method::WilsonFinite => "Wilson, finite",
        Method::NewcombeIndependent => "Newcombe, independent",
        Method::Welch => "t, Welch",
        Method::OrderStatistics => "order statistics",
        Method::OrderStatisticsClustered => "order statistics, clustered",
        Method::ChiSquared => "chi-squared",
    }
}

/// The name of a test.
pub fn test(hypothesis: Hypothesis) -> &'static str {
    match hypothesis {
        Hypothesis::McnemarMidP { .. } => "McNemar mid-p",
        Hypothesis::McnemarExact => "McNemar exact",
        Hypothesis::PairedT => "paired t",
        Hypothesis::PairedTClustered => "paired t, clustered",
        Hypothesis::SignFlip => "sign flips",
        Hypothesis::Swap => "swaps",
        Hypothesis::DeltaT => "delta t",
        Hypothesis::JackknifeT => "jackknife t",
        Hypothesis::SignTest => "exact sign test",
        Hypothesis::BinomialGreater => "exact binomial, one-sided",
    }
}

/// A p with three significant digits, so that one near its limit is not rounded onto it.
pub fn p(p: f64) -> String {
    match p {
        _ if p < 1e-4 => "< 0.0001".into(),
        _ if p >= 0.9995 => "1".into(),
        _ => show(p, usize::try_from(2 - exponent(p)).unwrap_or(3)),
    }
}

/// The same as a statement: `p = 0.0312`, `p < 0.0001`.
pub fn p_is(value: f64) -> String {
    let shown = p(value);
    if shown.starts_with('<') { format!("p {shown}") } else { format!("p = {shown}") }
}

/// Enough decimals for two significant digits of the interval's half-width; on a scale of ratios, of the lower end too.
pub(super) fn decimals(measure: &Measure) -> usize {
    let half = measure.estimate.interval.map_or(0.0, |interval| 0.5 * (interval.high - interval.low));
    let wanted = match (measure.estimate.value, half > 0.0) {
        (_, true) => 1 - exponent(half).min(lower_end(measure).unwrap_or(i32::MAX)),
        (Ok(value), false) if value != 0.0 => DIGITS_ALONE - 1 - exponent(value),
        _ => DIGITS_ALONE - 1,
    };
    usize::try_from(wanted).unwrap_or(0)
}

/// The power of ten of a ratio's lower end, where the interval is much wider than it.
fn lower_end(measure: &Measure) -> Option<i32> {
    let low = measure.estimate.interval.ok()?.low;
    (matches!(measure.unit, Unit::Perplexity | Unit::Ratio) && low > 0.0).then(|| exponent(low))
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
        stats::{
            Clusters,
            influence::Scale,
            mean,
            proportion::{self, Ends},
        },
        value::Level,
    };

    fn measure(unit: Unit, estimate: Estimate) -> Measure {
        Measure {
            metric: "m".into(),
            group: None,
            unit,
            better: None,
            chance: None,
            headline: true,
            estimate,
            difference_from: None,
            test: None,
        }
    }

    fn share(values: &[f64], clusters: &Clusters) -> Measure {
        measure(Unit::Proportion, proportion::estimate(values, clusters, Level::DEFAULT, Ends::Wilson))
    }

    const EIGHT_OF_TEN: [f64; 10] = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0];

    #[test]
    fn a_number_is_one_sentence() {
        let apart = Clusters::apart(10);
        assert_eq!(number(&share(&EIGHT_OF_TEN, &apart)), "0.80 [0.49, 0.94], 8 of 10 (Wilson 95%)");
        let together = Clusters::by([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
        assert_eq!(
            number(&share(&EIGHT_OF_TEN, &together)),
            "0.80 [0.22, 0.98], 8 of 10 in 5 clusters (Wilson, clustered 95%)"
        );
        assert_eq!(number(&share(&[], &Clusters::apart(0))), "undefined: no items");
        let one = mean::estimate(&[24.123_456], &Clusters::apart(1), Level::DEFAULT, Scale::Plain);
        assert_eq!(
            number(&measure(Unit::Nats, one)),
            "24.12, n = 1 (no interval: one item: its spread is not known)"
        );
        let wide = mean::estimate(&[3e8, 5e8, 4e8], &Clusters::apart(3), Level::DEFAULT, Scale::Plain);
        assert_eq!(number(&measure(Unit::Count, wide)), "4.000e8 [1.516e8, 6.484e8], n = 3 (t 95%)");
    }

    #[test]
    fn a_p_keeps_three_digits() {
        let shown = [1.0, 0.5, 0.0496, 4.123e-4, 9e-5, 0.0].map(p);
        assert_eq!(shown, ["1", "0.500", "0.0496", "0.000412", "< 0.0001", "< 0.0001"]);
    }

    #[test]
    fn a_ratio_keeps_two_digits_of_its_lower_end() {
        let interval =
            Interval { low: 6.49, high: 1881.2, level: Level::DEFAULT, method: Method::JackknifeT };
        let estimate = Estimate { value: Ok(110.9), interval: Ok(interval), ..Estimate::exact(110.9, 10) };
        assert_eq!(number(&measure(Unit::Ratio, estimate)), "110.9 [6.5, 1881.2], n = 10 (jackknife t 95%)");
    }
}
