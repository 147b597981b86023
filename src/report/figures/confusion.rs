//! Which label was taken for which: counts, and shares of each right label's items.

use std::collections::BTreeMap;

use super::{
    Figure, Topic, id,
    svg::{Anchor, Area, Series, Stroke, Svg, Tone, shown},
    width::{Font, width},
};
use crate::{
    record::{self, TaskRecord},
    report::{
        digits::{Digits, grouped},
        quantity::many,
        table::{Cell, Column, Shape, Table},
    },
};

/// Labels of one matrix; the rarest others are counted in the caption.
const MOST_LABELS: usize = 24;
const WIDEST_LABEL: f64 = 130.0;
/// Up to so many labels have wide fields.
const FEW_LABELS: usize = 6;
const NARROWEST_FIELD: f64 = 56.0;
const WIDEST_FIELD: f64 = 120.0;
/// The height of a field.
const FIELD: f64 = 44.0;
/// The darkest field; ink stays legible on it.
const DARKEST: f64 = 0.6;

/// What is counted: the right label, what was said (nothing for an answer without a label), how often.
type Counts<'a> = Vec<(&'a str, Option<&'a str>, usize)>;

/// A matrix for the task, or for each way to ask.
pub fn figures(task: &TaskRecord) -> Vec<Figure> {
    let Some(table) = task.details.iter().find(|table| table.name == "confusion") else { return Vec::new() };
    let mut parts: Vec<(Option<&str>, Counts<'_>)> = Vec::new();
    for row in &table.rows {
        let part = row.key.group.as_deref();
        let Some(entry) = row.cells.as_ref().ok().and_then(|cells| read(table, cells)) else { continue };
        match parts.last_mut() {
            Some((last, counts)) if *last == part => counts.push(entry),
            _ => parts.push((part, vec![entry])),
        }
    }
    parts.into_iter().filter_map(|(part, counts)| figure(task, part, &counts)).collect()
}

fn read<'a>(table: &record::Table, cells: &'a [record::Cell]) -> Option<(&'a str, Option<&'a str>, usize)> {
    let cell = |name| cells.get(table.column(name)?);
    let count = crate::report::digits::whole(cell("count")?.number()?);
    Some((cell("gold")?.text()?, cell("predicted").and_then(record::Cell::text), count))
}

/// Counts by right label and by what was said.
struct Matrix<'a> {
    golds: Vec<&'a str>,
    said: Vec<Option<&'a str>>,
    counts: BTreeMap<(&'a str, Option<&'a str>), usize>,
    sums: BTreeMap<&'a str, usize>,
    left_out: usize,
}

impl<'a> Matrix<'a> {
    fn new(counts: &Counts<'a>) -> Option<Self> {
        let mut sums: BTreeMap<&str, usize> = BTreeMap::new();
        let mut weights: BTreeMap<&str, usize> = BTreeMap::new();
        for (gold, said, count) in counts {
            *sums.entry(gold).or_default() += count;
            *weights.entry(gold).or_default() += count;
            if let Some(said) = said {
                *weights.entry(said).or_default() += count;
            }
        }
        let mut labels: Vec<&str> = weights.keys().copied().collect();
        labels.sort_by_key(|label| std::cmp::Reverse(weights[label]));
        let left_out = labels.len().saturating_sub(MOST_LABELS);
        labels.truncate(MOST_LABELS);
        labels.sort_unstable();
        let golds: Vec<&str> = labels.iter().copied().filter(|label| sums.contains_key(label)).collect();
        if golds.is_empty() {
            return None;
        }
        let mut said: Vec<Option<&str>> = labels.into_iter().map(Some).collect();
        if counts.iter().any(|(_, said, _)| said.is_none()) {
            said.push(None);
        }
        let counts = counts.iter().map(|(gold, said, count)| ((*gold, *said), *count)).collect();
        Some(Self { golds, said, counts, sums, left_out })
    }

    fn count(&self, gold: &'a str, said: Option<&'a str>) -> usize {
        self.counts.get(&(gold, said)).copied().unwrap_or_default()
    }
}

fn named(said: Option<&str>) -> &str {
    said.unwrap_or("no label")
}

