//! What a tokenizer makes of tasks, with a small tokenizer of the test's own: words with the space before them are tokens,
//! long words are cut after four characters, and capitals are small letters.

use std::path::PathBuf;

use yardstick::{
    plan::{Ending, Failure, FailureKind, Token, Tokenizer},
    spec::{self, Choices, Findings, Loaded},
    task::{Task, lint_tokens},
};

struct Words {
    context: usize,
}

impl Words {
    /// Where each token begins, and its text.
    fn cut(text: &str) -> Vec<(usize, String)> {
        let mut tokens: Vec<(usize, String)> = Vec::new();
        for (at, c) in text.char_indices() {
            match tokens.last_mut() {
                Some((_, token)) if c != ' ' && token.trim_start().chars().count() < 4 => token.push(c),
                _ => tokens.push((at, c.to_string())),
            }
        }
        tokens
    }

    fn token((_, text): &(usize, String)) -> Token {
        let text = text.to_lowercase();
        Token {
            id: text.bytes().fold(0, |id: u32, byte| id.wrapping_mul(31).wrapping_add(byte.into())),
            text,
        }
    }
}

impl Tokenizer for Words {
    fn tokens(&self, text: &str) -> Result<Vec<Token>, Failure> {
        Ok(Self::cut(text).iter().map(Self::token).collect())
    }

    fn ending(&self, prompt: &str, ending: &str) -> Result<Ending, Failure> {
        if ending.is_empty() {
            return Err(Failure::new(FailureKind::Text, "the ending is empty"));
        }
        let cut = Self::cut(&format!("{prompt}{ending}"));
        let first = cut.iter().position(|(at, token)| at + token.len() > prompt.len()).unwrap();
        Ok(Ending {
            before: first,
            tokens: cut[first..].iter().map(Self::token).collect(),
            straddles: cut[first].0 < prompt.len(),
        })
    }

    fn context(&self) -> Option<usize> {
        Some(self.context)
    }
}

fn load(tasks: &str) -> Loaded<Task> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("spec.yaml");
    std::fs::write(
        &path,
        format!("benchmark: b\nmodel: mock\nallow: [few-items, duplicate-item]\ntasks:\n{tasks}"),
    )
    .unwrap();
    let loaded = spec::load(&[path], &Choices::default());
    let faults: Vec<_> = loaded.findings.iter().map(|finding| &finding.message).collect();
    assert!(faults.is_empty(), "{faults:?}");
    loaded
}

/// `severity code:line message`.
fn told(tasks: &str, context: usize) -> Vec<String> {
    let loaded = load(tasks);
    let all: Vec<_> = loaded.suite.tasks.iter().collect();
    let findings: Findings = lint_tokens(&all, &Words { context }, &loaded.sources);
    assert_eq!(findings.unlisted().count(), 0);
    findings
        .iter()
        .map(|finding| {
            let at = finding.labels[0].0;
            format!("{:?} {}:{} {}", finding.severity, finding.code, at.line, finding.message)
        })
        .collect()
}

#[test]
fn endings_of_a_cloze_task() {
    let tasks = "  - cloze: a
    items:
      - [The capital of Peru is, Lima, Rome]
      - [The capital of Peru is, Lima, LIMA]
      - [The capital of Peru is, Lima, Limabeans]
      - [The capital of Chile is, Santiago, Rome]
      - [Whole texts begin alike., Whole texts begin alike and go on.]
";
    assert_eq!(
        told(tasks, 100),
        [
            "Error same-tokens:8 the tokenizer cannot tell `LIMA` from `Lima`",
            "Advice shared-first-token:9 in 1 item of 5, an incorrect ending begins with the token of the correct one",
            "Advice unequal-lengths:9 in 2 items of 5, endings of different numbers of tokens are compared",
        ]
    );
    let normalized = tasks.replace("    items", "    normalization: [none, byte]\n    items");
    assert!(!told(&normalized, 100).iter().any(|line| line.contains("unequal-lengths")));
    let allowed = tasks.replace(
        "    items",
        "    allow: [few-items, duplicate-item, shared-first-token, unequal-lengths]\n    items",
    );
    assert_eq!(told(&allowed, 100), ["Error same-tokens:9 the tokenizer cannot tell `LIMA` from `Lima`"]);
}

#[test]
fn a_token_over_the_joint() {
    let tasks = "  - cloze: a
    join: ''
    allow: [few-items, glued]
    items:
      - [It is un, do, it]
      - [It is, ' so', ' no']
";
    assert_eq!(
        told(tasks, 100),
        ["Warning boundary-merge:9 in 1 item of 2, a token begins in the prompt and ends in what is scored"]
    );
}

