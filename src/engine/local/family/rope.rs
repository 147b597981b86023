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
    /// What becomes of them in a longer one.
    long: Long,
    /// What cosine and sine are multiplied with.
    factor: f32,
    /// How many times the context that the config states can be read; at least once.
    reach: f64,
}

/// What becomes of frequencies in a sequence that is longer than the model was trained for.
#[derive(Clone, Debug)]
enum Long {
    /// Nothing.
    Same,
    /// The base grows with the length ("dynamic NTK").
    Dynamic { factor: f64, trained: f64 },
    /// Others take their place (Ding et al. 2024, "LongRoPE").
    Other { frequencies: Vec<f32>, trained: f64 },
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
    LongRope,
}

const KINDS: &[(&str, Kind)] = &[
    ("default", Kind::Default),
    ("linear", Kind::Linear),
    ("dynamic", Kind::Dynamic),
    ("llama3", Kind::Llama3),
    ("yarn", Kind::Yarn),
    ("factors", Kind::Factors),
    ("longrope", Kind::LongRope),
    ("su", Kind::LongRope),
];

impl Rotary {
    /// Reads either spelling: `rope_parameters` of transformers 5, or `rope_theta` and `rope_scaling` of those before.
    pub fn read(config: &Config<'_>, dim: usize, context: usize, default_base: f64) -> Self {
        let base = config.positive_or("rope_theta", default_base);
        let key = if config.has("rope_parameters") { "rope_parameters" } else { "rope_scaling" };
        Self::scaled(config, config.object(key), key, dim, context, base)
    }

    /// The rotation of layers without a window, where those with one have another.
    pub fn of_full_layers(config: &Config<'_>, dim: usize, context: usize, default_base: f64) -> Self {
        let own = config.object("rope_parameters").and_then(|all| all.object("full_attention"));
        match own {
            Some(own) => {
                Self::scaled(config, Some(own), "rope_parameters: full_attention", dim, context, default_base)
            }
            None => Self::read(config, dim, context, default_base),
        }
    }

    /// The rotation of layers with a window, whose base is under a key of its own in the older spelling.
    pub fn of_sliding_layers(
        config: &Config<'_>,
        dim: usize,
        context: usize,
        (key, default_base): (&str, f64),
    ) -> Self {
        let own = config.object("rope_parameters").and_then(|all| all.object("sliding_attention"));
        let base = config.positive_or(key, default_base);
        Self::scaled(config, own, "rope_parameters: sliding_attention", dim, context, base)
    }

    /// Without any scaling.
    pub fn plain(config: &Config<'_>, dim: usize, base: f64) -> Self {
        Self::scaled(config, None, "", dim, 1, base)
    }

    /// The share of a head that is rotated.
    pub fn share(config: &Config<'_>, key: &str, default: f64) -> f64 {
        let share =
            config.object("rope_parameters").and_then(|own| own.optional_positive("partial_rotary_factor"));
        let share = share.unwrap_or_else(|| config.positive_or(key, default));
        if share > 1.0 {
            config.fault(format!("`{key}` is {share}; a share of each head, at most 1, is allowed"));
        }
        share.min(1.0)
    }

    /// What scores are multiplied with besides, where `mscale_all_dim` says so (DeepSeek-V2).
    pub fn score_factor(config: &Config<'_>) -> f64 {
        let key = if config.has("rope_parameters") { "rope_parameters" } else { "rope_scaling" };
        let Some(scaling) = config.object(key) else { return 1.0 };
        let kind = scaling.text("rope_type").or_else(|| scaling.text("type"));
        let weight = scaling.optional_positive("mscale_all_dim");
        match (kind, weight) {
            (None | Some("default"), _) | (_, None) => 1.0,
            (_, Some(weight)) => magnitude(scaling.positive_or("factor", 1.0), weight).powi(2),
        }
    }

    fn scaled(
        config: &Config<'_>,
        scaling: Option<Config<'_>>,
        key: &str,
        dim: usize,
        context: usize,
        base: f64,
    ) -> Self {
        if dim == 0 || !dim.is_multiple_of(2) {
            config.fault(format!("{dim} values of a head cannot be rotated; an even number can"));
        }
        let base = scaling.as_ref().map_or(base, |scaling| scaling.positive_or("rope_theta", base));
        let frequencies = frequencies(base, dim);
        let mut rotary = Self { dim, base, frequencies, long: Long::Same, factor: 1.0, reach: 1.0 };
        let Some(scaling) = scaling else { return rotary };

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
                rotary.long = Long::Dynamic { factor, trained: context as f64 };
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
            Kind::LongRope => rotary.longrope(&scaling, context as f64, trained),
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
        match &self.long {
            Long::Dynamic { factor, trained } if length as f64 > *trained => {
                let dim = self.dim as f64;
                let grown = factor * length as f64 / trained - (factor - 1.0);
                frequencies(self.base * grown.powf(dim / (dim - 2.0)), self.dim).into()
            }
            Long::Other { frequencies, trained } if length as f64 > *trained => frequencies.into(),
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

    /// Ding et al. 2024: each frequency is divided by a factor of its own, another one in long sequences.
    fn longrope(&mut self, scaling: &Config<'_>, context: f64, trained: f64) {
        let divided = |key: &str| -> Vec<f32> {
            let factors = scaling.positives(key, self.dim / 2).unwrap_or_else(|| {
                if !scaling.has(key) {
                    scaling.fault(format!("`{key}` is missing"));
                }
                vec![1.0; self.dim / 2]
            });
            let of = |(i, factor): (usize, &f64)| {
                (factor * self.base.powf(2.0 * i as f64 / self.dim as f64)).recip() as f32
            };
            factors.iter().enumerate().map(of).collect()
        };
        let (short, long) = (divided("short_factor"), divided("long_factor"));
        let factor = scaling.optional_positive("factor").unwrap_or(context / trained);
        let usual = if factor <= 1.0 { 1.0 } else { (1.0 + factor.ln() / trained.ln()).sqrt() };
        self.factor = scaling.positive_or("attention_factor", usual) as f32;
        self.frequencies = short;
        self.long = Long::Other { frequencies: long, trained };
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
        let (own, all) = (scaling.optional_positive("mscale"), scaling.optional_positive("mscale_all_dim"));
        let by_size = match (own, all) {
            (Some(own), Some(all)) => magnitude(factor, own) / magnitude(factor, all),
            _ => magnitude(factor, 1.0),
        };
        self.factor = scaling.positive_or("attention_factor", by_size) as f32;
    }
}

/// Peng et al. 2023, §3.4.
fn magnitude(factor: f64, weight: f64) -> f64 {
    if factor <= 1.0 { 1.0 } else { 0.1 * weight * factor.ln() + 1.0 }
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
