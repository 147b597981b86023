//! `choice`: multiple choice.

mod run;

use std::collections::BTreeSet;

use schemars::{Schema, SchemaGenerator};

use super::{
    endings::Normalization,
    lint,
    planned::reported,
    prompt::{Layout, SEPARATOR, blanks},
    shots::Selection,
};
use crate::{
    plan::Failure,
    spec::{
        Content, Counted, Draw, Finding, Item, Items, Kind, Linter, Node, OneOrMore, Reader, Renderer,
        Reported, Short, Text, keys, words,
    },
};

keys! {
    /// Multiple choice.
    pub struct Choice {
        /// Whether the texts of the answers are scored, or their letters; several are parts of the task.
        formulation: OneOrMore<Formulation> = OneOrMore::one(Formulation::Cloze),
        /// How answers of different lengths are compared; several may be reported.
        normalization: OneOrMore<Normalization> = OneOrMore::one(Normalization::None),
        /// How a question is asked, with `{{ question }}` and, where its answer stands, `{{ answer }}`. `{{ choices }}` are
        /// the answers, one to a line, as ` A. text`; `{{ options }}` is a list of them, each with `letter` and `text`.
        template: Option<Text>,
        /// A text before everything else.
        instruction: Option<Text>,
        /// How many solved examples come first; a list is a sweep.
        k: OneOrMore<u32> = OneOrMore::one(0),
        /// Solved examples.
        shots: Items<Question> = Items::none(),
        /// Which of them a question sees; `balanced` by the place of the right answer.
        selection: Selection = Selection::Fixed,
        /// What stands between them.
        separator: String = SEPARATOR.to_owned(),
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
        /// The right one: its text, or its place counted from 1; a list where several are right.
        answer: OneOrMore<Text>,
        /// A part of the task that is also reported by itself.
        group: Option<Text>,
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

impl Formulation {
    /// How a question is asked where a spec does not say: as in OLMES (Gu et al. 2024).
    fn template(self) -> &'static str {
        match self {
            Self::Cloze => "Question: {{ question }}\nAnswer: {{ answer }}",
            Self::Letters => "Question: {{ question }}\n{{ choices }}\nAnswer: {{ answer }}",
        }
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
        std::iter::once(&self.question).chain(&self.choices).chain(self.answer.iter()).collect()
    }
}

/// The answers that have a letter.
const LETTERS: usize = 26;

impl Question {
    /// The places of the right answers among the choices, counted from 0, in order: each is given by its text, or else by
    /// its place counted from 1. Or the first that is neither.
    pub fn right(&self) -> Result<Vec<usize>, &Text> {
        let place = |answer: &Text| {
            let by_text = self.choices.iter().position(|choice| choice == answer);
            by_text.or_else(|| {
                let place = answer.parse::<usize>().ok()?;
                (1..=self.choices.len()).contains(&place).then(|| place - 1)
            })
        };
        let places: Result<BTreeSet<usize>, &Text> =
            self.answer.iter().map(|answer| place(answer).ok_or(answer)).collect();
        places.map(|places| places.into_iter().collect())
    }

    /// The letter of a place.
    fn letter(place: usize) -> char {
        char::from(b'A' + (place % LETTERS) as u8)
    }

    /// What a template fills in.
    fn blanks(&self) -> serde_json::Map<String, serde_json::Value> {
        let options = || self.choices.iter().enumerate().map(|(place, text)| (Self::letter(place), text));
        let lines: Vec<String> = options().map(|(letter, text)| format!(" {letter}. {text}")).collect();
        let mut all = blanks([("question", &self.question), ("choices", &lines.join("\n"))]);
        let options =
            options().map(|(letter, text)| serde_json::json!({ "letter": letter, "text": text.as_str() }));
        all.insert("options".to_owned(), options.collect());
        all
    }

    /// The answer at a place, as the model reads it.
    fn answer(&self, place: usize, formulation: Formulation) -> String {
        match formulation {
            Formulation::Cloze => self.choices[place].to_string(),
            Formulation::Letters => Self::letter(place).to_string(),
        }
    }

    /// The right answers, and the others.
    fn foils(item: &Item<Self>) -> lint::Answers<'_> {
        let right = item.right().unwrap_or_default();
        let answers = |wanted: bool| {
            let chosen = item.choices.iter().enumerate().filter(|(place, _)| right.contains(place) == wanted);
            chosen.map(|(_, text)| text.as_str()).collect()
        };
        lint::Answers { at: item.at, right: answers(true), wrong: answers(false) }
    }

    /// What is asked, whatever the order of the answers.
    fn key(&self) -> (String, Vec<String>) {
        let mut choices: Vec<String> = self.choices.iter().map(Text::to_string).collect();
        choices.sort();
        (self.question.to_string(), choices)
    }

    fn lint(&self, lettered: bool, linter: &mut Linter<'_>) {
        let at = self.choices.first().map_or(self.question.at, |choice| choice.at);
        match self.choices.len() {
            0 => linter.tell(
                Finding::error("value", at, "no answers to choose from").help("give two or more `choices`"),
            ),
            1 => linter.tell(
                Finding::error("value", at, "a single answer to choose from")
                    .help("give two or more `choices`"),
            ),
            many if lettered && many > LETTERS => {
                let message = format!("{many} answers to choose from, and there are {LETTERS} letters");
                let help = "leave some out, or score their texts: `formulation: cloze`";
                linter.tell(Finding::error("value", at, message).help(help));
            }
            _ => {}
        }
        for choice in &self.choices {
            lint::filled(choice, "answer", linter);
            lint::ends(choice, lint::Role::Scored, linter);
        }
        let right = match self.right() {
            Ok(right) => right,
            Err(answer) => {
                let choices: Vec<&str> = self.choices.iter().map(Text::as_str).collect();
                let message = format!("the answer `{answer}` is not one of the choices");
                let finding = Finding::error("answer", answer.at, message);
                return linter.tell(finding.choices(answer, "the choices", &choices));
            }
        };
        if right.len() == self.choices.len() && right.len() > 1 {
            let message = "all of the answers are right";
            let finding = Finding::error("value", self.answer.first().at, message);
            linter.tell(finding.help("whatever a model says would be right; give wrong ones too"));
        }
        lint::choices(self.choices.iter(), &right, |choice| choice.trim().to_owned(), linter);
    }
}

