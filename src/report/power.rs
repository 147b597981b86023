//! How many items it takes, and what so many can show: a number, and a small table around it.

use serde_json::{Value, json};

use super::{
    digits::Digits,
    interval::Strip,
    quantity::many,
    table::{Cell, Column, Look, Shape, Table},
    text,
};
use crate::{
    stats::power::{self, Goal, PlannedPairs},
    value::Level,
};

/// What is to be known or found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Question {
    /// A share, and how closely.
    Share {
        /// Where it lies, about.
        near: f64,
        /// How often the interval holds the truth.
        level: Level,
    },
    /// A difference of two shares of the same items.
    Pairs {
        /// The share of items on which the two differ.
        discordant: f64,
        /// What the test shall do.
        goal: Goal,
    },
    /// A mean difference on the same items.
    Means {
        /// The standard deviation of the differences.
        deviation: f64,
        /// What the test shall do.
        goal: Goal,
    },
}

/// What is given; the rest is sought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Given {
    /// A half-width or a difference.
    Size(f64),
    /// So many items.
    Items(u64),
    /// So many items for a difference.
    Both(f64, u64),
}

/// A question with what is given, and with where its numbers come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What the numbers of the question were taken from, such as an earlier run.
    pub source: Option<String>,
    /// The question.
    pub question: Question,
    /// What is given.
    pub given: Given,
    /// Among how many tests, where it is a test.
    pub tests: u32,
}

/// The rows of the table for people, as parts of the number in the middle.
const CURVE: [f64; 7] = [0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0];
/// Points of the curve in files, from a twentieth of the number in the middle to four times as many.
const POINTS: u32 = 80;

impl Question {
    /// The fewest items that know or find it so closely; `None` where no number of items does.
    fn items(self, size: f64) -> Option<u64> {
        match self {
            Self::Share { near, level } => Some(power::items_for_half_width(size, near, level)),
            Self::Pairs { discordant, goal } => PlannedPairs::new(discordant, size).ok()?.items(goal),
            Self::Means { deviation, goal } => {
                power::paired_t_items(size / deviation, goal).map(|items| items.ceil() as u64)
            }
        }
    }

    /// How closely so many items know or find it.
    fn size(self, items: u64) -> Option<f64> {
        match self {
            Self::Share { near, level } => Some(power::half_width(items as f64, near, level)),
            Self::Pairs { discordant, goal } => PlannedPairs::detectable(items, discordant, goal),
            Self::Means { deviation, goal } => {
                (items >= 2).then(|| power::detectable_effect(items as f64, goal) * deviation)
            }
        }
    }

    /// How often so many items find a difference.
    fn power(self, items: u64, size: f64) -> Option<f64> {
        match self {
            Self::Share { .. } => None,
            Self::Pairs { discordant, goal } => {
                Some(PlannedPairs::new(discordant, size).ok()?.power(items, goal.alpha))
            }
            Self::Means { deviation, goal } => {
                (items >= 2).then(|| power::paired_t(size / deviation, items as f64, goal.alpha))
            }
        }
    }

    fn goal(self) -> Option<Goal> {
        match self {
            Self::Share { .. } => None,
            Self::Pairs { goal, .. } | Self::Means { goal, .. } => Some(goal),
        }
    }

    fn method(self) -> &'static str {
        match self {
            Self::Share { .. } => "wilson",
            Self::Pairs { .. } => "mcnemar_mid_p",
            Self::Means { .. } => "paired_t",
        }
    }

    fn show(self, size: f64) -> String {
        self.digits(size).show(size)
    }

    /// Three decimals of a share, three digits of anything else.
    fn digits(self, size: f64) -> Digits {
        match self {
            Self::Means { .. } if size > 0.0 => {
                Digits::Fixed(usize::try_from(2 - libm::floor(libm::log10(size)) as i32).unwrap_or(0))
            }
            _ => Digits::Fixed(3),
        }
    }
}

