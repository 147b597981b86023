//! What a comparison comes to, in words. That nothing was found is never said as if there were nothing: the interval and
//! what could have been seen stand beside it.

use libm::{log2, sqrt};

use super::words;
use crate::{
    record::{Better, Measure},
    stats::{
        Estimate, Hypothesis, Test,
        power::{self, Goal, PlannedPairs},
    },
    value::Level,
};

/// The chance to find a difference that is there, by which what could have been seen is judged.
const POWER: f64 = 0.8;

/// What a comparison comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// More is there than in the baseline, in the good direction.
    Better,
    /// In the bad direction.
    Worse,
    /// Higher than the baseline, where no direction is good.
    Higher,
    /// Lower than the baseline, where no direction is good.
    Lower,
    /// Either may be.
    NotDecided,
    /// Too few items differ for any outcome to decide.
    CannotDecide,
    /// No test could be made.
    NotComparable,
}

/// A decision in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What it comes to.
    pub decision: Decision,
    /// The same as a sentence, with the numbers that it rests on.
    pub words: String,
}

/// What a measure that is a difference comes to; `None` for others.
pub fn verdict(measure: &Measure) -> Option<Verdict> {
    let compared = Compared {
        measure,
        own: measure.group.as_deref().unwrap_or("the rest"),
        from: measure.difference_from.as_deref()?,
    };
    Some(compared.verdict())
}

struct Compared<'a> {
    measure: &'a Measure,
    own: &'a str,
    from: &'a str,
}

impl Compared<'_> {
    fn verdict(&self) -> Verdict {
        let Self { measure, own, from } = self;
        let metric = measure.compared();
        let estimate = &measure.estimate;
        let (Ok(difference), Some(test)) = (estimate.value, measure.test) else {
            let why = estimate.value.err().or(estimate.interval.err());
            let why = why.map_or_else(String::new, |why| format!(": {why}"));
            let words = format!("{own} and {from} cannot be compared in {metric}{why}");
            return Verdict { decision: Decision::NotComparable, words };
        };
        let level = estimate.interval.map_or(Level::DEFAULT, |interval| interval.level);
        let alpha = 1.0 - level.get();
        let found = format!("{}; {}", words::number(measure), tested(&test));
        if let Hypothesis::McnemarMidP { only_first, only_second } = test.hypothesis {
            // With all of them on one side p is 2 to the power of minus their number.
            let (differ, needed) = (only_first + only_second, -log2(alpha));
            if (differ as f64) < needed {
                let differ = match differ {
                    0 => "no item differs".to_owned(),
                    1 => "only 1 item differs".to_owned(),
                    _ => format!("only {differ} items differ"),
                };
                let words = format!(
                    "cannot decide between {own} and {from} in {metric}: {differ}, at least {:.0} must; {found}",
                    needed.ceil()
                );
                return Verdict { decision: Decision::CannotDecide, words };
            }
        }
        if test.deciding_p() > alpha {
            let unseen = self.unseen(difference, &test, alpha);
            let words = format!("not decided between {own} and {from} in {metric}: {found}{unseen}");
            return Verdict { decision: Decision::NotDecided, words };
        }
        let (decision, word) = match (measure.better, difference > 0.0) {
            (Some(Better::Higher), true) | (Some(Better::Lower), false) => (Decision::Better, "better"),
            (Some(Better::Higher), false) | (Some(Better::Lower), true) => (Decision::Worse, "worse"),
            (None, true) => (Decision::Higher, "higher"),
            (None, false) => (Decision::Lower, "lower"),
        };
        Verdict { decision, words: format!("{own} is {word} than {from} in {metric}: {found}") }
    }

    /// What so many items could not have shown, and how many would.
    fn unseen(&self, difference: f64, test: &Test, alpha: f64) -> String {
        let estimate = &self.measure.estimate;
        let family = test.adjusted.map_or(1, |adjusted| adjusted.family_size);
        let goal = Goal { alpha: alpha / family as f64, power: POWER };
        let (detectable, items) = reach(estimate, difference, test, goal);
        let among = if family > 1 { format!(" among {family} tests") } else { String::new() };
        let percent = 100.0 * POWER;
        let mut words = match detectable {
            Some(least) => {
                let least = words::show(least, words::decimals(self.measure));
                format!("; differences below {least} could not have been seen ({percent}% power{among})")
            }
            None => format!("; no difference could have been seen ({percent}% power{among})"),
        };
        if let Some(items) = items {
            words += &format!("; about {items} items would decide a difference of this size");
        }
        let apart = estimate.interval.is_ok_and(|interval| interval.low > 0.0 || interval.high < 0.0);
        if family > 1 && apart {
            words +=
                &format!("; the interval is of this comparison alone, the decision allows for all {family}");
        }
        words
    }
}

/// The smallest difference that these items show, and how many would show the difference that they have.
fn reach(estimate: &Estimate, difference: f64, test: &Test, goal: Goal) -> (Option<f64>, Option<u64>) {
    if let Hypothesis::McnemarMidP { only_first, only_second } = test.hypothesis {
        let (items, differ) = (estimate.n as u64, only_first + only_second);
        let seen = PlannedPairs::new(differ as f64 / items as f64, difference).ok();
        let discordant = power::discordant_share(differ, items).ok();
        return (
            discordant.and_then(|share| PlannedPairs::detectable(items, share, goal)),
            seen.and_then(|planned| planned.items(goal)),
        );
    }
    // What counts as one observation is a cluster, where there are some.
    let units = estimate.clusters.unwrap_or(estimate.n) as f64;
    let Some(deviation) = estimate.std_error.map(|error| error * sqrt(units)) else { return (None, None) };
    let wanted = power::paired_t_items(difference / deviation, goal);
    let wanted = wanted.map(|wanted| (wanted * estimate.n as f64 / units).ceil() as u64);
    (Some(power::detectable_effect(units, goal) * deviation), wanted)
}

