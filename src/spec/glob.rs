//! Patterns with `*` and `?`: of task names, and of files.

use std::path::{Path, PathBuf};

/// Whether a name fits a pattern: `*` stands for any characters, `?` for one.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, n));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == name[n]) {
            (p, n) = (p + 1, n + 1);
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            (p, n) = (at + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Whether a pattern names a task: by its full name `benchmark/task`, or without a slash by either half.
pub fn names_task(pattern: &str, full: &str) -> bool {
    matches(pattern, full) || !pattern.contains('/') && full.split('/').any(|half| matches(pattern, half))
}

/// The files that fit a pattern, sorted. Without `*` and `?` it is the path itself, whether it is there or not.
pub(super) fn files(folder: &Path, pattern: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut found = vec![folder.to_path_buf()];
    for part in Path::new(pattern).components() {
        let part = part.as_os_str().to_string_lossy();
        if !part.contains(['*', '?']) {
            found.iter_mut().for_each(|path| path.push(part.as_ref()));
            continue;
        }
        let mut next = Vec::new();
        for folder in found.iter().filter(|path| path.is_dir() || path.as_os_str().is_empty()) {
            let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            for entry in std::fs::read_dir(listed)? {
                let name = entry?.file_name();
                if matches(&part, &name.to_string_lossy()) {
                    next.push(folder.join(name));
                }
            }
        }
        next.sort();
        found = next;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let yes = [("*", ""), ("a*", "abc"), ("*c", "abc"), ("a*b*c", "aXbYbc"), ("?", "ä"), ("abc", "abc")];
        let no = [("a", ""), ("a*", "ba"), ("?", ""), ("a*b", "abc"), ("", "a")];
        yes.iter().for_each(|(pattern, name)| assert!(matches(pattern, name), "{pattern} {name}"));
        no.iter().for_each(|(pattern, name)| assert!(!matches(pattern, name), "{pattern} {name}"));
        assert!(names_task("capitals", "facts/capitals") && names_task("facts", "facts/capitals"));
        assert!(names_task("facts/*", "facts/capitals") && !names_task("other/*", "facts/capitals"));
    }

    #[test]
    fn a_pattern_of_stars_is_matched_in_no_time() {
        assert!(!matches(&"*a".repeat(30), &"a".repeat(29)));
    }
}
