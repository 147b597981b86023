//! How often which of two models was right, as a table whose fields lead to their items.

use super::{
    super::{
        Figure, Topic, id,
        svg::{Anchor, Area, Series, Stroke, Svg, Tone},
        width::{Font, width},
    },
    Line, SPACE, Sides,
};
use crate::report::{
    digits::grouped,
    table::{Cell, Column, Shape, Table},
};

/// The two by two table of a number, whose fields lead to their items.
pub fn two_by_two(sides: Sides<'_>, line: &Line<'_>) -> Option<Figure> {
    const FIELD: (f64, f64) = (120.0, 56.0);
    let counts = line.counts?;
    let all = counts.all();
    if all == 0 {
        return None;
    }
    let [a, b] = sides.letters;
    let rows = [format!("{a} right"), format!("{a} wrong")];
    let columns = [format!("{b} right"), format!("{b} wrong")];
    let side = width(&rows[1], Font::Sans).max(width(&rows[0], Font::Sans));
    let (left, top) = (SPACE + side + SPACE, 28.0);
    let mut svg = Svg::default();
    for (column, words) in columns.iter().enumerate() {
        let x = left + (column as f64 + 0.5) * FIELD.0;
        svg.text((x, top - 10.0), Anchor::Middle, Tone::Ink, words);
    }
    let fields = [
        [(counts.both, "11"), (counts.only_first, "10")],
        [(counts.only_second, "01"), (counts.neither, "00")],
    ];
    for (row, fields) in fields.into_iter().enumerate() {
        let y = top + row as f64 * FIELD.1;
        svg.text((left - SPACE, y + FIELD.1 / 2.0 + 4.0), Anchor::End, Tone::Ink, &rows[row]);
        for (column, (count, result)) in fields.into_iter().enumerate() {
            let x = left + column as f64 * FIELD.0;
            let share = count as f64 / all as f64;
            let percent = format!("{:.1}%", 100.0 * share);
            let discordant = row != column;
            let title = format!(
                "{}, {}: {} of {}",
                rows[row],
                columns[column],
                grouped(count as usize),
                grouped(all as usize)
            );
            svg.linked(&line.link(sides, result), true, |svg| {
                svg.area(&Area {
                    at: (x + 1.0, y + 1.0),
                    size: (FIELD.0 - 2.0, FIELD.1 - 2.0),
                    series: if discordant { Series::Number(1) } else { Series::Number(0) },
                    opacity: 0.06 + 0.5 * share,
                    title: &title,
                });
                svg.text((x + FIELD.0 / 2.0, y + 24.0), Anchor::Middle, Tone::Ink, &grouped(count as usize));
                svg.text((x + FIELD.0 / 2.0, y + 41.0), Anchor::Middle, Tone::Ink, &percent);
            });
            if discordant {
                let (l, r, t, b) = (x + 2.0, x + FIELD.0 - 2.0, y + 2.0, y + FIELD.1 - 2.0);
                svg.path(Stroke::Axis, &[(l, t), (r, t), (r, b), (l, b), (l, t)]);
            }
        }
    }
    let title = format!("Who was right: {}", line.name());
    let caption = format!(
        "{}: {a} is {}, {b} is {}, on the same {} items. The framed fields, where one alone was right, decide: {} {}",
        line.name(),
        sides.models[0],
        sides.models[1],
        grouped(all as usize),
        line.verdict,
        "Each field leads to its items."
    );
    let mut names = vec![line.task, line.metric];
    names.extend(line.part);
    names.extend(sides.names());
    let id = id("both", &names);
    let size = (left + 2.0 * FIELD.0 + SPACE, top + 2.0 * FIELD.1 + 10.0);
    let svg = svg.finish(&id, &title, &caption, size);
    let mut data = Table::new(vec![
        Column::new("", "first", Shape::Left),
        Column::new(columns[0].as_str(), "second_right", Shape::Right),
        Column::new(columns[1].as_str(), "second_wrong", Shape::Right),
    ]);
    for (row, fields) in fields.into_iter().enumerate() {
        let mut cells = vec![Cell::Text(rows[row].clone())];
        cells.extend(fields.map(|(count, _)| Cell::count(count as usize)));
        data.rows.push(cells);
    }
    Some(Figure { id, topic: Topic::Comparison, title, caption, svg, data })
}
