//! The hypergeometric distribution, and Fisher's exact test that stands on it.

use libm::exp;

use super::saddle::ln_density;

/// Of `population` items `successes` count; `draws` are taken without putting back. Neither is above `population`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hypergeometric {
    /// All there are.
    pub population: u64,
    /// Those that count.
    pub successes: u64,
    /// Those that are drawn.
    pub draws: u64,
}

impl Hypergeometric {
    /// P(X = k).
    pub fn pmf(&self, k: u64) -> f64 {
        if !(self.least()..=self.most()).contains(&k) {
            return 0.0;
        }
        let [population, successes, draws, drawn] =
            [self.population, self.successes, self.draws, k].map(|count| count as f64);
        let (p, q) = (draws / population, (population - draws) / population);
        exp(ln_density(drawn, successes, p, q) + ln_density(draws - drawn, population - successes, p, q)
            - ln_density(draws, population, p, q))
    }

    /// P(X ≤ k).
    pub fn cdf(&self, k: u64) -> f64 {
        if k < self.least() {
            return 0.0;
        }
        let below_mean = k as f64 <= self.draws as f64 * self.successes as f64 / self.population as f64;
        // Away from the mean the terms only shrink.
        if below_mean {
            total((self.least()..=k).rev().map(|k| self.pmf(k)))
        } else {
            1.0 - total((k + 1..=self.most()).map(|k| self.pmf(k)))
        }
    }

    fn least(&self) -> u64 {
        (self.draws + self.successes).saturating_sub(self.population)
    }

    fn most(&self) -> u64 {
        self.draws.min(self.successes)
    }
}

/// Fisher's exact two-sided p that rows and columns of a table of counts have nothing to do with each other.
pub fn fisher_exact([[a, b], [c, d]]: [[u64; 2]; 2]) -> f64 {
    // Probabilities that ought to be equal differ by rounding; R and scipy allow for it too.
    const SLACK: f64 = 1e-7;
    let table = Hypergeometric { population: a + b + c + d, successes: a + c, draws: a + b };
    if table.population == 0 {
        return 1.0;
    }
    let as_likely = table.pmf(a) * (1.0 + SLACK);
    let probabilities = (table.least()..=table.most()).map(|k| table.pmf(k));
    probabilities.filter(|probability| *probability <= as_likely).sum::<f64>().min(1.0)
}

/// The sum of shrinking terms.
fn total(terms: impl Iterator<Item = f64>) -> f64 {
    let mut sum = 0.0;
    for term in terms {
        sum += term;
        if term <= 1e-18 * sum {
            break;
        }
    }
    sum.min(1.0)
}
