//! How often answers are right that are so sure.

use super::{
    Figure, Topic, id,
    plane::{Axis, Plane},
    scale::Steps,
    svg::{Anchor, Mark, Series, Stroke, Svg, Tone},
};
use crate::{
    metric::words,
    record::{self, Measure, TaskRecord},
    report::{
        digits::{Digits, grouped, whole},
        table::{Cell, Column, Shape, Table},
    },
};

/// The largest mark; areas are as the numbers of answers.
const LARGEST: f64 = 10.0;
const SMALLEST: f64 = 2.0;
const CAP: f64 = 3.5;

/// Answers that are about as sure.
struct Bin {
    range: (f64, f64),
    n: usize,
    confidence: f64,
    accuracy: f64,
    interval: Option<(f64, f64)>,
}

/// A diagram for the task, and for each part with a calibration error.
pub fn figures(task: &TaskRecord) -> Vec<Figure> {
    let Some(table) = task.details.iter().find(|table| table.name == "reliability") else {
        return Vec::new();
    };
    let mut parts: Vec<(Option<&str>, Vec<Bin>)> = Vec::new();
    for row in &table.rows {
        let part = row.key.group.as_deref();
        let Some(bin) = row.cells.as_ref().ok().and_then(|cells| read(table, cells)) else { continue };
        match parts.last_mut() {
            Some((last, bins)) if *last == part => bins.push(bin),
            _ => parts.push((part, vec![bin])),
        }
    }
    parts.into_iter().map(|(part, bins)| figure(task, part, &bins)).collect()
}

fn read(table: &record::Table, cells: &[record::Cell]) -> Option<Bin> {
    let number = |name| cells.get(table.column(name)?)?.number();
    Some(Bin {
        range: (number("confidence_from")?, number("confidence_to")?),
        n: whole(number("n")?),
        confidence: number("confidence")?,
        accuracy: number("accuracy")?,
        interval: number("accuracy_low").zip(number("accuracy_high")),
    })
}

fn figure(task: &TaskRecord, part: Option<&str>, bins: &[Bin]) -> Figure {
    let side = |title| Axis { title, steps: Steps::Add, ends: (0.0, 1.0) };
    let plane = Plane::new(
        side("confidence: probability of the answer given"),
        side("share right"),
        (320.0, 320.0),
        12.0,
    );
    let mut svg = Svg::default();
    plane.draw(&mut svg);
    let [left, right, top, bottom] = plane.edges();
    svg.line(Stroke::Reference, (left, bottom), (right, top));
    let most = bins.iter().map(|bin| bin.n).max().unwrap_or(1).max(1) as f64;
    let series = Series::Number(0);
    for bin in bins {
        let x = plane.x.held(bin.confidence);
        if let Some((low, high)) = bin.interval {
            let (low, high) = (plane.y.held(low), plane.y.held(high));
            svg.line(Stroke::Series(series), (x, low), (x, high));
            for y in [low, high] {
                svg.line(Stroke::Series(series), (x - CAP, y), (x + CAP, y));
            }
        }
        let title = format!(
            "confidence {:.3} on average of {:.1} to {:.1}: {} right, n = {}",
            bin.confidence,
            bin.range.0,
            bin.range.1,
            bin.interval.map_or_else(
                || format!("{:.3}", bin.accuracy),
                |(low, high)| format!("{:.3} [{low:.3}, {high:.3}]", bin.accuracy)
            ),
            grouped(bin.n)
        );
        svg.mark(&Mark {
            at: (x, plane.y.held(bin.accuracy)),
            radius: (LARGEST * (bin.n as f64 / most).sqrt()).max(SMALLEST),
            series,
            filled: true,
            title: &title,
        });
    }
    let error = |name: &str| {
        let found = task.measures.iter().find(|m| m.metric == name && m.group.as_deref() == part)?;
        Some((found.estimate.value.ok()?, found))
    };
    let ece = error("ece");
    if let Some((value, measure)) = ece {
        let shown = format!("ECE {}", Digits::of(measure).show(value));
        svg.text((left + 10.0, top + 18.0), Anchor::Start, Tone::Ink, &shown);
    }
    let n: usize = bins.iter().map(|bin| bin.n).sum();
    let of = part.map_or(String::new(), |part| format!(" · {part}"));
    let mut caption = format!(
        "{}{of}, n = {}: answers in bins of a tenth by confidence. A mark is the share that was right, its area the number of answers, the bar its Wilson interval; on the diagonal confidence is earned, below it there is too much of it.",
        task.name,
        grouped(n)
    );
    if let Some((value, measure)) = ece {
        caption.push_str(&format!(" Expected calibration error {}", said(value, measure)));
        if let Some((floor, measure)) = error("ece_floor") {
            caption.push_str(&format!(
                "; perfect calibration would give {} with so few items",
                said(floor, measure)
            ));
        }
        caption.push('.');
    }
    let title = format!("Calibration: {}{of}", task.name);
    let id = match part {
        Some(part) => id("calibration", &[&task.name, part]),
        None => id("calibration", &[&task.name]),
    };
    let svg = svg.finish(&id, &title, &caption, plane.size());
    Figure { id, topic: Topic::Calibration, title, caption, svg, data: data(bins) }
}

/// Such as `0.071 [0.040, 0.110] (bootstrap BCa 95%)`.
fn said(value: f64, measure: &Measure) -> String {
    let digits = Digits::of(measure);
    let value = digits.show(value);
    match measure.estimate.interval {
        Ok(interval) => format!(
            "{value} [{}, {}] ({})",
            digits.show(interval.low),
            digits.show(interval.high),
            words::made(interval)
        ),
        Err(_) => value,
    }
}

fn data(bins: &[Bin]) -> Table {
    let mut table = Table::new(vec![
        Column::new("from", "confidence_from", Shape::Point),
        Column::new("to", "confidence_to", Shape::Point),
        Column::new("n", "n", Shape::Right),
        Column::new("confidence", "confidence", Shape::Point),
        Column::new("share right", "accuracy", Shape::Point),
        Column::new("interval", "accuracy", Shape::Interval),
    ]);
    let digits = Digits::Fixed(3);
    for bin in bins {
        table.rows.push(vec![
            Cell::Number(bin.range.0, Digits::Fixed(1)),
            Cell::Number(bin.range.1, Digits::Fixed(1)),
            Cell::count(bin.n),
            Cell::Number(bin.confidence, digits),
            Cell::Number(bin.accuracy, digits),
            bin.interval.map_or(Cell::Empty, |(low, high)| Cell::Interval { low, high, digits }),
        ]);
    }
    table
}
