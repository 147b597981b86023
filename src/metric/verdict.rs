//! What a comparison comes to, in words; of two parts of a run and of two runs alike. That nothing was found is never said
//! as if there were nothing: the interval and what could have been seen stand beside it.

use libm::{ceil, log2};

use super::{
    reach::{POWER, Reach, reach},
    words,
};
use crate::{
    record::{Better, Measure},
    stats::{Hypothesis, Test, power::Goal},
    value::Level,
};

/// What a comparison comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// More is there than in the baseline, in the good direction.
    Better,
    /// In the bad direction.
    Worse,
    /// The same, by less than the margin.
    BetterWithinMargin,
    /// Likewise.
    WorseWithinMargin,
    /// Higher than the baseline, where no direction is good.
    Higher,
    /// Lower than the baseline, where no direction is good.
    Lower,
    /// The difference is less than the margin.
    Equivalent,
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

/// Two numbers of the same items, and all that decides between them.
#[derive(Clone, Copy, Debug)]
pub struct Contest<'a> {
    /// What is compared, such as `few-shot`.
    pub own: &'a str,
    /// What it is compared with.
    pub from: &'a str,
    /// The difference or the ratio, with its test.
    pub measure: &'a Measure,
    /// How it is made.
    pub scale: Held,
    /// How often a verdict may be wrong.
    pub alpha: f64,
    /// By whom the p values were corrected, such as `Holm`.
    pub correction: &'a str,
    /// What differs between the two, where only that decides.
    pub differing: Option<Differing>,
    /// Whether the difference is less than a margin, where one was given.
    pub within: Option<Within>,
    /// What so many items could have shown, where that is known.
    pub reach: Option<Reach>,
}

/// How two numbers are held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// One less the other: 0 where they agree.
    Difference,
    /// One over the other: 1 where they agree.
    Ratio,
}

/// The items on which two differ, where a test counts these alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Differing {
    /// How many there are.
    pub found: u64,
    /// How many it takes, all on one side, for the p to decide.
    pub needed: u64,
    /// Whether groups of items are counted that hang together.
    pub clustered: bool,
}

/// A test that a difference is less than a margin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Within {
    /// The margin.
    pub margin: f64,
    /// Its p, corrected.
    pub p: f64,
}

/// What a measure that is a difference comes to; `None` for others.
pub fn verdict(measure: &Measure) -> Option<Verdict> {
    let from = measure.difference_from.as_deref()?;
    let level = measure.estimate.interval.map_or(Level::DEFAULT, |interval| interval.level);
    let alpha = 1.0 - level.get();
    let differing = match measure.test.map(|test| test.hypothesis) {
        // With all of them on one side p is 2 to the power of minus their number.
        Some(Hypothesis::McnemarMidP { only_first, only_second }) => Some(Differing {
            found: only_first + only_second,
            needed: ceil(-log2(alpha)) as u64,
            clustered: false,
        }),
        _ => None,
    };
    let reach = match (measure.estimate.value, measure.test) {
        (Ok(difference), Some(test)) => {
            let family = test.adjusted.map_or(1, |adjusted| adjusted.family_size);
            let goal = Goal { alpha: alpha / family as f64, power: POWER };
            reach(&measure.estimate, difference, &test, goal)
        }
        _ => None,
    };
    let own = measure.group.as_deref().unwrap_or("the rest");
    let contest = Contest {
        own,
        from,
        measure,
        scale: Held::Difference,
        alpha,
        correction: "Holm",
        differing,
        within: None,
        reach,
    };
    Some(contest.verdict())
}

