//! Sequences that share what they have read, against each of them alone.

use std::num::NonZeroUsize;

use proptest::prelude::*;

use super::*;
use crate::engine::local::{Local, Options, decoder::Decoder, model::Model};

fn decoder() -> Decoder {
    let options = Options { threads: NonZeroUsize::new(2), ..Options::default() };
    match Local::reference(options).unwrap().model {
        Model::Decoder(decoder) => *decoder,
        Model::Recurrent(_) => unreachable!("it is GPT-2"),
    }
}

/// Ids below the built-in model's vocabulary.
fn ids(seed: u64, len: usize) -> Vec<u32> {
    (0..len as u64).map(|at| ((seed * 31 + at * at * 7 + at * 3) % 200) as u32).collect()
}

/// The rows of all tokens from `from` on, of a sequence that is read alone.
fn alone(decoder: &Decoder, tokens: &[u32], from: usize) -> Vec<f32> {
    decoder.read(&mut [Sequence {
        tokens,
        length: tokens.len(),
        reading: Reading::Passing(Past::Nothing),
        wanted: std::iter::once(from..tokens.len()).collect(),
    }])
}

fn sequence<'a>(tokens: &'a [u32], length: usize, reading: Reading<'a>) -> Sequence<'a> {
    Sequence { tokens, length, reading, wanted: std::iter::once(0..tokens.len()).collect() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_sequence_is_read_as_if_it_were_alone_whatever_it_goes_on_from(
        kept in 1usize..70, lens in prop::collection::vec((1usize..50, 0.0f64..1.0, any::<bool>()), 1..8),
    ) {
        let decoder = decoder();
        let first = ids(1, kept);
        let mut memory = decoder.memory();
        decoder.read(&mut [sequence(&first, kept, Reading::On(&mut memory))]);
        // Each goes on from somewhere in the one before, and the first from somewhere in the memory.
        let mut wholes: Vec<(usize, Vec<u32>)> = Vec::new();
        for (place, (len, share, _)) in lens.iter().enumerate() {
            let before = wholes.last().map_or(first.as_slice(), |(_, whole)| whole);
            let shared = (before.len() as f64 * share) as usize;
            wholes.push((shared, [&before[..shared], &ids(place as u64 + 2, *len)].concat()));
        }
        let mut memories: Vec<Memory> = lens.iter().map(|_| decoder.memory()).collect();
        let mut batch: Vec<Sequence<'_>> = Vec::new();
        for (place, (((shared, whole), keep), (_, _, kept))) in wholes.iter().zip(&mut memories).zip(&lens).enumerate() {
            let past = if place == 0 { Past::Memory(&memory, *shared) } else { Past::Sequence(place - 1, *shared) };
            let reading = if *kept { Reading::Kept(past, keep) } else { Reading::Passing(past) };
            batch.push(sequence(&whole[*shared..], whole.len(), reading));
        }
        let rows = decoder.read(&mut batch);
        drop(batch);
        let right: Vec<f32> = wholes.iter().flat_map(|(shared, whole)| alone(&decoder, whole, *shared)).collect();
        prop_assert!(rows == right);
        // What was kept goes on, and neither changes the others nor the memory they all began with.
        for ((_, whole), keep) in wholes.iter().zip(&mut memories).filter(|(_, keep)| keep.tokens() > 0) {
            let more = ids(99, 3);
            let whole = [whole.as_slice(), &more].concat();
            let rows = decoder.read(&mut [sequence(&more, whole.len(), Reading::On(keep))]);
            prop_assert!(rows == alone(&decoder, &whole, whole.len() - 3));
        }
        let more = ids(98, 40);
        let whole = [first.as_slice(), &more].concat();
        let rows = decoder.read(&mut [sequence(&more, whole.len(), Reading::On(&mut memory))]);
        prop_assert!(rows == alone(&decoder, &whole, kept));
    }
}
