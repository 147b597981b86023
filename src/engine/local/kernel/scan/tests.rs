//! Scans and convolutions against f64.

use proptest::prelude::*;

use super::*;
use crate::engine::local::kernel::tests::{bits, numbers};

#[test]
fn softplus_is_right_on_every_instruction_set() {
    let inputs: Vec<f32> = (-80_000..60_000).map(|step| step as f32 / 1000.0).collect();
    let mut first: Option<Vec<u32>> = None;
    for isa in Isa::available() {
        let mut values = inputs.clone();
        softplus(isa, &mut values, (0.0, f32::INFINITY));
        let wrong = |(x, y): (&f32, &f32)| {
            let right = f64::from(*x).exp().ln_1p();
            (f64::from(*y) - right).abs() / right
        };
        let worst = inputs.iter().zip(&values).map(wrong).fold(0.0, f64::max);
        assert!(worst < 3e-7, "{}: {worst:.2e}", isa.name());
        assert_eq!(first.get_or_insert_with(|| bits(&values)), &bits(&values), "{}", isa.name());
    }
    let mut cut = [-3.0, 0.5, 4.0, f32::NAN];
    softplus(Isa::best(), &mut cut, (0.1, 2.0));
    assert_eq!((cut[0], cut[2], cut[3].is_nan()), (0.1, 2.0, true));
}

proptest! {
    #[test]
    fn a_convolution_is_right(taps in 1usize..6, channels in 1usize..70, seed in any::<u64>()) {
        let (weights, bias) = (numbers(taps * channels, seed), numbers(channels, seed ^ 1));
        let x = numbers(taps * channels, seed ^ 2);
        let rows: Vec<&[f32]> = x.chunks(channels).collect();
        let mut first: Option<Vec<u32>> = None;
        for isa in Isa::available() {
            let mut out = vec![f32::NAN; channels];
            convolve(isa, &weights, &bias, &rows, &mut out);
            for (channel, out) in out.iter().enumerate() {
                let term = |tap: usize| f64::from(weights[tap * channels + channel]) * f64::from(rows[tap][channel]);
                let sum = f64::from(bias[channel]) + (0..taps).map(term).sum::<f64>();
                prop_assert!((f64::from(*out) - sum / (1.0 + (-sum).exp())).abs() < 1e-6);
            }
            prop_assert_eq!(first.get_or_insert_with(|| bits(&out)), &bits(&out), "{}", isa.name());
        }
    }

    #[test]
    fn a_scan_is_right_and_its_cuts_do_not_show(
        tokens in 1usize..12, wide in 1usize..70, groups in 1usize..4, state in 2usize..9,
        alike in any::<bool>(), cut in 0usize..12, seed in any::<u64>(),
    ) {
        let channels = wide * groups;
        let log = |values: Vec<f32>| values.iter().map(|x| -1.5 - x).collect::<Vec<f32>>();
        let decay = log(numbers(if alike { channels } else { channels * state }, seed));
        let skip = numbers(channels, seed ^ 1);
        let of = |columns, salt| numbers(tokens * columns, seed ^ salt);
        let (x, gate, b, c) = (of(channels, 2), of(channels, 3), of(groups * state, 4), of(groups * state, 5));
        let step: Vec<f32> = of(channels, 6).iter().map(|x| x.abs()).collect();
        let all = |rows| Columns::all(rows, channels);
        let inputs = Inputs {
            x: all(&x), step: all(&step), gate: all(&gate),
            b: Columns::all(&b, groups * state), c: Columns::all(&c, groups * state),
        };
        let scan = Scan::new(state, groups, &decay, &skip);
        let mut first: Option<Vec<u32>> = None;
        for isa in Isa::available() {
            let mut held = vec![0.0; scan.held()];
            let mut out = vec![f32::NAN; tokens * channels];
            for rows in [0..cut.min(tokens), cut.min(tokens)..tokens] {
                let before = held.clone();
                let stretch = Stretch { rows, before: Some(&before), after: Some(&mut held) };
                scan.run(isa, &inputs, vec![stretch], &mut out);
            }
            prop_assert_eq!(first.get_or_insert_with(|| bits(&out)), &bits(&out), "{}", isa.name());
        }
        let mut whole = vec![f32::NAN; tokens * channels];
        let stretch = Stretch { rows: 0..tokens, before: None, after: None };
        scan.run(Isa::best(), &inputs, vec![stretch], &mut whole);
        prop_assert_eq!(first.unwrap(), bits(&whole));
        for channel in 0..channels {
            let mut h = vec![0.0_f64; state];
            let at = |rows: &[f32], row: usize, columns: usize, column: usize| f64::from(rows[row * columns + column]);
            for row in 0..tokens {
                let (x, step) = (at(&x, row, channels, channel), at(&step, row, channels, channel));
                let mut y = x * f64::from(skip[channel]);
                for (n, h) in h.iter_mut().enumerate() {
                    let column = channel / wide * state + n;
                    let decay = f64::from(if alike { decay[channel] } else { decay[channel * state + n] });
                    *h = (step * decay).exp() * *h + step * x * at(&b, row, groups * state, column);
                    y += *h * at(&c, row, groups * state, column);
                }
                let gate = at(&gate, row, channels, channel);
                let right = y * gate / (1.0 + (-gate).exp());
                let ours = f64::from(whole[row * channels + channel]);
                // Every token rounds each of the held values about three times.
                let bound = 6e-8 * (4 * tokens + state) as f64 * state as f64;
                prop_assert!((ours - right).abs() < bound, "{ours} {right}");
            }
        }
    }
}
