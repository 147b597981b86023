//! A table for papers: `booktabs` and nothing else, every text escaped. An interval stands small behind the number before it;
//! bold is for what a test decided, and the caller says what that is.

use std::fmt::Write as _;

use super::{Cell, Shape, Table};
use crate::report::text::{self, Charset};

/// What stands around the table.
#[derive(Clone, Debug, Default)]
pub struct Caption {
    /// Methods, numbers of items, revisions: words, not markup.
    pub words: String,
    /// By which a paper refers to it.
    pub label: String,
}

impl Table {
    /// A floating table; `is_strong` says of a row and a column's key whether it is printed bold.
    pub fn latex(&self, caption: &Caption, is_strong: &dyn Fn(usize, &str) -> bool) -> String {
        let groups = self.groups();
        let aligned = |group: &Vec<usize>| match self.columns[group[0]].shape {
            Shape::Right | Shape::Point => 'r',
            _ => 'l',
        };
        let mut out = String::from("\\begin{table}\n  \\centering\n");
        let layout: String = groups.iter().map(aligned).collect();
        let mut push = |line: &str| out.extend(["  ", line, "\n"]);
        if !caption.words.is_empty() {
            push(&format!("\\caption{{{}}}", escaped(&caption.words)));
        }
        push(&format!("\\label{{tab:{}}}", label(&caption.label)));
        push(&format!("\\begin{{tabular}}{{{layout}}}"));
        push("  \\toprule");
        let titles = groups.iter().map(|group| escaped(&self.columns[group[0]].title));
        push(&format!("  {} \\\\", titles.collect::<Vec<_>>().join(" & ")));
        push("  \\midrule");
        for (at, row) in self.rows.iter().enumerate() {
            let shown = groups.iter().map(|group| {
                let first = cell(&row[group[0]]);
                let name = self.columns[group[0]].key;
                let strong = !first.is_empty() && is_strong(at, name);
                let mut shown = if strong { format!("\\textbf{{{first}}}") } else { first };
                for interval in
                    group[1..].iter().map(|place| cell(&row[*place])).filter(|cell| !cell.is_empty())
                {
                    let _ = write!(shown, " {{\\scriptsize {interval}}}");
                }
                shown
            });
            push(&format!("  {} \\\\", shown.collect::<Vec<_>>().join(" & ")));
        }
        push("  \\bottomrule");
        push("\\end{tabular}");
        out.push_str("\\end{table}\n");
        out
    }

    /// The same with its label in place of a caption, and nothing bold.
    pub fn plain_latex(&self, name: &str) -> String {
        self.latex(&Caption { words: String::new(), label: name.to_owned() }, &|_, _| false)
    }

    /// The columns without pictures, each number with the intervals that follow it.
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (at, column) in self.columns.iter().enumerate().filter(|(_, column)| !column.is_picture()) {
            match groups.last_mut() {
                Some(group)
                    if column.shape == Shape::Interval && self.columns[group[0]].shape == Shape::Point =>
                {
                    group.push(at);
                }
                _ => groups.push(vec![at]),
            }
        }
        groups
    }
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Empty | Cell::Strip(_) | Cell::Bar(_) => String::new(),
        Cell::Text(words) => escaped(words),
        Cell::Token(token) => format!("\\texttt{{{}}}", escaped(&text::token(token, Charset::Ascii))),
        Cell::Number(number, digits) => number_of(&digits.show(*number)),
        Cell::Interval { low, high, digits } => {
            format!("[{}, {}]", number_of(&digits.show(*low)), number_of(&digits.show(*high)))
        }
        Cell::Unknown(_) => "---".into(),
    }
}

/// A shown number: its minus is one, not a hyphen.
fn number_of(shown: &str) -> String {
    match shown.split_at_checked(1) {
        Some((sign @ ("-" | "+"), rest)) => format!("${sign}${}", escaped(rest)),
        _ => escaped(shown),
    }
}

