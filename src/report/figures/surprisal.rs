//! A text token by token: below each token a bar, the longer the more surprising the token was.

use super::{
    Figure, Topic, id,
    svg::{Anchor, Area, Series, Stroke, Svg, Tone, shown},
    width::{Font, width},
};
use crate::{
    record::{self, ItemKey, TaskRecord},
    report::{
        digits::{Digits, grouped},
        table::{Cell, Column, Shape, Table},
        text::{self, Charset},
    },
};

/// Tokens of one text that are drawn.
const MOST_TOKENS: usize = 300;
const WIDE: f64 = 640.0;
const LINE: f64 = 44.0;
/// The longest bar.
const BAR: f64 = 20.0;
const WIDEST_TOKEN: f64 = 140.0;
const LEFT: f64 = 12.0;

/// A text's tokens with their log-probabilities; the first has none where nothing was given before it.
struct Tokens<'a> {
    key: &'a ItemKey,
    tokens: Vec<(&'a str, Option<f64>)>,
}

impl Tokens<'_> {
    fn scored(&self) -> impl Iterator<Item = f64> + '_ {
        self.tokens.iter().filter_map(|(_, logprob)| *logprob)
    }

    /// Nats a token.
    fn surprise(&self) -> f64 {
        let scored = self.scored().count();
        if scored == 0 { 0.0 } else { -crate::stats::sum(self.scored()) / scored as f64 }
    }
}

/// The least and the most surprising text of a task that scores texts token by token.
pub fn figures(task: &TaskRecord) -> Vec<Figure> {
    let Some(table) = task.details.iter().find(|table| table.name == "token_logprobs") else {
        return Vec::new();
    };
    let (Some(token), Some(logprob)) = (table.column("token"), table.column("logprob")) else {
        return Vec::new();
    };
    let mut texts: Vec<Tokens<'_>> = Vec::new();
    for row in &table.rows {
        let Ok(cells) = &row.cells else { continue };
        let Some(text) = cells.get(token).and_then(record::Cell::text) else { continue };
        let entry = (text, cells.get(logprob).and_then(record::Cell::number));
        match texts.last_mut() {
            Some(last) if *last.key == *row.key => last.tokens.push(entry),
            _ => texts.push(Tokens { key: &row.key, tokens: vec![entry] }),
        }
    }
    texts.retain(|text| text.scored().next().is_some());
    let by_surprise = |a: &&Tokens<'_>, b: &&Tokens<'_>| a.surprise().total_cmp(&b.surprise());
    let (least, most) = (texts.iter().min_by(by_surprise), texts.iter().max_by(by_surprise));
    let (Some(least), Some(most)) = (least, most) else { return Vec::new() };
    let of = |text, name, words| figure(task, text, name, words);
    if texts.len() == 1 {
        return vec![of(most, "text", "the text")];
    }
    let among = |words| format!("the {words} surprising text of {}", grouped(texts.len()));
    vec![of(most, "most", &among("most")), of(least, "least", &among("least"))]
}

fn figure(task: &TaskRecord, text: &Tokens<'_>, name: &str, which: &str) -> Figure {
    let largest = text.scored().map(|logprob| -logprob).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let mut svg = Svg::default();
    let unit = format!("longest bar: {largest:.1} nats");
    svg.text((LEFT, 16.0), Anchor::Start, Tone::Muted, &unit);
    let (mut x, mut y) = (LEFT, 28.0);
    for (token, logprob) in text.tokens.iter().take(MOST_TOKENS) {
        let wide = width(&marked(token), Font::Mono).clamp(3.0, WIDEST_TOKEN);
        if x > LEFT && x + wide > LEFT + WIDE {
            (x, y) = (LEFT, y + LINE);
        }
        svg.token((x, y + 12.0), Anchor::Start, token, wide);
        svg.line(Stroke::Grid, (x, y + 17.0), (x + wide, y + 17.0));
        if let Some(logprob) = logprob {
            let share = -logprob / largest;
            svg.area(&Area {
                at: (x, y + 17.0),
                size: (wide, (BAR * share).max(0.5)),
                series: Series::Number(1),
                opacity: 0.25 + 0.75 * share,
                title: &format!(
                    "{}: {:.2} nats, {}",
                    marked(token),
                    -logprob,
                    Digits::Percent.show(logprob.exp())
                ),
            });
        }
        x += wide + 3.0;
    }
    let tokens = text.tokens.len();
    let mut caption = format!(
        "{}: {which}, {}, {:.2} nats a token on average of {} scored. Each bar is the surprise −ln P(token | all before it); spaces are shown as ·.",
        task.name,
        shown(&text.key.item),
        text.surprise(),
        grouped(text.scored().count())
    );
    if tokens > MOST_TOKENS {
        caption.push_str(&format!(" The first {MOST_TOKENS} of {} tokens.", grouped(tokens)));
    }
    let id = id(&format!("surprisal-{name}"), &[&task.name]);
    let title = format!("Surprise by token: {}, {}", task.name, text.key.item);
    let svg = svg.finish(&id, &title, &caption, (LEFT + WIDE + LEFT, y + LINE + 2.0));
    let mut data = Table::new(vec![
        Column::new("place", "place", Shape::Right),
        Column::new("token", "token", Shape::Left),
        Column::new("nats", "surprisal", Shape::Point),
    ]);
    for (place, (token, logprob)) in text.tokens.iter().enumerate() {
        data.rows.push(vec![
            Cell::Number(place as f64, Digits::Fixed(0)),
            Cell::Token((*token).to_owned()),
            logprob.map_or(Cell::Empty, |logprob| Cell::Number(-logprob, Digits::Fixed(3))),
        ]);
    }
    Figure { id, topic: Topic::Perplexity, title, caption, svg, data }
}

fn marked(token: &str) -> String {
    text::token(token, Charset::Unicode).into_owned()
}
