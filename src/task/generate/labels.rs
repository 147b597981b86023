//! Which label an answer gives.

/// Labels to be found in answers: as whole words, in capital or small letters.
#[derive(Clone, Debug)]
pub(super) struct Labels {
    names: Vec<String>,
    /// In small letters, with the places of their names; the longest first.
    by_length: Vec<(String, usize)>,
}

/// As labels are compared.
pub(super) fn folded(label: &str) -> String {
    label.trim().to_lowercase()
}

impl Labels {
    pub(super) fn new<'a>(labels: impl Iterator<Item = &'a str>) -> Self {
        let names: Vec<String> = labels.map(str::to_owned).collect();
        let mut by_length: Vec<(String, usize)> =
            names.iter().enumerate().map(|(place, label)| (folded(label), place)).collect();
        by_length.retain(|(label, _)| !label.is_empty());
        by_length.sort_by_key(|(label, place)| (std::cmp::Reverse(label.len()), *place));
        Self { names, by_length }
    }

    /// The label that the answer begins with, punctuation aside; else the only one that it holds; else none. Where labels
    /// overlap, as `entailment` in `not entailment`, the one that begins first counts, and of those the longest.
    pub(super) fn find(&self, answer: &str) -> Option<&str> {
        let answer = answer.to_lowercase();
        let (mut at, mut before) = (0, None::<char>);
        let mut only = None;
        let mut words = false;
        while let Some(next) = answer[at..].chars().next() {
            let found = self.at(&answer[at..], before.is_some_and(char::is_alphanumeric));
            if let Some((label, place)) = found {
                if !words {
                    return Some(&self.names[*place]);
                }
                if only.is_some_and(|only| only != *place) {
                    return None;
                }
                only = Some(*place);
                at += label.len();
                before = label.chars().next_back();
            } else {
                at += next.len_utf8();
                before = Some(next);
            }
            words |= before.is_some_and(char::is_alphanumeric);
        }
        only.map(|place| self.names[place].as_str())
    }

    /// The longest label that a text begins with as whole words.
    fn at(&self, text: &str, after_word: bool) -> Option<&(String, usize)> {
        if after_word && text.starts_with(char::is_alphanumeric) {
            return None;
        }
        self.by_length.iter().find(|(label, _)| {
            let rest = text.strip_prefix(label.as_str());
            rest.is_some_and(|rest| {
                !(label.ends_with(char::is_alphanumeric) && rest.starts_with(char::is_alphanumeric))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_at_the_beginning_or_the_only_one() {
        let labels = ["positive", "Negative", "not entailment", "entailment", "+", "very positive"];
        let labels = Labels::new(labels.into_iter());
        let cases = [
            ("Positive.", Some("positive")),
            ("  \"negative\" rather than positive", Some("Negative")),
            ("positive negative", Some("positive")),
            ("very positive, not just positive", Some("very positive")),
            ("I think it is negative", Some("Negative")),
            ("It is positive or negative", None),
            ("It is positive, clearly positive", Some("positive")),
            ("It is not entailment", Some("not entailment")),
            ("Is it entailment? It is not entailment.", None),
            ("positively", None),
            ("seropositive", None),
            ("I say +", Some("+")),
            ("2+3", Some("+")),
            ("neutral", None),
            ("", None),
        ];
        for (answer, wanted) in cases {
            assert_eq!(labels.find(answer), wanted, "{answer}");
        }
    }
}
