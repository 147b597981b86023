//! More than two measurements of items that are right or wrong.

use serde::Serialize;

use crate::stats::{Undefined, dist::chi_squared};

/// Cochran's Q (1950): whether several are right equally often.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct CochranQ {
    /// The statistic.
    pub statistic: f64,
    /// Its degrees of freedom: one less than there are measurements.
    pub df: usize,
    /// The p, by the chi-squared distribution.
    pub p: f64,
}

/// `right` holds one list an item, and one entry a measurement in each.
pub fn cochran_q(right: &[Vec<bool>]) -> Result<CochranQ, Undefined> {
    let columns = right.first().map_or(0, Vec::len);
    let df = columns.checked_sub(1).filter(|df| *df > 0).ok_or(Undefined::NoItems)?;
    let square = |count: usize| (count * count) as f64;
    let by_item = |item: &Vec<bool>| item.iter().filter(|right| **right).count();
    let total: usize = right.iter().map(by_item).sum();
    let of_items: f64 = right.iter().map(|item| square(by_item(item))).sum();
    let of_columns: f64 =
        (0..columns).map(|column| square(right.iter().filter(|item| item[column]).count())).sum();
    let columns = columns as f64;
    let spread = columns * total as f64 - of_items;
    // Items on which all agree say nothing.
    if spread <= 0.0 {
        return Err(Undefined::Constant);
    }
    let statistic = df as f64 * (columns * of_columns - square(total)) / spread;
    Ok(CochranQ { statistic, df, p: chi_squared::sf(statistic, df as f64) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_it_is_mcnemars_statistic() {
        // (b - c)² / (b + c) with 3 against 1.
        let items = [(true, false); 3].into_iter().chain([(false, true), (true, true), (false, false)]);
        let items: Vec<Vec<bool>> = items.map(|(first, second)| vec![first, second]).collect();
        assert!((cochran_q(&items).unwrap().statistic - 1.0).abs() < 1e-15);
    }

    #[test]
    fn agreement_says_nothing() {
        assert_eq!(cochran_q(&[vec![true, true], vec![false, false]]), Err(Undefined::Constant));
        assert_eq!(cochran_q(&[]), Err(Undefined::NoItems));
    }
}
