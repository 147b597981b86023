//! What is asked of a line, and what the answers say of it.
//!
//! * The probability of the target in both conditions, and their ratio.
//! * Verbatim continuation: whether the model, always taking the most probable token, writes the target after the first
//!   prompt ("extractable"), and how many of the target's tokens it gets right (Carlini et al. 2023, arXiv 2202.07646).
//! * Min-K%: the mean log-probability of the fifth of the line's tokens that are least probable, the line standing alone
//!   and its first token left out, which hardly depends on the line (Shi et al. 2024, arXiv 2310.16789).
//! * The rank of the target among the targets of all items, after the first prompt.

use std::sync::Arc;

use super::{super::planned::item_key, Continuation, Memorization, Targets, rule::Test};
use crate::{
    plan::{Answers, Ask, Decoding, Failure, FirstToken, Generated, Scored, Ticket, Windows},
    record::{Cell, Column, DROPPED, ItemKey},
    spec::{Content, Item, Text, join},
    stats::{Interval, memorization, sum},
    value::{Digest, Level},
};

/// The share of a line's tokens that Min-K% looks at.
const LEAST_PROBABLE: f64 = 0.2;

/// What each row says. `first` and `second` are the conditions; where the second has several prompts, its log-probability
/// is their mean.
pub(super) const COLUMNS: [Column; 24] = [
    "likely_memorized",
    "rank",
    "n_tokens",
    "prompt",
    "gold",
    "output",
    "ratio",
    "log_ratio",
    "ratio_low",
    "ratio_high",
    "rank_p",
    "p_first",
    "p_second",
    "logprob_first",
    "logprob_second",
    "prompts_second",
    "role",
    "extractable",
    "matching",
    "min_k",
    "nats_per_token",
    "rank_1",
    "straddles",
    DROPPED,
];

/// One item's questions.
pub(super) struct Asked {
    pub(super) key: Arc<ItemKey>,
    prompt: String,
    /// As scored: with the white space that joins it to the prompt.
    target: String,
    /// After the prompt of the first condition, or after the only one.
    first: Ticket<Scored>,
    /// After each prompt of the second condition; none where items are not paired.
    second: Vec<Ticket<Scored>>,
    written: Ticket<Generated>,
    /// The whole text, standing alone.
    line: Ticket<Scored>,
    /// The other targets, after the first prompt; nothing where they are not ranked.
    others: Option<Vec<Ticket<Scored>>>,
    role: &'static str,
}

/// The role of an item that a model may have read.
pub(super) const TESTED: &str = "tested";
/// The role of an item that it cannot have read.
pub(super) const CONTROL: &str = "control";

/// Asks for every item.
pub(super) fn all(task: &Memorization, targets: Option<&Targets<'_>>, ask: &mut Ask) -> Vec<Asked> {
    let [one, other] = task.conditions.names();
    let mut asker = Asker { between: &task.join, targets, ask };
    let paired = task.pairs().filter_map(|item| {
        let first = item.said(one).next()?;
        let second: Vec<_> = item.said(other).collect();
        let asked = asker.line(item, item.group.as_deref(), first, &second)?;
        Some(Asked { role: if task.is_control(item) { CONTROL } else { TESTED }, ..asked })
    });
    let mut all: Vec<Asked> = paired.collect();
    for (condition, items) in &task.groups.0 {
        let said = |item: &Item<Continuation>| {
            asker.line(item, Some(condition), (&item.prompt, item.target.as_ref()), &[])
        };
        all.extend(items.iter().filter_map(said));
    }
    all
}

struct Asker<'a> {
    between: &'a str,
    targets: Option<&'a Targets<'a>>,
    ask: &'a mut Ask,
}

impl Asker<'_> {
    /// Nothing for a prompt without a target, which the checks refuse.
    fn line<C: Content>(
        &mut self,
        item: &Item<C>,
        group: Option<&str>,
        (written, target): (&Text, Option<&Text>),
        second: &[(&Text, Option<&Text>)],
    ) -> Option<Asked> {
        let own = target?;
        let (prompt, target) = join(written, own, self.between);
        let second: Vec<(String, String)> = second
            .iter()
            .filter_map(|(prompt, target)| Some(join(prompt, target.as_ref()?, self.between)))
            .collect();
        let content = Digest::of_json(&("memorization", &prompt, &target, &second));
        // No tokenizer makes more tokens of a text than it has bytes.
        let tokens = u32::try_from(target.len()).unwrap_or(u32::MAX);
        let others = self.targets.iter().flat_map(|targets| targets.iter());
        let others = others.filter(|(bare, _)| **bare != own.trim_start());
        // Joined as it would be to its own prompt; the target itself comes last.
        let all = others.map(|(_, other)| join(written, other, self.between).1);
        let all: Vec<String> = all.chain([target.clone()]).collect();
        let mut tickets = self.ask.score_all(&prompt, &all);
        let first = tickets.pop()?;
        let others = self.targets.map(|_| tickets);
        Some(Asked {
            key: item_key(item, group, 0, content),
            first,
            second: second.iter().map(|(prompt, target)| self.ask.score(prompt, target)).collect(),
            written: self.ask.generate(&prompt, Decoding::Greedy, tokens, &[]),
            line: self.ask.score_text(&format!("{prompt}{target}"), FirstToken::Skip, Windows::default()),
            others,
            role: TESTED,
            prompt,
            target,
        })
    }
}

