//! Findings for people, drawn as rustc draws its own.

use annotate_snippets::{
    AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet, renderer::DecorStyle,
};

use super::{
    excerpt::{self, Piece},
    ordered, plain,
};
use crate::spec::{
    finding::{Finding, Findings, Severity},
    place::{Body, Sources},
};

/// How findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether there are colours.
    pub colour: bool,
    /// Whether there is more than ASCII.
    pub unicode: bool,
    /// Columns of the terminal.
    pub width: usize,
}

/// All findings, each with the lines that it speaks of, and what was counted only.
pub fn human(findings: &Findings, sources: &Sources, look: Look) -> String {
    let renderer = if look.colour { Renderer::styled().hyperlink(false) } else { Renderer::plain() };
    let decor = if look.unicode { DecorStyle::Unicode } else { DecorStyle::Ascii };
    let renderer = renderer.decor_style(decor).term_width(look.width.max(40));
    let mut text = String::new();
    for finding in ordered(findings, sources) {
        text.push_str(&one(finding, sources, look, &renderer));
        text.push_str("\n\n");
    }
    for more in findings.unlisted() {
        let what = counted(more.count, more.severity);
        let line = format!("… and {what} more like `{}` in {}\n\n", more.code, more.scope);
        text.push_str(&plain::lines(&line, look.unicode));
    }
    text
}

/// How many findings of which severity, in words: `1 error, 2 warnings`. Nothing where there are none.
pub fn counts(errors: usize, warnings: usize, advice: usize) -> String {
    let severities = [Severity::Error, Severity::Warning, Severity::Advice];
    let counts = [errors, warnings, advice].into_iter().zip(severities).filter(|(count, _)| *count > 0);
    counts.map(|(count, severity)| counted(count, severity)).collect::<Vec<_>>().join(", ")
}

pub(super) fn counted(count: usize, severity: Severity) -> String {
    match (severity, count) {
        (Severity::Error, 1) => "1 error".to_owned(),
        (Severity::Warning, 1) => "1 warning".to_owned(),
        (Severity::Error, _) => format!("{count} errors"),
        (Severity::Warning, _) => format!("{count} warnings"),
        (Severity::Advice, _) => format!("{count} advice"),
    }
}

fn one(finding: &Finding, sources: &Sources, look: Look, renderer: &Renderer) -> String {
    // Titles are told from their second lines by the words before them: `warning[code]: `.
    let words = |text: &str| plain::wrap(&plain::words(text, look.unicode), look.width.max(40) - 10);
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Advice => Level::NOTE.with_name("advice"),
    };
    let mut group = Group::with_title(level.primary_title(words(&finding.message)).id(finding.code));
    let places: Vec<_> = finding.labels.iter().map(|(at, _)| *at).collect();
    let mut pieces = excerpt::pieces(&places, sources);
    pieces.iter_mut().for_each(|piece| make_visible(piece, look));
    for piece in &pieces {
        if piece.text.is_empty() {
            group = group.element(origin(piece, look));
        } else {
            let marks = piece.marks.iter().map(|(index, range)| {
                let kind = if *index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
                let label = finding.labels.get(*index).map_or("", |(_, words)| words.as_str());
                let label = Some(plain::words(label, look.unicode)).filter(|label| !label.is_empty());
                kind.span(range.clone()).label(label)
            });
            let lines =
                Snippet::source(piece.text.as_str()).line_start(number(piece.line)).path(path(piece, look));
            group = group.element(lines.annotations(marks));
        }
    }
    let report = match &finding.help {
        None => vec![group],
        Some(help) => match finding.fix.as_deref().and_then(|fix| patch(fix, pieces.first()?, look)) {
            Some(patch) => vec![group, Level::HELP.secondary_title(words(help)).element(patch)],
            None => vec![group.element(Level::HELP.message(words(help)))],
        },
    };
    let drawn = renderer.render(&report);
    pieces.iter().fold(drawn, |drawn, piece| with_column(drawn, piece, look))
}

/// The renderer counts columns from where a cut line begins; here they get their true number.
fn with_column(drawn: String, piece: &Piece<'_>, look: Look) -> String {
    let (Some(spot), Some((_, mark))) = (piece.spot, piece.marks.first()) else { return drawn };
    let before = piece.text[..mark.start].rsplit('\n').next().unwrap_or_default();
    let counted = before.chars().count() as u64 + 1;
    let place = format!("{}:{}", path(piece, look), spot.line);
    if counted == spot.column {
        return drawn;
    }
    drawn.replacen(&format!("{place}:{counted}"), &format!("{place}:{}", spot.column), 1)
}

/// What steers a terminal in the lines of a file, made visible; the marks stay where they were.
fn make_visible(piece: &mut Piece<'_>, look: Look) {
    let shown = |text: &str| plain::lines(text, look.unicode);
    for (_, range) in &mut piece.marks {
        *range = shown(&piece.text[..range.start]).len()..shown(&piece.text[..range.end]).len();
    }
    piece.text = shown(&piece.text);
}

fn path(piece: &Piece<'_>, look: Look) -> String {
    plain::words(&piece.source.name, look.unicode)
}

/// Where it is: `file:line:column`.
fn origin(piece: &Piece<'_>, look: Look) -> Origin<'static> {
    let name = Origin::path(path(piece, look));
    match (&piece.source.body, piece.spot) {
        (_, Some(spot)) => name.line(number(spot.line)).char_column(number(spot.column)),
        (Body::Data(_), None) => name.line(number(piece.line)),
        (Body::Text(_) | Body::Words(_), None) => name,
    }
}

/// The first label's line with the better text in it.
fn patch<'a>(fix: &str, piece: &'a Piece<'_>, look: Look) -> Option<Snippet<'a, Patch<'a>>> {
    let (_, range) = piece.marks.iter().find(|(index, _)| *index == 0)?;
    let written = &piece.text[range.clone()];
    let fits = piece.text.lines().all(|line| line.len() <= look.width);
    if !fits || written.is_empty() || written.contains('\n') || !matches!(piece.source.body, Body::Text(_)) {
        return None;
    }
    let patch = Patch::new(range.clone(), plain::words(fix, look.unicode));
    Some(Snippet::source(piece.text.as_str()).line_start(number(piece.line)).patch(patch))
}

fn number(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