impl Plan {
    /// For people.
    pub fn terminal(&self, look: &Look) -> String {
        let mut out = String::new();
        for line in text::wrap(&text::words(&self.words(), look.charset), look.width, 2) {
            out.push_str(&line);
            out.push('\n');
        }
        let curve = self.curve();
        if !curve.rows.is_empty() {
            out.push('\n');
            out.push_str(&curve.terminal(look));
        }
        out
    }

    /// For scripts.
    pub fn json(&self) -> Value {
        let (size, items) = self.answer();
        let mut json = json!({ "source": self.source, "method": self.question.method(), "items": items });
        match self.question {
            Question::Share { near, level } => {
                json["half_width"] = json!(size);
                json["near"] = json!(near);
                json["level"] = json!(level);
            }
            Question::Pairs { discordant, .. } => {
                json["difference"] = json!(size);
                json["discordant"] = json!(discordant);
            }
            Question::Means { deviation, .. } => {
                json["difference"] = json!(size);
                json["sd"] = json!(deviation);
            }
        }
        if let Some(goal) = self.question.goal() {
            json["power"] = json!(size.zip(items).and_then(|(size, items)| self.question.power(items, size)));
            json["alpha"] = json!(goal.alpha);
            json["tests"] = json!(self.tests);
        }
        json["curve"] = self.points().json();
        json
    }

    /// The answer as a sentence.
    pub fn words(&self) -> String {
        let question = self.question;
        let source = self.source.as_ref().map(|source| format!("{source}: ")).unwrap_or_default();
        let (size, items) = self.answer();
        let shown = match (self.given, size) {
            (Given::Size(size) | Given::Both(size, _), _) => size.to_string(),
            (Given::Items(_), Some(size)) => question.show(size),
            (Given::Items(_), None) => String::new(),
        };
        let with = items.map_or_else(|| "no number of items".to_owned(), count);
        let answer = match (question, self.given) {
            (Question::Share { near, .. }, _) => {
                format!("a share near {} is known to ±{shown} with {with}", round(near))
            }
            (_, Given::Size(_)) => format!("a difference of {shown} is found with {with}"),
            (_, Given::Items(_)) if size.is_none() => format!("no difference is found with {with}"),
            (_, Given::Items(_)) => format!("differences from {shown} on are found with {with}"),
            (_, Given::Both(wanted, items)) => {
                let power = 100.0 * question.power(items, wanted).unwrap_or(0.0);
                let enough = question.items(wanted).map_or_else(|| "no number of items".to_owned(), count);
                format!("a difference of {shown} is found with {with} {power:.1}% of the time, with {enough}")
            }
        };
        format!("{source}{answer} {}", self.conditions())
    }

    /// Such as `at 80 % power, where the two differ on 0.2 of the items (McNemar mid-p, alpha = 0.05)`.
    fn conditions(&self) -> String {
        let (assumed, test, goal) = match self.question {
            Question::Share { level, .. } => return format!("(Wilson, {}%)", round(100.0 * level.get())),
            Question::Pairs { discordant, goal } => {
                (format!("the two differ on {} of the items", round(discordant)), "McNemar mid-p", goal)
            }
            Question::Means { deviation, goal } => {
                let deviation = self.question.show(deviation);
                (format!("the differences have a standard deviation of {deviation}"), "paired t", goal)
            }
        };
        let alpha = match self.tests {
            1 => format!("alpha = {}", round(goal.alpha)),
            tests => {
                let whole = round(goal.alpha * f64::from(tests));
                format!("alpha = {whole} / {tests} tests = {}", round(goal.alpha))
            }
        };
        format!("at {}% power, where {assumed} ({test}, {alpha})", round(100.0 * goal.power))
    }

