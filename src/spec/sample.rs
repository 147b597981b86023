//! Which items are taken when not all of them are: never silently the first ones.

use std::collections::BTreeSet;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::{
    finding::Finding,
    node::{Node, Value},
    reader::{Fields, Read, Reader},
};
use crate::value::{Digest, Seed};

/// At most so many items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The first ones.
    First(u64),
    /// Drawn at random, by the task's seed.
    Sample(u64),
}

impl Read for Limit {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        const FORM: &str = "a whole number from 1, `{sample: 100}` or `{first: 100}`";
        let count = |node: &Node, reader: &mut Reader| {
            std::num::NonZeroU64::read(node, reader).map(std::num::NonZeroU64::get)
        };
        match &node.value {
            Value::Bare(_) => count(node, reader).map(Self::Sample),
            Value::Map(_) => {
                let mut fields = Fields::of(node)?;
                let (first, sample) = (fields.take("first"), fields.take("sample"));
                fields.finish(&["sample", "first"], reader);
                match (first, sample) {
                    (Some(first), None) => count(first, reader).map(Self::First),
                    (None, Some(sample)) => count(sample, reader).map(Self::Sample),
                    _ => reader.tell(Finding::error("type", node.at, format!("{FORM} is needed here"))),
                }
            }
            _ => reader.expected(node, FORM),
        }
    }
}

impl JsonSchema for Limit {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Limit".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let count = json_schema!({ "type": "integer", "minimum": 1 });
        json_schema!({
            "description": "At most so many items. A number is a sample drawn by the task's seed.",
            "anyOf": [
                count,
                { "type": "object", "properties": { "sample": count }, "required": ["sample"], "additionalProperties": false },
                { "type": "object", "properties": { "first": count }, "required": ["first"], "additionalProperties": false }
            ]
        })
    }
}

/// What decides which items of a list are taken.
#[derive(Clone, Copy, Debug)]
pub struct Draw<'a> {
    /// The task's limit.
    pub limit: Option<Limit>,
    /// The command line's sample, of what the limit leaves.
    pub sample: Option<u64>,
    /// The task's seed.
    pub seed: Seed,
    /// The list's name, so that two lists are drawn independently.
    pub name: &'a str,
}

impl Draw<'_> {
    /// The places of the items that are taken, of so many; nothing if all are.
    pub fn keep(&self, of: usize) -> Option<BTreeSet<usize>> {
        let mut kept: Vec<usize> = (0..of).collect();
        if let Some(limit) = self.limit {
            kept = match limit {
                Limit::First(n) => kept.into_iter().take(size(n)).collect(),
                Limit::Sample(n) => self.sample(kept, n),
            };
        }
        if let Some(n) = self.sample {
            kept = self.sample(kept, n);
        }
        (kept.len() < of).then(|| kept.into_iter().collect())
    }

    /// Those with the smallest digests: a sample of 50 is part of the sample of 100.
    fn sample(&self, mut from: Vec<usize>, n: u64) -> Vec<usize> {
        let n = size(n);
        if n < from.len() {
            from.sort_by_cached_key(|index| Digest::of_json(&("sample", self.seed, self.name, index)));
            from.truncate(n);
        }
        from
    }
}

fn size(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(limit: Limit, seed: u64, name: &str) -> BTreeSet<usize> {
        Draw { limit: Some(limit), sample: None, seed: Seed(seed), name }.keep(1000).unwrap()
    }

    #[test]
    fn a_smaller_sample_is_part_of_a_larger_one_and_seeds_differ() {
        let (small, large) = (draw(Limit::Sample(50), 1, "a"), draw(Limit::Sample(100), 1, "a"));
        assert_eq!((small.len(), large.len()), (50, 100));
        assert!(small.is_subset(&large));
        assert_ne!(small, draw(Limit::Sample(50), 2, "a"));
        assert_ne!(small, draw(Limit::Sample(50), 1, "b"));
        assert_eq!(draw(Limit::First(3), 1, "a"), BTreeSet::from([0, 1, 2]));
    }

    #[test]
    fn every_place_is_drawn_equally_often() {
        let mut hits = [0_u32; 10];
        for seed in 0..2000 {
            let draw = Draw { limit: Some(Limit::Sample(3)), sample: None, seed: Seed(seed), name: "t" };
            draw.keep(10).unwrap().into_iter().for_each(|index| hits[index] += 1);
        }
        // 2000 draws of 3 from 10: mean 600, standard deviation sqrt(2000 * 0.3 * 0.7) = 20.5; five of them either way.
        assert!(hits.iter().all(|hit| (498..=702).contains(hit)), "{hits:?}");
    }

    #[test]
    fn a_sample_takes_from_what_the_limit_leaves() {
        let draw = Draw { limit: Some(Limit::First(10)), sample: Some(4), seed: Seed(0), name: "t" };
        let kept = draw.keep(100).unwrap();
        assert!(kept.len() == 4 && kept.iter().all(|index| *index < 10));
        assert!(Draw { limit: None, sample: Some(100), seed: Seed(0), name: "t" }.keep(100).is_none());
    }
}
