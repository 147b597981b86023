//! State-space models of every sort with weights that look random, against themselves: shared beginnings, cuts, threads and
//! instructions do not show. Their numbers are held against transformers' in the integration tests.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::engine::local::memory::{Memory, Past, Reading, Sequence};

/// Numbers of both signs, small enough for sums to stay small.
fn numbers(len: usize, mut seed: u64) -> Vec<f32> {
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 40) as f32 / 33_554_432.0 - 0.25
    };
    (0..len).map(|_| next()).collect()
}

/// A small model of two layers.
fn model(selection: Selection, bias: bool) -> Recurrent {
    let arch = Arch {
        vocabulary: 50,
        hidden: 12,
        layers: 2,
        channels: 24,
        state: 5,
        taps: 4,
        eps: 1e-5,
        selection,
        bias,
        convolution_bias: true,
        tied: true,
        begins: vec![],
        ends: vec![],
    };
    let linear = |inputs: usize, outputs: usize, bias: bool, seed: u64| Linear {
        weight: Packed::pack(inputs, outputs, &numbers(inputs * outputs, seed), outputs, 1),
        bias: bias.then(|| numbers(outputs, seed ^ 9)),
    };
    let layer = |seed: u64| {
        let decays = if matches!(selection, Selection::Projected { .. }) { arch.state } else { 1 };
        let decay: Vec<f32> = numbers(arch.channels * decays, seed).into_iter().map(|x| -0.5 - x).collect();
        Layer {
            norm: numbers(arch.hidden, seed ^ 1),
            into: linear(arch.hidden, arch.projected(), bias, seed ^ 2),
            taps: numbers(arch.taps * arch.convolved(), seed ^ 3),
            tap_bias: numbers(arch.convolved(), seed ^ 4),
            rule: match selection {
                Selection::Projected { rank, norm } => Rule::Projected {
                    select: linear(arch.channels, rank + 2 * arch.state, false, seed ^ 5),
                    step: linear(rank, arch.channels, true, seed ^ 6),
                    eps: norm,
                },
                Selection::Direct { heads, groups, limits } => Rule::Direct {
                    step_bias: numbers(heads, seed ^ 5),
                    limits,
                    groups,
                    norm: numbers(arch.channels, seed ^ 6),
                },
            },
            scan: Scan::new(arch.state, arch.groups(), &decay, &numbers(arch.channels, seed ^ 7)),
            out: linear(arch.channels, arch.hidden, bias, seed ^ 8),
        }
    };
    Recurrent {
        isa: Isa::best(),
        embedding: None,
        layers: vec![layer(100), layer(200)],
        final_norm: numbers(arch.hidden, 3),
        head: Packed::pack(arch.hidden, arch.vocabulary, &numbers(600, 4), arch.vocabulary, 1),
        arch,
    }
}

fn models() -> Vec<Recurrent> {
    vec![
        model(Selection::Projected { rank: 3, norm: None }, false),
        model(Selection::Projected { rank: 3, norm: Some(1e-6) }, true),
        model(Selection::Direct { heads: 4, groups: 1, limits: (0.0, f32::INFINITY) }, false),
        model(Selection::Direct { heads: 4, groups: 2, limits: (0.5, 0.9) }, true),
    ]
}

fn ids(seed: u64, len: usize) -> Vec<u32> {
    (0..len as u64).map(|at| ((seed * 31 + at * at * 7 + at * 3) % 50) as u32).collect()
}

fn sequence<'a>(tokens: &'a [u32], reading: Reading<'a>) -> Sequence<'a> {
    Sequence { tokens, length: tokens.len(), reading, wanted: std::iter::once(0..tokens.len()).collect() }
}

/// The rows of all tokens from `from` on, of a sequence that is read alone.
fn alone(model: &Recurrent, tokens: &[u32], from: usize) -> Vec<u32> {
    let rows = model.read(&mut [sequence(tokens, Reading::Passing(Past::Nothing))]);
    bits(&rows[from * model.hidden()..])
}

