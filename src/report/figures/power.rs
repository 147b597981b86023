//! How likely so many items find a difference: the curve, what was asked, and what would be enough.

use super::{
    Figure, Topic, id,
    plane::{Axis, Plane},
    scale::Steps,
    svg::{Anchor, Mark, Series, Stroke, Svg, Tone},
    width::{Font, width},
};
use crate::{
    report::{
        digits::{Digits, grouped},
        table::{Cell, Column, Shape, Table},
    },
    stats::power::{Goal, PlannedPairs},
};

/// What is usually asked of a test.
pub const USUAL: f64 = 0.8;
/// Numbers of items along the curve.
const STEPS: usize = 60;
const OWN: Series = Series::Number(0);
const SEEN: Series = Series::Number(1);
const ENOUGH: Series = Series::Number(2);

/// A difference that is looked for.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// Of what, such as a task and a metric.
    pub name: &'a str,
    /// Share of items on which the two differ, and the difference of shares right.
    pub pairs: PlannedPairs,
    /// Both in words, such as `a difference of 0.05 where 20% of the items differ`.
    pub says: &'a str,
    /// How many items there were.
    pub items: u64,
    /// The largest chance of a false alarm of one test.
    pub alpha: f64,
}

/// The curve of a plan; none where no number of items would be enough.
pub fn figure(plan: &Plan<'_>) -> Option<Figure> {
    let enough = plan.pairs.items(Goal { alpha: plan.alpha, power: USUAL })?;
    let most = 1.4 * enough.max(plan.items).max(20) as f64;
    let mut curve: Vec<(u64, f64)> = Vec::new();
    for step in 1..=STEPS {
        let items = (most * step as f64 / STEPS as f64).round().max(1.0) as u64;
        if curve.last().is_none_or(|(last, _)| *last < items) {
            curve.push((items, plan.pairs.power(items, plan.alpha)));
        }
    }
    let plane = Plane::new(
        Axis { title: "items", steps: Steps::Add, ends: (0.0, most) },
        Axis { title: "chance to find the difference", steps: Steps::Add, ends: (0.0, 1.0) },
        (400.0, 240.0),
        34.0,
    );
    let mut svg = Svg::default();
    plane.draw(&mut svg);
    let [left, right, _, bottom] = plane.edges();
    let place = |items: u64, power: f64| (plane.x.at(items as f64), plane.y.at(power));
    let y = plane.y.at(USUAL);
    svg.line(Stroke::Reference, (left, y), (right, y));
    let line: Vec<(f64, f64)> = curve.iter().map(|(items, power)| place(*items, *power)).collect();
    svg.path(Stroke::Series(OWN), &line);
    let seen = plan.pairs.power(plan.items, plan.alpha);
    let of_enough = plan.pairs.power(enough, plan.alpha);
    for (items, power, series) in [(plan.items, seen, SEEN), (enough, of_enough, ENOUGH)] {
        let at = place(items, power);
        svg.line(Stroke::Reference, (at.0, bottom), at);
        let title = format!("{} items: {}", grouped(items as usize), Digits::Percent.show(power));
        svg.mark(&Mark { at, radius: 4.8, series, filled: true, title: &title });
    }
    let sorts = [
        (SEEN, true, format!("asked: {} items, {}", grouped(plan.items as usize), percent(seen))),
        (ENOUGH, true, format!("80%: {} items", grouped(enough as usize))),
    ];
    let reach = super::scatter::legend(&mut svg, (left, 18.0), &sorts);
    let beside = "80%";
    svg.text((right + 6.0, y + 4.0), Anchor::Start, Tone::Muted, beside);
    let caption = format!(
        "{}: how likely McNemar's mid-p test at α = {} finds {}, by the number of items. {} items were asked; {} would find it four times out of five. A difference that was seen by luck is larger than the true one, so that plans made from it are too small.",
        plan.name,
        alpha(plan.alpha),
        plan.says,
        grouped(plan.items as usize),
        grouped(enough as usize)
    );
    let (id, title) = (id("power", &[plan.name]), format!("Power: {}", plan.name));
    let size = (plane.size().0.max(right + 8.0 + width(beside, Font::Sans)).max(reach + 8.0), plane.size().1);
    let svg = svg.finish(&id, &title, &caption, size);
    let mut data = Table::new(vec![
        Column::new("items", "items", Shape::Right),
        Column::new("power", "power", Shape::Point),
    ]);
    curve.extend([(plan.items, seen), (enough, of_enough)]);
    curve.sort_by_key(|(items, _)| *items);
    curve.dedup_by_key(|(items, _)| *items);
    data.rows.extend(
        curve
            .iter()
            .map(|(items, power)| vec![Cell::count(*items as usize), Cell::Number(*power, Digits::Fixed(3))]),
    );
    Some(Figure { id, topic: Topic::Power, title, caption, svg, data })
}

fn percent(share: f64) -> String {
    format!("{:.0}%", 100.0 * share)
}

/// Two significant digits.
fn alpha(alpha: f64) -> String {
    let decimals = (1.0 - libm::log10(alpha).floor()).clamp(2.0, 9.0) as usize;
    let shown = format!("{alpha:.decimals$}");
    shown.trim_end_matches('0').to_owned()
}
