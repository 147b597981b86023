//! A stand-in for tests of the plumbing: tokens are bytes, logits are hashed from the last few of them. It is a proper
//! distribution (probabilities sum to one, ranks and greedy texts agree with them), but it knows nothing.

use std::sync::Arc;

use super::{
    Card, Each, Engine,
    decode::{Sampler, end},
};
use crate::plan::{
    Answer, Decoding, Ending, Failure, FailureKind, Finish, FirstToken, Generated, Ranked, RankedToken,
    Request, Scored, Token, Tokenizer, Watched,
};

/// Bytes that the next token depends on.
const MEMORY: usize = 4;
/// One token a byte.
const VOCABULARY: usize = 256;

/// The engine that `--model mock` chooses.
#[derive(Debug)]
pub struct Mock {
    card: Card,
}

impl Default for Mock {
    fn default() -> Self {
        let card = Card {
            name: "mock".into(),
            engine: "mock".into(),
            source: "built in".into(),
            revision: None,
            files: Vec::new(),
            family: Some("hashed bytes".into()),
            dtype: Some("f32".into()),
            parameters: Some(0),
            vocabulary: Some(VOCABULARY),
            context: None,
            begins_with: None,
        };
        Self { card }
    }
}

impl Engine for Mock {
    fn card(&self) -> &Card {
        &self.card
    }

    fn tokenizer(&self) -> &dyn Tokenizer {
        self
    }

    fn answer(&mut self, requests: &[Request], each: Each<'_>) {
        for (index, request) in requests.iter().enumerate() {
            if each(index, answer(request)).is_break() {
                return;
            }
        }
    }
}

impl Tokenizer for Mock {
    fn tokens(&self, text: &str) -> Result<Vec<Token>, Failure> {
        Ok(text.bytes().map(token).collect())
    }

    fn ending(&self, prompt: &str, ending: &str) -> Result<Ending, Failure> {
        let (before, ending) = split(prompt, ending)?;
        Ok(Ending { before: before.len(), tokens: ending.bytes().map(token).collect(), straddles: false })
    }

    fn context(&self) -> Option<usize> {
        None
    }
}

fn answer(request: &Request) -> Result<Answer, Failure> {
    match request {
        Request::Score { prompt, ending, first_token, .. } => {
            score(prompt, ending, *first_token).map(Answer::Scored)
        }
        Request::Rank { prompt, top, watch, .. } => rank(prompt, *top, watch).map(Answer::Ranked),
        Request::Generate { prompt, decoding, max_tokens, stop, .. } => {
            Ok(Answer::Generated(generate(prompt, *decoding, *max_tokens, stop)))
        }
    }
}

fn score(prompt: &str, ending: &str, first_token: FirstToken) -> Result<Scored, Failure> {
    let (before, ending) = split(prompt, ending)?;
    let text = [before.as_bytes(), ending.as_bytes()].concat();
    let skip = usize::from(before.is_empty() && first_token == FirstToken::Skip);
    let first = before.len() + skip;
    let mut scored = Scored { before: first as u32, bytes: (text.len() - first) as u32, ..Scored::default() };
    for (at, &byte) in text.iter().enumerate().skip(first) {
        let Token { id, text: piece } = token(byte);
        scored.ids.push(id);
        scored.texts.push(piece);
        scored.logprobs.push(distribution(&text[..at])[usize::from(byte)]);
    }
    Ok(scored)
}

fn rank(prompt: &str, top: u32, watch: &[Arc<str>]) -> Result<Ranked, Failure> {
    let logprobs = distribution(prompt.as_bytes());
    let mut order: Vec<usize> = (0..VOCABULARY).collect();
    order.sort_by(|&a, &b| logprobs[b].total_cmp(&logprobs[a]).then(a.cmp(&b)));
    let ranked = |byte: usize| {
        let Token { id, text } = token(byte as u8);
        RankedToken { id, text, logprob: logprobs[byte] }
    };
    let watched = |text: &Arc<str>| {
        let first = *text.as_bytes().first().ok_or_else(nothing_to_score)?;
        let rank = order.iter().position(|&byte| byte == usize::from(first)).map_or(0, |at| at as u32 + 1);
        Ok(Watched { token: ranked(usize::from(first)), rank, tokens: text.len() as u32 })
    };
    let probability = |byte: &usize| f64::from(logprobs[*byte]).exp();
    let holding = |share: f64| {
        let mut sum = 0.0;
        let reaches = |byte| {
            sum += probability(byte);
            sum >= share
        };
        order.iter().position(reaches).map_or(VOCABULARY, |at| at + 1) as u32
    };
    Ok(Ranked {
        top: order.iter().take(top as usize).map(|&byte| ranked(byte)).collect(),
        watched: watch.iter().map(watched).collect::<Result<_, Failure>>()?,
        entropy: entropy(&logprobs),
        half: holding(0.5),
        nine_tenths: holding(0.9),
        vocabulary: VOCABULARY as u32,
        prompt: prompt.bytes().map(token).collect(),
        dropped: 0,
    })
}

