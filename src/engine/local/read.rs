//! What is read only: `Score` and `Rank`.

use rayon::prelude::*;

use super::{
    Local,
    answer::{Answers, Kinds, LOGITS, in_groups, not_finite},
    forest::{Forest, Piece, Reached, Text},
    kernel::Want,
    memory::{Memory, Past, Reading, Sequence},
    rank::Ranking,
    score::Scoring,
    windows::Window,
};
use crate::plan::{Answer, Failure, Request};

/// Answers every `Score` and `Rank`.
pub(super) fn read_all(local: &Local, requests: &[Request], answers: &mut Answers<'_>) {
    let plan = |request: &Request| Asked::plan(local, request);
    let tokens = |asked: &Asked| asked.windows().iter().map(|window| window.read.len()).sum();
    in_groups(local, requests, answers, plan, tokens, |group, answers| read(local, group, answers));
}

enum Asked {
    Score(Scoring),
    Rank(Ranking),
}

/// A request, and what is known of its answer.
struct Question {
    request: usize,
    asked: Asked,
    /// Of the windows in turn.
    logprobs: Vec<f32>,
    ranked: Option<Answer>,
    /// Rows that are still to come.
    left: usize,
}

/// What one request wants of one row.
struct Query {
    row: usize,
    question: usize,
    /// Of the scored tokens of the request, this one.
    at: usize,
}

/// What a row says to one query.
enum Reply {
    Logprob(f32),
    /// Nothing where the logits are not finite.
    Ranked(Option<Answer>),
}

fn read(local: &Local, group: Vec<(usize, Asked)>, answers: &mut Answers<'_>) {
    let mut questions: Vec<Question> =
        group.into_iter().map(|(request, asked)| Question::new(request, asked)).collect();
    let (forest, lengths, queries) = plant(local, &questions);
    let texts: Vec<(usize, usize)> = questions
        .iter()
        .enumerate()
        .flat_map(|(question, of)| (0..of.asked.windows().len()).map(move |window| (question, window)))
        .collect();
    let mut queries = queries.as_slice();
    let (mut reached, mut row, mut path) = (Reached::default(), 0, local.model.memory());
    while !forest.is_read(&reached) && !answers.stopped() {
        let pieces = forest.next(&mut reached, local.batch_tokens, |_, _| true);
        local.work.add(0, pieces.iter().map(|piece| piece.range.len()).sum());
        let tokens = |text: usize| {
            let (question, window) = texts[text];
            let asked = &questions[question].asked;
            &asked.tokens()[asked.windows()[window].read.clone()]
        };
        let mut kept = local.model.memory();
        let into = forest.goes_on(&reached).then_some(&mut kept);
        row += pieces.iter().map(Piece::rows).sum::<usize>();
        let (now, later) = queries.split_at(queries.partition_point(|query| query.row < row));
        let replies = local.pool.install(|| {
            let mut batch = sequences(&pieces, &path, into, tokens, &lengths);
            let rows = local.model.read(&mut batch);
            reply(local, &rows, now, &questions)
        });
        path = kept;
        queries = later;
        for (query, reply) in now.iter().zip(replies) {
            let question = &mut questions[query.question];
            if let Some(answer) = question.take(local, query.at, reply) {
                answers.give(question.request, answer);
            }
        }
    }
}

