//! Accuracy by the number of examples, with a band for its interval, and what single orders of the examples came to.

use super::{
    Figure, Topic, id,
    plane::{Axis, BELOW, Plane, TITLE_BELOW},
    scale::Steps,
    svg::{Anchor, Mark, Series, Stroke, Svg, Tone},
    width::{Font, width},
};
use crate::{
    metric::words,
    record::{self, Measure, TaskRecord},
    report::{
        digits::{Digits, grouped},
        table::{Cell, Column, Shape, Table},
    },
};

const OWN: Series = Series::Number(0);
const ORDER: Series = Series::Quiet;

/// The accuracy with so many examples.
struct Shot<'a> {
    k: u32,
    measure: &'a Measure,
    value: f64,
}

/// The curve of a task that is asked with several numbers of examples.
pub fn figure(task: &TaskRecord) -> Option<Figure> {
    let mut shots: Vec<Shot<'_>> = task.measures.iter().filter_map(shot).collect();
    shots.sort_by_key(|shot| shot.k);
    let (first, last) = (shots.first()?, shots.last()?);
    if first.k == last.k {
        return None;
    }
    let orders = orders(task);
    let ends = (f64::from(first.k), f64::from(last.k));
    let air = 0.04 * (ends.1 - ends.0);
    let plane = Plane::new(
        Axis { title: "examples in the prompt", steps: Steps::Add, ends: (ends.0 - air, ends.1 + air) },
        Axis { title: "accuracy", steps: Steps::Add, ends: (0.0, 1.0) },
        (400.0, 260.0),
        34.0,
    );
    let mut svg = Svg::default();
    let [left, right, _, bottom] = plane.edges();
    plane.draw_upright(&mut svg);
    let mut free = f64::NEG_INFINITY;
    for shot in &shots {
        // The numbers asked for are the only ones on the axis.
        let (x, shown) = (plane.x.at(f64::from(shot.k)), shot.k.to_string());
        let half = 0.5 * width(&shown, Font::Sans);
        svg.line(Stroke::Grid, (x, bottom), (x, bottom + 4.0));
        if x - half > free {
            svg.text((x, bottom + BELOW), Anchor::Middle, Tone::Muted, &shown);
            free = x + half + 6.0;
        }
    }
    svg.text(
        (f64::midpoint(left, right), bottom + TITLE_BELOW),
        Anchor::Middle,
        Tone::Muted,
        "examples in the prompt",
    );
    if let Some(chance) = first.measure.chance {
        let y = plane.y.held(chance);
        svg.line(Stroke::Reference, (left, y), (right, y));
    }
    let end = |pick: fn(record_interval: (f64, f64)) -> f64| {
        shots.iter().filter_map(move |shot| {
            let interval = shot.measure.estimate.interval.ok()?;
            Some((f64::from(shot.k), pick((interval.low, interval.high))))
        })
    };
    let place = |(k, share): (f64, f64)| (plane.x.at(k), plane.y.held(share));
    let mut band: Vec<(f64, f64)> = end(|ends| ends.0).map(place).collect();
    band.extend(end(|ends| ends.1).map(place).collect::<Vec<_>>().into_iter().rev());
    if band.len() > 2 {
        svg.shade(OWN, &band);
    }
    let line: Vec<(f64, f64)> = shots.iter().map(|shot| place((f64::from(shot.k), shot.value))).collect();
    svg.path(Stroke::Series(OWN), &line);
    for (k, number, accuracy) in &orders {
        if shots.iter().any(|shot| shot.k == *k) {
            let title = format!("k = {k}, order {number}: {accuracy:.3}");
            svg.mark(&Mark {
                at: place((f64::from(*k), *accuracy)),
                radius: 3.0,
                series: ORDER,
                filled: false,
                title: &title,
            });
        }
    }
    for shot in &shots {
        let at = place((f64::from(shot.k), shot.value));
        let interval =
            shot.measure.estimate.interval.ok().map(|i| (plane.y.held(i.low), plane.y.held(i.high)));
        if let Some((low, high)) = interval {
            svg.line(Stroke::Series(OWN), (at.0, low), (at.0, high));
        }
        let title = format!("k = {}: {}, n = {}", shot.k, said(shot), grouped(shot.measure.estimate.n));
        svg.mark(&Mark { at, radius: 4.5, series: OWN, filled: true, title: &title });
    }
    let mut sorts = vec![(OWN, true, "accuracy with its interval".to_owned())];
    if !orders.is_empty() {
        sorts.push((ORDER, false, "one order of the examples".to_owned()));
    }
    let reach = super::scatter::legend(&mut svg, (left, 18.0), &sorts);
    let caption = caption(task, &shots, !orders.is_empty());
    let (id, title) = (id("shots", &[&task.name]), format!("Accuracy by examples: {}", task.name));
    let size = (plane.size().0.max(reach + 8.0), plane.size().1);
    let svg = svg.finish(&id, &title, &caption, size);
    Some(Figure { id, topic: Topic::Prompting, title, caption, svg, data: data(&shots) })
}

