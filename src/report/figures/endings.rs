//! Right endings against wrong ones: how probable each is, with ties on the diagonal.

use super::{
    Figure, Topic, id,
    plane::{Axis, Plane},
    scale::{Steps, around},
    scatter::{self, MOST_OUTSTANDING, Point},
    svg::{Series, Stroke, Svg},
};
use crate::{
    record::{self, TaskRecord},
    report::{
        digits::{Digits, grouped},
        table::{Cell, Column, Shape, Table},
    },
};

const RIGHT: Series = Series::Number(0);
const WRONG: Series = Series::Number(1);
const TIED: Series = Series::Number(2);

/// The scatter of a task whose items have a right ending and wrong ones.
pub fn figure(task: &TaskRecord) -> Option<Figure> {
    let column = |name| task.table.column(name);
    let (right, wrong, correct) =
        (column("logprob_correct")?, column("logprob_incorrect")?, column("correct")?);
    let mut points = Vec::new();
    for row in &task.table.rows {
        let Ok(cells) = &row.cells else { continue };
        let number = |at: usize| cells.get(at).and_then(record::Cell::number);
        let (Some(right), Some(wrong), Some(correct)) = (number(right), number(wrong), number(correct))
        else {
            continue;
        };
        let (sort, says) = match correct {
            c if c >= 1.0 => (RIGHT, "right"),
            c if c <= 0.0 => (WRONG, "wrong"),
            _ => (TIED, "tied"),
        };
        points.push(Point {
            at: (powers(wrong), powers(right)),
            series: sort,
            filled: sort != WRONG,
            outstanding: if sort == WRONG { 1e-9 + (wrong - right).max(0.0) } else { 0.0 },
            key: &row.key,
            title: format!("{}: {says}; right ending {right:.2} nats, wrong ending {wrong:.2}", row.key.item),
        });
    }
    let ends = around(points.iter().flat_map(|point| [point.at.0, point.at.1]), Steps::Powers)?;
    let side = |title| Axis { title, steps: Steps::Powers, ends };
    let plane =
        Plane::new(side("P(most probable wrong ending)"), side("P(right ending)"), (380.0, 380.0), 30.0);
    let mut svg = Svg::default();
    plane.draw(&mut svg);
    let [left, right, top, bottom] = plane.edges();
    svg.line(Stroke::Axis, (left, bottom), (right, top));
    let of = |sort| points.iter().filter(|point| point.series == sort).count();
    let all = scatter::draw(&mut svg, &plane, &points, &task.name);
    let mut sorts = vec![
        (RIGHT, true, format!("right {}", grouped(of(RIGHT)))),
        (WRONG, false, format!("wrong {}", grouped(of(WRONG)))),
    ];
    if of(TIED) > 0 {
        sorts.push((TIED, true, format!("tied {}", grouped(of(TIED)))));
    }
    let end = scatter::legend(&mut svg, (left, 16.0), &sorts);
    let mut caption = format!(
        "{}: each of {} items by the probability of its right ending and of its most probable wrong one, both axes logarithmic. On the diagonal the two are equally probable; above it the right one is more so.",
        task.name,
        grouped(points.len())
    );
    if task.table.column("correct_per_byte").is_some() || task.table.column("correct_per_token").is_some() {
        caption.push_str(" What counts as right may weigh the length of endings, and then need not be the side of the diagonal.");
    }
    if !all {
        caption.push_str(&format!(
            " So many items are drawn by their density, and at most {MOST_OUTSTANDING} marks for the wrong ones, the clearest first."
        ));
    }
    let (id, title) = (id("endings", &[&task.name]), format!("Right against wrong endings: {}", task.name));
    let size = (plane.size().0.max(end + 8.0), plane.size().1);
    let svg = svg.finish(&id, &title, &caption, size);
    Some(Figure { id, topic: Topic::Endings, title, caption, svg, data: data(&points) })
}

/// The power of ten of a probability, from its natural logarithm.
pub fn powers(nats: f64) -> f64 {
    nats / std::f64::consts::LN_10
}

fn data(points: &[Point<'_>]) -> Table {
    let mut table = Table::new(vec![
        Column::new("item", "item", Shape::Left),
        Column::new("part", "part", Shape::Left),
        Column::new("result", "result", Shape::Left),
        Column::new("ln P(right)", "logprob_correct", Shape::Point),
        Column::new("ln P(wrong)", "logprob_incorrect", Shape::Point),
    ]);
    for point in points {
        let nats = |power: f64| Cell::Number(power * std::f64::consts::LN_10, Digits::Fixed(3));
        table.rows.push(vec![
            point.key.item.as_str().into(),
            point.key.group.as_deref().map_or(Cell::Empty, Cell::from),
            match point.series {
                RIGHT => "right".into(),
                WRONG => "wrong".into(),
                _ => "tied".into(),
            },
            nats(point.at.1),
            nats(point.at.0),
        ]);
    }
    table
}
