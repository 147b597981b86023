//! The first hundred pairs of all 67 paradigms of `BLiMP`: sums of log-probabilities, and what they decide.

use serde_json::Value;

use super::{Ask, Largest, answers, data, floats, json, open, options};

/// The sums are given to four digits after the point.
const TOLERANCE: f64 = 3e-4;

#[test]
fn blimp_is_decided_as_transformers_decides_it() {
    for name in ["stories260K", "babyllama-tinystories-1M"] {
        let Some(folder) = data(&format!("models/{name}")) else { return };
        let golden = json(&data(&format!("golden/blimp/first100.{name}.json")).unwrap());
        let mut model = open(folder, options(2048, 2));
        let (mut largest, mut pairs) = (Largest::default(), 0);
        for (paradigm, golden) in golden.as_object().unwrap() {
            let file = data(&format!("bench/blimp/data/{paradigm}.jsonl")).unwrap();
            let text = std::fs::read_to_string(file).unwrap();
            let mut ask = Ask::default();
            let mut tickets = Vec::new();
            for line in text.lines().take(100) {
                let pair: Value = serde_json::from_str(line).unwrap();
                tickets.push(
                    ["sentence_good", "sentence_bad"].map(|key| ask.score("", pair[key].as_str().unwrap())),
                );
            }
            let answers = answers(&mut model, &ask.into_requests());
            let rights = floats(&golden["good"]).into_iter().zip(floats(&golden["bad"]));
            let mut correct = 0;
            for (tickets, (good, bad)) in tickets.into_iter().zip(rights) {
                let [ours_good, ours_bad] = tickets.map(|ticket| answers.get(ticket).unwrap().total());
                largest.add(ours_good - good);
                largest.add(ours_bad - bad);
                assert_eq!(
                    ours_good > ours_bad,
                    good > bad,
                    "{paradigm}: {ours_good} {ours_bad}, {good} {bad}"
                );
                correct += u64::from(ours_good > ours_bad);
                pairs += 1;
            }
            assert_eq!(correct, golden["correct"].as_u64().unwrap(), "{paradigm}");
        }
        println!("{name}: {pairs} pairs, largest difference of a sum {:.1e}", largest.0);
        assert_eq!(pairs, 6700);
        assert!(largest.0 < TOLERANCE, "{name}: {:.1e}", largest.0);
    }
}
