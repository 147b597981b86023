//! The figures of a run, by what they are about, each with how it was made and the numbers behind it.

use std::collections::BTreeMap;

use maud::{Markup, PreEscaped, html};

use super::{page::Section, shown::Words};
use crate::report::{
    digits::grouped,
    figures::{Figure, Topic},
};

/// Rows of numbers below a figure: one that has a mark an item would else say everything twice.
const MOST_ROWS: usize = 250;

/// Figures by topic, in the order of the page.
pub(super) struct Plots(BTreeMap<Topic, Vec<Figure>>);

impl Plots {
    pub(super) fn new(figures: impl IntoIterator<Item = Figure>) -> Self {
        let mut topics: BTreeMap<Topic, Vec<Figure>> = BTreeMap::new();
        for figure in figures {
            topics.entry(figure.topic).or_default().push(figure);
        }
        Self(topics)
    }

    /// Those of a topic, to be shown among other things.
    pub(super) fn take(&mut self, topic: Topic) -> Markup {
        let figures = self.0.remove(&topic).unwrap_or_default();
        several(&figures)
    }

    /// A section for each topic that is left.
    pub(super) fn sections(self) -> impl Iterator<Item = Section> {
        self.0
            .into_iter()
            .map(|(topic, figures)| Section::new(name(topic), topic.heading(), several(&figures)))
    }
}

/// The topic's place in the page's address.
fn name(topic: Topic) -> &'static str {
    match topic {
        Topic::Metrics => "metrics",
        Topic::Comparison => "comparison",
        Topic::Classification => "classification",
        Topic::Calibration => "calibration",
        Topic::Endings => "endings",
        Topic::NextTokens => "next-tokens",
        Topic::Memorization => "memorization",
        Topic::Perplexity => "perplexity",
        Topic::Sampling => "sampling",
        Topic::Prompting => "prompting",
        Topic::Power => "power",
    }
}

/// Figures beside each other, as far as they fit.
pub(super) fn several(figures: &[Figure]) -> Markup {
    html! { div.figures { @for figure in figures { (shown(figure)) } } }
}

/// A figure with its words and its numbers. The picture is ours, so it is taken as it is.
fn shown(figure: &Figure) -> Markup {
    let more = figure.data.rows.len().saturating_sub(MOST_ROWS);
    html! {
        figure id={ "figure-" (figure.id) } {
            h3 { (Words(&figure.title)) }
            div.drawn { (PreEscaped(&figure.svg)) }
            figcaption { (Words(&figure.caption)) }
            @if !figure.data.rows.is_empty() {
                details {
                    summary { "Numbers of this figure" }
                    @if more > 0 { p.muted { "The first " (MOST_ROWS) " of " (grouped(figure.data.rows.len())) "; all are in the files of the run." } }
                    (figure.data.first(MOST_ROWS, &figure.title))
                }
            }
        }
    }
}
