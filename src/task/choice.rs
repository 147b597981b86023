//! `choice`: multiple choice.

use schemars::{Schema, SchemaGenerator};

use super::cloze::Normalization;
use crate::spec::{
    Content, Counted, Draw, Finding, Items, Kind, Linter, Node, OneOrMore, Reader, Reported, Short, Text,
    keys, words,
};

keys! {
    /// Multiple choice.
    pub struct Choice {
        /// Whether the texts of the answers are scored, or their letters.
        formulation: OneOrMore<Formulation> = OneOrMore::one(Formulation::Cloze),
        /// How answers of different lengths are compared; several may be reported.
        normalization: OneOrMore<Normalization> = OneOrMore::one(Normalization::None),
        /// How a question is asked, with `{{ question }}`, `{{ choices }}` and `{{ answer }}`.
        template: Option<Text>,
        /// How many solved examples come first; a list is a sweep.
        k: OneOrMore<u32> = OneOrMore::one(0),
        /// Solved examples.
        shots: Items<Question> = Items::none(),
    } with {
        /// The questions.
        items: Items<Question>,
    }
}

keys! {
    /// A question with its answers.
    pub struct Question short {
        /// The question.
        question: Text,
        /// The answers to choose from.
        choices: Vec<Text>,
        /// The right one: its text, or its place counted from 1.
        answer: Text,
    }
}

words! {
    /// How a multiple-choice question is put.
    pub enum Formulation {
        /// The texts of the answers are scored.
        Cloze = "cloze",
        /// The answers are listed as A, B, C, …, and the letters scored.
        Letters = "letters",
    }
}

impl Short for Question {
    const FORM: &'static str = "a mapping {question: …, choices: […], answer: …}";
    fn short(node: &Node, reader: &mut Reader) -> Option<Self> {
        reader.expected(node, Self::FORM)
    }
    fn short_schemas(_: &mut SchemaGenerator) -> Vec<Schema> {
        Vec::new()
    }
}

impl Content for Question {
    fn title(&self) -> &str {
        &self.question
    }
}

impl Question {
    /// The place of the right answer among the choices, counted from 0: it is given by its text, or else by its place
    /// counted from 1.
    pub fn right(&self) -> Option<usize> {
        let by_text = self.choices.iter().position(|choice| *choice == self.answer);
        by_text.or_else(|| {
            let place = self.answer.parse::<usize>().ok()?;
            (1..=self.choices.len()).contains(&place).then(|| place - 1)
        })
    }
}

impl Kind for Choice {
    fn select(&mut self, draw: &Draw<'_>) {
        self.items.select(draw);
    }
    fn items(&self) -> Counted {
        Counted::of(&self.items)
    }
    fn metrics(&self) -> Vec<Reported> {
        let metrics: Vec<String> =
            self.normalization.iter().map(|normalization| normalization.named("accuracy")).collect();
        let metrics: Vec<&str> = metrics.iter().map(String::as_str).collect();
        let mut all = Reported::whole(&metrics);
        if self.formulation.len() > 1 {
            all.extend(self.formulation.iter().flat_map(|part| Reported::part(part.word(), &metrics)));
        }
        all
    }
    fn lint(&self, linter: &mut Linter<'_>) {
        for item in self.items.iter().chain(self.shots.iter()).filter(|item| item.right().is_none()) {
            let choices: Vec<&str> = item.choices.iter().map(Text::as_str).collect();
            let message = format!("the answer `{}` is not one of the choices", item.answer);
            linter.tell(Finding::error("answer", item.answer.at, message).choices(
                &item.answer,
                "the choices",
                &choices,
            ));
        }
    }
}
