//! How a spec says that tokens are chosen: one strategy, or a grid of them.

use std::num::NonZeroU32;

use schemars::{Schema, SchemaGenerator, json_schema};

use crate::{
    plan::{self, Sampled},
    spec::{Node, OneOrMore, Reader, Short, keys},
    value::{MinP, RepetitionPenalty, Seed, Temperature, TopP},
};

keys! {
    /// How tokens are chosen: `greedy`, or a mapping; a list of values makes a grid. What is set applies in this order.
    pub struct Decoding short {
        /// Above 1, tokens that stand in the prompt or the text become less probable. Alone, the best token is taken.
        repetition_penalty: Option<OneOrMore<RepetitionPenalty>>,
        /// Above 1 flattens the distribution, below 1 sharpens it.
        temperature: Option<OneOrMore<Temperature>>,
        /// Only the so many most probable tokens.
        top_k: Option<OneOrMore<NonZeroU32>>,
        /// Only the most probable tokens that make up this much.
        top_p: Option<OneOrMore<TopP>>,
        /// Only tokens at least this probable, relative to the best.
        min_p: Option<OneOrMore<MinP>>,
    }
}

/// One strategy of a grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Combination {
    repetition_penalty: Option<RepetitionPenalty>,
    temperature: Option<Temperature>,
    top_k: Option<NonZeroU32>,
    top_p: Option<TopP>,
    min_p: Option<MinP>,
}

impl Decoding {
    /// Always the most probable token.
    pub const GREEDY: Self =
        Self { repetition_penalty: None, temperature: None, top_k: None, top_p: None, min_p: None };

    /// Its strategies, one a combination of values; the last key varies fastest.
    pub fn combinations(&self) -> Vec<Combination> {
        let all = vec![Combination::default()];
        let all =
            vary(all, self.repetition_penalty.as_ref(), |one, value| one.repetition_penalty = Some(value));
        let all = vary(all, self.temperature.as_ref(), |one, value| one.temperature = Some(value));
        let all = vary(all, self.top_k.as_ref(), |one, value| one.top_k = Some(value));
        let all = vary(all, self.top_p.as_ref(), |one, value| one.top_p = Some(value));
        vary(all, self.min_p.as_ref(), |one, value| one.min_p = Some(value))
    }

    /// The only strategy, where it is no grid.
    pub fn single(&self) -> Option<Combination> {
        let [single] = self.combinations()[..] else { return None };
        Some(single)
    }
}

fn vary<T: Copy>(
    all: Vec<Combination>,
    values: Option<&OneOrMore<T>>,
    set: impl Fn(&mut Combination, T),
) -> Vec<Combination> {
    let Some(values) = values else { return all };
    let mut varied = Vec::with_capacity(all.len() * values.len());
    for one in all {
        for value in values.iter() {
            let mut one = one;
            set(&mut one, *value);
            varied.push(one);
        }
    }
    varied
}

impl Combination {
    /// Such as `greedy` or `temperature=0.8,top_p=0.9`.
    pub fn name(&self) -> String {
        fn said(name: &str, value: Option<impl ToString>) -> Option<String> {
            value.map(|value| format!("{name}={}", value.to_string()))
        }
        let said = [
            said("repetition_penalty", self.repetition_penalty),
            said("temperature", self.temperature),
            said("top_k", self.top_k),
            said("top_p", self.top_p),
            said("min_p", self.min_p),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        if said.is_empty() { "greedy".to_owned() } else { said.join(",") }
    }

    /// As an engine is asked for it. Only what draws takes the seed.
    pub fn decoding(&self, seed: Seed) -> plan::Decoding {
        let Self { repetition_penalty, temperature, top_k, top_p, min_p } = *self;
        match (repetition_penalty, temperature, top_k, top_p, min_p) {
            (None, None, None, None, None) => plan::Decoding::Greedy,
            (Some(penalty), None, None, None, None) => plan::Decoding::Penalized(penalty),
            _ => {
                let temperature = temperature.unwrap_or(Temperature::ONE);
                plan::Decoding::Sampled(Sampled {
                    seed,
                    repetition_penalty,
                    temperature,
                    top_k,
                    top_p,
                    min_p,
                })
            }
        }
    }
}

impl Short for Decoding {
    const FORM: &'static str = "`greedy`, or a mapping such as {top_p: 0.9}";
    fn short(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.text() {
            Some(text) if text.as_str() == "greedy" => Some(Self::GREEDY),
            Some(text) => reader
                .refuse(text.at, format!("`{text}` is no way to choose tokens; expected {}", Self::FORM)),
            None => reader.expected(node, Self::FORM),
        }
    }
    fn short_schemas(_: &mut SchemaGenerator) -> Vec<Schema> {
        vec![json_schema!({ "const": "greedy" })]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::NonEmpty;

    #[test]
    fn lists_make_a_grid_and_every_strategy_has_its_name() {
        let numbers = |numbers: &[f64]| numbers.iter().map(|n| Temperature::new(*n).unwrap()).collect();
        let grid = Decoding {
            temperature: NonEmpty::new(numbers(&[0.3, 1.0])).map(OneOrMore),
            top_k: NonEmpty::new([1, 50].map(|k| NonZeroU32::new(k).unwrap()).into()).map(OneOrMore),
            ..Decoding::GREEDY
        };
        let names: Vec<String> = grid.combinations().iter().map(Combination::name).collect();
        assert_eq!(
            names,
            [
                "temperature=0.3,top_k=1",
                "temperature=0.3,top_k=50",
                "temperature=1,top_k=1",
                "temperature=1,top_k=50"
            ]
        );
        assert_eq!(grid.single(), None);
        assert_eq!(Decoding::GREEDY.single().map(|one| one.name()), Some("greedy".to_owned()));
    }

    #[test]
    fn only_what_draws_is_drawn() {
        let penalty = RepetitionPenalty::new(1.2).unwrap();
        let one = Combination { repetition_penalty: Some(penalty), ..Combination::default() };
        assert_eq!(Combination::default().decoding(Seed(3)), plan::Decoding::Greedy);
        assert_eq!(one.decoding(Seed(3)), plan::Decoding::Penalized(penalty));
        let drawn = Combination { top_k: NonZeroU32::new(2), ..one };
        let plan::Decoding::Sampled(sampled) = drawn.decoding(Seed(3)) else { panic!("{drawn:?}") };
        assert_eq!((sampled.seed, sampled.temperature), (Seed(3), Temperature::ONE));
        assert_eq!(sampled.repetition_penalty, Some(penalty));
    }
}
