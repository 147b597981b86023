//! Many items as marks in a plane; too many become a histogram in two directions, with marks for those that stand out.

use std::collections::BTreeMap;

use super::{
    plane::Plane,
    svg::{Anchor, Area, Mark, Series, Svg, Tone},
    width::{Font, width},
};
use crate::{record::ItemKey, report::quantity::many};

/// More marks than this say less than their density, and take megabytes.
pub const MOST_MARKS: usize = 2_000;
/// Marks on top of a histogram.
pub const MOST_OUTSTANDING: usize = 500;
/// The side of a field of the histogram.
const FIELD: f64 = 8.0;
const RADIUS: f64 = 3.6;

/// An item.
#[derive(Clone, Debug)]
pub struct Point<'a> {
    /// Its numbers, on the axes' scales.
    pub at: (f64, f64),
    /// What sort it is of.
    pub series: Series,
    /// Whether its mark is filled.
    pub filled: bool,
    /// How much it stands out; those at zero or below do not.
    pub outstanding: f64,
    /// The item.
    pub key: &'a ItemKey,
    /// What the mark says to who points at it.
    pub title: String,
}

/// Draws the items of a task. Whether all have marks.
pub fn draw(svg: &mut Svg, plane: &Plane<'_>, points: &[Point<'_>], task: &str) -> bool {
    let all = points.len() <= MOST_MARKS;
    let mut marked: Vec<&Point<'_>> = points.iter().collect();
    if !all {
        histogram(svg, plane, points);
        marked.retain(|point| point.outstanding > 0.0);
        marked.sort_by(|a, b| b.outstanding.total_cmp(&a.outstanding));
        marked.truncate(MOST_OUTSTANDING);
    }
    for point in marked {
        let at = (plane.x.held(point.at.0), plane.y.held(point.at.1));
        svg.linked(&super::link::item(task, point.key), false, |svg| {
            svg.mark(&Mark {
                at,
                radius: RADIUS,
                series: point.series,
                filled: point.filled,
                title: &point.title,
            });
        });
    }
    all
}

fn histogram(svg: &mut Svg, plane: &Plane<'_>, points: &[Point<'_>]) {
    let [left, _, top, _] = plane.edges();
    let mut fields: BTreeMap<(i64, i64), usize> = BTreeMap::new();
    for point in points {
        let (x, y) = (plane.x.held(point.at.0) - left, plane.y.held(point.at.1) - top);
        *fields.entry(((y / FIELD) as i64, (x / FIELD) as i64)).or_default() += 1;
    }
    let most = fields.values().copied().max().unwrap_or(1) as f64;
    for ((row, column), count) in fields {
        svg.area(&Area {
            at: (left + column as f64 * FIELD, top + row as f64 * FIELD),
            size: (FIELD, FIELD),
            series: Series::Quiet,
            opacity: 0.1 + 0.8 * (count as f64 / most).sqrt(),
            title: &many(count, "item"),
        });
    }
}

/// The sorts of marks with their names, in one line from a place on. Returns where it ends.
pub fn legend(svg: &mut Svg, (x, y): (f64, f64), sorts: &[(Series, bool, String)]) -> f64 {
    let mut at = x;
    for (series, filled, name) in sorts {
        svg.mark(&Mark { at: (at + 5.0, y - 4.0), radius: 4.2, series: *series, filled: *filled, title: "" });
        svg.text((at + 15.0, y), Anchor::Start, Tone::Ink, name);
        at += 15.0 + width(name, Font::Sans) + 18.0;
    }
    at - 18.0
}
