//! Random numbers by key: what is drawn depends on (seed, purpose, index) alone, never on what was drawn before, on
//! threads or on the order of work.
//!
//! xoshiro256** (Blackman and Vigna, 2021), its state filled by `SplitMix64` (Steele, Lea and Flood, 2014). Written out here
//! because the generators of `rand` may change between its releases, and a published number may not.

use crate::value::{Digest, Seed};

/// A family of random streams: one seed, used for one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u64);

impl Key {
    /// `purpose` names what is drawn, such as `capitals/accuracy/bootstrap`, so that two uses of one seed share nothing.
    pub fn new(seed: Seed, purpose: &str) -> Self {
        let digest = Digest::of([&seed.0.to_le_bytes(), purpose.as_bytes()].concat());
        let first = digest.bytes().first_chunk().expect("a digest has 32 bytes");
        Self(u64::from_le_bytes(*first))
    }

    /// The family's stream number `index`; different indices never begin in the same state.
    pub fn stream(self, index: u64) -> Stream {
        let mut seed = mix(self.0 ^ mix(index));
        Stream([(); 4].map(|()| {
            seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mix(seed)
        }))
    }

    /// The number of `0.0..1.0` that belongs to `counter`: for draws that are looked up, such as the token of a step.
    pub fn uniform(self, counter: u64) -> f64 {
        self.stream(counter).uniform()
    }
}

/// One stream of random numbers.
#[derive(Clone, Debug)]
pub struct Stream([u64; 4]);

impl Stream {
    /// The stream `index` of the family `Key::new(seed, purpose)`.
    pub fn new(seed: Seed, purpose: &str, index: u64) -> Self {
        Key::new(seed, purpose).stream(index)
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let state = &mut self.0;
        let drawn = state[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = state[3].rotate_left(45);
        drawn
    }

    /// A number of `0.0..1.0`, one of 2⁵³ evenly spaced ones.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * 2f64.powi(-53)
    }

    /// A number of `0..limit`, by the high half of a product, which favours none by more than `limit`/2⁶⁴. `limit` must
    /// not be 0.
    pub fn below(&mut self, limit: usize) -> usize {
        debug_assert!(limit > 0, "nothing lies below 0");
        ((u128::from(self.next_u64()) * limit as u128) >> 64) as usize
    }

    /// Puts a list into random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for end in (1..list.len()).rev() {
            list.swap(end, self.below(end + 1));
        }
    }

    /// `count` different numbers of `0..total` in random order; all of them when `count` is larger.
    pub fn sample(&mut self, total: usize, count: usize) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..total).collect();
        let count = count.min(total);
        for place in 0..count {
            let other = place + self.below(total - place);
            numbers.swap(place, other);
        }
        numbers.truncate(count);
        numbers
    }
}

/// The output function of `SplitMix64`; one to one.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generators_give_their_published_numbers() {
        // The test vectors of the reference implementations: state 1 2 3 4, and seed 1234567.
        let mut stream = Stream([1, 2, 3, 4]);
        let drawn = [(); 5].map(|()| stream.next_u64());
        assert_eq!(drawn, [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360]);
        let step =
            |times: u64| mix(1_234_567_u64.wrapping_add(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(times)));
        assert_eq!(step(1), 6_457_827_717_110_365_317);
        assert_eq!(step(2), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_draw_depends_on_seed_purpose_and_index_and_never_changes() {
        let first = |seed, purpose, index| Stream::new(Seed(seed), purpose, index).next_u64();
        // Hashed and mixed again in Python; a change here would change published numbers.
        assert_eq!(first(0, "shuffle", 0), 18_133_125_251_878_458_143);
        let drawn = [first(0, "a", 0), first(1, "a", 0), first(0, "b", 0), first(0, "a", 1)];
        assert!((0..4).all(|i| (0..i).all(|j| drawn[i] != drawn[j])));
    }

    #[test]
    fn every_order_and_every_choice_is_equally_likely() {
        let mut orders = std::collections::BTreeMap::new();
        let mut choices = std::collections::BTreeMap::new();
        for index in 0..6000 {
            let mut stream = Stream::new(Seed(7), "test", index);
            let mut list = [0, 1, 2];
            stream.shuffle(&mut list);
            *orders.entry(list).or_insert(0) += 1;
            *choices.entry(stream.sample(3, 2)).or_insert(0) += 1;
        }
        // Six outcomes of 1000 each; 5 standard deviations are 144.
        for counts in [orders.values().collect::<Vec<_>>(), choices.values().collect()] {
            assert_eq!(counts.len(), 6);
            assert!(counts.iter().all(|count| (856..1144).contains(*count)), "{counts:?}");
        }
    }

    #[test]
    fn the_ends_are_no_trap() {
        let mut stream = Stream::new(Seed(0), "test", 0);
        assert_eq!(stream.sample(0, 3), [0; 0]);
        assert_eq!(stream.sample(3, 9).len(), 3);
        assert_eq!(stream.below(1), 0);
        stream.shuffle::<u8>(&mut []);
        assert!((0..1000).all(|_| (0.0..1.0).contains(&stream.uniform())));
    }
}