/// The texts of all windows, their lengths, and what is wanted of each row.
fn plant(local: &Local, questions: &[Question]) -> (Forest, Vec<usize>, Vec<Query>) {
    let mut kinds = Kinds::new(&local.model);
    let (mut texts, mut lengths, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (question, Question { asked, .. }) in questions.iter().enumerate() {
        let mut first = 0;
        for Window { read, scored, length } in asked.windows() {
            // What a row says is about the token after it.
            let wanted = scored.start - 1 - read.start..scored.end - 1 - read.start;
            texts.push(Text { tokens: &asked.tokens()[read.clone()], kind: kinds.of(*length), wanted });
            lengths.push(*length);
            places.push((question, first));
            first += scored.len();
        }
    }
    local.work.add(texts.iter().map(|text| text.tokens.len()).sum(), 0);
    let forest = local.pool.install(|| Forest::new(&texts, local.sharing));
    let mut queries: Vec<Query> = Vec::new();
    for (text, (question, first)) in places.into_iter().enumerate() {
        queries.extend(forest.rows(text).zip(first..).map(|(row, at)| Query { row, question, at }));
    }
    queries.sort_by_key(|query| query.row);
    (forest, lengths, queries)
}

/// The pieces as a batch. `path` holds the last piece of the batch before, and `into` takes that of this one.
fn sequences<'a>(
    pieces: &[Piece],
    path: &'a Memory,
    mut into: Option<&'a mut Memory>,
    tokens: impl Fn(usize) -> &'a [u32],
    lengths: &[usize],
) -> Vec<Sequence<'a>> {
    let last = pieces.len() - 1;
    let sequence = |(place, piece): (usize, &Piece)| {
        let past = piece.past(0, path);
        let kept = if place == last { into.take() } else { None };
        Sequence {
            tokens: &tokens(piece.text)[piece.range.clone()],
            length: lengths[piece.text],
            reading: kept.map_or(Reading::Passing(past), |into| Reading::Kept(past, into)),
            wanted: piece.wanted.clone(),
        }
    };
    pieces.iter().enumerate().map(sequence).collect()
}

/// Replies to queries that are sorted by their rows, each of which some query has.
fn reply(local: &Local, rows: &[f32], queries: &[Query], questions: &[Question]) -> Vec<Reply> {
    let asked = |query: &Query| &questions[query.question].asked;
    // A row of logits is held only where it is asked for more than one token.
    let one = |queries: &[Query]| {
        let mut tokens = queries.iter().map(|query| asked(query).token(query.at));
        let first = tokens.next().flatten()?;
        tokens.all(|token| token == Some(first)).then_some(first)
    };
    let (mut few, mut wants, mut many) = (Vec::new(), Vec::new(), Vec::new());
    let rows = rows.chunks(local.model.hidden());
    let of_rows: Vec<(&[Query], Option<u32>)> =
        queries.chunk_by(|a, b| a.row == b.row).map(|queries| (queries, one(queries))).collect();
    for (row, (queries, one)) in rows.zip(&of_rows) {
        if let Some(token) = one {
            few.extend_from_slice(row);
            wants.push(Want::Token(*token));
        } else {
            many.push((row, *queries));
        }
    }
    let mut found = local.model.find(&few, &wants).into_iter().map(|found| found.logprob);
    let mut others = from_logits(local, &many, asked).into_iter();
    let mut replies = Vec::with_capacity(queries.len());
    for (queries, one) in of_rows {
        if one.is_some() {
            let logprob = found.next().expect("every row is found");
            replies.extend(queries.iter().map(|_| Reply::Logprob(logprob)));
        } else {
            replies.extend(others.by_ref().take(queries.len()));
        }
    }
    replies
}

fn from_logits<'a>(
    local: &Local,
    rows: &[(&[f32], &[Query])],
    asked: impl Fn(&Query) -> &'a Asked + Sync,
) -> Vec<Reply> {
    let mut replies = Vec::new();
    for rows in rows.chunks(LOGITS) {
        let joined: Vec<f32> = rows.iter().flat_map(|(row, _)| *row).copied().collect();
        let logits = local.model.logits(&joined);
        let logits = logits.par_chunks(logits.len() / rows.len()).zip(rows);
        let of_row = |(logits, (_, queries)): (&[f32], &(&[f32], &[Query]))| {
            let softmax = local.model.softmax(logits);
            let reply = |query| match asked(query) {
                Asked::Score(scoring) => {
                    let token = scoring.scored()[query.at];
                    Reply::Logprob(softmax.found(token, logits[token as usize]).logprob)
                }
                Asked::Rank(ranking) => {
                    let finite = softmax.log_sum_exp.is_finite();
                    Reply::Ranked(finite.then(|| ranking.answer(&local.tokens, logits, softmax.log_sum_exp)))
                }
            };
            queries.iter().map(reply).collect::<Vec<_>>()
        };
        replies.extend(logits.map(of_row).collect::<Vec<_>>().into_iter().flatten());
    }
    replies
}

