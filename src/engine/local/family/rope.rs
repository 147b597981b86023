//! The frequencies of rotary position embedding and the ways to stretch them to longer contexts.

use std::{borrow::Cow, f64::consts::TAU};

use crate::engine::local::config::Config;

/// The rotation of heads.
#[derive(Clone, Debug)]
pub struct Rotary {
    /// Values of a head that are rotated, an even number.
    pub dim: usize,
    base: f64,
    /// Half of `dim`: radians a position; those of a sequence no longer than the model was trained for.
    frequencies: Vec<f32>,
    /// Grows the base with the length of a sequence.
    dynamic: Option<Dynamic>,
    /// What cosine and sine are multiplied with.
    factor: f32,
    /// How many times the context that the config states can be read; at least once.
    reach: f64,
}

/// "Dynamic NTK" scaling.
#[derive(Clone, Copy, Debug)]
struct Dynamic {
    factor: f64,
    /// The length up to which nothing is scaled.
    trained: f64,
}

#[derive(Clone, Copy)]
enum Kind {
    Default,
    Linear,
    Dynamic,
    Llama3,
    Yarn,
    /// Each frequency by a factor of its own, as GGUF has Llama 3's scaling; no word of transformers.
    Factors,
}

const KINDS: &[(&str, Kind)] = &[
    ("default", Kind::Default),
    ("linear", Kind::Linear),
    ("dynamic", Kind::Dynamic),
    ("llama3", Kind::Llama3),
    ("yarn", Kind::Yarn),
    ("factors", Kind::Factors),
];

impl Rotary {
    /// Reads either spelling: `rope_parameters` of transformers 5, or `rope_theta` and `rope_scaling` of those before.
    pub fn read(config: &Config<'_>, dim: usize, context: usize, default_base: f64) -> Self {
        if !dim.is_multiple_of(2) {
            config.fault(format!("heads of {dim} values cannot be rotated, which needs an even number"));
        }
        let new = config.object("rope_parameters");
        let base = config.positive_or("rope_theta", default_base);
        let base = new.as_ref().map_or(base, |new| new.positive_or("rope_theta", base));
        let key = if new.is_some() { "rope_parameters" } else { "rope_scaling" };
        let mut rotary =
            Self { dim, base, frequencies: frequencies(base, dim), dynamic: None, factor: 1.0, reach: 1.0 };
        let Some(scaling) = new.or_else(|| config.object("rope_scaling")) else { return rotary };

        let key_of_kind = if scaling.text("rope_type").is_some() { "rope_type" } else { "type" };
        let kind = scaling.word_or(key_of_kind, Kind::Default, KINDS);
        let trained = config
            .optional_size("original_max_position_embeddings")
            .or_else(|| scaling.optional_size("original_max_position_embeddings"))
            .unwrap_or(context) as f64;
        let factor = || {
            scaling.optional_positive("factor").unwrap_or_else(|| {
                scaling.fault("`factor` is missing");
                1.0
            })
        };
        match kind {
            Kind::Default => {}
            Kind::Linear => {
                let factor = factor();
                rotary.scale(|frequency| frequency / factor);
                // These two stretch the length that the config states; the others state the stretched one.
                rotary.reach = factor.max(1.0);
            }
            Kind::Dynamic => {
                let factor = factor();
                rotary.dynamic = Some(Dynamic { factor, trained: context as f64 });
                rotary.reach = factor.max(1.0);
            }
            Kind::Llama3 => {
                let (factor, low, high) = (
                    factor(),
                    scaling.positive_or("low_freq_factor", 1.0),
                    scaling.positive_or("high_freq_factor", 4.0),
                );
                rotary.scale(|frequency| llama3(frequency, factor, low, high, trained));
            }
            Kind::Factors => {
                let factors = scaling.numbers("factors");
                if factors.len() != rotary.frequencies.len() {
                    let (given, wanted) = (factors.len(), rotary.frequencies.len());
                    scaling
                        .fault(format!("{given} factors of frequencies are given, and there are {wanted}"));
                }
                for (frequency, factor) in rotary.frequencies.iter_mut().zip(factors) {
                    *frequency = (f64::from(*frequency) / factor) as f32;
                }
            }
            Kind::Yarn => {
                let factor = scaling.optional_positive("factor").unwrap_or(context as f64 / trained);
                rotary.yarn(&scaling, factor, trained);
            }
        }
        config.adopt(key, &scaling);
        rotary
    }

