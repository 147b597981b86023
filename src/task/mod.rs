//! The kinds of tasks, one a file: what a spec may say of them, what they ask of a model, and what the answers mean.

mod choice;
mod cloze;
mod confusion;
mod decoding;
mod endings;
mod generate;
mod icl;
mod labels;
mod lint;
mod memorization;
mod next_token;
mod pair;
mod parts;
mod perplexity;
mod planned;
mod pool;
mod prompt;
mod sampling;
mod shares;
mod shots;
mod strategies;

pub use choice::Choice;
pub use cloze::{Cloze, Endings};
pub use decoding::{Combination, Decoding};
pub use endings::Normalization;
pub use generate::{Generate, Match, Normalize};
pub use icl::Icl;
pub use labels::Calibration;
pub use lint::lint_tokens;
pub use memorization::Memorization;
pub use next_token::{NextToken, Prompt};
pub use pair::{Labelled, Pair};
pub use perplexity::{Passage, Perplexity, Unit};
pub use planned::{Plan, Planned, Verdict, plan};
pub use sampling::Sampling;
pub use shots::Selection;
pub use strategies::{Strategies, Strategy};

use crate::{plan::Ask, spec::kinds};

kinds! {
    /// A task of any kind.
    pub enum Task {
        /// A table of the most probable next tokens.
        NextToken(NextToken) = "next_token",
        /// Correct against incorrect endings.
        Cloze(Cloze) = "cloze",
        /// Multiple choice.
        Choice(Choice) = "choice",
        /// Written answers.
        Generate(Generate) = "generate",
        /// Labels after solved examples.
        Icl(Icl) = "icl",
        /// One task asked in several ways.
        Strategies(Strategies) = "strategies",
        /// Known by heart or not.
        Memorization(Memorization) = "memorization",
        /// How well texts are predicted.
        Perplexity(Perplexity) = "perplexity",
        /// Decoding strategies.
        Sampling(Sampling) = "sampling",
    }
}

impl Task {
    /// Asks the task's questions.
    fn ask(&self, ask: &mut Ask, about: planned::About<'_>) -> planned::Judge {
        match self {
            Self::NextToken(task) => task.ask(ask),
            Self::Cloze(task) => task.ask(ask),
            Self::Perplexity(task) => task.ask(ask),
            Self::Sampling(task) => task.ask(ask),
            Self::Choice(task) => task.ask(ask, about),
            Self::Generate(task) => task.ask(ask, about),
            Self::Icl(task) => task.ask(ask, about),
            Self::Strategies(task) => task.ask(ask, about),
            Self::Memorization(task) => task.ask(ask, about),
        }
    }
}
