//! The built-in model's world: what the corpus states, how often, and what it keeps back.

use yardstick::reference::{corpus::Corpus, world};

#[test]
#[ignore = "prints a sample"]
fn sample() {
    let corpus = Corpus::load();
    for (kind, _) in yardstick::reference::corpus::SHARES {
        println!("== {kind:?}");
        for number in 0..8 {
            println!("{}\n--", corpus.document(kind, number));
        }
    }
    let start = std::time::Instant::now();
    let documents = corpus.documents(yardstick::reference::corpus::BYTES);
    let bytes: usize = documents.iter().map(String::len).sum();
    println!("{} documents, {bytes} bytes, {:?}", documents.len(), start.elapsed());
    let _ = world::SEED;
}