#[test]
fn what_is_too_long_is_said_to_be_refused() {
    let tasks = "  - cloze: some
    items:
      - [one two, a, b]
      - [one two tri four five, a, b]
  - cloze: all
    items:
      - [one two tri four five, a, b]
  - next_token: prompts
    prompt: [one two, one two tri four five]
  - perplexity: windows
    window: 5
    texts: [one two tri four five six, seven]
  - perplexity: fits
    window: 4
    texts: [one two tri four five six, seven]
";
    // Five tokens are read where the sixth is scored.
    assert_eq!(
        told(tasks, 4),
        [
            "Warning too-long:8 1 item of 2 longer than the 4 tokens that the model reads",
            "Error too-long:11 1 item of 1 longer than the 4 tokens that the model reads",
            "Warning too-long:13 1 item of 2 longer than the 4 tokens that the model reads",
            "Error too-long:14 a window of 5 tokens is asked for, and the model reads at most 4",
        ]
    );
    let fits = told(tasks, 5);
    assert!(fits.is_empty(), "{fits:?}");
}

#[test]
fn watched_words() {
    let tasks = "  - next_token: a
    prompt: ['ends with a space ', The capital is]
    allow: [trailing-space]
    watch: [Lima, Santiago, Santander]
";
    assert_eq!(
        told(tasks, 100),
        [
            "Advice not-one-token:8 `Santiago` is 2 tokens",
            "Warning shared-first-token:8 `Santiago` and `Santander` begin with the same token ` sant`",
        ]
    );
}

#[test]
fn answers_to_choose_from() {
    let tasks = "  - choice: a
    template: '{{ question }} {{ answer }}'
    items:
      - {question: Which?, choices: [Lima, LIMA], answer: 1}
      - {question: Which, choices: [Rome, Santiago], answer: 1}
      - {question: one two tri four five, choices: [Rome, Oslo], answer: 1}
";
    assert_eq!(
        told(tasks, 4),
        [
            "Error same-tokens:8 the tokenizer cannot tell `LIMA` from `Lima`",
            "Warning too-long:10 1 item of 3 longer than the 4 tokens that the model reads",
            "Advice unequal-lengths:9 in 1 item of 3, endings of different numbers of tokens are compared",
        ]
    );
    let by_token = tasks.replace("    items", "    normalization: token\n    items");
    assert!(!told(&by_token, 4).iter().any(|line| line.contains("unequal-lengths")));
}

#[test]
fn prompts_that_are_gone_on_from() {
    let tasks = "  - generate: a
    k: [0, 1]
    shots: [[one, two]]
    separator: ' '
    items:
      - [tri, x]
      - [tri four, x]
  - sampling: b
    strategies: [greedy]
    prompt: [one two tri, one two tri four]
";
    assert_eq!(
        told(tasks, 3),
        [
            "Warning too-long:11 1 item of 2 longer than the 3 tokens that the model reads",
            "Warning too-long:14 1 item of 2 longer than the 3 tokens that the model reads",
        ]
    );
}

#[test]
fn labels_after_the_most_examples() {
    let tasks = "  - icl: a
    labels: [Lima, LIMA, Santiago]
    template: 'It is {{ input }}: {{ label }}'
    k: [0, 1]
    shots: [[x, Lima]]
    items:
      - [y, Lima]
      - [one two tri four, LIMA]
      - [z, Santiago]
";
    assert_eq!(
        told(tasks, 9),
        [
            "Error same-tokens:5 the tokenizer cannot tell `LIMA` from `Lima`",
            "Advice unequal-lengths:5 labels of different numbers of tokens: `Lima` 1, `LIMA` 1, `Santiago` 2",
            "Warning too-long:12 1 item of 3 longer than the 9 tokens that the model reads",
        ]
    );
    let words = "    verbalizer: {LIMA: Rome, Santiago: Oslo}\n    k: 1";
    assert_eq!(told(&tasks.replace("    k: [0, 1]", words), 20), [""; 0]);
}

#[test]
fn items_are_counted_once_however_many_ways_they_are_asked_in() {
    let tasks = "  - strategies: a
    labels: [Lima, Rome]
    compare:
      one: {template: '{{ input }} {{ label }}'}
      two: {template: '{{ input }}: {{ label }}'}
    items:
      - [x, Lima]
      - [one two tri four, Rome]
";
    let long = "Warning too-long:12 1 item of 2 longer than the 3 tokens that the model reads";
    assert_eq!(told(tasks, 3), [long]);
}

#[test]
fn labels_are_compared_after_every_item() {
    let tasks = "  - icl: a
    labels: [ab, abc]
    template: '{{ input }}{{ label }}'
    items:
      - ['one ', ab]
      - [xx, abc]
";
    assert_eq!(
        told(tasks, 100),
        [
            "Advice unequal-lengths:5 labels of different numbers of tokens: `ab` 1, `abc` 2",
            "Warning boundary-merge:10 in 1 item of 2, a token begins in the prompt and ends in what is scored",
        ]
    );
}