fn shot(measure: &Measure) -> Option<Shot<'_>> {
    let plain = measure.metric == "accuracy" && measure.difference_from.is_none();
    let k = measure.group.as_deref()?.strip_prefix("k=")?.parse().ok()?;
    plain.then_some(Shot { k, measure, value: measure.estimate.value.ok()? })
}

/// Number of examples, number of the order, accuracy.
fn orders(task: &TaskRecord) -> Vec<(u32, u32, f64)> {
    let Some(table) = task.details.iter().find(|table| table.name == "orders") else { return Vec::new() };
    let Some(accuracy) = table.column("accuracy") else { return Vec::new() };
    let order = |row: &record::Row| {
        let k = row.key.group.as_deref()?.strip_prefix("k=")?.parse().ok()?;
        Some((k, row.key.repeat, row.cells.as_ref().ok()?.get(accuracy)?.number()?))
    };
    let all: Vec<(u32, u32, f64)> = table.rows.iter().filter_map(order).collect();
    let several = |k: u32| all.iter().filter(|(other, ..)| *other == k).count() > 1;
    all.iter().copied().filter(|(k, ..)| several(*k)).collect()
}

/// Such as `0.742 [0.657, 0.812]`.
fn said(shot: &Shot<'_>) -> String {
    let digits = Digits::of(shot.measure);
    let value = digits.show(shot.value);
    match shot.measure.estimate.interval {
        Ok(i) => format!("{value} [{}, {}]", digits.show(i.low), digits.show(i.high)),
        Err(_) => value,
    }
}

fn caption(task: &TaskRecord, shots: &[Shot<'_>], orders: bool) -> String {
    let n: Vec<usize> = shots.iter().map(|shot| shot.measure.estimate.n).collect();
    let (least, most) = (n.iter().min().copied().unwrap_or(0), n.iter().max().copied().unwrap_or(0));
    let n = if least == most { grouped(least) } else { format!("{} to {}", grouped(least), grouped(most)) };
    let made = shots.iter().find_map(|shot| shot.measure.estimate.interval.ok()).map(words::made);
    let mut caption =
        format!("{}: accuracy by the number of examples in the prompt, n = {n} for each", task.name);
    if let Some(made) = made {
        caption.push_str(&format!("; the band joins the intervals ({made})"));
    }
    caption.push('.');
    if shots.iter().any(|shot| shot.measure.chance.is_some()) {
        caption.push_str(" The dashed line is what guessing gives.");
    }
    if orders {
        caption.push_str(" Outlines are single orders of the examples, which the interval does not hold.");
    }
    caption.push_str(" The same items are asked each time: whether two numbers differ is tested in pairs, not read off the band.");
    caption
}

fn data(shots: &[Shot<'_>]) -> Table {
    let mut table = Table::new(vec![
        Column::new("examples", "k", Shape::Right),
        Column::new("accuracy", "accuracy", Shape::Point),
        Column::new("interval", "ci", Shape::Interval),
        Column::new("n", "n", Shape::Right),
    ]);
    for shot in shots {
        let digits = Digits::of(shot.measure);
        table.rows.push(vec![
            Cell::count(shot.k as usize),
            Cell::Number(shot.value, digits),
            match shot.measure.estimate.interval {
                Ok(i) => Cell::Interval { low: i.low, high: i.high, digits },
                Err(why) => Cell::Unknown(why.to_string()),
            },
            Cell::count(shot.measure.estimate.n),
        ]);
    }
    table
}
