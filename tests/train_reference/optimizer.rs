//! AdamW (Loshchilov and Hutter, 2019) with clipped gradients, a linear warm-up and a cosine down to 2 %.

use rayon::prelude::*;

use super::shape::Layout;

const PEAK: f64 = 2e-3;
const FLOOR: f64 = 0.02;
const BETA: (f32, f32) = (0.9, 0.98);
const DECAY: f32 = 0.1;
const LONGEST: f64 = 1.0;
const WARM_UP: usize = 200;
/// Parameters that one task moves; also the pieces in which the gradient's length is summed.
const CHUNK: usize = 4096;

/// Moves the parameters down the gradient.
pub struct Optimizer {
    steps: usize,
    step: usize,
    /// Running means of the gradient and of its square.
    means: Vec<(f32, f32)>,
    /// How much of the running means is still missing.
    missing: (f32, f32),
    decays: Vec<bool>,
}

impl Optimizer {
    /// For a run of this many steps.
    pub fn new(layout: &Layout, steps: usize) -> Self {
        let decays =
            layout.tensors.iter().flat_map(|tensor| tensor.range().map(|_| tensor.decays())).collect();
        Self { steps, step: 0, means: vec![(0.0, 0.0); layout.len()], missing: (1.0, 1.0), decays }
    }

    /// One step.
    pub fn step(&mut self, values: &mut [f32], gradient: &[f32]) {
        let rate = self.rate() as f32;
        self.step += 1;
        self.missing = (self.missing.0 * BETA.0, self.missing.1 * BETA.1);
        let seen = (1.0 - self.missing.0, 1.0 - self.missing.1);
        let scale = (LONGEST / (length(gradient) + 1e-6)).min(1.0) as f32;
        values
            .par_chunks_mut(CHUNK)
            .zip(gradient.par_chunks(CHUNK))
            .zip(self.means.par_chunks_mut(CHUNK))
            .zip(self.decays.par_chunks(CHUNK))
            .for_each(|(((values, gradient), means), decays)| {
                for (((value, gradient), means), decays) in
                    values.iter_mut().zip(gradient).zip(means).zip(decays)
                {
                    let gradient = gradient * scale;
                    means.0 = BETA.0 * means.0 + (1.0 - BETA.0) * gradient;
                    means.1 = BETA.1 * means.1 + (1.0 - BETA.1) * gradient * gradient;
                    if *decays {
                        *value *= 1.0 - rate * DECAY;
                    }
                    *value -= rate * (means.0 / seen.0) / ((means.1 / seen.1).sqrt() + 1e-8);
                }
            });
    }

    fn rate(&self) -> f64 {
        let warm_up = WARM_UP.min(self.steps / 10).max(1);
        let done = self.step.saturating_sub(warm_up) as f64 / (self.steps - warm_up).max(1) as f64;
        let cosine = FLOOR + (1.0 - FLOOR) * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * done));
        PEAK * cosine.min((self.step + 1) as f64 / warm_up as f64)
    }
}

/// The Euclidean length.
fn length(gradient: &[f32]) -> f64 {
    let squares =
        |chunk: &[f32]| chunk.iter().map(|value| f64::from(*value) * f64::from(*value)).sum::<f64>();
    gradient.par_chunks(CHUNK).map(squares).collect::<Vec<_>>().iter().sum::<f64>().sqrt()
}
