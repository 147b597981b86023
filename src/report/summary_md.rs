//! `summary.md`: the summary as GitHub's Markdown.

use super::{
    digits::Digits,
    next_token::NextTokens,
    summary::{Mark, Remark, Summary},
    table::{code, escaped},
    text::{self, Charset},
};

/// The whole file.
pub fn summary(summary: &Summary<'_>) -> String {
    let mut out = String::new();
    let mut push = |line: &str| {
        out.push_str(line);
        out.push('\n');
    };
    let header = summary.header.iter().map(|part| escaped(part)).collect::<Vec<_>>().join(" · ");
    match summary.title {
        Some(title) => push(&format!("# {}\n\n{header}", escaped(title))),
        None => push(&format!("# {header}")),
    }
    for table in [&summary.shares, &summary.numbers] {
        if !table.rows.is_empty() {
            push("");
            push(table.markdown().trim_end());
        }
    }
    for (task, views) in &summary.next_tokens {
        push(&format!("\n## Next tokens of {}\n", escaped(task)));
        for view in views {
            push(&next_tokens(view));
        }
    }
    for block in &summary.remarks {
        push("");
        for remark in block {
            push(&line(remark));
        }
    }
    out
}

/// A line of a list, with its mark.
pub(super) fn line(remark: &Remark) -> String {
    let words = escaped(&remark.text);
    match remark.mark {
        Mark::Good => format!("- ✓ {words}"),
        Mark::Bad => format!("- ✗ {words}"),
        Mark::Warning => format!("- ⚠ {words}"),
        Mark::Note => format!("- {words}"),
        Mark::Next => format!("- → {words}"),
    }
}

fn next_tokens(view: &NextTokens) -> String {
    let shown = |listed: &super::next_token::Listed| {
        let token = code(&text::token(&listed.token, Charset::Unicode));
        format!("{token} {}", Digits::Percent.show(listed.logprob.exp()))
    };
    let prompt = code(&text::visible(&view.prompt, Charset::Unicode));
    let top = view.top.iter().map(shown).collect::<Vec<_>>().join(", ");
    let watched = view.watched.iter().map(|w| format!("{} (rank {})", shown(w), w.rank));
    let watched = watched.collect::<Vec<_>>().join(", ");
    let watched = if watched.is_empty() { String::new() } else { format!("; watched: {watched}") };
    format!("- {prompt} → {top}{watched}")
}
