//! A number with its answers: before they allow for each other, and after.

use rayon::prelude::*;

use super::{
    Contrast, Equivalence, Found, Incomparable, Matched, Options, Outcome, Pair, Reach, Subject, Tested,
    contrast::Answer,
    family::Family,
    rank,
    subject::{Own, Task},
    verdict,
};
use crate::{
    metric::{
        self,
        reach::{POWER, reach, reach_of_ratio},
    },
    stats::{Estimate, Test, paired::CochranQ, power::Goal},
};

/// A number with its answers, before they allow for each other.
pub(super) struct Draft<'a> {
    pub(super) task: &'a Task<'a>,
    pub(super) metrics: Vec<Option<Own<'a>>>,
    pub(super) pairs: Vec<([usize; 2], Matched, Result<Answer, Incomparable>)>,
    pub(super) cochran_q: Option<CochranQ>,
}

/// All p values: whether two differ, and whether by less than a margin.
pub(super) struct Families {
    pub(super) differences: Family,
    pub(super) equivalences: Family,
}

/// Where an answer stands in each family.
#[derive(Clone, Copy, Default)]
struct Place {
    difference: Option<usize>,
    equivalence: Option<usize>,
}

impl Families {
    /// Of all answers, in their order.
    pub(super) fn of(drafts: &[Draft<'_>], options: &Options) -> Self {
        let answers =
            || drafts.iter().flat_map(|draft| &draft.pairs).filter_map(|(_, _, answer)| answer.as_ref().ok());
        Self {
            differences: Family::new(answers().filter_map(|answer| Some(answer.test?.p)).collect(), options),
            equivalences: Family::new(
                answers().filter_map(|answer| Some(answer.within?.1)).collect(),
                options,
            ),
        }
    }

    /// Where the answers of each draft stand.
    fn places(drafts: &[Draft<'_>]) -> Vec<Vec<Place>> {
        fn next(place: &mut usize) -> usize {
            *place += 1;
            *place - 1
        }
        let (mut differences, mut equivalences) = (0, 0);
        let mut place = |answer: &Result<Answer, Incomparable>| match answer {
            Ok(answer) => Place {
                difference: answer.test.map(|_| next(&mut differences)),
                equivalence: answer.within.map(|_| next(&mut equivalences)),
            },
            Err(_) => Place::default(),
        };
        drafts.iter().map(|draft| draft.pairs.iter().map(|(_, _, answer)| place(answer)).collect()).collect()
    }
}

/// Corrects all p for each other and says what each comes to.
pub(super) fn finished(drafts: Vec<Draft<'_>>, families: &Families, options: &Options) -> Vec<Subject> {
    let places = Families::places(&drafts);
    let drafts: Vec<_> = drafts.into_iter().zip(places).collect();
    drafts.into_par_iter().map(|(draft, places)| draft.finished(places, families, options)).collect()
}

impl Draft<'_> {
    fn finished(self, places: Vec<Place>, families: &Families, options: &Options) -> Subject {
        let Self { task, metrics, pairs, cochran_q } = self;
        let having: Vec<usize> = (0..metrics.len()).filter(|side| metrics[*side].is_some()).collect();
        let any = metrics.iter().flatten().next().expect("a number is compared because a side has it");
        let mut subject = Subject {
            task: task.name.to_owned(),
            kind: any.kind().to_owned(),
            group: any.metric.part().map(str::to_owned),
            metric: any.metric.name.clone(),
            unit: any.metric.unit,
            better: any.metric.better,
            chance: any.metric.chance,
            headline: metrics.iter().flatten().any(|own| own.metric.headline),
            values: metrics.iter().map(|own| own.map(|own| own.on_all(options.level))).collect(),
            pairs: Vec::new(),
            ranks: Vec::new(),
            cochran_q,
        };
        let pairs = pairs.into_iter().zip(places).map(|((sides, matched, answer), place)| {
            let of_side = |side: usize| Some((metrics[sides[side]]?, subject.values[sides[side]].as_ref()?));
            match (answer, of_side(0), of_side(1)) {
                (Ok(answer), Some(first), Some(second)) => {
                    let values = on_paired([first, second], &matched, &answer, options);
                    let (found, differing) = judged(answer, values, place, families, options);
                    let verdict = verdict::of(&subject, sides, &found, differing, options);
                    Pair { sides, matched, outcome: Outcome::Found(Box::new(found)), verdict }
                }
                (Ok(_), _, _) => unreachable!("an answer is made of two numbers"),
                (Err(why), _, _) => {
                    let verdict = verdict::of_incomparable(&subject, sides, &why);
                    Pair { sides, matched, outcome: Outcome::Incomparable(why), verdict }
                }
            }
        });
        let pairs: Vec<Pair> = pairs.collect();
        if subject.better.is_some() && having.len() > 2 {
            subject.ranks = rank::ranks(&pairs, &having);
        }
        Subject { pairs, ..subject }
    }
}

/// Both numbers on the paired items: those of all items, where these are all.
fn on_paired(
    sides: [(Own<'_>, &Estimate); 2],
    matched: &Matched,
    answer: &Answer,
    options: &Options,
) -> [Estimate; 2] {
    let Matched { only_first, only_second, other_content, failed, without_value, doubled, .. } = *matched;
    let both_lost = other_content + failed + without_value + doubled;
    let lost = [only_first + both_lost, only_second + both_lost];
    [0, 1].map(|side| {
        let (own, whole) = sides[side];
        if lost[side] == 0 {
            return whole.clone();
        }
        own.on_some(answer.rows.iter().map(|rows| rows[side]), options.level)
    })
}

/// The answer with its corrected p and what it could have shown.
fn judged(
    answer: Answer,
    values: [Estimate; 2],
    place: Place,
    families: &Families,
    options: &Options,
) -> (Found, Option<metric::verdict::Differing>) {
    let Answer { contrast, difference, counts, test, beside, effects, within, differing, flips, .. } = answer;
    let adjusted = place.difference.map(|place| families.differences.adjusted(place));
    let alpha = (1.0 - options.level.get()) / families.differences.size().max(1) as f64;
    let goal = Goal { alpha, power: POWER };
    let reach = test.zip(difference.value.ok()).and_then(|(test, value)| {
        let plain = Test { hypothesis: test.hypothesis, p: test.p, adjusted };
        let reach = match contrast {
            Contrast::Difference => reach(&difference, value, &plain, goal),
            Contrast::Ratio => reach_of_ratio(&difference, value, goal),
            // Of medians no spread is known.
            Contrast::MedianDifference | Contrast::MedianRatio => None,
        }?;
        Some(Reach { detectable: reach.detectable, items: reach.items, alpha })
    });
    let equivalence = within.zip(place.equivalence).map(|((margin, p), place)| {
        let adjusted = families.equivalences.adjusted(place);
        Equivalence { margin, p, adjusted }
    });
    let differing = differing.zip(place.difference).map(|(differing, place)| {
        let needed = differing.needed(families.differences.threshold(place));
        metric::verdict::Differing { found: differing.units, needed, clustered: differing.clustered }
    });
    let intervals_overlap = match [&values[0].interval, &values[1].interval] {
        [Ok(first), Ok(second)] => Some(first.low <= second.high && second.low <= first.high),
        _ => None,
    };
    let test = test.map(|test| Tested { adjusted, ..test });
    let found = Found {
        values,
        contrast,
        difference,
        counts,
        test,
        beside,
        effects,
        equivalence,
        reach,
        intervals_overlap,
        flips,
    };
    (found, differing)
}