impl Contest<'_> {
    /// The first rule that fits: not comparable, cannot decide, better, equivalent, not decided.
    pub fn verdict(&self) -> Verdict {
        let Self { own, from, measure, .. } = self;
        let metric = measure.compared();
        let estimate = &measure.estimate;
        let (Ok(difference), Some(test)) = (estimate.value, measure.test) else {
            let why = estimate.value.err().or(estimate.interval.err());
            let why = why.map_or_else(String::new, |why| format!(": {why}"));
            return incomparable(own, from, metric, &why);
        };
        let found = format!("{}; {}", words::number(measure), self.tested(&test));
        let says = |decision, words| Verdict { decision, words };
        let is_found = test.deciding_p() <= self.alpha;
        if let Some(few) = self.differing.filter(|few| few.found < few.needed && !is_found) {
            let words = format!("cannot decide between {own} and {from} in {metric}: {few}; {found}");
            return says(Decision::CannotDecide, words);
        }
        let within = self.within.filter(|within| within.p <= self.alpha);
        match (is_found, within) {
            (true, within) => {
                let (decision, word) = self.direction(difference, within.is_some());
                let margin = within.map_or_else(String::new, |within| format!(", {}", self.margin(within)));
                says(decision, format!("{own} is {word} than {from} in {metric}{margin}: {found}"))
            }
            (false, Some(within)) => {
                let margin = self.margin(within);
                says(
                    Decision::Equivalent,
                    format!("{own} and {from} are equivalent in {metric}, {margin}: {found}"),
                )
            }
            (false, None) => {
                let unseen = self.unseen(&test);
                let words = format!("not decided between {own} and {from} in {metric}: {found}{unseen}");
                says(Decision::NotDecided, words)
            }
        }
    }

    fn direction(&self, difference: f64, within: bool) -> (Decision, &'static str) {
        let higher = difference > self.scale.agreed();
        match (self.measure.better, higher, within) {
            (Some(Better::Higher), true, false) | (Some(Better::Lower), false, false) => {
                (Decision::Better, "better")
            }
            (Some(Better::Higher), true, true) | (Some(Better::Lower), false, true) => {
                (Decision::BetterWithinMargin, "better")
            }
            (Some(_), _, false) => (Decision::Worse, "worse"),
            (Some(_), _, true) => (Decision::WorseWithinMargin, "worse"),
            (None, true, _) => (Decision::Higher, "higher"),
            (None, false, _) => (Decision::Lower, "lower"),
        }
    }

    /// Such as `by less than ±0.02 (p = 0.0031)`.
    fn margin(&self, Within { margin, p }: Within) -> String {
        let bound = match self.scale {
            Held::Difference => format!("±{margin}"),
            Held::Ratio => format!("a factor of {}", 1.0 + margin),
        };
        format!("by less than {bound} ({})", words::p_is(p))
    }

    /// What so many items could not have shown, and how many would.
    fn unseen(&self, test: &Test) -> String {
        let estimate = &self.measure.estimate;
        let Some(reach) = self.reach else { return String::new() };
        let family = test.adjusted.map_or(1, |adjusted| adjusted.family_size);
        let among = if family > 1 { format!(" among {family} tests") } else { String::new() };
        let percent = 100.0 * POWER;
        let mut words = match (reach.detectable, self.scale) {
            (Some(least), Held::Difference) => {
                let least = words::show(least, words::decimals(self.measure));
                format!("; differences below {least} could not have been seen ({percent}% power{among})")
            }
            (Some(least), Held::Ratio) => {
                let decimals = words::decimals(self.measure);
                let [low, high] = [1.0 / least, least].map(|end| words::show(end, decimals));
                format!(
                    "; ratios between {low} and {high} could not have been told from 1 ({percent}% power{among})"
                )
            }
            (None, _) => format!("; no difference could have been seen ({percent}% power{among})"),
        };
        if let Some(items) = reach.items {
            words += &format!("; about {items} items would decide a difference of this size");
        }
        let agreed = self.scale.agreed();
        let apart = estimate.interval.is_ok_and(|interval| interval.low > agreed || interval.high < agreed);
        if family > 1 && apart {
            words +=
                &format!("; the interval is of this comparison alone, the decision allows for all {family}");
        }
        words
    }

    /// Such as `p = 0.0372 (McNemar mid-p; 0.112 by Holm among 3)`.
    fn tested(&self, test: &Test) -> String {
        let name = words::test(test.hypothesis);
        let adjusted = match test.adjusted {
            Some(adjusted) if adjusted.family_size > 1 => {
                format!("; {} by {} among {}", words::p(adjusted.p), self.correction, adjusted.family_size)
            }
            _ => String::new(),
        };
        format!("{} ({name}{adjusted})", words::p_is(test.p))
    }
}

/// That two cannot be compared; `why` begins with what sets it off.
pub fn incomparable(own: &str, from: &str, metric: &str, why: &str) -> Verdict {
    let words = format!("{own} and {from} cannot be compared in {metric}{why}");
    Verdict { decision: Decision::NotComparable, words }
}

impl Held {
    /// What the number is where both agree.
    pub fn agreed(self) -> f64 {
        match self {
            Self::Difference => 0.0,
            Self::Ratio => 1.0,
        }
    }
}

impl std::fmt::Display for Differing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (one, many) =
            if self.clustered { ("group of items", "groups of items") } else { ("item", "items") };
        match self.found {
            0 => write!(f, "no {one} differs")?,
            1 => write!(f, "only 1 {one} differs")?,
            found => write!(f, "only {found} {many} differ")?,
        }
        write!(f, ", at least {} must", self.needed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        record::Unit,
        stats::{
            Adjusted, Clusters, Estimate, Undefined,
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