fn bits(rows: &[f32]) -> Vec<u32> {
    rows.iter().map(|value| value.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_sequence_is_read_as_if_it_were_alone_whatever_it_goes_on_from(
        kept in 1usize..40,
        lens in prop::collection::vec((0usize..30, 0.0f64..1.0, any::<bool>(), any::<bool>()), 1..9),
    ) {
        for model in models() {
            let first = ids(1, kept);
            let mut memory = model.memory();
            model.read(&mut [sequence(&first, Reading::On(&mut memory))]);
            // Each goes on from somewhere in the one before, or from somewhere in the memory.
            let mut wholes: Vec<(usize, Vec<u32>)> = Vec::new();
            let of_memory = |place: usize| place == 0 || lens[place].3;
            for (place, (len, share, ..)) in lens.iter().enumerate() {
                let before = wholes.last().filter(|_| !of_memory(place));
                let before = before.map_or(first.as_slice(), |(_, whole)| whole);
                let shared = (before.len() as f64 * share) as usize;
                let len = if shared == 0 { len + 1 } else { *len };
                wholes.push((shared, [&before[..shared], &ids(place as u64 + 2, len)].concat()));
            }
            let mut memories: Vec<Memory> = lens.iter().map(|_| model.memory()).collect();
            let mut batch: Vec<Sequence<'_>> = Vec::new();
            for (place, ((shared, whole), keep)) in wholes.iter().zip(&mut memories).enumerate() {
                let past =
                    if of_memory(place) { Past::Memory(&memory, *shared) } else { Past::Sequence(place - 1, *shared) };
                let reading = if lens[place].2 { Reading::Kept(past, keep) } else { Reading::Passing(past) };
                batch.push(sequence(&whole[*shared..], reading));
            }
            let rows = model.read(&mut batch);
            drop(batch);
            let right: Vec<u32> = wholes.iter().flat_map(|(shared, whole)| alone(&model, whole, *shared)).collect();
            prop_assert!(bits(&rows) == right);
            // What was kept goes on, and others go on from anywhere in it.
            for ((_, whole), keep) in wholes.iter().zip(&mut memories).filter(|(_, keep)| keep.tokens() > 0) {
                let more = ids(99, 3);
                prop_assert_eq!(keep.tokens(), whole.len());
                let half = whole.len() / 2;
                let rows = model.read(&mut [sequence(&more, Reading::Passing(Past::Memory(keep, half)))]);
                prop_assert!(bits(&rows) == alone(&model, &[&whole[..half], &more].concat(), half));
                let rows = model.read(&mut [sequence(&more, Reading::On(keep))]);
                prop_assert!(bits(&rows) == alone(&model, &[whole.as_slice(), &more].concat(), whole.len()));
            }
            let more = ids(98, 20);
            let rows = model.read(&mut [sequence(&more, Reading::On(&mut memory))]);
            prop_assert!(bits(&rows) == alone(&model, &[first.as_slice(), &more].concat(), kept));
        }
    }
}

#[test]
fn threads_and_instructions_do_not_show() {
    for mut model in models() {
        let texts = [ids(5, 33), ids(6, 1), ids(7, 80)];
        let right: Vec<u32> = texts.iter().flat_map(|text| alone(&model, text, 0)).collect();
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            for isa in Isa::available() {
                model.isa = isa;
                let mut batch: Vec<_> =
                    texts.iter().map(|text| sequence(text, Reading::Passing(Past::Nothing))).collect();
                let rows = pool.install(|| model.read(&mut batch));
                assert!(bits(&rows) == right, "{threads} {}", isa.name());
            }
        }
    }
}

#[test]
fn a_long_text_is_read_in_pieces_that_do_not_show() {
    for model in models() {
        let text = ids(3, 4500);
        let piece = Piece { tokens: &text, before: None, keep: false };
        let (whole, _) = model.run(&[piece], &mut |_, _| {});
        assert!(alone(&model, &text, 0) == bits(&whole));
    }
}

#[test]
fn a_text_that_is_written_holds_one_state_however_long_it_is() {
    let model = &models()[0];
    let mut memory = model.memory();
    for token in ids(4, 70) {
        model.read(&mut [sequence(&[token], Reading::On(&mut memory))]);
    }
    assert_eq!((memory.trail.states.len(), memory.tokens()), (1, 70));
    let fork = memory.clone();
    assert!(Arc::ptr_eq(&memory.trail.states[0].1, &fork.trail.states[0].1));
}

#[test]
fn numbers_that_are_not_finite_are_placed() {
    let mut model = models().remove(2);
    model.layers[1].norm[3] = f32::INFINITY;
    assert_eq!(model.first_not_finite(&ids(1, 9), 9), Place::Layer(1));
    model.final_norm[0] = f32::NAN;
    model.layers[1].norm[3] = 1.0;
    assert_eq!(model.first_not_finite(&ids(1, 9), 9), Place::Head);
}
