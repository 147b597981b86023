//! What is asked of a model about a multiple-choice question, and what the answers mean.

use std::sync::Arc;

use super::{Choice, Formulation, Question, Way};
use crate::{
    metric::{Formula, Metric},
    plan::{Answers, Ask, Failure, Scored},
    record::{Better, Cell, Column, ItemKey, Row, Table, Unit},
    spec::{Item, Renderer},
    stats::sum,
    task::{
        endings::{self, Ending, Normalization, decided, highest},
        labels::Part,
        parts::{Chances, measured},
        planned::{About, Judge, Verdict, item_key},
        pool::Pool,
        prompt::{Example, Layout},
    },
    value::Digest,
};

/// What each row says; `correct` under every further normalization follows.
const COLUMNS: [Column; 18] = [
    "correct",
    "score",
    "logprob_correct",
    "logprob_incorrect",
    "margin",
    "p_correct",
    "rank",
    "n_tokens",
    "prompt",
    "gold",
    "output",
    "nll",
    "p_choice",
    "confidence",
    "brier",
    "choices",
    "straddles",
    "item_group",
];

/// One question, put in one way.
struct Asked {
    key: Arc<ItemKey>,
    /// The part of the task that the way to ask is, and the group of the item.
    way: Option<String>,
    group: Option<String>,
    /// The questions to the model, or why there are none.
    question: Result<Posed, Failure>,
    /// How often a guess is right.
    chance: f64,
}

struct Posed {
    prompt: String,
    /// In the order of the choices.
    endings: Vec<Ending>,
    /// The places of those that are right.
    right: Vec<usize>,
}

