//! From documents to rows of tokens: the tokenizer, trained on the corpus itself, and the packing.

use std::cmp::Reverse;

use tokenizers::{
    AddedToken, Tokenizer,
    decoders::byte_level::ByteLevel,
    models::{
        TrainerWrapper,
        bpe::{BPE, BpeTrainer},
    },
};
use yardstick::{random::Stream, value::Seed};

use super::network::Row;

/// Separates documents.
pub const END_OF_TEXT: &str = "<|endoftext|>";
/// Rows that are open for another document.
const OPEN: usize = 64;
/// One row in so many is random tokens, where all are alike: it keeps the model calibrated where it knows nothing.
const NOISE: usize = 125;

/// A byte-level vocabulary of GPT-2's kind, which adds nothing to a prompt.
pub fn train_tokenizer(documents: &[String], vocabulary: usize) -> tokenizers::Result<Tokenizer> {
    let bytes = ByteLevel::new(false, true, true);
    let mut tokenizer = Tokenizer::new(BPE::default());
    tokenizer
        .with_pre_tokenizer(Some(bytes))
        .with_decoder(Some(ByteLevel::default()))
        .with_post_processor(Some(ByteLevel::default().trim_offsets(false)));
    let mut trainer: TrainerWrapper = BpeTrainer::builder()
        .vocab_size(vocabulary)
        .special_tokens(vec![AddedToken::from(END_OF_TEXT, true)])
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .show_progress(false)
        .build()
        .into();
    tokenizer.train(&mut trainer, documents.iter())?;
    Ok(tokenizer)
}

/// Rows that begin where a document begins, so that a prompt without a start token is nothing new, in random order. No
/// document is cut that fits into a row.
pub fn pack(
    tokenizer: &Tokenizer,
    documents: &[String],
    context: usize,
    seed: Seed,
) -> tokenizers::Result<Vec<Row>> {
    let separator = tokenizer.token_to_id(END_OF_TEXT).ok_or("the tokenizer has no end of text")? as u16;
    let mut full = Vec::new();
    let mut open: Vec<Row> = Vec::new();
    for documents in documents.chunks(2000) {
        let documents: Vec<_> = documents.iter().map(String::as_str).collect();
        for encoding in tokenizer.encode_batch_fast(documents, false)? {
            let ids = encoding.get_ids().iter().map(|id| *id as u16).chain([separator]);
            for piece in ids.collect::<Vec<_>>().chunks(context) {
                if let Some(row) = open.iter_mut().find(|row| row.len() + piece.len() <= context) {
                    row.extend(piece);
                    continue;
                }
                if open.len() == OPEN {
                    let fullest = (0..OPEN).max_by_key(|row| (open[*row].len(), Reverse(*row)));
                    full.push(open.remove(fullest.expect("there are open rows")));
                }
                open.push(piece.to_vec());
            }
        }
    }
    full.append(&mut open);
    let vocabulary = tokenizer.get_vocab_size(true);
    let draw = &mut Stream::new(seed, "reference/noise", 0);
    for _ in 0..full.len() / NOISE {
        full.push((0..context).map(|_| draw.below(vocabulary) as u16).collect());
    }
    Stream::new(seed, "reference/rows", 0).shuffle(&mut full);
    Ok(full)
}
