//! Data files of every sort.

/// The first byte says which sort, and how a row becomes an item; the others are the file.
pub fn run(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let (name, more) = match first {
        b'c' => ("data.csv", ""),
        b'C' => ("data.csv", ", columns: [prompt, correct, incorrect]"),
        b't' => ("data.tsv", ""),
        b'j' => ("data.json", ""),
        b'J' => ("data.json", ", rows: rows"),
        b'l' => ("data.jsonl", ""),
        b'm' => {
            ("data.jsonl", ", map: {prompt: '{{ a }} {{ b.strip() }}', correct: '{{ c[0] }}', incorrect: d}")
        }
        b'T' => ("data.txt", ", as: text"),
        _ => ("data.txt", ""),
    };
    let tasks = match name {
        "data.txt" => format!("  - perplexity: p\n    texts: {{file: {name}{more}}}\n"),
        _ => format!("  - cloze: c\n    data: {{file: {name}{more}}}\n"),
    };
    let folder = super::folder();
    super::write(&folder, name, rest);
    super::load_spec(super::write(&folder, "rows.yaml", format!("benchmark: b\ntasks:\n{tasks}").as_bytes()));
}