impl Asked {
    fn plan(local: &Local, request: &Request) -> Option<Result<Self, Failure>> {
        let (tokens, context) = (&local.tokens, local.model.context());
        match request {
            Request::Score { prompt, ending, first_token, long } => {
                Some(Scoring::plan(tokens, prompt, ending, *first_token, long, context).map(Self::Score))
            }
            Request::Rank { prompt, top, watch, truncate } => {
                Some(Ranking::plan(tokens, prompt, *top, watch, *truncate, context).map(Self::Rank))
            }
            Request::Generate { .. } => None,
        }
    }

    fn tokens(&self) -> &[u32] {
        match self {
            Self::Score(scoring) => &scoring.tokens,
            Self::Rank(ranking) => &ranking.tokens,
        }
    }

    fn windows(&self) -> &[Window] {
        match self {
            Self::Score(scoring) => &scoring.windows,
            Self::Rank(ranking) => &ranking.windows,
        }
    }

    /// The only token of a row that is asked about, if it is one.
    fn token(&self, at: usize) -> Option<u32> {
        match self {
            Self::Score(scoring) => Some(scoring.scored()[at]),
            Self::Rank(_) => None,
        }
    }

    /// The answer of a sequence that shares nothing. What is not finite spreads within a block, so only this says
    /// whether a sequence's own numbers are finite.
    fn alone(&self, local: &Local) -> Result<Answer, Failure> {
        let model = &local.model;
        let mut logprobs = Vec::new();
        for Window { read, scored, length } in self.windows() {
            let tokens = &self.tokens()[read.clone()];
            let wanted =
                std::iter::once(scored.start - 1 - read.start..scored.end - 1 - read.start).collect();
            let reading = Reading::Passing(Past::Nothing);
            let rows = model.read(&mut [Sequence { tokens, length: *length, reading, wanted }]);
            match self {
                Self::Score(scoring) => {
                    let wants: Vec<Want> =
                        scoring.tokens[scored.clone()].iter().map(|id| Want::Token(*id)).collect();
                    logprobs.extend(model.find(&rows, &wants).into_iter().map(|found| found.logprob));
                }
                Self::Rank(ranking) => {
                    let logits = model.logits(&rows);
                    let log_sum_exp = model.softmax(&logits).log_sum_exp;
                    if log_sum_exp.is_finite() {
                        return Ok(ranking.answer(&local.tokens, &logits, log_sum_exp));
                    }
                }
            }
            if logprobs.iter().any(|logprob| !logprob.is_finite()) || matches!(self, Self::Rank(_)) {
                return Err(not_finite(model, tokens, *length));
            }
        }
        match self {
            Self::Score(scoring) => Ok(scoring.answer(&local.tokens, logprobs)),
            Self::Rank(_) => unreachable!("a ranking has a window"),
        }
    }
}

impl Question {
    fn new(request: usize, asked: Asked) -> Self {
        let left = asked.windows().iter().map(|window| window.scored.len()).sum();
        Self { request, logprobs: vec![0.0; left], ranked: None, left, asked }
    }

    /// Takes what a row says; the answer, when it was the last.
    fn take(&mut self, local: &Local, at: usize, reply: Reply) -> Option<Result<Answer, Failure>> {
        match reply {
            Reply::Logprob(logprob) => self.logprobs[at] = logprob,
            Reply::Ranked(answer) => self.ranked = answer,
        }
        self.left -= 1;
        if self.left > 0 {
            return None;
        }
        let logprobs = std::mem::take(&mut self.logprobs);
        let answer = match &self.asked {
            Asked::Score(scoring) => logprobs
                .iter()
                .all(|logprob| logprob.is_finite())
                .then(|| scoring.answer(&local.tokens, logprobs)),
            Asked::Rank(_) => self.ranked.take(),
        };
        Some(answer.map_or_else(|| local.pool.install(|| self.asked.alone(local)), Ok))
    }
}
