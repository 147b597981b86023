//! Times, sizes and shares of time as people read them.

use std::time::Duration;

/// `0.3s`, `14s`, `2m 14s`, `3h 05m`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let whole = super::digits::whole(seconds);
    match whole {
        0..10 => format!("{seconds:.1}s"),
        10..60 => format!("{whole}s"),
        60..3600 => format!("{}m {:02}s", whole / 60, whole % 60),
        _ => format!("{}h {:02}m", whole / 3600, whole % 3600 / 60),
    }
}

/// `512 B`, `3.5 MB`, `548 MB`, in powers of 1000, as file managers and the Hub count.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 999.5 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    if unit == 0 || size >= 9.95 {
        format!("{size:.0} {}", UNITS[unit])
    } else {
        format!("{size:.1} {}", UNITS[unit])
    }
}

/// So many of something: `1 item`, `1,060 items`.
pub fn many(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", super::digits::grouped(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_have_two_or_three_digits() {
        let shown = [0.04, 9.96, 59.4, 59.6, 134.2, 3599.7, 11_100.0]
            .map(|seconds| duration(Duration::from_secs_f64(seconds)));
        assert_eq!(shown, ["0.0s", "10s", "59s", "1m 00s", "2m 14s", "1h 00m", "3h 05m"]);
        let sizes = [0, 999, 1_000, 9_949_999, 9_950_000, 548_105_171, 999_500_000, 1 << 45].map(bytes);
        assert_eq!(sizes, ["0 B", "999 B", "1.0 kB", "9.9 MB", "10 MB", "548 MB", "1.0 GB", "35 TB"]);
        assert_eq!([many(1, "item"), many(1_060, "item")], ["1 item", "1,060 items"]);
    }
}
