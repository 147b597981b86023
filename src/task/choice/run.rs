//! What is asked of a model about a multiple-choice question, and what the answers mean.

use std::sync::Arc;

use super::{Choice, Formulation, Question, Way};
use crate::{
    metric::{Formula, Metric, Range},
    plan::{Answers, Ask, Failure},
    record::{Better, Cell, Column, ItemKey, Row, Table, Unit},
    spec::{Item, Renderer},
    task::{
        endings::{self, Ending, Normalization, Posed},
        parts::{Chances, Part, groups, measured},
        planned::{About, Judge, Verdict, item_key},
        pool::Pool,
        prompt::{Example, Layout},
        shares::Shares,
    },
    value::Digest,
};

/// What each row says besides what all endings have.
const OWN: [Column; 5] = ["nll", "p_choice", "confidence", "brier", "item_group"];

/// One question, put in one way.
pub(in crate::task) struct Asked {
    key: Arc<ItemKey>,
    /// The part of the task that the way to ask is, and the group of the item.
    way: Option<String>,
    group: Option<String>,
    /// The questions to the model, or why there are none.
    question: Result<Posed, Failure>,
    /// How often a guess is right.
    chance: f64,
}

impl Choice {
    /// Asks for every answer in every way.
    pub(in crate::task) fn ask(&self, ask: &mut Ask, about: About<'_>) -> Judge {
        let asked = self.asked(&self.ways(), ask, about);
        let chances = Chances::of(
            asked.iter().map(|asked| (asked.way.as_deref(), asked.group.as_deref(), asked.chance)),
        );
        let metrics = self.measured(|part| chances.get(part));
        let normalizations = self.normalization.to_vec();
        Box::new(move |answers| verdict(&asked, &normalizations, metrics, answers))
    }

    /// The same with the most examples alone: one question an item and formulation.
    pub(in crate::task) fn ask_longest(&self, ask: &mut Ask, about: About<'_>) -> Vec<Asked> {
        let most = self.k.iter().copied().max();
        let longest: Vec<Way> = self.ways().into_iter().filter(|way| Some(way.k) == most).collect();
        self.asked(&longest, ask, about)
    }

    /// Every answer of an item in one way after the other, after its question and, where pmi needs that, after what stands
    /// between a question and its answer alone.
    fn asked(&self, ways: &[Way], ask: &mut Ask, about: About<'_>) -> Vec<Asked> {
        let renderer = Renderer::default();
        let pool = |formulation| {
            Pool::new(self.shots.iter().map(|shot| {
                let place = shot.right().unwrap_or_default().first().copied().unwrap_or_default();
                let example = Example { blanks: shot.blanks(), answer: shot.answer(place, formulation) };
                (shot.key(), place.to_string(), example)
            }))
        };
        let prepared: Vec<_> = ways
            .iter()
            .map(|way| (way, self.layout(&renderer, way.formulation), pool(way.formulation)))
            .collect();
        let pmi = self.normalization.contains(&Normalization::Pmi);
        let mut asked = Vec::new();
        for item in self.items.iter() {
            for (way, layout, pool) in &prepared {
                let shown = pool.shown(self.selection, about, (&item.id, 0), &item.key(), way.k);
                let posed = match layout {
                    Ok(layout) => pose(item, layout, &shown, way.formulation, pmi, ask),
                    Err(failure) => Err(failure.clone()),
                };
                asked.push(Asked::new(item, way, posed));
            }
        }
        asked
    }

    /// Every number, of the whole task and of its parts, each with how often a guess is right.
    pub(super) fn measured(&self, chance: impl Fn(Part<'_>) -> Option<f64>) -> Vec<Metric> {
        let ways: Vec<String> = self.ways().into_iter().filter_map(|way| way.part).collect();
        let groups = groups(self.items.iter().map(|item| item.group.as_ref()));
        measured(&ways, &groups, |part| {
            let single = part.way.is_some() || ways.is_empty();
            metrics(&self.normalization, chance(part), single && part.items.is_none())
        })
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
    let answers: Vec<String> = (0..item.choices.len()).map(|place| item.answer(place, formulation)).collect();
    let texts = answers.iter().map(|answer| (posed.ending(answer), answer.as_str()));
    let endings = Ending::ask_all(&posed.prompt, texts, premise.as_deref(), ask);
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
        let key = item_key(item, way.as_deref().or(group.as_deref()), 0, content);
        Self { key, way, group, question, chance }
    }

    /// The places of the answers' requests in the plan.
    pub(in crate::task) fn requests(&self) -> impl Iterator<Item = usize> {
        self.question.iter().flat_map(|posed| posed.endings.iter().map(Ending::request))
    }

    /// The places of the right answers.
    pub(in crate::task) fn right(&self) -> &[usize] {
        self.question.as_ref().map_or(&[], |posed| &posed.right)
    }

    fn cells(&self, normalizations: &[Normalization], answers: &Answers) -> Result<Vec<Cell>, Failure> {
        let posed = self.question.as_ref().map_err(Clone::clone)?;
        let compared = posed.compared(normalizations, answers)?;
        let shares = Shares::of(compared.deciding(), &posed.right);
        let own = vec![
            shares.nll.into(),
            shares.right().into(),
            shares.confidence.into(),
            shares.brier.into(),
            self.group.as_deref().into(),
        ];
        Ok(posed.cells(&compared, own))
    }
}

fn verdict(
    asked: &[Asked],
    normalizations: &[Normalization],
    metrics: Vec<Metric>,
    answers: &Answers,
) -> Verdict {
    let row = |asked: &Asked| Row { key: asked.key.clone(), cells: asked.cells(normalizations, answers) };
    let rows = asked.iter().map(row).collect();
    let table = Table { rows, ..Table::new("items", endings::columns(&OWN, normalizations)) };
    let notes = endings::notes(&table);
    Verdict { table, details: Vec::new(), metrics, notes }
}

/// What is reported of a part. A calibration error takes many answers, of one way to ask.
fn metrics(normalizations: &[Normalization], chance: Option<f64>, calibration: bool) -> Vec<Metric> {
    let mut metrics = endings::accuracies(normalizations, chance);
    let mean = |name: Column, unit| Metric::new(name, Formula::Mean(name), unit);
    metrics.extend([
        mean("p_correct", Unit::Proportion).better(Better::Higher),
        Metric { chance, ..mean("p_choice", Unit::Proportion).better(Better::Higher) },
        mean("margin", Unit::Nats).better(Better::Higher),
        mean("nll", Unit::Nats).better(Better::Lower).at_least(0.0),
        Metric { range: Range::between(0.0, 2.0), ..mean("brier", Unit::Score) }.better(Better::Lower),
    ]);
    if calibration {
        let (confidence, correct) = ("confidence", "correct");
        let error = Metric::new("ece", Formula::Calibration { confidence, correct }, Unit::Proportion);
        let floor = Formula::CalibrationFloor { confidence, correct };
        metrics.extend([error.better(Better::Lower), Metric::new("ece_floor", floor, Unit::Proportion)]);
    }
    metrics
}