fn generate(prompt: &str, decoding: Decoding, max_tokens: u32, stop: &[Arc<str>]) -> Generated {
    let sampler = Sampler::new(decoding, prompt);
    let before = prompt.len();
    let (mut text, mut tokens): (Vec<u8>, Vec<u32>) =
        (prompt.into(), prompt.bytes().map(u32::from).collect());
    let (mut logprobs, mut entropies, mut scratch) = (Vec::new(), Vec::new(), Vec::new());
    let mut finish = Finish::Length;
    while logprobs.len() < max_tokens as usize {
        let distribution = distribution(&text);
        let id = sampler.choose(logprobs.len(), &distribution, &tokens, &mut scratch);
        text.push(id as u8);
        tokens.push(id);
        logprobs.push(distribution[id as usize]);
        entropies.push(entropy(&distribution));
        if let Some(at) = end(&text, before, stop) {
            text.truncate(at);
            finish = Finish::Stop;
            break;
        }
    }
    Generated {
        text: String::from_utf8_lossy(&text[before..]).into_owned(),
        ids: tokens.split_off(before),
        logprobs,
        entropies,
        before: before as u32,
        dropped: 0,
        finish,
    }
}

/// In nats.
fn entropy(logprobs: &[f32]) -> f32 {
    logprobs
        .iter()
        .map(|logprob| f64::from(*logprob))
        .map(|logprob| -logprob * libm::exp(logprob))
        .sum::<f64>() as f32
}

/// White space at the end of a prompt belongs to the ending.
fn split(prompt: &str, ending: &str) -> Result<(String, String), Failure> {
    if ending.is_empty() {
        return Err(nothing_to_score());
    }
    let kept = prompt.trim_end();
    Ok((kept.to_owned(), format!("{}{ending}", &prompt[kept.len()..])))
}

fn nothing_to_score() -> Failure {
    Failure::new(FailureKind::Text, "an empty text has nothing to score")
}

fn token(byte: u8) -> Token {
    Token { id: u32::from(byte), text: String::from_utf8_lossy(&[byte]).into_owned() }
}

/// Natural log-probabilities of the next byte. Letters and spaces are likelier than the rest, so that texts can be read.
fn distribution(before: &[u8]) -> [f32; VOCABULARY] {
    let seed = before
        .iter()
        .rev()
        .take(MEMORY)
        .fold(before.len().min(MEMORY) as u64, |hash, &byte| mix(hash ^ u64::from(byte)));
    let mut logits = [0.0f64; VOCABULARY];
    for (byte, logit) in logits.iter_mut().enumerate() {
        let noise = (mix(seed ^ byte as u64) >> 40) as f64 / f64::from(1u32 << 24);
        let prior = match byte as u8 {
            b'a'..=b'z' | b' ' => 0.0,
            0x20..=0x7e => -4.0,
            _ => -9.0,
        };
        *logit = prior + 4.0 * noise;
    }
    let sum: f64 = logits.iter().map(|logit| libm::exp(*logit)).sum();
    logits.map(|logit| (logit - libm::log(sum)) as f32)
}

/// `SplitMix64`'s finalizer (Steele, Lea, Flood 2014).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one_and_ranks_follow_them() {
        let sum: f64 = distribution(b"abc").iter().map(|logprob| f64::from(*logprob).exp()).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{sum}");
        let ranked = rank("abc", 5, &["z".into()]).unwrap();
        assert!(ranked.top.is_sorted_by(|a, b| a.logprob >= b.logprob));
        assert_eq!(ranked.top.len(), 5);
        assert!(ranked.half <= ranked.nine_tenths);
    }

    #[test]
    fn the_greedy_text_begins_with_the_first_ranked_token_and_ends_at_a_stop() {
        let written = generate("abc", Decoding::Greedy, 12, &[]);
        assert_eq!(written.ids[0], rank("abc", 1, &[]).unwrap().top[0].id);
        let stop = &written.text[4..6];
        let stopped = generate("abc", Decoding::Greedy, 12, &[stop.into()]);
        assert_eq!(
            (stopped.text.as_str(), stopped.finish),
            (&written.text[..written.text.find(stop).unwrap()], Finish::Stop)
        );
    }

    #[test]
    fn space_at_the_end_of_a_prompt_is_scored() {
        assert_eq!(score("a ", "b", FirstToken::Score), score("a", " b", FirstToken::Score));
        assert!(score("a", "", FirstToken::Score).is_err());
    }
}