fn figure(task: &TaskRecord, part: Option<&str>, counts: &Counts<'_>) -> Option<Figure> {
    let matrix = Matrix::new(counts)?;
    let n: usize = matrix.sums.values().sum();
    let of = part.map_or(String::new(), |part| format!(" · {part}"));
    let title = format!("Confusion: {}{of}", task.name);
    let id = match part {
        Some(part) => id("confusion", &[&task.name, part]),
        None => id("confusion", &[&task.name]),
    };
    let mut caption = format!(
        "{}{of}, n = {}. Rows are the right labels, columns what was said; a field has the number of items and its share of the row, and is the darker the larger the share. Right answers are framed.",
        task.name,
        grouped(n)
    );
    if matrix.said.contains(&None) {
        caption.push_str(" In an answer of the last column no label was found.");
    }
    if matrix.left_out > 0 {
        let rest = many(matrix.left_out, "rarer label");
        caption.push_str(&format!(" {rest} are left out; the shares count their items too."));
    }
    let svg = draw(&matrix, &id, &title, &caption);
    Some(Figure { id, topic: Topic::Classification, title, caption, svg, data: data(&matrix) })
}

fn draw(matrix: &Matrix<'_>, id: &str, title: &str, about: &str) -> String {
    let mut svg = Svg::default();
    let widest = |labels: &mut dyn Iterator<Item = &str>| {
        labels.map(|label| width(&shown(label), Font::Sans)).fold(0.0, f64::max).min(WIDEST_LABEL)
    };
    let left = 24.0 + widest(&mut matrix.golds.iter().copied()) + 10.0;
    // Few labels are written out, many are cut to their columns.
    let head = widest(&mut matrix.said.iter().map(|said| named(*said)));
    let most = if matrix.said.len() <= FEW_LABELS { WIDEST_FIELD } else { NARROWEST_FIELD };
    let counts = matrix.counts.values().map(|count| width(&grouped(*count), Font::Sans)).fold(0.0, f64::max);
    let wide = (head + 12.0).clamp(NARROWEST_FIELD, most).max(counts + 12.0);
    let (top, high) = (46.0, FIELD);
    let size = (matrix.said.len() as f64 * wide, matrix.golds.len() as f64 * high);
    svg.text((left + size.0 / 2.0, 14.0), Anchor::Middle, Tone::Muted, "said");
    svg.upright((14.0, top + size.1 / 2.0), "right");
    for (column, said) in matrix.said.iter().enumerate() {
        let tone = if said.is_some() { Tone::Ink } else { Tone::Muted };
        let x = left + (column as f64 + 0.5) * wide;
        svg.label((x, top - 8.0), Anchor::Middle, tone, named(*said), wide - 6.0);
    }
    for (row, gold) in matrix.golds.iter().enumerate() {
        let y = top + row as f64 * high;
        svg.label((left - 10.0, y + high / 2.0 + 4.0), Anchor::End, Tone::Ink, gold, WIDEST_LABEL);
        let sum = matrix.sums[gold];
        for (column, said) in matrix.said.iter().enumerate() {
            let x = left + column as f64 * wide;
            let count = matrix.count(gold, *said);
            let share = count as f64 / sum.max(1) as f64;
            let percent = format!("{:.0}%", 100.0 * share);
            svg.area(&Area {
                at: (x + 1.0, y + 1.0),
                size: (wide - 2.0, high - 2.0),
                series: Series::Number(0),
                opacity: 0.03 + (DARKEST - 0.03) * share,
                title: &format!(
                    "right {gold}, said {}: {} of {} ({percent})",
                    named(*said),
                    grouped(count),
                    grouped(sum)
                ),
            });
            if *said == Some(gold) {
                let (l, r, t, b) = (x + 1.0, x + wide - 1.0, y + 1.0, y + high - 1.0);
                svg.path(Stroke::Axis, &[(l, t), (r, t), (r, b), (l, b), (l, t)]);
            }
            let tone = if count > 0 { Tone::Ink } else { Tone::Muted };
            let (middle, line) = (x + wide / 2.0, y + high / 2.0);
            svg.text((middle, line - 3.0), Anchor::Middle, tone, &grouped(count));
            svg.text((middle, line + 13.0), Anchor::Middle, tone, &percent);
        }
    }
    svg.finish(id, title, about, (left + size.0 + 12.0, top + size.1 + 12.0))
}

fn data(matrix: &Matrix<'_>) -> Table {
    let mut table = Table::new(vec![
        Column::new("right", "gold", Shape::Name),
        Column::new("said", "predicted", Shape::Left),
        Column::new("n", "count", Shape::Right),
        Column::new("share", "share", Shape::Point),
    ]);
    for gold in &matrix.golds {
        for said in &matrix.said {
            let count = matrix.count(gold, *said);
            let share = count as f64 / matrix.sums[gold].max(1) as f64;
            table.rows.push(vec![
                (*gold).into(),
                said.map_or(Cell::Empty, Cell::from),
                Cell::count(count),
                Cell::Number(share, Digits::Fixed(3)),
            ]);
        }
    }
    table
}