impl Choice {
    /// Asks for every answer after its question and, where pmi needs that, after what stands between a question and its
    /// answer alone.
    pub(in crate::task) fn ask(&self, ask: &mut Ask, about: About<'_>) -> Judge {
        let renderer = Renderer::default();
        let pool = Pool::new(&self.shots, |shot| {
            let right = shot.right().unwrap_or_default();
            (shot.key(), right.first().map(usize::to_string).unwrap_or_default())
        });
        let examples = |formulation| {
            let example = |shot: &Item<Question>| {
                let place = shot.right().unwrap_or_default().first().copied().unwrap_or_default();
                Example { blanks: shot.blanks(), answer: shot.answer(place, formulation) }
            };
            self.shots.iter().map(example).collect::<Vec<_>>()
        };
        let ways = self.ways();
        let prepared: Vec<(&Way, Result<Layout<'_>, Failure>, Vec<Example>)> = ways
            .iter()
            .map(|way| (way, self.layout(&renderer, way.formulation), examples(way.formulation)))
            .collect();
        let pmi = self.normalization.contains(&Normalization::Pmi);
        let most = self.k.iter().copied().max().unwrap_or(0);
        let mut asked = Vec::new();
        for item in self.items.iter() {
            let drawn = pool.draw(self.selection, about, &item.id, &item.key(), most);
            for (way, layout, examples) in &prepared {
                let shown: Vec<&Example> =
                    drawn.iter().take(way.k as usize).map(|place| &examples[*place]).collect();
                let posed = match layout {
                    Ok(layout) => pose(item, layout, &shown, way.formulation, pmi, ask),
                    Err(failure) => Err(failure.clone()),
                };
                asked.push(Asked::new(item, way, posed));
            }
        }
        let chances = Chances::of(
            asked.iter().map(|asked| (asked.way.as_deref(), asked.group.as_deref(), asked.chance)),
        );
        let metrics = self.measured(|part| chances.get(part));
        let normalizations = self.normalization.to_vec();
        Box::new(move |answers| verdict(&asked, &normalizations, metrics, answers))
    }

    /// Every number, of the whole task and of its parts, each with how often a guess is right.
    pub(super) fn measured(&self, chance: impl Fn(Part<'_>) -> Option<f64>) -> Vec<Metric> {
        let ways: Vec<String> = self.ways().into_iter().filter_map(|way| way.part).collect();
        measured(&ways, &self.groups(), |part| metrics(&self.normalization, chance(part)))
    }
}

fn pose(
    item: &Question,
    layout: &Layout<'_>,
    shown: &[&Example],
    formulation: Formulation,
    pmi: bool,
    ask: &mut Ask,
) -> Result<Posed, Failure> {
    let blanks = item.blanks();
    let posed = layout.pose(shown, &blanks)?;
    let premise = pmi.then(|| layout.premise(&blanks)).transpose()?;
    let ending = |place| {
        let answer = item.answer(place, formulation);
        Ending::ask(&posed.prompt, posed.ending(&answer), &answer, premise.as_deref(), ask)
    };
    let endings = (0..item.choices.len()).map(ending).collect();
    Ok(Posed { endings, right: item.right().unwrap_or_default(), prompt: posed.prompt })
}

impl Asked {
    fn new(item: &Item<Question>, way: &Way, question: Result<Posed, Failure>) -> Self {
        let content = match &question {
            Ok(Posed { prompt, endings, right }) => {
                let texts: Vec<&str> = endings.iter().map(|ending| ending.text.as_str()).collect();
                Digest::of_json(&("choice", prompt, texts, right))
            }
            Err(failure) => Digest::of_json(&("choice", item.question.as_str(), failure)),
        };
        let (way, group) = (way.part.clone(), item.group.as_ref().map(ToString::to_string));
        let right = item.right().map_or(0, |right| right.len());
        let chance = right as f64 / item.choices.len() as f64;
        let key = item_key(item, way.as_deref().or(group.as_deref()), content);
        Self { key, way, group, question, chance }
    }

    fn cells(&self, normalizations: &[Normalization], answers: &Answers) -> Result<Vec<Cell>, Failure> {
        let posed = self.question.as_ref().map_err(Clone::clone)?;
        posed.cells(self.group.as_deref(), normalizations, answers)
    }
}

impl Posed {
    fn cells(
        &self,
        group: Option<&str>,
        normalizations: &[Normalization],
        answers: &Answers,
    ) -> Result<Vec<Cell>, Failure> {
        let given = endings::given(&self.endings, answers)?;
        let totals: Vec<f64> = given.iter().map(|scored| scored.total()).collect();
        let scores: Vec<Vec<f64>> = normalizations
            .iter()
            .map(|normalization| endings::scores(*normalization, &self.endings, &given, answers))
            .collect::<Result<_, _>>()?;
        let decisions: Vec<f64> = scores
            .iter()
            .map(|scores| decided(scores[self.best(scores, true)], scores[self.best(scores, false)]))
            .collect();
        let scores = &scores[0];
        let (right, rival) = (self.best(&totals, true), self.best(&totals, false));
        let best_right = scores[self.best(scores, true)];
        let rank = 1 + self.places(false).filter(|place| scores[*place] > best_right).count();
        let shares = Shares::of(scores, &self.right);
        let gold: Vec<&str> = self.right.iter().map(|place| self.endings[*place].text.as_str()).collect();
        let mut cells: Vec<Cell> = vec![
            decisions[0].into(),
            decisions[0].into(),
            totals[right].into(),
            totals[rival].into(),
            (totals[right] - totals[rival]).into(),
            libm::exp(totals[right]).into(),
            rank.into(),
            given[right].logprobs.len().into(),
            self.prompt.as_str().into(),
            gold.join(" |").into(),
            self.endings[highest(scores)].text.as_str().into(),
            shares.nll.into(),
            libm::exp(-shares.nll).into(),
            shares.confidence.into(),
            shares.brier.into(),
            self.endings.len().into(),
            given.iter().any(|scored: &&Scored| scored.straddles).into(),
            group.into(),
        ];
        cells.extend(decisions.into_iter().skip(1).map(Cell::from));
        Ok(cells)
    }

    /// The places of the right answers, or of the wrong ones.
    fn places(&self, right: bool) -> impl Iterator<Item = usize> + '_ {
        (0..self.endings.len()).filter(move |place| self.right.contains(place) == right)
    }

    /// The place of the highest score among the right answers, or among the wrong ones; the first of equal ones.
    fn best(&self, scores: &[f64], right: bool) -> usize {
        self.places(right)
            .reduce(|best, place| if scores[place] > scores[best] { place } else { best })
            .unwrap_or_default()
    }
}

/// Scores as shares of one: e to each score over the sum of all. Several right answers count as one.
struct Shares {
    /// Minus the logarithm of the right answers' share, in nats.
    nll: f64,
    /// The highest share.
    confidence: f64,
    /// (1 − the right answers' share)² and the sum of the squares of the others, from 0 to 2 (Brier 1950).
    brier: f64,
}

impl Shares {
    fn of(scores: &[f64], right: &[usize]) -> Self {
        let most = scores[highest(scores)];
        let weights: Vec<f64> = scores.iter().map(|score| libm::exp(score - most)).collect();
        let all = sum(weights.iter().copied());
        let wrong = (0..scores.len()).filter(|place| !right.contains(place));
        let wrong = sum(wrong.map(|place| (weights[place] / all) * (weights[place] / all)));
        let best = right.iter().map(|place| scores[*place]).fold(f64::NEG_INFINITY, f64::max);
        // Relative to the best of them, so that a share too small for a number still has a logarithm.
        let right = libm::log(sum(right.iter().map(|place| libm::exp(scores[*place] - best))));
        let nll = (libm::log(all) - right - (best - most)).max(0.0);
        let missed = -libm::expm1(-nll);
        Self { nll, confidence: 1.0 / all, brier: missed * missed + wrong }
    }
}

fn verdict(
    asked: &[Asked],
    normalizations: &[Normalization],
    metrics: Vec<Metric>,
    answers: &Answers,
) -> Verdict {
    let mut columns = COLUMNS.to_vec();
    columns.extend(normalizations.iter().skip(1).map(|normalization| normalization.column()));
    let mut table = Table::new("items", columns);
    table.rows = asked
        .iter()
        .map(|asked| Row { key: asked.key.clone(), cells: asked.cells(normalizations, answers) })
        .collect();
    let notes = endings::notes(&table);
    Verdict { table, details: Vec::new(), metrics, notes }
}

/// What is reported of every part.
fn metrics(normalizations: &[Normalization], chance: Option<f64>) -> Vec<Metric> {
    let accuracy = |(place, normalization): (usize, &Normalization)| {
        let column = if place == 0 { "correct" } else { normalization.column() };
        let metric =
            Metric::new(normalization.named("accuracy"), Formula::Proportion(column), Unit::Proportion);
        Metric { chance, ..metric.better(Better::Higher).headline() }
    };
    let mut metrics: Vec<Metric> = normalizations.iter().enumerate().map(accuracy).collect();
    let (confidence, correct) = ("confidence", "correct");
    metrics.extend([
        Metric::new("p_correct", Formula::Mean("p_correct"), Unit::Proportion).better(Better::Higher),
        Metric {
            chance,
            ..Metric::new("p_choice", Formula::Mean("p_choice"), Unit::Proportion).better(Better::Higher)
        },
        Metric::new("margin", Formula::Mean("margin"), Unit::Nats).better(Better::Higher),
        Metric::new("nll", Formula::Mean("nll"), Unit::Nats).better(Better::Lower).at_least(0.0),
        Metric { range: (0.0, 2.0), ..Metric::new("brier", Formula::Mean("brier"), Unit::Ratio) }
            .better(Better::Lower),
        Metric::new("ece", Formula::Calibration { confidence, correct }, Unit::Proportion)
            .better(Better::Lower),
        Metric::new("ece_floor", Formula::CalibrationFloor { confidence, correct }, Unit::Proportion),
    ]);
    metrics
}