/// What may stand in `\label`.
fn label(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect()
}

/// Words that stay words: every character that means something to TeX is escaped, and one that its usual fonts lack is
/// named by its number.
pub fn escaped(words: &str) -> String {
    let shown = text::visible(words, Charset::Unicode);
    let mut out = String::with_capacity(shown.len() + 8);
    for c in shown.chars() {
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '{' | '}' | '$' | '&' | '#' | '%' | '_' => out.extend(['\\', c]),
            '^' => out.push_str("\\textasciicircum{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '|' => out.push_str("\\textbar{}"),
            '⟨' => out.push_str("$\\langle$"),
            '⟩' => out.push_str("$\\rangle$"),
            '⏎' => out.push_str("\\textbackslash{}n"),
            '⇥' => out.push_str("\\textbackslash{}t"),
            '·' => out.push_str("\\textperiodcentered{}"),
            '–' => out.push_str("--"),
            '—' => out.push_str("---"),
            '×' => out.push_str("$\\times$"),
            '±' => out.push_str("$\\pm$"),
            '−' => out.push_str("$-$"),
            'Δ' => out.push_str("$\\Delta$"),
            '≥' => out.push_str("$\\geq$"),
            '≤' => out.push_str("$\\leq$"),
            '→' => out.push_str("$\\rightarrow$"),
            '…' => out.push_str("\\ldots{}"),
            // Ligatures would make other characters of them.
            '\'' | '`' | '"' => out.extend(['{', c, '}']),
            '-' if out.ends_with('-') => out.push_str("{-}"),
            c if c.is_ascii() => out.push(c),
            'ð' | 'Ð' | 'þ' | 'Þ' => named(&mut out, c),
            'À'..='ÿ' => out.push(c),
            c => named(&mut out, c),
        }
    }
    out
}

fn named(out: &mut String, c: char) {
    let _ = write!(out, "[U+{:04X}]", u32::from(c));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{digits::Digits, table::Column};

    #[test]
    fn what_means_something_to_tex_is_escaped() {
        assert_eq!(
            escaped(r"50% of $x_1 & {y}#~^\"),
            r"50\% of \$x\_1 \& \{y\}\#\textasciitilde{}\textasciicircum{}\textbackslash{}"
        );
        assert_eq!(escaped("\\input{/etc/passwd}"), "\\textbackslash{}input\\{/etc/passwd\\}");
        assert_eq!(escaped("<a|b> é 日 --"), "\\textless{}a\\textbar{}b\\textgreater{} é [U+65E5] -{-}");
        assert_eq!(escaped("a\u{1b}[2J\nb"), "a$\\langle$U+001B$\\rangle$[2J\\textbackslash{}nb");
    }

    #[test]
    fn an_interval_stands_small_behind_its_number() {
        let digits = Digits::Fixed(3);
        let table = Table {
            columns: vec![
                Column::new("task", "task", Shape::Name),
                Column::new("A", "value_a", Shape::Point),
                Column::new("95% CI", "ci", Shape::Interval),
                Column::new("", "picture", Shape::Strip { axis: (0.0, 1.0) }),
            ],
            rows: vec![vec![
                "a_b".into(),
                Cell::Number(-0.742, digits),
                Cell::Interval { low: -0.812, high: 0.657, digits },
                Cell::Empty,
            ]],
        };
        let caption = Caption { words: "Wilson 95%".into(), label: "a b".into() };
        let expected = "\\begin{table}\n  \\centering\n  \\caption{Wilson 95\\%}\n  \\label{tab:a-b}\n  \\begin{tabular}{lr}\n    \\toprule\n    task & A \\\\\n    \\midrule\n    a\\_b & \\textbf{$-$0.742} {\\scriptsize [$-$0.812, 0.657]} \\\\\n    \\bottomrule\n  \\end{tabular}\n\\end{table}\n";
        assert_eq!(table.latex(&caption, &|_, key| key == "value_a"), expected);
    }
}
