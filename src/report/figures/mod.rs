//! Plots as SVG, for pages and papers: pure functions from numbers to a picture with its caption and its table. A figure
//! that has nothing to show is not there.

#[cfg(test)]
mod checks;
mod comparison;
mod confusion;
mod endings;
mod forest;
pub(super) mod link;
mod memorization;
mod next_tokens;
mod plane;
mod paired;
mod power;
mod reliability;
mod sampling;
mod scale;
mod scatter;
mod shots;
mod surprisal;
#[cfg(test)]
mod tests;
mod svg;
mod whisker;
mod width;

use super::table::Table;
use crate::{
    compare::Comparison,
    record::{Record, TaskRecord},
    value::Digest,
};

/// The looks of figures inside a page, light and dark; without it they have their light look.
pub const CSS: &str = include_str!("figures.css");

/// A plot.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Names it on a page and as a file: letters, digits, `.`, `_` and `-`.
    pub id: String,
    /// What part of a report it belongs to.
    pub topic: Topic,
    /// What it shows.
    pub title: String,
    /// How it was made and from how many, in plain words.
    pub caption: String,
    /// The picture.
    pub svg: String,
    /// The numbers behind it.
    pub data: Table,
}

/// Parts of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Numbers with their intervals.
    Metrics,
    /// Two models, or several, on the same items.
    Comparison,
    /// Labels that were taken for others.
    Classification,
    /// Whether answers are as often right as they are sure.
    Calibration,
    /// Right endings against wrong ones.
    Endings,
    /// What follows a prompt.
    NextTokens,
    /// What was read before.
    Memorization,
    /// How surprising texts are.
    Perplexity,
    /// How texts differ when they are drawn.
    Sampling,
    /// What examples and ways to ask do.
    Prompting,
    /// What so many items can show.
    Power,
}

impl Figure {
    /// The picture as a file of its own: there is no page that its links could lead to.
    pub fn file(&self) -> String {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", svg::without_links(&self.svg))
    }
}

impl Topic {
    /// As a heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Metrics => "Metrics",
            Self::Comparison => "Comparison",
            Self::Classification => "Classification",
            Self::Calibration => "Calibration",
            Self::Endings => "Cloze and choice",
            Self::NextTokens => "Next token",
            Self::Memorization => "Memorization",
            Self::Perplexity => "Perplexity",
            Self::Sampling => "Sampling",
            Self::Prompting => "Prompting",
            Self::Power => "Power",
        }
    }
}

/// The figures of one task.
pub fn of_task(task: &TaskRecord) -> Vec<Figure> {
    let single = [forest::ways(task), shots::figure(task), endings::figure(task)];
    let mut figures: Vec<Figure> = single.into_iter().flatten().collect();
    figures.extend(confusion::figures(task));
    figures.extend(reliability::figures(task));
    figures.extend(next_tokens::figures(task));
    figures.extend(memorization::figure(task));
    figures.extend(forest::perplexities(task));
    figures.extend(surprisal::figures(task));
    figures.extend(sampling::figure(task));
    figures
}

/// The figures of a run as a whole; those of its tasks are [`of_task`]'s.
pub fn of_record(record: &Record) -> Vec<Figure> {
    forest::of_run(&record.run.model.name, &record.tasks)
}

/// The figures of a comparison.
pub fn of_comparison(comparison: &Comparison) -> Vec<Figure> {
    comparison::figures(comparison)
}

/// Such as `confusion-notebook.reviews`: what the figure is, and of what. Names that are no plain words are told apart by a
/// digest, so that two never share an id.
fn id(figure: &str, names: &[&str]) -> String {
    /// Names longer than this are cut.
    const LONGEST: usize = 48;
    let joined = names.join("/");
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '.' };
    let slug: String = joined.chars().map(plain).take(LONGEST).collect();
    if slug == joined.replace('/', ".") {
        format!("{figure}-{slug}")
    } else {
        format!("{figure}-{}-{}", slug.trim_matches(['.', '-']), Digest::of(&joined).short(6))
    }
}
