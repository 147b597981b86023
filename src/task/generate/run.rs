//! What is asked of a model, and how what it wrote is read.

use std::{collections::BTreeSet, num::NonZeroUsize, sync::Arc};

use super::{
    Exercise, Generate, TEMPLATE,
    labels::Labels,
    matching::{Match, Rule, token_f1},
};
use crate::{
    metric::{
        ClassScore::{self, F1, Precision, Recall},
        Formula, Metric, Range,
    },
    plan::{self, Answers, Ask, Failure, Generated, Ticket},
    random::Key,
    record::{Better, Cell, Column, DROPPED, ItemKey, Row, Table, Unit},
    spec::{Item, Renderer, Text},
    stats::sum,
    task::{
        confusion::confusion,
        parts::{groups, measured},
        planned::{About, Judge, Verdict, item_key},
        pool::Pool,
        prompt::{Example, Layout},
    },
    value::{Digest, Seed},
};

/// What each row says.
const COLUMNS: [Column; 13] = [
    "correct",
    "score",
    "n_tokens",
    "finish",
    "prompt",
    "gold",
    "output",
    "predicted",
    "no_label",
    "token_f1",
    "mean_logprob",
    "item_group",
    DROPPED,
];

/// One item, asked in one way.
pub(in crate::task) struct Asked {
    key: Arc<ItemKey>,
    /// The group of the item.
    group: Option<String>,
    /// The question to the model, or why there is none.
    question: Result<(String, Ticket<Generated>), Failure>,
    /// What is right.
    targets: Vec<String>,
}

/// How answers are read.
enum Reading {
    /// Which label an answer gives, of itself or of what an expression finds in it.
    Label(Labels, Match),
    /// What of it is held against the targets.
    Text(Rule),
}

impl Generate {
    /// Asks for the answers to every item after every number of solved examples.
    pub(in crate::task) fn ask(&self, ask: &mut Ask, about: About<'_>) -> Judge {
        let ks: Vec<u32> = self.ks().into_iter().collect();
        let asked = self.asked(&ks, self.samples.get(), ask, about);
        let ways = ks.iter().filter_map(|k| self.part(*k)).collect();
        let judging = Judging { reading: self.reading(), ways, metrics: self.measured() };
        Box::new(move |answers| judging.verdict(&asked, answers))
    }

    /// One answer to every item, after the most examples.
    pub(in crate::task) fn ask_longest(&self, ask: &mut Ask, about: About<'_>) -> Vec<Asked> {
        let longest: Vec<u32> = self.ks().last().copied().into_iter().collect();
        self.asked(&longest, 1, ask, about)
    }

    fn asked(&self, ks: &[u32], samples: u32, ask: &mut Ask, about: About<'_>) -> Vec<Asked> {
        let renderer = Renderer::default();
        let template = self.template.as_deref().unwrap_or(TEMPLATE);
        let layout = Layout::new(&renderer, template, "target")
            .map(|layout| layout.instruction(self.instruction.as_deref()).separator(&self.separator));
        let pool = Pool::new(self.shots.iter().map(|shot| {
            let target = shot.target.first().to_string();
            (shot.input.as_str(), target.clone(), Example { blanks: shot.blanks(), answer: target })
        }));
        let ks: Vec<(u32, Option<String>)> = ks.iter().map(|k| (*k, self.part(*k))).collect();
        let stop: Vec<&str> = self.stop.iter().map(Text::as_str).collect();
        let seeds = Key::new(about.seed, &format!("{}/samples", about.name));
        let decodings: Vec<plan::Decoding> = (0..samples)
            .map(|sample| self.combination().decoding(Seed(seeds.stream(sample.into()).next_u64())))
            .collect();
        // What decides what an answer is, and whether it is right.
        let reading = (&self.matching, &self.normalize, &self.labels);
        let mut asked = Vec::with_capacity(self.items.len() * ks.len() * decodings.len());
        for item in self.items.iter() {
            for (k, part) in &ks {
                let asks = item.input.as_str();
                let shown = pool.shown(self.selection, about, (&item.id, 0), &asks, *k);
                let prompt = match &layout {
                    Ok(layout) => layout.pose(&shown, &item.blanks()).map(|posed| posed.opening()),
                    Err(failure) => Err(failure.clone()),
                };
                for (sample, decoding) in (0..).zip(&decodings) {
                    let question = prompt.clone().map(|prompt| {
                        let ticket = ask.generate(&prompt, *decoding, self.max_tokens.get(), &stop);
                        (prompt, ticket)
                    });
                    let how = (&reading, decoding, self.max_tokens, &stop);
                    let content = match &question {
                        Ok((prompt, _)) => Digest::of_json(&("generate", prompt, targets(item), how)),
                        Err(failure) => Digest::of_json(&("generate", &item.content, failure)),
                    };
                    let key = item_key(item, part.as_deref().or(item.group.as_deref()), sample, content);
                    asked.push(Asked::new(item, key, question));
                }
            }
        }
        asked
    }

