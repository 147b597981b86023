//! Numbers with their intervals on one axis: a row each, by task and part, of one model or several.

use super::{
    Figure, Topic, id,
    plane::spaced,
    scale::{Scale, Steps, around},
    svg::{Anchor, Mark, Series, Stroke, Svg, Tone, shown},
    whisker::{RADIUS, Whisker},
    width::{Font, width},
};
use crate::{
    metric::words,
    record::{Measure, TaskRecord, Unit},
    report::{
        digits::{Digits, grouped},
        summary::{self, Names},
        table::{Cell, Column, Shape, Table},
    },
};

/// Rows of one figure; the rest is counted in its caption.
const MOST_ROWS: usize = 200;
const LINE: f64 = 18.0;
const GAP: f64 = 12.0;
const SPACE: f64 = 14.0;
const PLOT: f64 = 300.0;
const WIDEST_NAME: f64 = 170.0;
const WIDEST_PART: f64 = 240.0;

/// A number of a model.
#[derive(Clone, Copy, Debug)]
pub struct Number<'a> {
    /// What the task is called.
    pub task: &'a str,
    /// Which model it is, by its place.
    pub model: usize,
    /// The number.
    pub measure: &'a Measure,
}

/// Numbers that share an axis, and the figure that they make.
#[derive(Clone, Copy)]
struct Axis {
    topic: Topic,
    id: &'static str,
    unit: Unit,
    title: &'static str,
    says: &'static str,
    steps: Steps,
    /// The least that the axis holds.
    holds: &'static [f64],
    reference: Option<f64>,
}

const AXES: [Axis; 4] = [
    Axis {
        topic: Topic::Metrics,
        id: "shares",
        unit: Unit::Proportion,
        title: "Shares",
        says: "share (dashed: chance)",
        steps: Steps::Add,
        holds: &[0.0, 1.0],
        reference: None,
    },
    Axis {
        topic: Topic::Metrics,
        id: "differences",
        unit: Unit::Difference,
        title: "Differences within the run",
        says: "difference of shares",
        steps: Steps::Add,
        holds: &[0.0],
        reference: Some(0.0),
    },
    Axis {
        topic: Topic::Metrics,
        id: "ratios",
        unit: Unit::Ratio,
        title: "Ratios",
        says: "ratio (logarithmic)",
        steps: Steps::Multiply,
        holds: &[1.0],
        reference: Some(1.0),
    },
    Axis {
        topic: Topic::Metrics,
        id: "scores",
        unit: Unit::Score,
        title: "Scores",
        says: "score",
        steps: Steps::Add,
        holds: &[0.0, 1.0],
        reference: None,
    },
];

const PERPLEXITIES: Axis = Axis {
    topic: Topic::Perplexity,
    id: "perplexity",
    unit: Unit::Perplexity,
    title: "Perplexity",
    says: "perplexity (logarithmic)",
    steps: Steps::Multiply,
    holds: &[],
    reference: None,
};

const WAYS: Axis =
    Axis { topic: Topic::Prompting, id: "ways", title: "Accuracy by the way to ask", ..AXES[0] };

