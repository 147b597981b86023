//! `choice`: multiple choice.

use schemars::{Schema, SchemaGenerator};

use super::{cloze::Normalization, lint};
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
    fn texts(&self) -> Vec<&Text> {
        let mut texts = vec![&self.question, &self.answer];
        texts.extend(&self.choices);
        texts
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

impl Question {
    fn lint(&self, linter: &mut Linter<'_>) {
        if self.choices.len() < 2 {
            let message = if self.choices.is_empty() { "no answers to choose from" } else { "a single answer to choose from" };
            let at = self.choices.first().map_or(self.question.at, |choice| choice.at);
            linter.tell(Finding::error("value", at, message).help("give two or more `choices`"));
        }
        for choice in &self.choices {
            lint::filled(choice, "answer", linter);
            lint::ends(choice, lint::Role::Scored, linter);
        }
        let Some(right) = self.right() else {
            let choices: Vec<&str> = self.choices.iter().map(Text::as_str).collect();
            let message = format!("the answer `{}` is not one of the choices", self.answer);
            let finding = Finding::error("answer", self.answer.at, message);
            return linter.tell(finding.choices(&self.answer, "the choices", &choices));
        };
        lint::choices(self.choices.iter(), right, |choice| choice.trim().to_owned(), linter);
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
        linter.data(&self.items);
        linter.data(&self.shots);
        for item in self.items.iter().chain(self.shots.iter()) {
            item.lint(linter);
        }
        let key = |item: &'_ Question| {
            let mut choices: Vec<String> = item.choices.iter().map(Text::to_string).collect();
            choices.sort();
            (item.question.to_string(), choices)
        };
        lint::repeats(&self.items, linter, |item| (key(item), item.right().map(|right| item.choices[right].as_str())));
        lint::shown(&self.items, &self.shots, linter, key);
        lint::shots(&self.shots, self.k.iter().copied().max(), linter);
        if let (Some(template), Some(first)) = (&self.template, self.items.first()) {
            let mut item = lint::blanks([("question", first.question.as_str()), ("answer", first.answer.as_str())]);
            item.insert("choices".to_owned(), first.choices.iter().map(Text::as_str).collect());
            lint::Blanks { item, needed: &["question", "answer"], answer: "answer" }.check(template, linter);
        }
    }
    fn lint_selection(&self, linter: &mut Linter<'_>) {
        lint::few_items(self.items.len(), linter);
    }
}
