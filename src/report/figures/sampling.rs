//! What decoding strategies do to texts: how many differ, whether the same seed gives the same again, and where they part
//! from the greedy text.

use std::collections::BTreeMap;

use super::{
    Figure, Topic, id,
    scale::{Scale, Steps},
    svg::{Anchor, Mark, Series, Stroke, Svg, Tone, shown},
    whisker::Whisker,
    width::{Font, width},
};
use crate::{
    record::{self, Measure, TaskRecord},
    report::{
        digits::{Digits, grouped},
        table::{Cell, Column, Shape, Table},
    },
};

/// The strategy that takes the best token at every step.
const GREEDY: &str = "greedy";
const LINE: f64 = 24.0;
const PLOT: f64 = 240.0;
const SPACE: f64 = 14.0;
const WIDEST_NAME: f64 = 160.0;

/// What was seen of a strategy.
struct Strategy<'a> {
    name: &'a str,
    /// Different texts after one prompt, on average.
    distinct: Option<&'a Measure>,
    /// How often a seed gave the same text again, of how many.
    reproduced: Option<(usize, usize)>,
    /// Of texts that part from the greedy one after their prompt: the median of the characters before they do, and how many
    /// texts these are, of how many.
    parts: Option<(usize, usize, usize)>,
}

/// The strategies of a task that samples.
pub fn figure(task: &TaskRecord) -> Option<Figure> {
    let table = &task.table;
    let (reproducible, seed) = (table.column("reproducible")?, table.column("seed")?);
    let mut names: Vec<&str> = Vec::new();
    let mut seeds = std::collections::BTreeSet::new();
    for row in &table.rows {
        let name = row.key.group.as_deref().unwrap_or_default();
        if names.last() != Some(&name) && !names.contains(&name) {
            names.push(name);
        }
        if let Ok(cells) = &row.cells {
            seeds.extend(cells.get(seed).and_then(record::Cell::number).map(f64::to_bits));
        }
    }
    let greedy = greedy(task);
    let strategies: Vec<Strategy<'_>> = names
        .into_iter()
        .map(|name| Strategy {
            name,
            distinct: task.measures.iter().find(|m| {
                m.metric == "distinct_texts" && m.group.as_deref() == Some(name) && m.estimate.value.is_ok()
            }),
            reproduced: reproduced(task, name, reproducible),
            parts: (name != GREEDY).then(|| parts(task, name, &greedy)).flatten(),
        })
        .collect();
    let known = |s: &Strategy<'_>| s.distinct.is_some() || s.reproduced.is_some() || s.parts.is_some();
    if !strategies.iter().any(known) {
        return None;
    }
    let seeds = seeds.len().max(1);
    let mut caption = format!(
        "{}: different texts after one prompt when it is asked with {} seeds, on average over the prompts (mark and interval); whether the same seed gave the same text again, of those asked twice.",
        task.name,
        grouped(seeds)
    );
    if strategies.iter().any(|s| s.parts.is_some()) {
        caption.push_str(" Where a text parts from the greedy one after the same prompt: the characters they share, the median over those that part.");
    }
    let title = format!("Sampling: {}", task.name);
    let id = id("sampling", &[&task.name]);
    let svg = draw(&strategies, seeds, &id, &title, &caption);
    Some(Figure { id, topic: Topic::Sampling, title, caption, svg, data: data(&strategies) })
}

fn cell<'a>(task: &'a TaskRecord, row: &'a record::Row, name: &str) -> Option<&'a record::Cell> {
    row.cells.as_ref().ok()?.get(task.table.column(name)?)
}

/// The first greedy text after each prompt.
fn greedy(task: &TaskRecord) -> BTreeMap<&str, &str> {
    let mut texts = BTreeMap::new();
    for row in task.table.rows.iter().filter(|row| row.key.group.as_deref() == Some(GREEDY)) {
        if let Some(text) = cell(task, row, "output").and_then(record::Cell::text) {
            let _ = texts.entry(row.key.item.as_str()).or_insert(text);
        }
    }
    texts
}

fn reproduced(task: &TaskRecord, name: &str, column: usize) -> Option<(usize, usize)> {
    let rows = task.table.rows.iter().filter(|row| row.key.group.as_deref().unwrap_or_default() == name);
    let flags: Vec<bool> =
        rows.filter_map(|row| Some(row.cells.as_ref().ok()?.get(column)?.number()? > 0.0)).collect();
    (!flags.is_empty()).then(|| (flags.iter().filter(|same| **same).count(), flags.len()))
}

fn parts(task: &TaskRecord, name: &str, greedy: &BTreeMap<&str, &str>) -> Option<(usize, usize, usize)> {
    let rows = task.table.rows.iter().filter(|row| row.key.group.as_deref().unwrap_or_default() == name);
    let pairs: Vec<(&str, &str)> = rows
        .filter_map(|row| {
            let text = cell(task, row, "output").and_then(record::Cell::text)?;
            Some((*greedy.get(row.key.item.as_str())?, text))
        })
        .collect();
    let shared = |(one, other): &(&str, &str)| {
        one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count()
    };
    let mut parting: Vec<usize> = pairs.iter().filter(|(one, other)| one != other).map(shared).collect();
    parting.sort_unstable();
    let median = parting.get(parting.len().saturating_sub(1) / 2).copied().unwrap_or_default();
    (!pairs.is_empty()).then_some((median, parting.len(), pairs.len()))
}