/// One way to put the questions.
#[derive(Clone, Debug)]
struct Way {
    formulation: Formulation,
    k: u32,
    /// Its name as a part of the task, where there are several.
    part: Option<String>,
}

impl Choice {
    /// The ways to put the questions: every formulation with every number of examples.
    fn ways(&self) -> Vec<Way> {
        let formulations: BTreeSet<Formulation> = self.formulation.iter().copied().collect();
        let ks: BTreeSet<u32> = self.k.iter().copied().collect();
        let way = |formulation: Formulation, k| {
            let formulated = (formulations.len() > 1).then(|| formulation.word().to_owned());
            let after = (ks.len() > 1).then(|| format!("k={k}"));
            let names: Vec<String> = formulated.into_iter().chain(after).collect();
            let part = (!names.is_empty()).then(|| names.join("."));
            Way { formulation, k, part }
        };
        formulations.iter().flat_map(|formulation| ks.iter().map(move |k| way(*formulation, *k))).collect()
    }

    fn layout<'a>(
        &'a self,
        renderer: &'a Renderer<'a>,
        formulation: Formulation,
    ) -> Result<Layout<'a>, Failure> {
        let template = self.template.as_deref().unwrap_or(formulation.template());
        Ok(Layout::new(renderer, template, "answer")?
            .instruction(self.instruction.as_deref())
            .separator(&self.separator))
    }
}

impl Kind for Choice {
    fn select(&mut self, draw: &Draw<'_>) {
        self.items.select(draw);
    }
    fn items(&self) -> Counted {
        Counted::of(&self.items).with_shots(&self.shots)
    }
    fn metrics(&self) -> Vec<Reported> {
        reported(&self.measured(|_| None))
    }
    fn lint(&self, linter: &mut Linter<'_>) {
        linter.data(&self.items);
        linter.data(&self.shots);
        lint::words("normalization", self.normalization.iter().map(|one| one.word()), linter);
        let lettered = self.formulation.contains(&Formulation::Letters);
        for item in self.items.iter().chain(self.shots.iter()) {
            item.lint(lettered, linter);
        }
        lint::repeats(&self.items, linter, |item| {
            let mut right: Vec<&str> = item
                .right()
                .unwrap_or_default()
                .into_iter()
                .map(|place| item.choices[place].as_str())
                .collect();
            right.sort_unstable();
            (item.key(), right)
        });
        if self.formulation.contains(&Formulation::Cloze) {
            lint::foils(&self.items.iter().map(Question::foils).collect::<Vec<_>>(), linter);
        }
        lint::shown(&self.items, &self.shots, linter, Question::key);
        lint::shots(&self.items, &self.shots, self.k.iter().copied().max(), self.selection, linter);
        if let (Some(template), Some(first)) = (&self.template, self.items.first()) {
            let mut item = first.blanks();
            item.insert("answer".to_owned(), first.answer.first().as_str().into());
            lint::Blanks { item, needed: &["question", "answer"], answer: "answer" }.check(template, linter);
            let names = Renderer::default().compile(template).map(|template| template.names());
            let unlisted =
                names.is_ok_and(|names| !["choices", "options"].iter().any(|name| names.contains(*name)));
            if lettered && unlisted {
                let message = "letters are scored, and the template never shows what they stand for";
                let finding = Finding::error("template", template.at, message);
                linter.tell(finding.help("put `{{ choices }}` into it, or leave `letters` out"));
            }
        }
    }
    fn lint_selection(&self, linter: &mut Linter<'_>) {
        lint::few_items(self.items.len(), linter);
    }
}