/// Numbers of one or several models: a figure for each sort of number that there is.
pub fn figures(models: &[&str], numbers: &[Number<'_>]) -> Vec<Figure> {
    AXES.iter()
        .filter_map(|axis| figure(models, numbers, *axis, id("metrics", &[axis.id]), axis.title.into()))
        .collect()
}

/// The headline numbers of a run.
pub fn of_run(model: &str, tasks: &[TaskRecord]) -> Vec<Figure> {
    let names = Names::of(tasks);
    let of_task = |task| numbers(task, names.of_task(task), |measure| measure.headline);
    figures(&[model], &tasks.iter().flat_map(of_task).collect::<Vec<_>>())
}

/// The perplexities of a task, by group where it has groups.
pub fn perplexities(task: &TaskRecord) -> Option<Figure> {
    of_task(task, PERPLEXITIES, |measure| measure.metric.contains("perplexity"))
}

/// The accuracy of each way to ask of a task that compares some.
pub fn ways(task: &TaskRecord) -> Option<Figure> {
    task.details.iter().find(|table| table.name == "pairs")?;
    of_task(task, WAYS, |measure| measure.metric == "accuracy" && measure.headline)
}

fn of_task(task: &TaskRecord, axis: Axis, shows: fn(&Measure) -> bool) -> Option<Figure> {
    let name = task.name.as_str();
    let (id, title) = (id(axis.id, &[name]), format!("{}: {name}", axis.title));
    figure(&[""], &numbers(task, name, shows), axis, id, title)
}

fn numbers<'a>(task: &'a TaskRecord, name: &'a str, shows: fn(&Measure) -> bool) -> Vec<Number<'a>> {
    let shown = task.measures.iter().filter(|measure| shows(measure));
    shown.map(|measure| Number { task: name, model: 0, measure }).collect()
}

fn figure(models: &[&str], numbers: &[Number<'_>], axis: Axis, id: String, title: String) -> Option<Figure> {
    let fits = |one: &&Number<'_>| one.measure.unit == axis.unit && one.measure.estimate.value.is_ok();
    // What is the same number of another model stands below the first.
    let mut rows: Vec<Vec<Number<'_>>> = Vec::new();
    let mut left_out = 0;
    for number in numbers.iter().filter(fits) {
        match rows.iter().position(|row| row.iter().all(|one| one.is_same(number))) {
            Some(row) => rows[row].push(*number),
            None if rows.len() < MOST_ROWS => rows.push(vec![*number]),
            None => left_out += 1,
        }
    }
    let chart = Chart::new(models, axis, &rows)?;
    let caption = caption(axis, &rows, left_out);
    let svg = chart.draw(&id, &title, &caption);
    Some(Figure { id, topic: axis.topic, title, caption, svg, data: data(models, &rows) })
}

impl Number<'_> {
    fn is_same(&self, other: &Self) -> bool {
        let (one, two) = (self.measure, other.measure);
        self.task == other.task
            && one.metric == two.metric
            && one.group == two.group
            && self.model != other.model
    }

    fn numbers(&self) -> String {
        let (digits, estimate) = (Digits::of(self.measure), &self.measure.estimate);
        let Ok(value) = estimate.value else { return "—".into() };
        let value = digits.show(value);
        match estimate.interval {
            Ok(interval) => {
                format!("{value} [{}, {}]", digits.show(interval.low), digits.show(interval.high))
            }
            Err(_) => value,
        }
    }

    fn says(&self) -> String {
        let part = summary::group(self.measure).map_or(String::new(), |part| format!("{part} · "));
        part + self.measure.compared()
    }
}

struct Chart<'a> {
    models: &'a [&'a str],
    axis: Axis,
    rows: &'a [Vec<Number<'a>>],
    names: f64,
    parts: f64,
    numbers: f64,
    counts: f64,
    x: Scale,
}

