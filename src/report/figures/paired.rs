//! Two models on the same items: the differences with their intervals and corrected tests, and how often which was right.

mod two_by_two;

pub use two_by_two::two_by_two;

use super::{
    Figure, Topic,
    link::items,
    plane::spaced,
    scale::{Scale, Steps, around},
    svg::{Anchor, Series, Stroke, Svg, Tone, shown},
    whisker::Whisker,
    width::{Font, width},
};
use crate::{
    metric::words,
    report::{
        digits::{Digits, grouped},
        table::{Cell, Column, Shape, Table},
    },
};

const LINE: f64 = 24.0;
const SPACE: f64 = 14.0;
const PLOT: f64 = 280.0;
const WIDEST_NAME: f64 = 230.0;
const WIDEST_SIDE: f64 = 120.0;
/// Rows of one figure; the rest is counted in its caption.
const MOST_ROWS: usize = 200;

/// The two that are compared: a letter and a model each.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// What sentences call them.
    pub letters: [&'a str; 2],
    /// What they are.
    pub models: [&'a str; 2],
}

/// A number of both.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// `benchmark/task`.
    pub task: &'a str,
    /// The part of the task; the whole without one.
    pub part: Option<&'a str>,
    /// Such as `accuracy`.
    pub metric: &'a str,
    /// The second minus the first, or the second over the first.
    pub value: f64,
    /// Its interval and how it was made.
    pub interval: Option<(f64, f64, String)>,
    /// How it is written.
    pub digits: Digits,
    /// Paired items.
    pub n: usize,
    /// How often which was right, where items are right or wrong.
    pub counts: Option<Counts>,
    /// The p that decides, and whether it does.
    pub p: Option<(f64, bool)>,
    /// What it comes to.
    pub verdict: &'a str,
}

/// How often which was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Both.
    pub both: u64,
    /// Only the first.
    pub only_first: u64,
    /// Only the second.
    pub only_second: u64,
    /// Neither.
    pub neither: u64,
}

/// What the rows of one figure share.
#[derive(Clone, Copy, Debug)]
pub struct Axis<'a> {
    /// Names the figure.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// What is on it.
    pub says: &'a str,
    /// What equal steps do.
    pub steps: Steps,
    /// Where both are equal.
    pub equal: f64,
    /// How the p allow for each other, such as `Holm over 12 tests`; nothing where there is one.
    pub corrected: &'a str,
}

impl<'a> Sides<'a> {
    /// What sets the figures of these two apart; two runs may be of one model.
    fn names(&self) -> [&'a str; 4] {
        let ([a, b], [one, other]) = (self.letters, self.models);
        [a, one, b, other]
    }
}

impl Line<'_> {
    fn name(&self) -> String {
        let part = self.part.map_or(String::new(), |part| format!(" {part}"));
        format!("{}{part} {}", self.task, self.metric)
    }

    fn numbers(&self, steps: Steps) -> String {
        let signed = |number: f64| {
            let shown = self.digits.show(number);
            if steps == Steps::Add && number > 0.0 && shown.contains(|c| matches!(c, '1'..='9')) {
                format!("+{shown}")
            } else {
                shown
            }
        };
        match &self.interval {
            Some((low, high, _)) => format!("{} [{}, {}]", signed(self.value), signed(*low), signed(*high)),
            None => signed(self.value),
        }
    }

    fn p(&self) -> String {
        match self.p {
            Some((p, true)) => format!("{} *", words::p(p)),
            Some((p, false)) => words::p(p),
            None => "—".into(),
        }
    }

    /// The items of one field of the two by two table.
    fn link(&self, sides: Sides<'_>, result: &str) -> String {
        let mut state = vec![("task", self.task)];
        state.extend(self.part.map(|part| ("group", part)));
        state.extend([("ok", result), ("a", sides.models[0]), ("b", sides.models[1])]);
        items(state)
    }
}

