//! A plan in pieces, one a machine: which of its requests a shard asks follows from the plan and the number of shards
//! alone, so that machines which know nothing of each other ask everything once.

use std::{fmt, ops::Range, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de};

use super::Request;

/// What a request costs besides its text, in bytes of text.
const ONE: u64 = 8;
/// What a token that is written costs: it takes a pass of its own, where a token of a text (about four bytes) shares one.
const WRITTEN: u64 = 16;

/// One of several equal pieces of a plan, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub struct Shard {
    /// Which.
    #[schemars(range(min = 1))]
    index: u32,
    /// Of how many.
    #[schemars(range(min = 1))]
    of: u32,
}

impl Shard {
    /// Checks that the piece is one of those that there are.
    pub fn new(index: u32, of: u32) -> Result<Self, String> {
        if (1..=of).contains(&index) {
            Ok(Self { index, of })
        } else {
            Err(format!("shards are counted from 1 to their number, as in 1/4 to 4/4; {index}/{of} is none"))
        }
    }

    /// Which, from 1.
    pub fn index(self) -> u32 {
        self.index
    }

    /// Of how many.
    pub fn of(self) -> u32 {
        self.of
    }

    /// As it ends the name of a run folder: `shard-2-of-4`.
    pub fn slug(self) -> String {
        format!("shard-{}-of-{}", self.index, self.of)
    }

    /// The places of the requests that this shard asks. Pieces follow each other in plan order and cost about the same;
    /// neighbours, which often share a beginning, mostly stay together. A piece may be empty.
    pub fn part(self, requests: &[Request]) -> Range<usize> {
        let middles = middles(requests.iter().map(cost));
        let begin = |piece: u32| middles.partition_point(|middle| piece_of(*middle, self.of) < piece);
        begin(self.index - 1)..begin(self.index)
    }

    /// The shard that asks the request at a place of the plan.
    pub fn asking(place: usize, requests: &[Request], of: u32) -> Option<Self> {
        let middle = *middles(requests.iter().map(cost)).get(place)?;
        Self::new(piece_of(middle, of) + 1, of).ok()
    }
}

/// Where the middle of a request lies in the cost of all.
#[derive(Clone, Copy)]
struct Middle {
    twice: u128,
    all: u128,
}

/// A request belongs where its middle lies, which keeps the order and takes every request once.
fn piece_of(middle: Middle, of: u32) -> u32 {
    // Below `of`, as a middle is less than the whole.
    (middle.twice * u128::from(of) / (2 * middle.all)) as u32
}

fn middles(costs: impl Iterator<Item = u64>) -> Vec<Middle> {
    let mut all = 0;
    let mut middles: Vec<Middle> = costs
        .map(|cost| {
            let middle = Middle { twice: 2 * all + u128::from(cost), all: 1 };
            all += u128::from(cost);
            middle
        })
        .collect();
    middles.iter_mut().for_each(|middle| middle.all = all);
    middles
}

/// About how much work a request is; never nothing.
fn cost(request: &Request) -> u64 {
    let text = match request {
        Request::Score { prompt, ending, .. } => prompt.len() + ending.len(),
        Request::Rank { prompt, watch, .. } => {
            prompt.len() + watch.iter().map(|text| text.len()).sum::<usize>()
        }
        Request::Generate { prompt, .. } => prompt.len(),
    };
    let written = match request {
        Request::Generate { max_tokens, .. } => u64::from(*max_tokens) * WRITTEN,
        Request::Score { .. } | Request::Rank { .. } => 0,
    };
    ONE + text as u64 + written
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(index, of)| Some((number(index)?, number(of)?)));
        let (index, of) = numbers.ok_or_else(|| {
            format!("a shard is its number and how many there are, such as 2/4; `{text}` is none")
        })?;
        Self::new(index, of)
    }
}