impl Strategy<'_> {
    fn distinct_words(&self) -> String {
        match self.distinct.map(|measure| (measure, measure.estimate.value)) {
            Some((_, Ok(value))) => Digits::Fixed(1).show(value),
            _ => "—".into(),
        }
    }

    fn reproduced_words(&self) -> String {
        match self.reproduced {
            Some((same, all)) if same == all => "yes".into(),
            Some((same, all)) => format!("no: {} of {}", grouped(same), grouped(all)),
            None => "not asked".into(),
        }
    }

    fn parts_words(&self) -> String {
        match self.parts {
            Some((_, 0, _)) => "never".into(),
            Some((median, parting, all)) => {
                format!("after {} chars, {} of {}", grouped(median), grouped(parting), grouped(all))
            }
            None => "—".into(),
        }
    }
}

fn draw(strategies: &[Strategy<'_>], seeds: usize, id: &str, title: &str, about: &str) -> String {
    let mut svg = Svg::default();
    let widest = |texts: &mut dyn Iterator<Item = String>, title: &str| {
        texts.map(|text| width(&text, Font::Sans)).fold(width(title, Font::Sans), f64::max)
    };
    let names = widest(&mut strategies.iter().map(|s| shown(s.name)), "").min(WIDEST_NAME);
    let [distinct, same, parts] = ["texts", "reproduced", "parts from greedy"];
    let distinct_wide = widest(&mut strategies.iter().map(Strategy::distinct_words), distinct);
    let same_wide = widest(&mut strategies.iter().map(Strategy::reproduced_words), same) + 16.0;
    let parts_wide = widest(&mut strategies.iter().map(Strategy::parts_words), parts);
    let has_parts = strategies.iter().any(|s| s.parts.is_some());
    let left = SPACE + names + SPACE;
    let most = strategies
        .iter()
        .filter_map(|s| s.distinct?.estimate.interval.ok().map(|interval| interval.high))
        .fold((seeds as f64).max(2.0), f64::max);
    let x = Scale { steps: Steps::Add, ends: (1.0, most), places: (left, left + PLOT) };
    let distinct_at = left + PLOT + SPACE;
    let same_at = distinct_at + distinct_wide + SPACE;
    let parts_at = same_at + same_wide + SPACE;
    let right = if has_parts { parts_at + parts_wide + SPACE } else { parts_at };
    svg.text((distinct_at, 16.0), Anchor::Start, Tone::Muted, distinct);
    svg.text((same_at, 16.0), Anchor::Start, Tone::Muted, same);
    if has_parts {
        svg.text((parts_at, 16.0), Anchor::Start, Tone::Muted, parts);
    }
    let (top, mut y) = (24.0, 26.0);
    let bottom = y + LINE * strategies.len() as f64 + 4.0;
    for (number, written) in super::plane::spaced(&x, |words| width(words, Font::Sans)) {
        if number.fract() == 0.0 {
            svg.line(Stroke::Grid, (x.at(number), top), (x.at(number), bottom));
            let whole = written.split('.').next().unwrap_or_default();
            svg.text((x.at(number), bottom + 16.0), Anchor::Middle, Tone::Muted, whole);
        }
    }
    svg.text((left + PLOT / 2.0, bottom + 36.0), Anchor::Middle, Tone::Muted, "different texts a prompt");
    for strategy in strategies {
        let baseline = y + 16.0;
        svg.label((SPACE, baseline), Anchor::Start, Tone::Ink, strategy.name, names);
        if let Some((measure, Ok(value))) = strategy.distinct.map(|measure| (measure, measure.estimate.value))
        {
            let interval = measure.estimate.interval.ok().map(|interval| (interval.low, interval.high));
            let whisker = Whisker {
                value,
                interval,
                reference: None,
                series: Series::Number(0),
                filled: true,
                title: &format!(
                    "{}: {value:.2} different texts, n = {}",
                    strategy.name,
                    grouped(measure.estimate.n)
                ),
            };
            whisker.draw(&mut svg, &x, y + LINE / 2.0);
        }
        svg.text((distinct_at, baseline), Anchor::Start, Tone::Ink, &strategy.distinct_words());
        if let Some((again, all)) = strategy.reproduced {
            // Filled and round when all came again, hollow and square when not.
            svg.mark(&Mark {
                at: (same_at + 5.0, y + LINE / 2.0),
                radius: 4.2,
                series: if again == all { Series::Number(2) } else { Series::Number(1) },
                filled: again == all,
                title: "",
            });
        }
        svg.text((same_at + 16.0, baseline), Anchor::Start, Tone::Ink, &strategy.reproduced_words());
        if has_parts {
            svg.text((parts_at, baseline), Anchor::Start, Tone::Ink, &strategy.parts_words());
        }
        y += LINE;
    }
    svg.finish(id, title, about, (right, bottom + 44.0))
}

fn data(strategies: &[Strategy<'_>]) -> Table {
    let mut table = Table::new(vec![
        Column::new("strategy", "strategy", Shape::Left),
        Column::new("different texts", "distinct_texts", Shape::Point),
        Column::new("interval", "distinct_texts", Shape::Interval),
        Column::new("prompts", "n", Shape::Right),
        Column::new("reproduced", "reproduced", Shape::Left),
        Column::new("parts from greedy", "divergence", Shape::Left),
    ]);
    for strategy in strategies {
        let digits = Digits::Fixed(2);
        let estimate = strategy.distinct.map(|measure| &measure.estimate);
        let value = estimate.and_then(|e| e.value.ok());
        let interval = estimate.and_then(|e| e.interval.ok());
        table.rows.push(vec![
            strategy.name.into(),
            value.map_or(Cell::Empty, |value| Cell::Number(value, digits)),
            interval.map_or(Cell::Empty, |i| Cell::Interval { low: i.low, high: i.high, digits }),
            estimate.map_or(Cell::Empty, |e| Cell::count(e.n)),
            Cell::Text(strategy.reproduced_words()),
            Cell::Text(strategy.parts_words()),
        ]);
    }
    table
}