/// The differences, one below the other.
pub fn differences(sides: Sides<'_>, axis: Axis<'_>, lines: &[Line<'_>]) -> Option<Figure> {
    let left_out = lines.len().saturating_sub(MOST_ROWS);
    let lines = &lines[..lines.len() - left_out];
    let ends = lines.iter().flat_map(|line| {
        let ends = line.interval.as_ref().map(|(low, high, _)| [*low, *high]);
        std::iter::once(line.value).chain(ends.into_iter().flatten())
    });
    lines.first()?;
    let ends = around(ends.chain([axis.equal]), axis.steps)?;
    let caption = caption(sides, axis, lines, left_out);
    let title = format!("{}: {} against {}", axis.title, sides.models[1], sides.models[0]);
    let id = super::id(axis.id, &sides.names());
    let svg = Chart { sides, axis, lines }.draw(ends, &id, &title, &caption);
    let data = data(axis, lines);
    Some(Figure { id, topic: Topic::Comparison, title, caption, svg, data })
}

struct Chart<'a> {
    sides: Sides<'a>,
    axis: Axis<'a>,
    lines: &'a [Line<'a>],
}

impl Chart<'_> {
    fn draw(&self, ends: (f64, f64), id: &str, title: &str, about: &str) -> String {
        let [a, b] = self.sides.letters;
        let widest = |texts: &mut dyn Iterator<Item = String>, title: &str| {
            texts.map(|text| width(&text, Font::Sans)).fold(width(title, Font::Sans), f64::max)
        };
        let lines = || self.lines.iter();
        let names = widest(&mut lines().map(|line| shown(&line.name())), "").min(WIDEST_NAME);
        let titles = ["difference [interval]", "p, corrected", "n"];
        let numbers = widest(&mut lines().map(|line| line.numbers(self.axis.steps)), titles[0]);
        let only = [format!("only {a}"), format!("only {b}")];
        let counts: [f64; 2] = std::array::from_fn(|side| {
            let count =
                |line: &Line<'_>| line.counts.map_or(String::new(), |c| grouped(c.only(side) as usize));
            widest(&mut lines().map(count), &only[side])
        });
        let ps = widest(&mut lines().map(Line::p), titles[1]);
        let ns = widest(&mut lines().map(|line| grouped(line.n)), titles[2]);
        let left = SPACE + names + SPACE;
        let x = Scale { steps: self.axis.steps, ends, places: (left, left + PLOT) };
        let numbers_at = left + PLOT + SPACE;
        let first = numbers_at + numbers + SPACE + counts[0];
        let second = first + SPACE + counts[1];
        let p_at = second + SPACE + ps;
        let right = p_at + SPACE + ns + SPACE;
        let mut svg = Svg::default();
        let equal = x.at(self.axis.equal);
        self.directions(&mut svg, &x, right);
        let head = 38.0;
        svg.text((numbers_at, head), Anchor::Start, Tone::Muted, titles[0]);
        svg.text((first, head), Anchor::End, Tone::Muted, &only[0]);
        svg.text((second, head), Anchor::End, Tone::Muted, &only[1]);
        svg.text((p_at, head), Anchor::End, Tone::Muted, titles[1]);
        svg.text((right - SPACE, head), Anchor::End, Tone::Muted, titles[2]);
        let top = 46.0;
        let bottom = top + LINE * self.lines.len() as f64 + 4.0;
        for (number, written) in spaced(&x, |words| width(words, Font::Sans)) {
            svg.line(Stroke::Grid, (x.at(number), top), (x.at(number), bottom));
            svg.text((x.at(number), bottom + 16.0), Anchor::Middle, Tone::Muted, &written);
        }
        svg.line(Stroke::Axis, (equal, top - 4.0), (equal, bottom));
        svg.text((left + PLOT / 2.0, bottom + 36.0), Anchor::Middle, Tone::Muted, self.axis.says);
        for (row, line) in self.lines.iter().enumerate() {
            let y = top + LINE * row as f64 + LINE / 2.0;
            let baseline = y + 4.0;
            svg.label((SPACE, baseline), Anchor::Start, Tone::Ink, &line.name(), names);
            let decided = line.p.is_some_and(|(_, decides)| decides);
            let whisker = Whisker {
                value: line.value,
                interval: line.interval.as_ref().map(|(low, high, _)| (*low, *high)),
                reference: Some(self.axis.equal),
                series: if decided { Series::Number(0) } else { Series::Quiet },
                filled: decided,
                title: line.verdict,
            };
            whisker.draw(&mut svg, &x, y);
            svg.text((numbers_at, baseline), Anchor::Start, Tone::Ink, &line.numbers(self.axis.steps));
            if let Some(counts) = line.counts {
                for (side, (at, result)) in [(first, "10"), (second, "01")].into_iter().enumerate() {
                    let count = grouped(counts.only(side) as usize);
                    svg.linked(&line.link(self.sides, result), true, |svg| {
                        svg.text((at, baseline), Anchor::End, Tone::Ink, &count);
                    });
                }
            }
            let tone = if decided { Tone::Ink } else { Tone::Muted };
            let p = line.p();
            svg.text((p_at, baseline), Anchor::End, tone, &p);
            svg.text((right - SPACE, baseline), Anchor::End, Tone::Muted, &grouped(line.n));
        }
        svg.finish(id, title, about, (right, bottom + 44.0))
    }

    /// Which side of the line is whose.
    fn directions(&self, svg: &mut Svg, x: &Scale, right: f64) {
        let equal = x.at(self.axis.equal);
        let [first, second] = [0, 1].map(|side| {
            let letter = self.sides.letters[side];
            format!("{letter} = {}", self.sides.models[side])
        });
        let room = (equal - SPACE - 20.0).min(WIDEST_SIDE + 40.0);
        svg.label((equal - 10.0, 16.0), Anchor::End, Tone::Muted, &format!("← {first} higher"), room);
        let room = (right - SPACE - equal - 10.0).min(WIDEST_SIDE + 40.0);
        svg.label((equal + 10.0, 16.0), Anchor::Start, Tone::Muted, &format!("{second} higher →"), room);
    }
}

