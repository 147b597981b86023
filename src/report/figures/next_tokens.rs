//! The most probable next tokens as bars, with what they sum to, and those that were looked up.

use super::{
    Figure, Topic, id,
    svg::{Anchor, Area, Mark, Series, Stroke, Svg, Tone},
    width::{Font, width},
};
use crate::{
    record::TaskRecord,
    report::{
        digits::{Digits, grouped},
        next_token::{Listed, NextTokens},
        text::{self, Charset},
    },
};

/// Prompts of one task that are drawn; all are in the files.
const MOST_PROMPTS: usize = 8;
/// Tokens of one prompt that are drawn.
const MOST_TOKENS: usize = 20;
const LINE: f64 = 20.0;
const BAR: f64 = 260.0;
const WIDEST_TOKEN: f64 = 150.0;
const SPACE: f64 = 12.0;

/// The bars of a task that ranks tokens, a figure a prompt.
pub fn figures(task: &TaskRecord) -> Vec<Figure> {
    let views = NextTokens::of_task(task);
    let more = views.len().saturating_sub(MOST_PROMPTS);
    let drawn = views.iter().take(MOST_PROMPTS).enumerate();
    drawn.filter_map(|(place, view)| figure(task, place, view, more)).collect()
}

fn figure(task: &TaskRecord, place: usize, view: &NextTokens, more: usize) -> Option<Figure> {
    let best: Vec<&Listed> = view.top.iter().take(MOST_TOKENS).collect();
    let most = best.first()?.logprob.exp();
    let beyond: Vec<&Listed> = view.watched.iter().filter(|watched| watched.rank > best.len()).collect();
    let listed = || best.iter().chain(&beyond);
    let of = |texts: &mut dyn Iterator<Item = String>, title: &str, font| {
        texts.map(|text| width(&text, font)).fold(width(title, Font::Sans), f64::max)
    };
    let ranks = of(&mut listed().map(|one| grouped(one.rank)), "rank", Font::Sans);
    let tokens = of(
        &mut listed().map(|one| text::token(&one.token, Charset::Unicode).into_owned()),
        "token",
        Font::Mono,
    )
    .min(WIDEST_TOKEN);
    let shares = of(&mut listed().map(|one| Digits::Percent.show(one.logprob.exp())), "share", Font::Sans);
    let (token_at, bar_at) = (SPACE + ranks + SPACE, SPACE + ranks + SPACE + tokens + SPACE);
    let share_at = bar_at + BAR + SPACE + 14.0 + shares;
    let sum_at = share_at + SPACE + width(">99.99%", Font::Sans).max(width("summed", Font::Sans));
    let mut svg = Svg::default();
    for (x, anchor, title) in [
        (SPACE + ranks, Anchor::End, "rank"),
        (token_at, Anchor::Start, "token"),
        (share_at, Anchor::End, "share"),
        (sum_at, Anchor::End, "summed"),
    ] {
        svg.text((x, 16.0), anchor, Tone::Muted, title);
    }
    let (mut y, mut sum) = (24.0, 0.0);
    for (at, one) in listed().enumerate() {
        if at == best.len() {
            svg.line(Stroke::Grid, (SPACE, y + 4.0), (sum_at, y + 4.0));
            y += 8.0;
        }
        let watched = view.watched.iter().any(|watched| watched.id == one.id && watched.rank == one.rank);
        let (share, baseline) = (one.logprob.exp(), y + 14.0);
        svg.text((SPACE + ranks, baseline), Anchor::End, Tone::Muted, &grouped(one.rank));
        svg.token((token_at, baseline), Anchor::Start, &one.token, tokens);
        let series = Series::Number(usize::from(watched));
        let percent = Digits::Percent.show(share);
        svg.area(&Area {
            at: (bar_at, y + 3.0),
            size: ((share / most * BAR).clamp(1.0, BAR), LINE - 6.0),
            series,
            opacity: 1.0,
            title: &format!("{}: {percent}", text::token(&one.token, Charset::Unicode)),
        });
        if watched {
            let mark = Mark {
                at: (bar_at + BAR + SPACE, y + 10.0),
                radius: 4.0,
                series,
                filled: true,
                title: "watched",
            };
            svg.mark(&mark);
        }
        svg.text((share_at, baseline), Anchor::End, Tone::Ink, &percent);
        if at < best.len() {
            sum += share;
            svg.text((sum_at, baseline), Anchor::End, Tone::Muted, &Digits::Percent.show(f64::min(sum, 1.0)));
        }
        y += LINE;
    }
    let mut caption = format!(
        "{}, after “{}”: the {} most probable next tokens, of the whole vocabulary at temperature 1; spaces are shown as ·, line ends as ⏎.",
        task.name,
        text::clip(&text::visible(&view.prompt, Charset::Unicode), 160, Charset::Unicode),
        grouped(best.len())
    );
    if !view.watched.is_empty() {
        caption.push_str(" A square marks those that were looked up.");
    }
    if let Some(entropy) = view.entropy {
        caption.push_str(&format!(" Entropy {entropy:.2} nats."));
    }
    if place == 0 && more > 0 {
        caption.push_str(&format!(" {} more prompts are in the files of the run.", grouped(more)));
    }
    let id = id(&format!("next-tokens-{}", place + 1), &[&task.name]);
    let title = format!("Next token: {}, prompt {}", task.name, place + 1);
    let svg = svg.finish(&id, &title, &caption, (sum_at + SPACE, y + 6.0));
    Some(Figure { id, topic: Topic::NextTokens, title, caption, svg, data: view.table() })
}
