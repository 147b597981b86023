//! Several tests at once: p values corrected for how many there are. Each takes the p in any order and gives theirs back in
//! the same.

/// Holm's step-down correction (1979): the chance of even one false alarm stays below the level.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let order = ascending(p);
    let mut adjusted = vec![0.0; p.len()];
    let mut largest: f64 = 0.0;
    for (rank, at) in order.iter().enumerate() {
        largest = largest.max(p[*at] * (p.len() - rank) as f64).min(1.0);
        adjusted[*at] = largest;
    }
    adjusted
}

/// Benjamini and Hochberg's correction (1995): of what is found, the share of false alarms stays below the level.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let order = ascending(p);
    let mut adjusted = vec![0.0; p.len()];
    let mut smallest: f64 = 1.0;
    for (rank, at) in order.iter().enumerate().rev() {
        smallest = smallest.min(p[*at] * p.len() as f64 / (rank + 1) as f64);
        adjusted[*at] = smallest;
    }
    adjusted
}

fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_by_hand() {
        let p = [0.01, 0.04, 0.03, 0.005];
        let close = |found: Vec<f64>, wanted: [f64; 4]| {
            assert!(
                found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-15),
                "{found:?}"
            );
        };
        close(holm(&p), [0.03, 0.06, 0.06, 0.02]);
        close(benjamini_hochberg(&p), [0.02, 0.04, 0.04, 0.02]);
        assert_eq!((holm(&[]), holm(&[0.2]), holm(&[0.9, 1.0])), (vec![], vec![0.2], vec![1.0, 1.0]));
    }
}
