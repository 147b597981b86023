//! The one door to probability distributions.
//!
//! `statrs` serves where it was measured right against scipy and mpmath; where it is not, own code on `libm` does, and a
//! test below shows the number that `statrs` gets wrong. Such a test fails on the day that `statrs` is right, and the own
//! code can go.

pub mod beta;
pub mod binomial;
pub mod hypergeometric;
pub mod noncentral_t;
mod saddle;
pub mod student;

/// The standard normal distribution.
pub mod normal {
    use statrs::distribution::{ContinuousCDF as _, Normal};

    /// P(Z ≤ x).
    pub fn cdf(x: f64) -> f64 {
        0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
    }

    /// P(Z > x).
    pub fn sf(x: f64) -> f64 {
        cdf(-x)
    }

    /// The x with P(Z ≤ x) = p.
    pub fn quantile(p: f64) -> f64 {
        Normal::standard().inverse_cdf(p)
    }
}

/// The chi-squared distribution.
pub mod chi_squared {
    use statrs::distribution::{ChiSquared, ContinuousCDF as _};

    /// P(X > x) with `df` > 0 degrees of freedom.
    pub fn sf(x: f64, df: f64) -> f64 {
        ChiSquared::new(df).expect("degrees of freedom are positive").sf(x)
    }

    /// The x with P(X ≤ x) = p; not for p near 0, where `statrs` was measured wrong.
    pub fn quantile(p: f64, df: f64) -> f64 {
        ChiSquared::new(df).expect("degrees of freedom are positive").inverse_cdf(p)
    }
}

/// The two sides of a point, each to full precision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tails {
    /// The probability of what lies below.
    pub lower: f64,
    /// The probability of what lies above.
    pub upper: f64,
}

#[cfg(test)]
mod tests {
    use statrs::distribution as statrs_has;
    use statrs_has::{ContinuousCDF as _, DiscreteCDF as _};

    use super::*;

    /// How far two numbers lie apart, in units of the second.
    fn off(found: f64, truth: f64) -> f64 {
        ((found - truth) / truth).abs()
    }

    #[test]
    fn the_normal_quantile_of_statrs_is_right() {
        // scipy.stats.norm.ppf
        for (p, x) in [(0.025, -1.959_963_984_540_054_5), (1e-20, -9.262_340_089_798_409)] {
            assert!(off(normal::quantile(p), x) < 1e-14);
        }
    }

    #[test]
    fn own_code_is_right_where_statrs_is_not() {
        // mpmath, 40 digits: the probability below 1.
        let truth = 0.841_344_746_068_542_9;
        assert!(off(normal::cdf(1.0), truth) < 1e-15);
        assert!(off(statrs_has::Normal::standard().cdf(1.0), truth) > 1e-12);
        // scipy.stats.t.ppf(.975, 1e6)
        let truth = 1.959_966_356_814_107;
        assert!(off(student::quantile(0.975, 1e6), truth) < 1e-10);
        assert!(off(statrs_has::StudentsT::new(0.0, 1.0, 1e6).unwrap().inverse_cdf(0.975), truth) > 1e-6);
        // scipy.stats.beta.ppf(5e-7, .5, 1e6)
        let truth = 1.963_495_899_367_791_5e-19;
        assert!(off(beta::quantile(5e-7, 0.5, 1e6), truth) < 1e-9);
        assert!(off(statrs_has::Beta::new(0.5, 1e6).unwrap().inverse_cdf(5e-7), truth) > 1.0);
        // scipy.stats.binom.cdf(50000, 100000, .5)
        let truth = 0.501_261_563_106_707_8;
        assert!(off(binomial::cdf(50_000, 100_000, 0.5), truth) < 1e-10);
        assert!(off(statrs_has::Binomial::new(0.5, 100_000).unwrap().cdf(50_000), truth) > 1e-11);
    }
}
