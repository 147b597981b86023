//! The summary of a run in a terminal.

use anstyle::{AnsiColor, Style};

use super::{
    summary::{Mark, Remark, Summary},
    table::{Look, styled},
    text,
};

/// All lines, each with its end.
pub fn summary(summary: &Summary<'_>, look: &Look) -> String {
    let mut out = String::new();
    if let Some(title) = summary.title {
        for line in text::wrap(&text::words(title, look.charset), look.width, 0) {
            styled(&mut out, &line, Style::new().bold(), look);
            out.push('\n');
        }
    }
    let header: Vec<_> = summary.header.iter().map(|part| text::words(part, look.charset)).collect();
    push_wrapped(&mut out, &header.join(look.charset.pick(" · ", " | ")), 2, look);
    for table in [&summary.shares, &summary.numbers] {
        if !table.rows.is_empty() {
            out.push('\n');
            out.push_str(&table.terminal(look));
        }
    }
    for (task, views) in &summary.next_tokens {
        out.push('\n');
        push_wrapped(&mut out, &format!(" next tokens of {}", text::words(task, look.charset)), 3, look);
        for line in views.iter().flat_map(|view| view.brief(look)) {
            push_wrapped(&mut out, &format!("   {line}"), 7, look);
        }
    }
    for block in &summary.remarks {
        out.push('\n');
        for remark in block {
            push_remark(&mut out, remark, look);
        }
    }
    out
}

/// A line with its mark, broken to the width.
pub(super) fn push_remark(out: &mut String, remark: &Remark, look: &Look) {
    let (mark, style) = match remark.mark {
        Mark::Good => (look.charset.pick("✓", "ok"), AnsiColor::Green.on_default()),
        Mark::Bad => (look.charset.pick("✗", "x"), AnsiColor::Red.on_default()),
        Mark::Warning => (look.charset.pick("⚠", "!"), AnsiColor::Yellow.on_default()),
        Mark::Note => (look.charset.pick("·", "-"), Style::new()),
        Mark::Next => (look.charset.pick("→", "->"), Style::new()),
    };
    let indent = if remark.mark == Mark::Next { 3 } else { 1 };
    let hang = indent + text::width(mark) + 1;
    let shown = text::words(&remark.text, look.charset);
    // A command at the end of a line is copied in one piece.
    let ends_in_command = remark.mark == Mark::Next && remark.text.contains("  yardstick ");
    let width = if ends_in_command { usize::MAX } else { look.width.saturating_sub(hang) };
    for (at, line) in text::wrap(&shown, width, 0).into_iter().enumerate() {
        out.push_str(&" ".repeat(if at == 0 { indent } else { hang }));
        if at == 0 {
            styled(out, mark, style, look);
            out.push(' ');
        }
        out.push_str(&line);
        out.push('\n');
    }
}

/// Words broken to the width.
pub(super) fn push_wrapped(out: &mut String, shown: &str, indent: usize, look: &Look) {
    for line in text::wrap(shown, look.width, indent) {
        out.push_str(&line);
        out.push('\n');
    }
}