    /// The longest sequence, where the config states this context.
    #[expect(clippy::cast_sign_loss, reason = "both are positive")]
    pub fn reach(&self, context: usize) -> usize {
        (context as f64 * self.reach) as usize
    }

    /// Radians a position, for a sequence of this length.
    pub fn frequencies(&self, length: usize) -> Cow<'_, [f32]> {
        match self.dynamic {
            Some(Dynamic { factor, trained }) if length as f64 > trained => {
                let dim = self.dim as f64;
                let grown = factor * length as f64 / trained - (factor - 1.0);
                frequencies(self.base * grown.powf(dim / (dim - 2.0)), self.dim).into()
            }
            _ => (&self.frequencies).into(),
        }
    }

    /// Appends cosine and sine of the angles at a position.
    pub fn angles(&self, frequencies: &[f32], position: usize, cos: &mut Vec<f32>, sin: &mut Vec<f32>) {
        for frequency in frequencies {
            // The angle is rounded to f32, as transformers does.
            let angle = f64::from(position as f32 * frequency);
            cos.push(libm::cos(angle) as f32 * self.factor);
            sin.push(libm::sin(angle) as f32 * self.factor);
        }
    }

    fn scale(&mut self, by: impl Fn(f64) -> f64) {
        for frequency in &mut self.frequencies {
            *frequency = by(f64::from(*frequency)) as f32;
        }
    }

    /// Peng et al. 2023, §3.2 and §3.4.
    fn yarn(&mut self, scaling: &Config<'_>, factor: f64, trained: f64) {
        let dim = self.dim as f64;
        let turns_at = |turns: f64| dim * (trained / (turns * TAU)).ln() / (2.0 * self.base.ln());
        let mut low = turns_at(scaling.positive_or("beta_fast", 32.0));
        let mut high = turns_at(scaling.positive_or("beta_slow", 1.0));
        if scaling.flag_or("truncate", true) {
            (low, high) = (low.floor(), high.ceil());
        }
        let (low, mut high) = (low.max(0.0), high.min(dim - 1.0));
        if (high - low).abs() < f64::EPSILON {
            high = low + 1e-3;
        }
        for (i, frequency) in self.frequencies.iter_mut().enumerate() {
            let slow = ((i as f64 - low) / (high - low)).clamp(0.0, 1.0);
            let own = f64::from(*frequency);
            *frequency = (own / factor * slow + own * (1.0 - slow)) as f32;
        }
        let magnitude = |weight: f64| if factor <= 1.0 { 1.0 } else { 0.1 * weight * factor.ln() + 1.0 };
        let (own, all) = (scaling.optional_positive("mscale"), scaling.optional_positive("mscale_all_dim"));
        let by_size = match (own, all) {
            (Some(own), Some(all)) => magnitude(own) / magnitude(all),
            _ => magnitude(1.0),
        };
        self.factor = scaling.positive_or("attention_factor", by_size) as f32;
    }
}

fn frequencies(base: f64, dim: usize) -> Vec<f32> {
    (0..dim / 2).map(|i| base.powf(-2.0 * i as f64 / dim as f64) as f32).collect()
}

/// Long waves are stretched, short ones kept, those between blended (Llama 3.1).
fn llama3(frequency: f64, factor: f64, low: f64, high: f64, trained: f64) -> f64 {
    let length = TAU / frequency;
    if length > trained / low {
        frequency / factor
    } else if length < trained / high {
        frequency
    } else {
        let smooth = (trained / length - low) / (high - low);
        (1.0 - smooth) * frequency / factor + smooth * frequency
    }
}
