//! Marks, lines and texts as SVG. Attributes give every mark its light look wherever the file is opened; classes let a page
//! restyle it. Bytes depend on what is drawn and on nothing else.

use std::fmt::Write as _;

use super::width::{self, Font};
use crate::report::text::{self, Charset};

/// Okabe and Ito's colours, which people who see fewer colours can tell apart; shapes differ with them.
const COLOURS: [&str; 6] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];
const INK: &str = "#1f2328";
const MUTED: &str = "#59636e";
const GRID: &str = "#d8dee4";
const PAPER: &str = "#ffffff";
/// Two characters in a row may carry marks above and below; more would paint over other lines.
const MOST_COMBINING: usize = 2;

/// A figure while it is drawn.
#[derive(Clone, Debug, Default)]
pub struct Svg {
    body: String,
    links: bool,
}

/// Where a text stands relative to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// How loud a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// What is read.
    Ink,
    /// What explains.
    Muted,
}

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// A help for the eye.
    Grid,
    /// An axis, a diagonal.
    Axis,
    /// What is compared with: chance, a threshold. Dashed.
    Reference,
    /// What was measured.
    Series(Series),
}

/// Which of several a mark stands for; its colour and its shape say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Series {
    /// The first is a circle, then square, diamond, triangle.
    Number(usize),
    /// None that stands out.
    Quiet,
}

/// A mark.
#[derive(Clone, Copy, Debug)]
pub struct Mark<'a> {
    /// Its centre.
    pub at: (f64, f64),
    /// Half its height.
    pub radius: f64,
    /// What it stands for.
    pub series: Series,
    /// Whether it is filled, or an outline.
    pub filled: bool,
    /// What it says to who points at it.
    pub title: &'a str,
}

/// A rectangle.
#[derive(Clone, Copy, Debug)]
pub struct Area<'a> {
    /// Its left upper corner.
    pub at: (f64, f64),
    /// Its width and height.
    pub size: (f64, f64),
    /// What it stands for.
    pub series: Series,
    /// From 0, nothing, to 1.
    pub opacity: f64,
    /// What it says to who points at it.
    pub title: &'a str,
}

impl Svg {
    /// A line between two places.
    pub fn line(&mut self, stroke: Stroke, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let look = stroke.look();
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(number);
        self.put(format_args!("<line {look} x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>"));
    }

    /// A line through several places.
    pub fn path(&mut self, stroke: Stroke, places: &[(f64, f64)]) {
        let look = stroke.look();
        self.put(format_args!("<polyline {look} fill=\"none\" points=\"{}\"/>", points(places)));
    }

    /// A shaded area between several places.
    pub fn shade(&mut self, series: Series, places: &[(f64, f64)]) {
        let (class, colour) = series.look();
        let points = points(places);
        self.put(format_args!(
            "<polygon class=\"{class} zone\" fill=\"{colour}\" fill-opacity=\"0.1\" points=\"{points}\"/>"
        ));
    }

    /// A rectangle.
    pub fn area(&mut self, area: &Area<'_>) {
        let (class, colour) = area.series.look();
        let [x, y, width, height, opacity] =
            [area.at.0, area.at.1, area.size.0, area.size.1, area.opacity].map(number);
        let opacity = if area.opacity < 1.0 { format!(" fill-opacity=\"{opacity}\"") } else { String::new() };
        self.put(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{colour}\"{opacity}>{}</rect>",
            title(area.title)
        ));
    }

    /// A mark.
    pub fn mark(&mut self, mark: &Mark<'_>) {
        let (class, colour) = mark.series.look();
        let look = if mark.filled {
            format!("class=\"{class}\" fill=\"{colour}\"")
        } else {
            format!("class=\"{class} hollow\" fill=\"{PAPER}\" stroke=\"{colour}\" stroke-width=\"1.6\"")
        };
        let (name, place) = mark.shape();
        self.put(format_args!("<{name} {look} {place}>{}</{name}>", title(mark.title)));
    }

    /// Words of our own.
    pub fn text(&mut self, at: (f64, f64), anchor: Anchor, tone: Tone, words: &str) {
        self.write(at, anchor, tone, Font::Sans, words, "");
    }

    /// A text of others in so much room: cut where it is longer, and then whole to who points at it.
    pub fn label(&mut self, at: (f64, f64), anchor: Anchor, tone: Tone, label: &str, room: f64) {
        let shown = shown(label);
        let cut = width::fit(&shown, room, Font::Sans);
        self.write(at, anchor, tone, Font::Sans, &cut, if *cut == *shown { "" } else { label });
    }

    /// A token in so much room, its spaces marked.
    pub fn token(&mut self, at: (f64, f64), anchor: Anchor, token: &str, room: f64) {
        let shown = calm(&text::token(token, Charset::Unicode));
        let cut = width::fit(&shown, room, Font::Mono);
        self.write(at, anchor, Tone::Ink, Font::Mono, &cut, if *cut == *shown { "" } else { token });
    }

    /// Words that run upwards, around the middle of a vertical axis.
    pub fn upright(&mut self, (x, y): (f64, f64), words: &str) {
        let [x, y] = [x, y].map(number);
        self.put(format_args!(
            "<text class=\"m\" transform=\"translate({x} {y}) rotate(-90)\" text-anchor=\"middle\" fill=\"{MUTED}\">{}</text>",
            escaped(words)
        ));
    }

    /// What is drawn leads somewhere; `by_tab` where the keyboard stops at it.
    pub fn linked(&mut self, href: &str, by_tab: bool, draw: impl FnOnce(&mut Self)) {
        self.links = true;
        let tab = if by_tab { "" } else { " tabindex=\"-1\"" };
        self.put(format_args!("<a href=\"{}\"{tab}>", escaped(href)));
        draw(self);
        self.body.push_str("</a>");
    }

    /// What was drawn apart, on top.
    pub fn append(&mut self, other: Self) {
        self.body.push_str(&other.body);
        self.links |= other.links;
    }

    /// The file. With links inside it is a group for readers of screens, since what is in an image is not reached.
    pub fn finish(self, id: &str, heading: &str, about: &str, (width, height): (f64, f64)) -> String {
        let role = if self.links { "group" } else { "img" };
        let (id, heading, about) = (escaped(id), escaped(&shown(heading)), escaped(&shown(about)));
        let [width, height] = [width.ceil(), height.ceil()].map(number);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"{role}\" aria-labelledby=\"{id}-title {id}-about\" font-family=\"system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif\" font-size=\"{}\"><title id=\"{id}-title\">{heading}</title><desc id=\"{id}-about\">{about}</desc>{}</svg>",
            width::SIZE,
            self.body
        )
    }

    fn write(
        &mut self,
        (x, y): (f64, f64),
        anchor: Anchor,
        tone: Tone,
        font: Font,
        words: &str,
        whole: &str,
    ) {
        if words.is_empty() {
            return;
        }
        let (class, colour) = match tone {
            Tone::Ink => ("t", INK),
            Tone::Muted => ("m", MUTED),
        };
        let mut more = String::new();
        match anchor {
            Anchor::Start => {}
            Anchor::Middle => more.push_str(" text-anchor=\"middle\""),
            Anchor::End => more.push_str(" text-anchor=\"end\""),
        }
        if font == Font::Mono {
            more.push_str(" font-family=\"ui-monospace,'DejaVu Sans Mono',monospace\"");
        }
        if !width::is_known(words, font) {
            // Whatever font draws it, it takes the room that it was given.
            let width = number(width::width(words, font).max(1.0));
            more.push_str(&format!(" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\""));
        }
        let [x, y] = [x, y].map(number);
        self.put(format_args!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" fill=\"{colour}\"{more}>{}{}</text>",
            title(whole),
            escaped(words)
        ));
    }

    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        self.body.write_fmt(element).expect("a string grows");
    }
}

