//! A prompt as a template makes it: solved examples first, then the question, cut where the answer stands.

use serde_json::{Map, Value as Json};

use crate::{
    plan::{Failure, FailureKind},
    spec::{Fault, Renderer, Template, after},
};

/// What stands between solved examples where a spec says nothing.
pub(super) const SEPARATOR: &str = "\n\n";

/// How one item is put: the same template makes the solved examples and the question.
pub(super) struct Layout<'a> {
    template: Template<'a>,
    /// The name in the template that stands for the answer.
    answer: &'a str,
    /// A text before everything else, set apart like an example.
    instruction: Option<&'a str>,
    separator: &'a str,
}

/// A solved example: what the template fills in, and the answer as the model reads it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Example {
    pub(super) blanks: Map<String, Json>,
    pub(super) answer: String,
}

/// What a template fills in: names with the texts of one item.
pub(super) fn blanks<const N: usize>(texts: [(&str, &str); N]) -> Map<String, Json> {
    texts.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect()
}

/// A question up to where its answer stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Posed {
    /// What the model is given; it does not end in white space.
    pub(super) prompt: String,
    /// White space that begins the answer.
    gap: String,
}

impl<'a> Layout<'a> {
    /// A template with its answer's name. The template was looked at before; what it does wrong for one item is told there.
    pub(super) fn new(
        renderer: &'a Renderer<'a>,
        template: &'a str,
        answer: &'a str,
    ) -> Result<Self, Failure> {
        let template = renderer.compile(template).map_err(|fault| failed(&fault))?;
        Ok(Self { template, answer, instruction: None, separator: SEPARATOR })
    }

    /// With a text before everything else.
    pub(super) fn instruction(self, instruction: Option<&'a str>) -> Self {
        Self { instruction, ..self }
    }

    /// With another text between the examples.
    pub(super) fn separator(self, separator: &'a str) -> Self {
        Self { separator, ..self }
    }

    /// The question about one item, after solved examples in the order given.
    pub(super) fn pose(&self, examples: &[&Example], item: &Map<String, Json>) -> Result<Posed, Failure> {
        let mut prompt = String::new();
        if let Some(instruction) = self.instruction {
            prompt.push_str(instruction.trim_end());
            prompt.push_str(self.separator);
        }
        for Example { blanks, answer } in examples {
            let split = self.template.split(blanks, self.answer).map_err(|fault| failed(&fault))?;
            prompt.push_str(&split.prompt);
            prompt.push_str(&after(&split.gap, answer));
            prompt.push_str(&split.after);
            prompt.push_str(self.separator);
        }
        let split = self.template.split(item, self.answer).map_err(|fault| failed(&fault))?;
        // A template that begins with its answer leaves white space that belongs to the answer too.
        prompt.push_str(&split.prompt);
        let bare = prompt.trim_end().len();
        let gap = prompt[bare..].to_owned() + &split.gap;
        prompt.truncate(bare);
        Ok(Posed { prompt, gap })
    }

    /// What stands between the question and the answer, such as `Answer:`: what an answer follows whose probability
    /// without its question is wanted (Brown et al. 2020, section 2.4; the domain premise of Holtzman et al. 2021).
    pub(super) fn premise(&self, item: &Map<String, Json>) -> Result<String, Failure> {
        let item = item.iter().map(|(name, value)| (name.clone(), marked(value))).collect();
        let split = self.template.split(&item, self.answer).map_err(|fault| failed(&fault))?;
        let premise = split.prompt.rsplit(MARK).next().unwrap_or_default();
        Ok(premise.trim().to_owned())
    }
}

/// A character of private use that stands for whatever an item says.
const MARK: char = '\u{f8f1}';

fn marked(value: &Json) -> Json {
    match value {
        Json::String(_) => MARK.to_string().into(),
        Json::Array(entries) => entries.iter().map(marked).collect(),
        Json::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), marked(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

impl Posed {
    /// What a model goes on from when it writes. Line breaks before the answer stay, for one could be a stop text; a space
    /// does not, for most tokenizers attach it to the word after it.
    pub(super) fn opening(&self) -> String {
        format!("{}{}", self.prompt, self.gap.trim_end_matches([' ', '\t']))
    }

    /// An answer as it is scored: after the white space of the template.
    pub(super) fn ending(&self, answer: &str) -> String {
        after(&self.gap, answer)
    }
}

fn failed(fault: &Fault) -> Failure {
    Failure::new(FailureKind::Text, format!("the template cannot be filled in: {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posed(template: &str, instruction: Option<&str>, shots: &[(&str, &str)], input: &str) -> Posed {
        let renderer = Renderer::default();
        let layout = Layout::new(&renderer, template, "label").unwrap().instruction(instruction);
        let examples: Vec<Example> = shots
            .iter()
            .map(|(input, label)| Example { blanks: blanks([("input", input)]), answer: (*label).to_owned() })
            .collect();
        let examples: Vec<&Example> = examples.iter().collect();
        layout.pose(&examples, &blanks([("input", input)])).unwrap()
    }

    #[test]
    fn examples_come_first_and_the_gap_belongs_to_the_answer() {
        let template = "Review: {{ input }}\nSentiment: {{ label }}.";
        let posed = posed(template, Some("Judge.\n"), &[("Good.", "yes"), ("Bad.", " no")], "Fair.");
        let wanted = "Judge.\n\nReview: Good.\nSentiment: yes.\n\nReview: Bad.\nSentiment: no.\n\nReview: Fair.\nSentiment:";
        assert_eq!(posed.prompt, wanted);
        assert_eq!((posed.ending("yes"), posed.ending("\tno")), (" yes".into(), " no".into()));
        assert_eq!(posed.opening(), wanted);
    }

    #[test]
    fn a_line_break_before_an_answer_is_not_written_by_the_model() {
        assert_eq!(posed("Q: {{ input }}\nA:\n {{ label }}", None, &[], "x").opening(), "Q: x\nA:\n");
    }

    #[test]
    fn an_answer_at_the_beginning_takes_the_separator_with_it() {
        let posed = posed("{{ label }} is {{ input }}", None, &[("big", "An elephant")], "small");
        assert_eq!(posed.prompt, "An elephant is big");
        assert_eq!(posed.ending("A mouse"), "\n\nA mouse");
    }

    #[test]
    fn the_premise_is_what_stands_between_the_question_and_the_answer() {
        let cases = [
            ("Question: {{ input }}\nAnswer: {{ label }}", "Answer:"),
            ("{{ input }} {{ label }}", ""),
            ("Is {{ input | upper }} {{ label }}", ""),
            ("Say {{ label }} of {{ input }}", "Say"),
            ("{% for one in list %}{{ one.text }}\n{% endfor %}So it is {{ label }}.", "So it is"),
        ];
        for (template, premise) in cases {
            let renderer = Renderer::default();
            let layout = Layout::new(&renderer, template, "label").unwrap();
            let mut item = blanks([("input", "a long text")]);
            item.insert("list".to_owned(), serde_json::json!([{ "text": "a" }, { "text": "b" }]));
            assert_eq!(layout.premise(&item), Ok(premise.to_owned()), "{template}");
        }
    }

    #[test]
    fn a_template_that_fails_on_an_item_says_so() {
        let renderer = Renderer::default();
        let layout = Layout::new(&renderer, "{{ input }} {{ other }} {{ label }}", "label").unwrap();
        let failure = layout.pose(&[], &blanks([("input", "x")])).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Text);
        assert!(failure.message.contains("other"), "{}", failure.message);
    }
}