impl Asked {
    /// One cell a column; `test` says who counts as likely memorized.
    pub(super) fn cells(&self, test: &Test, level: Level, answers: &Answers) -> Result<Vec<Cell>, Failure> {
        let first = answers.get(self.first)?;
        let second: Vec<&Scored> =
            self.second.iter().map(|ticket| answers.get(*ticket)).collect::<Result<_, _>>()?;
        let (written, line) = (answers.get(self.written)?, answers.get(self.line)?);
        let rank = self.rank(first, answers)?;
        let pair = Pair::of(first, &second, level);
        let likely = pair.as_ref().map(|pair| test.holds(libm::exp(pair.log_ratio), pair.probabilities()));
        let pair = pair.as_ref();
        Ok(vec![
            likely.into(),
            rank.into(),
            first.logprobs.len().into(),
            self.prompt.as_str().into(),
            self.target.as_str().into(),
            written.text.as_str().into(),
            pair.map(|pair| libm::exp(pair.log_ratio)).filter(|ratio| ratio.is_finite()).into(),
            pair.map(|pair| pair.log_ratio).into(),
            pair.and_then(|pair| Some(pair.interval?.low)).into(),
            pair.and_then(|pair| Some(pair.interval?.high)).into(),
            pair.map(|pair| pair.rank_p).into(),
            libm::exp(first.total()).into(),
            pair.map(|pair| libm::exp(pair.second)).into(),
            first.total().into(),
            pair.map(|pair| pair.second).into(),
            pair.map(|_| second.len()).into(),
            self.role.into(),
            self.extractable(first, written).into(),
            matching(first, written).into(),
            min_k(line).into(),
            (-line.total() / line.logprobs.len().max(1) as f64).into(),
            rank.map(|rank| rank == 1).into(),
            std::iter::once(&first).chain(&second).any(|scored| scored.straddles).into(),
            std::iter::once(&first)
                .chain(&second)
                .map(|scored| scored.dropped)
                .max()
                .max(Some(written.dropped))
                .into(),
        ])
    }

    /// 1 where no other target is more probable.
    fn rank(&self, own: &Scored, answers: &Answers) -> Result<Option<usize>, Failure> {
        let Some(others) = &self.others else { return Ok(None) };
        let mut rank = 1;
        for other in others {
            rank += usize::from(answers.get(*other)?.total() > own.total());
        }
        Ok(Some(rank))
    }

    /// Whether the target's tokens are written first; or, cut into other tokens, its text and not a longer word.
    fn extractable(&self, target: &Scored, written: &Generated) -> bool {
        let by_token = !target.straddles && written.ids.starts_with(&target.ids);
        let by_text = written.text.strip_prefix(self.target.as_str()).is_some_and(|rest| {
            let joins = |c: char| c.is_alphanumeric();
            !(self.target.ends_with(joins) && rest.starts_with(joins))
        });
        by_token || by_text
    }
}

/// The target in the second condition, against the first.
struct Pair {
    first: f64,
    /// The mean over its prompts: the logarithm of the geometric mean of the probabilities.
    second: f64,
    log_ratio: f64,
    /// Of the ratio, by how the prompts of the second condition differ, where there are several.
    interval: Option<Interval>,
    /// Were the first prompt one of them: how likely it is to make the target so probable.
    rank_p: f64,
}

impl Pair {
    /// Nothing where items are not paired.
    fn of(first: &Scored, second: &[&Scored], level: Level) -> Option<Self> {
        let first = first.total();
        let totals: Vec<f64> = second.iter().map(|scored| scored.total()).collect();
        let log_ratio = memorization::log_ratio(first, &totals)?;
        Some(Self {
            first,
            second: first - log_ratio,
            log_ratio,
            interval: memorization::ratio(first, &totals, level).interval.ok(),
            rank_p: memorization::rank_p(first, &totals),
        })
    }

    fn probabilities(&self) -> [f64; 2] {
        [self.first, self.second].map(libm::exp)
    }
}

/// The share of the target's tokens that stand at the same places of the text.
fn matching(target: &Scored, written: &Generated) -> f64 {
    let same = target.ids.iter().zip(&written.ids).filter(|(right, given)| right == given).count();
    same as f64 / target.ids.len().max(1) as f64
}

/// The mean log-probability of the least probable tokens, at least of one.
fn min_k(line: &Scored) -> Option<f64> {
    let mut logprobs: Vec<f64> = line.logprobs.iter().copied().map(f64::from).collect();
    logprobs.sort_by(f64::total_cmp);
    #[expect(clippy::cast_sign_loss, reason = "a share of a count is not negative")]
    let least = ((LEAST_PROBABLE * logprobs.len() as f64) as usize).max(1);
    let least = logprobs.get(..least)?;
    Some(sum(least.iter().copied()) / least.len() as f64)
}
