//! Two axes with their numbers and titles, laid out so that none lies over another.

use super::{
    scale::{Scale, Steps},
    svg::{Anchor, Stroke, Svg, Tone},
    width::{ASCENT, DESCENT, Font, width},
};

/// The room between two numbers beside an axis.
const APART: f64 = 6.0;
const MOST_TICKS: usize = 6;
/// How far below the plane its numbers stand: clear of the lowest number beside it.
pub const BELOW: f64 = 19.0;
/// And the title of the axis.
pub const TITLE_BELOW: f64 = 38.0;

/// What an axis says.
#[derive(Clone, Copy, Debug)]
pub struct Axis<'a> {
    /// Its title.
    pub title: &'a str,
    /// What equal steps do.
    pub steps: Steps,
    /// The numbers at its ends.
    pub ends: (f64, f64),
}

/// A place for marks.
#[derive(Clone, Debug)]
pub struct Plane<'a> {
    /// From left to right.
    pub x: Scale,
    /// From below upwards.
    pub y: Scale,
    titles: [&'a str; 2],
    size: (f64, f64),
}

impl<'a> Plane<'a> {
    /// A plane of a size, its upper edge at `top`.
    pub fn new(x: Axis<'a>, y: Axis<'a>, (wide, high): (f64, f64), top: f64) -> Self {
        let upright = Scale { steps: y.steps, ends: y.ends, places: (top + high, top) };
        let numbers = spaced(&upright, |_| ASCENT + DESCENT);
        let widest = numbers.iter().map(|(_, shown)| width(shown, Font::Sans)).fold(0.0, f64::max);
        let left = 20.0 + APART + widest + 8.0;
        let along = Scale { steps: x.steps, ends: x.ends, places: (left, left + wide) };
        let last = spaced(&along, |shown| width(shown, Font::Sans))
            .last()
            .map_or(0.0, |(number, shown)| along.at(*number) + 0.5 * width(shown, Font::Sans));
        let right =
            (left + wide + 8.0).max(last + 2.0).max(left + 0.5 * wide + 0.5 * width(x.title, Font::Sans));
        Self {
            x: along,
            y: upright,
            titles: [x.title, y.title],
            size: (right, top + high + TITLE_BELOW + 6.0),
        }
    }

    /// What the whole takes, from the left upper corner of the figure.
    pub fn size(&self) -> (f64, f64) {
        self.size
    }

    /// The left and the right edge, the upper and the lower.
    pub fn edges(&self) -> [f64; 4] {
        let ((left, right), (bottom, top)) = (self.x.places, self.y.places);
        [left, right, top, bottom]
    }

    /// The axes with their numbers, their titles, and lines through the plane.
    pub fn draw(&self, svg: &mut Svg) {
        let [left, right, top, bottom] = self.edges();
        for (number, shown) in spaced(&self.x, |shown| width(shown, Font::Sans)) {
            let at = self.x.at(number);
            svg.line(Stroke::Grid, (at, top), (at, bottom));
            svg.text((at, bottom + BELOW), Anchor::Middle, Tone::Muted, &shown);
        }
        self.draw_upright(svg);
        svg.text(
            (f64::midpoint(left, right), bottom + TITLE_BELOW),
            Anchor::Middle,
            Tone::Muted,
            self.titles[0],
        );
    }

    /// The vertical axis alone.
    pub fn draw_upright(&self, svg: &mut Svg) {
        let [left, right, top, bottom] = self.edges();
        for (number, shown) in spaced(&self.y, |_| ASCENT + DESCENT) {
            let at = self.y.at(number);
            svg.line(Stroke::Grid, (left, at), (right, at));
            svg.text((left - 8.0, at + 4.0), Anchor::End, Tone::Muted, &shown);
        }
        svg.upright((14.0, f64::midpoint(top, bottom)), self.titles[1]);
    }
}

/// As many round numbers as lie apart, `extent` being the room of each along the axis.
pub fn spaced(scale: &Scale, extent: impl Fn(&str) -> f64) -> Vec<(f64, String)> {
    let apart = |ticks: &[(f64, String)]| {
        ticks.windows(2).all(|pair| {
            let [(one, first), (other, second)] = pair else { return true };
            let between = (scale.at(*other) - scale.at(*one)).abs();
            between >= 0.5 * (extent(first) + extent(second)) + APART
        })
    };
    (1..=MOST_TICKS).rev().map(|wanted| scale.ticks(wanted)).find(|ticks| apart(ticks)).unwrap_or_default()
}