    fn reading(&self) -> Reading {
        if self.labels.is_empty() {
            Reading::Text(self.rule())
        } else {
            Reading::Label(Labels::new(self.labels.iter().map(Text::as_str)), self.matching.clone())
        }
    }

    /// Every number, of the whole task and of its parts.
    pub(super) fn measured(&self) -> Vec<Metric> {
        let ways: Vec<String> = self.ks().into_iter().filter_map(|k| self.part(k)).collect();
        let groups = groups(self.items.iter().map(|item| item.group.as_ref()));
        let mut all = measured(&ways, &groups, |_| self.metrics_of_part());
        // The classes of a part are parts of it.
        for metric in &mut all {
            if let Formula::Classes { score: Precision(label) | Recall(label) | F1(label), .. } =
                &metric.formula
            {
                let name = metric.part().map_or_else(|| label.clone(), |part| format!("{part}.{label}"));
                metric.part = Some(name);
            }
        }
        all
    }

    fn metrics_of_part(&self) -> Vec<Metric> {
        let share = |name: &str, column| {
            Metric::new(name, Formula::Proportion(column), Unit::Proportion).better(Better::Higher)
        };
        let classes = |name: &str, score| {
            let formula = Formula::Classes { gold: "gold", predicted: "predicted", score };
            Metric::new(name, formula, Unit::Proportion).better(Better::Higher)
        };
        let mut metrics = Vec::new();
        if self.labels.is_empty() {
            let name = if self.matching == Match::Exact { "exact_match" } else { "accuracy" };
            metrics.push(share(name, "correct").headline());
            if matches!(self.matching, Match::Exact | Match::Contains) {
                let formula = Formula::Mean("token_f1");
                metrics.push(Metric::new("token_f1", formula, Unit::Proportion).better(Better::Higher));
            }
        } else {
            let chance = 1.0 / self.labels.len() as f64;
            metrics.push(share("accuracy", "correct").chance(chance).headline());
            metrics.push(classes("macro_f1", ClassScore::MacroF1).headline());
            metrics.push(classes("balanced_accuracy", ClassScore::BalancedAccuracy).chance(chance));
            metrics.push(Metric {
                range: Range::between(-1.0, 1.0),
                unit: Unit::Score,
                ..classes("mcc", ClassScore::Mcc)
            });
            metrics.push(share("no_label", "no_label").better(Better::Lower));
            for label in self.labels.iter().map(ToString::to_string) {
                metrics.push(classes("precision", Precision(label.clone())));
                metrics.push(classes("recall", Recall(label.clone())));
                metrics.push(classes("f1", F1(label)));
            }
        }
        metrics.extend(self.tries().into_iter().map(|k| {
            let name = format!("pass@{k}");
            let formula = Formula::PassAt { correct: "correct", k };
            Metric::new(name, formula, Unit::Proportion).better(Better::Higher).headline()
        }));
        metrics.push(Metric::new("length", Formula::Mean("n_tokens"), Unit::Count));
        metrics
    }

    /// Of how many tries pass@k tells (Chen et al. 2021): 1, 10 and 100, as far as there are so many, and all.
    fn tries(&self) -> BTreeSet<NonZeroUsize> {
        let samples = self.samples.get() as usize;
        let tries = [1, 10, 100, samples].into_iter().filter(|k| samples > 1 && *k <= samples);
        tries.filter_map(NonZeroUsize::new).collect()
    }
}