impl<'a> Chart<'a> {
    fn new(models: &'a [&'a str], axis: Axis, rows: &'a [Vec<Number<'a>>]) -> Option<Self> {
        let entries = || rows.iter().flatten();
        entries().next()?;
        let widest = |texts: &mut dyn Iterator<Item = String>, least: &str| {
            texts.map(|text| width(&text, Font::Sans)).fold(width(least, Font::Sans), f64::max)
        };
        let names = widest(&mut entries().map(|entry| shown(entry.task)), "").min(WIDEST_NAME);
        let parts = widest(&mut entries().map(|entry| shown(&entry.says())), "").min(WIDEST_PART);
        let numbers = widest(&mut entries().map(Number::numbers), "estimate [interval]");
        let counts = widest(&mut entries().map(|entry| grouped(entry.measure.estimate.n)), "n");
        let left = SPACE + names + SPACE + parts + SPACE;
        let ends = entries().flat_map(|entry| {
            let estimate = &entry.measure.estimate;
            let ends = estimate.interval.ok().map(|interval| [interval.low, interval.high]);
            estimate.value.ok().into_iter().chain(ends.into_iter().flatten())
        });
        let bounded = axis.holds.len() == 2;
        let numbers_held = ends.chain(axis.holds.iter().copied());
        let ends = if bounded {
            numbers_held.fold((0.0, 1.0), |(low, high): (f64, f64), n| (low.min(n), high.max(n)))
        } else {
            around(numbers_held, axis.steps)?
        };
        let x = Scale { steps: axis.steps, ends, places: (left, left + PLOT) };
        Some(Self { models, axis, rows, names, parts, numbers, counts, x })
    }

    fn draw(&self, id: &str, title: &str, about: &str) -> String {
        let mut svg = Svg::default();
        let (from, to) = self.x.places;
        let right = to + SPACE + self.numbers + SPACE + self.counts + SPACE;
        let mut y = self.legend(&mut svg, right) + LINE;
        let middle = |y: f64| y - 4.0;
        svg.text((to + SPACE, middle(y)), Anchor::Start, Tone::Muted, "estimate [interval]");
        svg.text((right - SPACE, middle(y)), Anchor::End, Tone::Muted, "n");
        let top = y + 4.0;
        y = top;
        let mut body = Svg::default();
        let mut last = None;
        for row in self.rows {
            if last != Some(row[0].task) {
                if last.is_some() {
                    y += GAP;
                    body.line(Stroke::Grid, (SPACE, y - GAP / 2.0), (right - SPACE, y - GAP / 2.0));
                }
                body.label((SPACE, y + 13.0), Anchor::Start, Tone::Ink, row[0].task, self.names);
                last = Some(row[0].task);
            }
            let at = SPACE + self.names + SPACE;
            body.label((at, y + 13.0), Anchor::Start, Tone::Muted, &row[0].says(), self.parts);
            let height = LINE * row.len() as f64;
            let reference = self.axis.reference.or(row[0].measure.chance);
            if let (Some(chance), None) = (row[0].measure.chance, self.axis.reference)
                && self.x.holds(chance)
            {
                let at = self.x.at(chance);
                body.line(Stroke::Reference, (at, y), (at, y + height));
            }
            for entry in row {
                self.entry(&mut body, entry, reference, y + LINE / 2.0);
                let baseline = y + 13.0;
                body.text((to + SPACE, baseline), Anchor::Start, Tone::Ink, &entry.numbers());
                let n = grouped(entry.measure.estimate.n);
                body.text((right - SPACE, baseline), Anchor::End, Tone::Muted, &n);
                y += LINE;
            }
        }
        let bottom = y + 4.0;
        for (number, shown) in spaced(&self.x, |shown| width(shown, Font::Sans)) {
            let at = self.x.at(number);
            svg.line(Stroke::Grid, (at, top), (at, bottom));
            svg.text((at, bottom + 16.0), Anchor::Middle, Tone::Muted, &shown);
        }
        if let Some(reference) = self.axis.reference {
            let at = self.x.at(reference);
            svg.line(Stroke::Axis, (at, top), (at, bottom));
        }
        svg.text((f64::midpoint(from, to), bottom + 36.0), Anchor::Middle, Tone::Muted, self.axis.says);
        svg.append(body);
        svg.finish(id, title, about, (right, bottom + 44.0))
    }

    fn entry(&self, svg: &mut Svg, entry: &Number<'_>, reference: Option<f64>, y: f64) {
        let estimate = &entry.measure.estimate;
        let Ok(value) = estimate.value else { return };
        let model = self.models[entry.model];
        let of = if model.is_empty() { String::new() } else { format!(" · {model}") };
        let title = format!(
            "{} · {}{of}: {}, n = {}",
            entry.task,
            entry.says(),
            entry.numbers(),
            grouped(estimate.n)
        );
        let whisker = Whisker {
            value,
            interval: estimate.interval.ok().map(|interval| (interval.low, interval.high)),
            reference,
            series: Series::Number(entry.model),
            filled: true,
            title: &title,
        };
        whisker.draw(svg, &self.x, y);
    }

    /// The models with their marks, in as many lines as they take; none for one model. Returns the height used.
    fn legend(&self, svg: &mut Svg, right: f64) -> f64 {
        if self.models.len() < 2 {
            return 4.0;
        }
        let (mut x, mut y) = (SPACE, LINE);
        for (number, model) in self.models.iter().enumerate() {
            let room = width(&shown(model), Font::Sans).min(WIDEST_NAME);
            let wide = 2.0 * RADIUS + 6.0 + room + 2.0 * SPACE;
            if x > SPACE && x + wide > right {
                (x, y) = (SPACE, y + LINE);
            }
            svg.mark(&Mark {
                at: (x + RADIUS, y - 4.0),
                radius: RADIUS,
                series: Series::Number(number),
                filled: true,
                title: "",
            });
            svg.label((x + 2.0 * RADIUS + 6.0, y), Anchor::Start, Tone::Ink, model, room);
            x += wide;
        }
        y + 4.0
    }
}