impl Mark<'_> {
    /// The element and its place.
    fn shape(&self) -> (&'static str, String) {
        let ((x, y), r) = (self.at, self.radius);
        let polygon = |places: &[(f64, f64)]| ("polygon", format!("points=\"{}\"", points(places)));
        match self.series {
            Series::Number(number) if number % 4 == 1 => {
                polygon(&[(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)])
            }
            Series::Number(number) if number % 4 == 2 => {
                let r = 1.25 * r;
                polygon(&[(x, y - r), (x + r, y), (x, y + r), (x - r, y)])
            }
            Series::Number(number) if number % 4 == 3 => {
                polygon(&[(x, y - 1.2 * r), (x + 1.15 * r, y + r), (x - 1.15 * r, y + r)])
            }
            Series::Number(_) | Series::Quiet => {
                let [x, y, r] = [x, y, r].map(number);
                ("circle", format!("cx=\"{x}\" cy=\"{y}\" r=\"{r}\""))
            }
        }
    }
}

impl Series {
    /// Its class and its colour.
    fn look(self) -> (String, &'static str) {
        match self {
            Self::Number(number) => {
                let place = number % COLOURS.len();
                (format!("c{place}"), COLOURS[place])
            }
            Self::Quiet => ("quiet".into(), MUTED),
        }
    }
}

impl Stroke {
    fn look(self) -> String {
        match self {
            Self::Grid => format!("class=\"grid\" stroke=\"{GRID}\""),
            Self::Axis => format!("class=\"axis\" stroke=\"{MUTED}\""),
            Self::Reference => {
                format!("class=\"axis\" stroke=\"{MUTED}\" stroke-width=\"1.2\" stroke-dasharray=\"4 3\"")
            }
            Self::Series(series) => {
                let (class, colour) = series.look();
                format!("class=\"{class} stroke\" stroke=\"{colour}\" stroke-width=\"1.6\"")
            }
        }
    }
}

/// A picture without its links, which are an image then.
pub fn without_links(svg: &str) -> String {
    // Texts are escaped, so that these can only be elements of ours.
    let mut out = String::with_capacity(svg.len());
    let mut rest = svg;
    while let Some(at) = rest.find("<a ") {
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        out.push_str(&rest[..at]);
        rest = &rest[end..];
    }
    out.push_str(rest);
    out.replace("</a>", "").replacen(" role=\"group\"", " role=\"img\"", 1)
}

/// A text of others on one line: visible, and not painted over its neighbours.
pub fn shown(label: &str) -> String {
    calm(&text::visible(label, Charset::Unicode))
}

/// At most a few combining marks in a row, which else pile up over other lines.
fn calm(shown: &str) -> String {
    let mut run = 0;
    let keeps = |c: &char| {
        run = if text::width(c.encode_utf8(&mut [0; 4])) == 0 { run + 1 } else { 0 };
        run <= MOST_COMBINING
    };
    shown.chars().filter(keeps).collect()
}

fn title(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!("<title>{}</title>", escaped(&shown(words))) }
}

fn points(places: &[(f64, f64)]) -> String {
    let pairs: Vec<String> = places.iter().map(|(x, y)| format!("{},{}", number(*x), number(*y))).collect();
    pairs.join(" ")
}

/// Two decimals at most: finer than any screen or printer.
fn number(number: f64) -> String {
    let text = format!("{number:.2}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if matches!(short, "-0" | "") { "0".into() } else { short.into() }
}

/// A text that can stand in an element or an attribute; what XML has no place for is replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
