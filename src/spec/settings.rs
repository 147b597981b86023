//! What every task may say, whatever its kind.

use super::{expect::Expectation, keys::keys, sample::Limit, scalar::words, text::Text};
use crate::value::{Level, Margin, Seed};

keys! {
    /// What every task may say.
    pub struct Settings {
        /// What it measures, and why.
        description: Option<Text>,
        /// Words to select tasks by.
        tags: Vec<Text> = Vec::new(),
        /// At most so many items. A number is a sample drawn by the seed; `{first: 100}` takes the first ones.
        limit: Option<Limit>,
        /// The seed of everything random in the task.
        seed: Seed = Seed(0),
        /// How intervals are made.
        confidence: Confidence = Confidence::DEFAULT,
        /// A difference between two models that is too small to matter, such as 0.02: `compare` then also says where they are
        /// equivalent. Of ratios, such as of perplexities, it is a share.
        margin: Option<Margin>,
        /// What becomes of a prompt that is too long for the model: it does not fit the context together with what is asked
        /// after it, which is an ending, or `max_tokens` to be written. Texts of `perplexity` are read in windows, and never
        /// cut.
        long_prompts: LongPrompts = LongPrompts::Error,
        /// What must hold for the run to pass, such as `accuracy >= 0.7` or `accuracy.low > 0.5`.
        expect: Vec<Expectation> = Vec::new(),
        /// Findings that are known and meant.
        allow: Vec<Lint> = Vec::new(),
    }
}

impl Settings {
    /// The settings that a task takes from its benchmark and its suite where it does not say otherwise.
    pub(super) const INHERITED: [&'static str; 6] =
        ["limit", "seed", "confidence", "margin", "long_prompts", "allow"];
}

keys! {
    /// How intervals are made.
    pub struct Confidence {
        /// How often such an interval holds the truth.
        level: Level = Level::DEFAULT,
        /// The method; `auto` takes the one that suits each metric.
        method: IntervalMethod = IntervalMethod::Auto,
        /// How many resamples a bootstrap draws.
        resamples: Resamples = Resamples::DEFAULT,
    }
}

impl Confidence {
    /// 95 %, with the method that suits each metric.
    pub const DEFAULT: Self =
        Self { level: Level::DEFAULT, method: IntervalMethod::Auto, resamples: Resamples::DEFAULT };
}

words! {
    /// How an interval is made.
    pub enum IntervalMethod {
        /// What suits the metric: Wilson for shares, t for means, the jackknife for perplexities.
        Auto = "auto",
        /// Wilson's score interval, for shares.
        Wilson = "wilson",
        /// Clopper and Pearson's exact interval, for shares.
        Exact = "exact",
        /// Student's t.
        T = "t",
        /// Percentiles of a bootstrap: items, or clusters, are drawn again with replacement.
        Bootstrap = "bootstrap",
        /// The same, corrected for bias and skewness.
        Bca = "bca",
    }
}

words! {
    /// What becomes of a prompt that is too long. What is cut out is whole tokens of the prompt, as few as possible, at least
    /// one of which stays; never of what is put before a text (BOS), nor of an ending. Endings that are compared follow
    /// the same cut prompt, that leaves room for the longest of them. Where a text is written, the prompt is cut so that
    /// `max_tokens` fit after it. What does not fit even so is a failure.
    pub enum LongPrompts {
        /// The item has no answer, with its reason: exit code 6.
        Error = "error",
        /// The item is left out of the numbers, and counted and listed with its reason; no error.
        Skip = "skip",
        /// Tokens are cut off the beginning of the prompt.
        TruncateLeft = "truncate-left",
        /// Tokens are cut out of the middle: of those that stay, one half begins the prompt (instructions) and the other, or
        /// one token more, ends it (the question).
        TruncateMiddle = "truncate-middle",
    }
}

/// How many resamples a bootstrap draws, from 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Resamples(u32);

impl Resamples {
    /// 10,000.
    pub const DEFAULT: Self = Self(10_000);

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl super::Read for Resamples {
    fn read(node: &super::Node, reader: &mut super::Reader) -> Option<Self> {
        match u32::read(node, reader)? {
            few @ 0..100 => {
                reader.refuse(node.at, format!("{few} resamples give no interval; take 100 or more"))
            }
            many @ 1_000_001.. => {
                reader.refuse(node.at, format!("{many} resamples are too many; 10000 serve"))
            }
            count => Some(Self(count)),
        }
    }
}

impl schemars::JsonSchema for Resamples {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Resamples".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 100, "maximum": 1_000_000 })
    }
}

words! {
    /// A warning or advice that can be allowed.
    pub enum Lint {
        /// A prompt ends in a space.
        TrailingSpace = "trailing-space",
        /// A prompt ends in a line break.
        TrailingNewline = "trailing-newline",
        /// A text ends where a comment begins.
        CommentInText = "comment-in-text",
        /// One item has more endings than the rest.
        StrayComma = "stray-comma",
        /// Several spaces before an unquoted text.
        LostSpace = "lost-space",
        /// An invisible or look-alike character.
        OddCharacter = "odd-character",
        /// The same item twice.
        DuplicateItem = "duplicate-item",
        /// The same input with two labels, in a data file.
        Contradiction = "contradiction",
        /// Two answers of one item are the same, in a data file.
        SameAnswer = "same-answer",
        /// A solved example is an item too.
        ShotInItems = "shot-in-items",
        /// A label that no item has.
        LabelWithoutItems = "label-without-items",
        /// One class much larger than another.
        Unbalanced = "unbalanced",
        /// A token begins in the prompt and ends in the ending.
        BoundaryMerge = "boundary-merge",
        /// Only first tokens are scored, and two are the same.
        SharedFirstToken = "shared-first-token",
        /// A watched word is several tokens.
        NotOneToken = "not-one-token",
        /// Endings of different lengths are compared as they are.
        UnequalLengths = "unequal-lengths",
        /// Longer than the model's context.
        TooLong = "too-long",
        /// Two letters are joined without a space.
        Glued = "glued",
        /// A script without spaces is joined with one.
        NoSpaceScript = "no-space-script",
        /// Too few items for a narrow interval.
        FewItems = "few-items",
        /// A model or data set without a commit.
        NoRevision = "no-revision",
        /// The paraphrase holds the exact text.
        ContaminatedPair = "contaminated-pair",
        /// Answers that are only ever right, or only ever a foil.
        UncrossedFoils = "uncrossed-foils",
        /// More solved examples than are used.
        UnusedShots = "unused-shots",
    }
}