fn caption(axis: Axis, rows: &[Vec<Number<'_>>], left_out: usize) -> String {
    let mut methods: Vec<String> = Vec::new();
    for entry in rows.iter().flatten() {
        if let Ok(interval) = entry.measure.estimate.interval {
            let made = words::made(interval);
            if !methods.contains(&made) {
                methods.push(made);
            }
        }
    }
    let mut caption = "A mark is an estimate from n items, the bar its interval".to_owned();
    if !methods.is_empty() {
        caption.push_str(&format!(" ({})", methods.join("; ")));
    }
    caption.push_str(match axis.unit {
        Unit::Proportion => "; a dashed line is what guessing gives.",
        Unit::Difference => "; the line is no difference.",
        Unit::Ratio => "; the line is a ratio of one. The axis is logarithmic.",
        _ => ".",
    });
    if rows.iter().flatten().any(|entry| entry.measure.estimate.interval.is_err()) {
        caption.push_str(" A hollow mark has no interval; the table says why.");
    }
    if left_out > 0 {
        caption.push_str(&format!(" {} more are in metrics.csv.", grouped(left_out)));
    }
    caption
}

fn data(models: &[&str], rows: &[Vec<Number<'_>>]) -> Table {
    let mut table = Table::new(vec![
        Column::new("task", "task", Shape::Name),
        Column::new("part", "part", Shape::Left),
        Column::new("metric", "metric", Shape::Left),
        Column::new("model", "model", Shape::Left),
        Column::new("value", "value", Shape::Point),
        Column::new("interval", "ci", Shape::Interval),
        Column::new("method", "method", Shape::Left),
        Column::new("n", "n", Shape::Right),
        Column::new("chance", "chance", Shape::Point),
    ]);
    for entry in rows.iter().flatten() {
        let (digits, estimate) = (Digits::of(entry.measure), &entry.measure.estimate);
        let unknown = |reason: crate::stats::Undefined| Cell::Unknown(reason.to_string());
        let (interval, method) = match estimate.interval {
            Ok(interval) => {
                let crate::stats::Interval { low, high, .. } = interval;
                (Cell::Interval { low, high, digits }, Cell::Text(words::made(interval)))
            }
            Err(reason) => (unknown(reason), Cell::Empty),
        };
        table.rows.push(vec![
            entry.task.into(),
            summary::group(entry.measure).map_or(Cell::Empty, Cell::Text),
            entry.measure.compared().into(),
            models[entry.model].into(),
            estimate.value.map_or_else(unknown, |value| Cell::Number(value, digits)),
            interval,
            method,
            Cell::count(estimate.n),
            entry.measure.chance.map_or(Cell::Empty, |chance| Cell::Number(chance, Digits::Fixed(3))),
        ]);
    }
    table
}