impl Counts {
    fn only(&self, side: usize) -> u64 {
        if side == 0 { self.only_first } else { self.only_second }
    }

    fn all(&self) -> u64 {
        self.both + self.only_first + self.only_second + self.neither
    }
}

fn caption(sides: Sides<'_>, axis: Axis<'_>, lines: &[Line<'_>], left_out: usize) -> String {
    let [a, b] = sides.letters;
    let mut methods: Vec<&str> = Vec::new();
    for (_, _, made) in lines.iter().filter_map(|line| line.interval.as_ref()) {
        if !methods.contains(&made.as_str()) {
            methods.push(made);
        }
    }
    let mut caption = format!(
        "{a} is {}, {b} is {}; both answered the same n items. A mark is {}, the bar its interval",
        sides.models[0],
        sides.models[1],
        if axis.steps == Steps::Add { format!("{b} minus {a}") } else { format!("{b} over {a}") }
    );
    if !methods.is_empty() {
        caption.push_str(&format!(" ({})", methods.join("; ")));
    }
    caption.push_str(
        "; on the line both are equal. Filled marks and stars are differences that the corrected p decides",
    );
    if !axis.corrected.is_empty() {
        caption.push_str(&format!(" ({})", axis.corrected));
    }
    caption.push('.');
    if lines.iter().any(|line| line.counts.is_some()) {
        caption.push_str(&format!(
            " “Only {a}” and “only {b}” count the items that one alone got right; they lead there."
        ));
    }
    if left_out > 0 {
        caption.push_str(&format!(" {} more are in comparisons.csv.", grouped(left_out)));
    }
    caption
}

fn data(axis: Axis<'_>, lines: &[Line<'_>]) -> Table {
    let value = if axis.steps == Steps::Add { "difference" } else { "ratio" };
    let mut table = Table::new(vec![
        Column::new("task", "task", Shape::Name),
        Column::new("part", "part", Shape::Left),
        Column::new("metric", "metric", Shape::Left),
        Column::new(value, "value", Shape::Point),
        Column::new("interval", "ci", Shape::Interval),
        Column::new("n", "n", Shape::Right),
        Column::new("only first", "only_first", Shape::Right),
        Column::new("only second", "only_second", Shape::Right),
        Column::new("p, corrected", "p", Shape::Right),
        Column::new("verdict", "verdict", Shape::Left),
    ]);
    for line in lines {
        let count = |side| line.counts.map_or(Cell::Empty, |counts| Cell::count(counts.only(side) as usize));
        table.rows.push(vec![
            line.task.into(),
            line.part.map_or(Cell::Empty, Cell::from),
            line.metric.into(),
            Cell::Number(line.value, line.digits),
            line.interval.as_ref().map_or(Cell::Empty, |(low, high, _)| Cell::Interval {
                low: *low,
                high: *high,
                digits: line.digits,
            }),
            Cell::count(line.n),
            count(0),
            count(1),
            line.p.map_or(Cell::Empty, |(p, _)| Cell::Text(words::p(p))),
            line.verdict.into(),
        ]);
    }
    table
}
