//! Exact texts against their paraphrases: what a model gives more than ten times the probability, it has likely read.

use super::{
    Figure, Topic,
    endings::powers,
    id,
    plane::{Axis, Plane},
    scale::{Steps, around},
    scatter::{self, MOST_OUTSTANDING, Point},
    svg::{Anchor, Series, Stroke, Svg, Tone, shown},
    width::{Font, fit, width},
};
use crate::{
    record::{self, TaskRecord},
    report::{
        digits::{Digits, grouped},
        table::{Cell, Column, Shape, Table},
    },
};

const TESTED: Series = Series::Number(0);
const FLAGGED: Series = Series::Number(1);
const CONTROL: Series = Series::Number(2);
const WIDEST_CONDITION: f64 = 140.0;

/// The scatter of a task that scores targets under two conditions.
pub fn figure(task: &TaskRecord) -> Option<Figure> {
    let column = |name| task.table.column(name);
    let (first, second) = (column("logprob_first")?, column("logprob_second")?);
    let (role, flag) = (column("role")?, column("likely_memorized")?);
    let mut points = Vec::new();
    for row in &task.table.rows {
        let Ok(cells) = &row.cells else { continue };
        let number = |at: usize| cells.get(at).and_then(record::Cell::number);
        let (Some(first), Some(second)) = (number(first), number(second)) else { continue };
        let control = cells.get(role).and_then(record::Cell::text) == Some("control");
        let flagged = number(flag) == Some(1.0);
        let sort = match (control, flagged) {
            (true, _) => CONTROL,
            (false, true) => FLAGGED,
            (false, false) => TESTED,
        };
        points.push(Point {
            at: (powers(second), powers(first)),
            series: sort,
            filled: flagged,
            outstanding: if flagged { 1e-9 + (first - second).max(0.0) } else { 0.0 },
            key: &row.key,
            title: format!(
                "{}{}: {}; ln P {first:.2} and {second:.2}, ratio {}",
                row.key.item,
                if control { " (control)" } else { "" },
                if flagged { "likely memorized" } else { "not flagged" },
                ratio(first - second)
            ),
        });
    }
    let ends = around(points.iter().flat_map(|point| [point.at.0, point.at.1]), Steps::Powers)?;
    // The line of ten times and a piece of its zone are always there to see.
    let ends = (ends.0.min(ends.1 - 2.0), ends.1);
    let [one, other] = conditions(task);
    let titles = [format!("P(target), {other}"), format!("P(target), {one}")];
    let side = |title| Axis { title, steps: Steps::Powers, ends };
    let plane = Plane::new(side(&titles[0]), side(&titles[1]), (380.0, 380.0), 30.0);
    let mut svg = Svg::default();
    let [left, right, top, bottom] = plane.edges();
    let (x, y) = (&plane.x, &plane.y);
    let line = [(left, y.at(ends.0 + 1.0)), (x.at(ends.1 - 1.0), top)];
    svg.shade(FLAGGED, &[line[0], line[1], (left, top)]);
    plane.draw(&mut svg);
    svg.line(Stroke::Axis, (left, bottom), (right, top));
    svg.line(Stroke::Reference, line[0], line[1]);
    let all = scatter::draw(&mut svg, &plane, &points, &task.name);
    let of = |sort: Series, flagged: bool| {
        points.iter().filter(|point| point.series == sort && point.filled == flagged).count()
    };
    let mut sorts = vec![
        (FLAGGED, true, format!("likely memorized {}", grouped(of(FLAGGED, true)))),
        (TESTED, false, format!("others {}", grouped(of(TESTED, false)))),
    ];
    let (alarms, controls) = (of(CONTROL, true), of(CONTROL, false) + of(CONTROL, true));
    if controls > 0 {
        sorts.push((CONTROL, false, format!("controls {} (flagged {alarms})", grouped(controls))));
    }
    let end = scatter::legend(&mut svg, (left, 16.0), &sorts);
    let beside = "shaded: over 10×";
    let room = plane.size().0;
    svg.text((room + 4.0, top + 12.0), Anchor::Start, Tone::Muted, beside);
    svg.text((room + 4.0, top + 28.0), Anchor::Start, Tone::Muted, "line: equal");
    let size = ((room + 8.0 + width(beside, Font::Sans)).max(end + 8.0), plane.size().1);
    let mut caption = format!(
        "{}: each of {} items by the probability of its target after the {one} prompt and after the {other} one, both axes logarithmic. Above the dashed line it is more than ten times as probable after the {one} prompt. Filled marks are likely memorized by the rule of the task, which may ask for more than the ratio.",
        task.name,
        grouped(points.len())
    );
    if controls > 0 {
        caption.push_str(" Controls are texts that the model cannot have read: what is flagged among them is a false alarm.");
    }
    if !all {
        caption.push_str(&format!(
            " So many items are drawn by their density, and at most {MOST_OUTSTANDING} marks for those likely memorized, the clearest first."
        ));
    }
    let (id, title) = (id("memorization", &[&task.name]), format!("Memorization: {}", task.name));
    let svg = svg.finish(&id, &title, &caption, size);
    let data = data(&points, [&one, &other]);
    Some(Figure { id, topic: Topic::Memorization, title, caption, svg, data })
}

/// The names of the two conditions, from the numbers that are named for them.
fn conditions(task: &TaskRecord) -> [String; 2] {
    let mut names = task
        .measures
        .iter()
        .filter(|m| m.group.is_none() && !m.headline)
        .filter_map(|m| m.metric.strip_prefix("p_").map(str::to_owned));
    let [first, second] = [names.next(), names.next()];
    let named = |name: Option<String>, otherwise: &str| {
        fit(&shown(&name.unwrap_or_else(|| otherwise.into())), WIDEST_CONDITION, Font::Sans).into_owned()
    };
    [named(first, "first"), named(second, "second")]
}

/// Such as `12×`.
fn ratio(nats: f64) -> String {
    let ratio = libm::exp(nats);
    if (0.1..1e5).contains(&ratio) { format!("{ratio:.1}×") } else { format!("{ratio:.1e}×") }
}

fn data(points: &[Point<'_>], [one, other]: [&str; 2]) -> Table {
    let mut table = Table::new(vec![
        Column::new("item", "item", Shape::Left),
        Column::new("sort", "sort", Shape::Left),
        Column::new(format!("ln P, {one}"), "logprob_first", Shape::Point),
        Column::new(format!("ln P, {other}"), "logprob_second", Shape::Point),
        Column::new("ln ratio", "log_ratio", Shape::Point),
        Column::new("likely memorized", "likely_memorized", Shape::Left),
    ]);
    for point in points {
        let nats = |power: f64| Cell::Number(power * std::f64::consts::LN_10, Digits::Fixed(3));
        table.rows.push(vec![
            point.key.item.as_str().into(),
            if point.series == CONTROL { "control".into() } else { "tested".into() },
            nats(point.at.1),
            nats(point.at.0),
            nats(point.at.1 - point.at.0),
            if point.filled { "yes".into() } else { "no".into() },
        ]);
    }
    table
}