    /// What so many items, and more and fewer than that, can show: a few rows, with a picture.
    pub fn curve(&self) -> Table {
        let mut table = self.table(&CURVE);
        let wanted = self.wanted().is_some();
        let of = |row: &Vec<Cell>| if let Cell::Number(number, _) = row[1] { Some(number) } else { None };
        let most = table.rows.iter().filter_map(of).fold(0.0, f64::max);
        if most == 0.0 {
            return table;
        }
        // How often a difference is found has its own scale, and a line where it is often enough.
        let (full, reference) =
            if wanted { (1.0, self.question.goal().map(|goal| goal.power)) } else { (most, None) };
        let ends = Digits::Fixed(if wanted { 0 } else { 3 });
        let title = format!("0||{}", ends.show(full));
        table.columns.push(Column::new(title, "picture", Shape::Strip { axis: (0.0, full) }).droppable(0));
        for row in &mut table.rows {
            let point = |at: f64| Cell::Strip(Strip { low: at, value: at, high: at, reference });
            let drawn = of(row).map_or(Cell::Empty, point);
            row.push(drawn);
        }
        table
    }

    /// The same curve for files: many points.
    pub fn points(&self) -> Table {
        let parts: Vec<f64> = (1..=POINTS).map(|point| f64::from(point) / 20.0).collect();
        self.table(&parts)
    }

    /// The difference whose chance to be found is followed.
    fn wanted(&self) -> Option<f64> {
        match self.given {
            Given::Size(size) | Given::Both(size, _) => self.question.goal().map(|_| size),
            Given::Items(_) => None,
        }
    }

    fn table(&self, parts: &[f64]) -> Table {
        let (question, wanted) = (self.question, self.wanted());
        let mut columns = vec![Column::new("items", "items", Shape::Right)];
        columns.extend(wanted.map(|_| Column::new("power", "power", Shape::Point)));
        columns.push(match question.goal() {
            None => Column::new("half-width", "half_width", Shape::Point),
            Some(goal) => {
                let title = format!("smallest found at {}%", round(100.0 * goal.power));
                Column::new(title, "detectable", Shape::Point)
            }
        });
        let mut table = Table::new(columns);
        let (_, Some(middle)) = self.answer() else { return table };
        let mut counts: Vec<u64> =
            parts.iter().map(|part| (part * middle as f64).round().max(1.0) as u64).collect();
        counts.dedup();
        let power =
            |value: Option<f64>| value.map_or(Cell::Empty, |value| Cell::Number(value, Digits::Fixed(3)));
        let size = |value: Option<f64>| {
            value.map_or(Cell::Empty, |value| Cell::Number(value, question.digits(value)))
        };
        table.rows.extend(counts.into_iter().map(|items| {
            let mut row = vec![Cell::count(usize::try_from(items).unwrap_or(usize::MAX))];
            row.extend(wanted.map(|wanted| power(question.power(items, wanted))));
            row.push(size(question.size(items)));
            row
        }));
        table
    }

    /// The half-width or difference, and the items: what is given, and what follows from it.
    fn answer(&self) -> (Option<f64>, Option<u64>) {
        match self.given {
            Given::Size(size) => (Some(size), self.question.items(size)),
            Given::Items(items) => (self.question.size(items), Some(items)),
            Given::Both(size, items) => (Some(size), Some(items)),
        }
    }
}

/// The curves of several plans in one table, each row with what its numbers were taken from.
pub fn points(plans: &[Plan]) -> Table {
    let columns = ["source", "method", "items", "power", "half_width", "detectable"];
    let mut table = Table::new(columns.map(|name| Column::new(name, name, Shape::Left)).into());
    for plan in plans {
        let curve = plan.points();
        let place = |key: &str| curve.columns.iter().position(|column| column.key == key);
        for row in &curve.rows {
            let of = |key: &str| place(key).map_or(Cell::Empty, |at| row[at].clone());
            let source = plan.source.as_deref().map_or(Cell::Empty, Cell::from);
            let numbers = ["items", "power", "half_width", "detectable"].map(of);
            table.rows.push([source, plan.question.method().into()].into_iter().chain(numbers).collect());
        }
    }
    table
}

fn count(items: u64) -> String {
    many(usize::try_from(items).unwrap_or(usize::MAX), "item")
}

/// Without what only rounding put there.
fn round(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}
