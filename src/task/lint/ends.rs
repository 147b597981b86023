//! White space at the end of a text, which nobody sees and every tokenizer does.

use crate::spec::{Finding, Linter, Text};

/// What a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::task) enum Role {
    /// Something is joined to it.
    Prompt,
    /// The model goes on exactly where it ends.
    Start,
    /// It is scored.
    Scored,
}

/// Looks at the end of a text.
pub(in crate::task) fn ends(text: &Text, role: Role, linter: &mut Linter<'_>) {
    let what = match role {
        Role::Prompt | Role::Start => "prompt",
        Role::Scored => "text",
    };
    let written = linter.sources().written(text.at);
    if text.ends_with('\n') {
        let message = format!("the {what} ends with a line break");
        if let Some(sign) = linter.sources().block(text.at) {
            // Folded texts begin with `>`.
            let instead = if linter.sources().written(sign).is_some_and(|sign| sign.starts_with('>')) {
                ">-"
            } else {
                "|-"
            };
            let mut finding = Finding::warning("trailing-newline", sign, message)
                .label("keeps the last line break")
                .help(format!("write `{instead}` to leave it out"));
            finding.fix = Some(instead.to_owned());
            linter.tell(finding);
        } else if written.is_none() && role == Role::Scored {
            // In quotes, `\n` was written by hand, and a prompt of a data file may be code.
            let finding = Finding::warning("trailing-newline", text.at, message);
            linter.tell(finding.help("it is scored too; leave it out"));
        }
    } else if text.ends_with(char::is_whitespace) {
        let help = match role {
            Role::Prompt => {
                "most tokenizers attach a space to the word after it, so it is moved to the ending; leave it out"
            }
            Role::Start => {
                "most tokenizers attach a space to the word after it; after a lone space the model expects something else"
            }
            Role::Scored => "it is scored too; leave it out",
        };
        let mut finding =
            Finding::warning("trailing-space", text.at, format!("the {what} ends with a space")).help(help);
        finding.fix = written.and_then(without_space);
        linter.tell(finding);
    }
}

/// A text in quotes, without the white space at its end.
fn without_space(written: &str) -> Option<String> {
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inner = written.strip_prefix(quote)?.strip_suffix(quote)?;
    let bare = inner.trim_end();
    (bare.len() < inner.len()).then(|| format!("{quote}{bare}{quote}"))
}

/// A text without a character cannot be scored.
pub(in crate::task) fn filled(text: &Text, what: &str, linter: &mut Linter<'_>) {
    if text.is_empty() {
        linter.tell(
            Finding::error("empty-text", text.at, format!("the {what} is empty"))
                .help("there is nothing to score; write what is meant, or leave the item out"),
        );
    }
}