/// Digits and nothing else: `+1` is a number to Rust.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl<'de> Deserialize<'de> for Shard {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            index: u32,
            of: u32,
        }
        let Fields { index, of } = Fields::deserialize(deserializer)?;
        Self::new(index, of).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::{Ask, Decoding};

    fn plan(requests: &[(String, String, Option<u32>)]) -> Vec<Request> {
        let mut ask = Ask::default();
        for (prompt, ending, written) in requests {
            match written {
                Some(tokens) => drop(ask.generate(prompt, Decoding::Greedy, *tokens, &[])),
                None => drop(ask.score(prompt, ending)),
            }
        }
        ask.into_requests()
    }

    fn parts(requests: &[Request], of: u32) -> Vec<Range<usize>> {
        (1..=of).map(|index| Shard::new(index, of).unwrap().part(requests)).collect()
    }

    proptest! {
        #[test]
        fn every_request_is_in_one_piece_and_in_order(
            requests in proptest::collection::vec((".{0,40}", ".{1,20}", proptest::option::of(0_u32..200)), 0..40),
            of in 1_u32..60,
        ) {
            let requests = plan(&requests);
            let parts = parts(&requests, of);
            let places: Vec<usize> = parts.iter().cloned().flatten().collect();
            prop_assert_eq!(places, (0..requests.len()).collect::<Vec<_>>());
            for (at, part) in parts.iter().enumerate() {
                for place in part.clone() {
                    let asking = Shard::asking(place, &requests, of).unwrap();
                    prop_assert_eq!(asking.index() as usize, at + 1);
                }
            }
        }

        #[test]
        fn no_piece_costs_more_than_its_share_and_one_request(
            requests in proptest::collection::vec((".{0,40}", ".{1,20}", proptest::option::of(0_u32..200)), 1..40),
            of in 1_u32..20,
        ) {
            let requests = plan(&requests);
            let all: u64 = requests.iter().map(cost).sum();
            let largest = requests.iter().map(cost).max().unwrap();
            for part in parts(&requests, of) {
                let own: u64 = requests[part].iter().map(cost).sum();
                prop_assert!(own * u64::from(of) <= all + largest * u64::from(of), "{} of {}", own, all);
            }
        }

        #[test]
        fn a_shard_reads_back(index in 1_u32.., more in 0_u32..1000) {
            let shard = Shard::new(index, index.saturating_add(more)).unwrap();
            prop_assert_eq!(shard.to_string().parse(), Ok(shard));
            let json = serde_json::to_string(&shard).unwrap();
            prop_assert_eq!(serde_json::from_str::<Shard>(&json).unwrap(), shard);
        }
    }

    #[test]
    fn equal_requests_are_dealt_out_evenly_and_more_shards_than_requests_leave_some_empty() {
        let same: Vec<_> = ('a'..='f').map(|letter| (letter.to_string(), "x".to_owned(), None)).collect();
        let requests = plan(&same);
        assert_eq!(parts(&requests, 3), [0..2, 2..4, 4..6]);
        assert_eq!(parts(&requests[..1], 3), [0..0, 0..1, 1..1]);
        assert_eq!(
            parts(&requests[..2], 4).iter().map(ExactSizeIterator::len).collect::<Vec<_>>(),
            [0, 1, 0, 1]
        );
        assert_eq!(parts(&[], 2), [0..0, 0..0]);
        // The last of as many pieces as can be.
        assert_eq!(Shard::new(u32::MAX, u32::MAX).unwrap().part(&requests), 6..6);
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        for text in [
            "0/4",
            "5/4",
            "1/0",
            "0/0",
            "1",
            "",
            "/",
            "1/",
            "/2",
            "+1/2",
            "-1/2",
            "1/2/3",
            "a/b",
            "1/4294967296",
        ] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
            let Some((index, of)) = text.split_once('/') else { continue };
            let json = format!(r#"{{"index": {index}, "of": {of}}}"#);
            assert!(serde_json::from_str::<Shard>(&json).is_err(), "{text}");
        }
        assert!(" 1/2".parse::<Shard>().is_err());
        assert_eq!("1/1".parse(), Shard::new(1, 1));
        assert_eq!("2/4".parse::<Shard>().unwrap().slug(), "shard-2-of-4");
    }
}