/// Such as `p = 0.0372 (McNemar mid-p; 0.112 by Holm among 3)`.
fn tested(test: &Test) -> String {
    let name = words::test(test.hypothesis);
    let adjusted = match test.adjusted {
        Some(adjusted) if adjusted.family_size > 1 => {
            format!("; {} by Holm among {}", words::p(adjusted.p), adjusted.family_size)
        }
        _ => String::new(),
    };
    format!("p = {} ({name}{adjusted})", words::p(test.p))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        record::Unit,
        stats::{
            Adjusted, Clusters, Undefined,
            paired::{McNemar, MeanDifference, Pairs},
        },
    };

    fn compared(estimate: Estimate, test: Option<Test>, better: Option<Better>) -> Verdict {
        let measure = Measure {
            metric: "accuracy_minus_zero-shot".into(),
            group: Some("few-shot".into()),
            unit: Unit::Difference,
            better,
            chance: None,
            headline: true,
            estimate,
            difference_from: Some("zero-shot".into()),
            test,
        };
        verdict(&measure).unwrap()
    }

    fn counted(both: u64, only_first: u64, only_second: u64, neither: u64, family_size: usize) -> Verdict {
        let pairs = Pairs { both, only_first, only_second, neither };
        let mut test =
            Test::new(Hypothesis::McnemarMidP { only_first, only_second }, pairs.mcnemar(McNemar::MidP));
        test.adjusted = Some(Adjusted { p: (test.p * family_size as f64).min(1.0), family_size });
        compared(pairs.estimate(Level::DEFAULT), Some(test), Some(Better::Higher))
    }

    #[track_caller]
    fn says(verdict: &Verdict, decision: Decision, words: &str) {
        assert_eq!((verdict.decision, verdict.words.as_str()), (decision, words));
    }

    // Numbers by scipy.stats.binom, the power by enumeration with it.
    #[test]
    fn what_is_found_is_said_with_its_numbers() {
        says(
            &counted(60, 25, 5, 10, 1),
            Decision::Better,
            "few-shot is better than zero-shot in accuracy: 0.20 [0.10, 0.30], n = 100 (Newcombe, paired 95%); \
             p = 0.000192 (McNemar mid-p)",
        );
        assert_eq!(counted(60, 5, 25, 10, 1).decision, Decision::Worse);
    }

    #[test]
    fn what_is_not_found_is_said_with_what_could_have_been() {
        says(
            &counted(82, 16, 7, 15, 1),
            Decision::NotDecided,
            "not decided between few-shot and zero-shot in accuracy: 0.075 [-0.004, 0.155], n = 120 (Newcombe, \
             paired 95%); p = 0.0639 (McNemar mid-p); differences below 0.109 could not have been seen (80% power); \
             about 259 items would decide a difference of this size",
        );
        let among = counted(60, 19, 7, 14, 4);
        assert_eq!(among.decision, Decision::NotDecided);
        assert!(among.words.contains("by Holm among 4)"), "{}", among.words);
        assert!(among.words.contains("(80% power among 4 tests)"), "{}", among.words);
        assert!(among.words.ends_with("the decision allows for all 4"), "{}", among.words);
    }

    #[test]
    fn too_few_that_differ_decide_nothing() {
        let words = counted(10, 3, 1, 2, 1).words;
        assert!(
            words.starts_with(
                "cannot decide between few-shot and zero-shot in accuracy: only 4 items differ, at least 5 must; 0.1"
            ),
            "{words}"
        );
        assert_eq!(counted(10, 0, 0, 2, 1).decision, Decision::CannotDecide);
        assert_eq!(counted(50, 5, 0, 5, 1).decision, Decision::Better);
    }

    #[test]
    fn means_and_directions() {
        let mean = |shift: f64| {
            let values: Vec<f64> = (0..12).map(|item| f64::from(item % 4) + shift).collect();
            MeanDifference::new(&values, &Clusters::apart(12))
        };
        let of = |shift: f64, better| {
            let mean = mean(shift);
            compared(
                mean.estimate(Level::DEFAULT),
                Some(Test::new(Hypothesis::PairedT, mean.p().unwrap())),
                better,
            )
        };
        assert_eq!(of(0.0, Some(Better::Lower)).decision, Decision::Worse);
        assert_eq!((of(0.0, None).decision, of(-4.0, None).decision), (Decision::Higher, Decision::Lower));
        let open = of(-1.2, None);
        assert_eq!(open.decision, Decision::NotDecided);
        assert!(open.words.contains("differences below 1.04 could not have been seen"), "{}", open.words);
        let none = Estimate::undefined(Undefined::NoPairs, &Clusters::apart(0));
        says(
            &compared(none, None, None),
            Decision::NotComparable,
            "few-shot and zero-shot cannot be compared in accuracy: no item has a value on both sides",
        );
    }
}