/// What is right.
fn targets(item: &Exercise) -> Vec<String> {
    item.target.iter().map(Text::to_string).collect()
}

impl Asked {
    fn new(
        item: &Item<Exercise>,
        key: Arc<ItemKey>,
        question: Result<(String, Ticket<Generated>), Failure>,
    ) -> Self {
        let group = item.group.as_ref().map(ToString::to_string);
        Self { key, group, question, targets: targets(item) }
    }

    /// What the model is given.
    pub(in crate::task) fn prompt(&self) -> Option<&str> {
        self.question.as_ref().ok().map(|(prompt, _)| prompt.as_str())
    }

    fn cells(&self, reading: &Reading, answers: &Answers) -> Result<Vec<Cell>, Failure> {
        let (prompt, ticket) = self.question.as_ref().map_err(Clone::clone)?;
        let written = answers.get(*ticket)?;
        let read = reading.read(&written.text);
        let correct = read.as_ref().is_some_and(|read| reading.is_right(read, &self.targets));
        let (no_label, token_f1) = match reading {
            Reading::Label(..) => (Cell::from(read.is_none()), Cell::Missing),
            Reading::Text(_) => {
                let best =
                    self.targets.iter().map(|target| token_f1(&written.text, target)).fold(0.0, f64::max);
                (Cell::Missing, Cell::from(best))
            }
        };
        let logprobs = written.logprobs.iter().copied().map(f64::from);
        let mean = (!written.logprobs.is_empty()).then(|| sum(logprobs) / written.logprobs.len() as f64);
        Ok(vec![
            correct.into(),
            correct.into(),
            written.ids.len().into(),
            written.finish.word().into(),
            prompt.as_str().into(),
            self.targets.join(" | ").into(),
            written.text.as_str().into(),
            read.into(),
            no_label,
            token_f1,
            mean.into(),
            self.group.as_deref().into(),
            written.dropped.into(),
        ])
    }
}

impl Reading {
    /// What of an answer is compared: nothing where it has no such thing.
    fn read(&self, answer: &str) -> Option<String> {
        match self {
            Self::Text(rule) => rule.answer(answer),
            Self::Label(labels, matching) => {
                let part = if let Match::Regex(pattern) = matching { pattern.find(answer)? } else { answer };
                labels.find(part).map(str::to_owned)
            }
        }
    }

    fn is_right(&self, read: &str, targets: &[String]) -> bool {
        match self {
            Self::Label(..) => targets.iter().any(|target| target == read),
            Self::Text(rule) => {
                targets.iter().filter_map(|target| rule.target(target)).any(|target| rule.fits(read, &target))
            }
        }
    }
}

/// What is made of the answers.
struct Judging {
    reading: Reading,
    ways: Vec<String>,
    metrics: Vec<Metric>,
}

impl Judging {
    fn verdict(self, asked: &[Asked], answers: &Answers) -> Verdict {
        let row = |asked: &Asked| Row { key: asked.key.clone(), cells: asked.cells(&self.reading, answers) };
        let table = Table { rows: asked.iter().map(row).collect(), ..Table::new("items", COLUMNS.to_vec()) };
        let ways: Vec<&str> = self.ways.iter().map(String::as_str).collect();
        let details = match self.reading {
            Reading::Label(..) => vec![confusion(&table, &ways, "predicted")],
            Reading::Text(_) => Vec::new(),
        };
        let notes = cut(&table).into_iter().collect();
        Verdict { table, details, metrics: self.metrics, notes }
    }
}

/// Answers that might have gone on.
fn cut(table: &Table) -> Option<String> {
    let finish = table.column("finish")?;
    let ends = table.rows.iter().filter_map(|row| row.cells.as_ref().ok()?.get(finish)?.text());
    let (all, cut) = ends.fold((0, 0), |(all, cut), end| (all + 1, cut + usize::from(end == "length")));
    (cut > 0).then(|| format!("{cut} of {all} answers ended at `max_tokens`"))
}
