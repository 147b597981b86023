//! Files that cannot be: each is a clear error, none a panic.

use std::fs;

use yardstick::engine::local::{Checkpoint, Files, Local, Options, Origin};

use super::{Made, Value, llama};

/// What is said of the bytes of a file.
fn message(bytes: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("model.gguf"), bytes).unwrap();
    let origin = Origin { source: "a test".into(), revision: None };
    let opened = Checkpoint::open(Files::Folder(folder.path().to_owned()));
    let loaded = opened.and_then(|checkpoint| Local::load("model", origin, &checkpoint, Options::default()));
    loaded.err().map(|error| error.to_string())
}

#[track_caller]
fn says(bytes: &[u8], parts: &[&str]) {
    let message = message(bytes).expect("a fault was made");
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in:\n{message}");
    }
}

#[track_caller]
fn with(change: impl FnOnce(&mut Made)) -> Vec<u8> {
    let mut made = llama();
    change(&mut made);
    made.bytes()
}

/// A header up to its first value.
fn header(version: u32, tensors: u64, values: u64) -> Vec<u8> {
    [&b"GGUF"[..], &version.to_le_bytes(), &tensors.to_le_bytes(), &values.to_le_bytes()].concat()
}

#[test]
fn the_tiny_model_is_sound() {
    assert_eq!(message(&llama().bytes()), None);
}

#[test]
fn headers_that_lie_are_refused() {
    says(b"GGUF", &["`model.gguf` has 4 bytes", "download"]);
    says(&[0; 64], &["no GGUF file"]);
    says(&header(1, 0, 0), &["version 1"]);
    says(&header(3_u32.swap_bytes(), 0, 0), &["big-endian"]);
    says(&header(3, u64::MAX, 0), &["18446744073709551615 tensors follow", "download"]);
    says(&header(3, 0, 1 << 40), &["values follow"]);
    let text = |len: u64, rest: &[u8]| [&header(3, 0, 1)[..], &len.to_le_bytes(), rest, &[0; 32]].concat();
    says(&text(1 << 50, b"k"), &["bytes of text follow"]);
    says(&text(0, b""), &["a key of 0 bytes"]);
    says(&text(1, b"\xff"), &["not UTF-8"]);
    let value = |kind: u32, rest: &[u8]| text(1, &[b"k", &kind.to_le_bytes()[..], rest].concat());
    says(&value(13, &[]), &["`k` of type 13"]);
    says(&value(7, &[2]), &["`k` 2"]);
    let array = |kind: u32, count: u64| value(9, &[&kind.to_le_bytes()[..], &count.to_le_bytes()].concat());
    says(&array(9, 1), &["arrays within an array"]);
    says(&array(77, 1), &["array of type 77"]);
    says(&array(8, 1 << 60), &["values of `k` follow"]);
    says(&array(4, u64::MAX), &["values of `k` follow"]);
}

#[test]
fn tensors_that_cannot_be_are_refused() {
    says(&with(|made| made.tensors[0].1 = vec![32, 80]), &["`output_norm.weight` where another one lies"]);
    says(&with(|made| made.tensors[0].1 = vec![u64::MAX, 2]), &["more elements than any machine"]);
    says(&with(|made| made.tensors[0].1 = vec![1; 5]), &["5 dimensions"]);
    says(&with(|made| made.tensors[3].0 = made.tensors[2].0.clone()), &["two tensors called"]);
    says(
        &with(|made| made.tensors[2].2 = 10),
        &["`model.layers.0.self_attn.q_proj.weight` holds q2_k", "q4_k"],
    );
    says(&with(|made| made.tensors[2].2 = 99), &["ggml's type 99"]);
    says(&with(|made| (made.tensors[2].1, made.tensors[2].2) = (vec![31, 33], 8)), &["no whole blocks"]);
    says(
        &with(|made| made.put("general.alignment", Value::U32(3))),
        &["`general.alignment`", "power of two"],
    );
    says(&with(|made| made.put("general.alignment", Value::U32(4096))), &["no multiple of 4096"]);
    says(&with(|made| drop(made.tensors.remove(2))), &["missing: `model.layers.0.self_attn.q_proj.weight`"]);
    says(&with(|made| made.tensors[2].3[..4].fill(0xff)), &["not finite", "q_proj"]);
    // The same place twice: the second tensor's offset is made the first's.
    let mut bytes = llama().bytes();
    let name = b"output_norm.weight";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap() + name.len();
    bytes[at + 16..at + 24].fill(0);
    says(&bytes, &["where another one lies"]);
    bytes[at + 16..at + 24].fill(0xff);
    says(&bytes, &["`output_norm.weight`"]);
}

#[test]
fn metadata_that_cannot_be_is_named() {
    says(
        &with(|made| made.put("general.architecture", Value::Text("alpaca".into()))),
        &["`model.gguf` says `general.architecture: alpaca`", "llama", "qwen2"],
    );
    says(
        &with(|made| {
            made.values.retain(|(key, _)| !key.ends_with("block_count"));
            made.put("llama.context_length", Value::Text("long".into()));
            made.put("llama.rope.scaling.type", Value::Text("magic".into()));
            made.put("llama.expert_count", Value::U32(5000));
            made.put("llama.rope.dimension_count", Value::U32(8));
        }),
        &["`llama.block_count` is missing", "\"long\"", "`magic`", "5000 experts", "8 of the 16 values"],
    );
    says(
        &with(|made| made.put("split.count", Value::U32(3))),
        &[
            "`model.gguf` is one of 3 parts by its `split.count`, and not by its name",
            "NAME-00001-of-00003.gguf",
        ],
    );
    says(
        &with(|made| made.put("llama.attention.head_count", Value::U32(0))),
        &["`num_attention_heads` is 0"],
    );
    says(&with(|made| made.put("llama.embedding_length", Value::U32(64))), &["shape"]);
}

#[test]
fn several_files_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.gguf", "b.gguf"] {
        fs::write(folder.path().join(name), llama().bytes()).unwrap();
    }
    let files = || Files::Folder(folder.path().to_owned());
    let error = Checkpoint::open(files()).err().unwrap().to_string();
    assert!(error.contains("`a.gguf`, `b.gguf`") && error.contains("/a.gguf`"), "{error}");
    assert!(
        Checkpoint::open(Files::Gguf { folder: folder.path().to_owned(), file: "b.gguf".into() }).is_ok()
    );
}

/// The tiny model in three parts.
fn split() -> [Made; 3] {
    let mut whole = llama();
    let [mut second, mut third] = [Made::default(), Made::default()];
    third.tensors = whole.tensors.split_off(8);
    second.tensors = whole.tensors.split_off(3);
    let mut parts = [whole, second, third];
    for (number, part) in parts.iter_mut().enumerate() {
        part.put("split.no", Value::U32(number as u32));
        part.put("split.count", Value::U32(3));
        part.put("split.tensors.count", Value::U32(11));
    }
    parts
}

/// What is said of parts, of which one may be changed.
fn of_parts(change: impl FnOnce(&mut [Made; 3]), written: usize) -> Result<Checkpoint, String> {
    let folder = tempfile::tempdir().unwrap();
    let mut parts = split();
    change(&mut parts);
    for (number, part) in (1..).zip(&parts[..written]) {
        fs::write(folder.path().join(format!("m-{number:05}-of-00003.gguf")), part.bytes()).unwrap();
    }
    let opened = Checkpoint::open(Files::Folder(folder.path().to_owned()));
    opened.map_err(|error| error.to_string()).and_then(|checkpoint| {
        let origin = Origin { source: "a test".into(), revision: None };
        let loaded = Local::load("model", origin, &checkpoint, Options::default());
        loaded.map(|_| checkpoint).map_err(|error| error.to_string())
    })
}

#[test]
fn parts_are_one_model() {
    assert!(of_parts(|_| {}, 3).is_ok());
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("whole.gguf"), llama().bytes()).unwrap();
    let whole = Checkpoint::open(Files::Folder(folder.path().to_owned())).unwrap().description();
    // Whichever part is named.
    for (number, part) in (1..).zip(&split()) {
        fs::write(folder.path().join(format!("m-{number:05}-of-00003.gguf")), part.bytes()).unwrap();
    }
    for number in 1..=3 {
        let file = format!("m-0000{number}-of-00003.gguf");
        let parts = Checkpoint::open(Files::Gguf { folder: folder.path().to_owned(), file }).unwrap();
        let parts = parts.description();
        assert_eq!((parts.parameters, parts.memory), (whole.parameters, whole.memory));
        assert!(parts.file_bytes > whole.file_bytes, "three headers");
    }
    // Beside another model, a split one is named once.
    let error = Checkpoint::open(Files::Folder(folder.path().to_owned())).err().unwrap().to_string();
    assert!(error.contains("`m-00001-of-00003.gguf`, `whole.gguf`"), "{error}");
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let says = |message: Result<Checkpoint, String>, part: &str| {
        let message = message.err().expect("a fault was made");
        assert!(message.contains(part), "`{part}` is not in:\n{message}");
    };
    says(of_parts(|_| {}, 2), "missing: m-00003-of-00003.gguf");
    says(
        of_parts(|parts| parts.swap(1, 2), 3),
        "`m-00002-of-00003.gguf` has 2 as `split.no`; by its name it is 1",
    );
    says(of_parts(|parts| parts[2].tensors = parts[1].tensors.clone(), 3), "which another part has too");
    says(of_parts(|parts| drop(parts[2].tensors.pop()), 3), "all parts have 11 tensors; they have 10");
    says(of_parts(|parts| parts[0].put("split.count", Value::U32(2)), 3), "one of 2 parts");
    // Files that only look like parts.
    says(
        of_parts(|parts| parts.fill_with(llama), 3),
        "`m-00001-of-00003.gguf` is a whole model by its header, and one of 3 parts by its name",
    );
}

#[test]
fn damage_is_never_a_panic() {
    let whole = llama().bytes();
    // Mostly in the header, which is the first 2 kB or so.
    let header = 2048;
    let mut seed = 7_usize;
    for _ in 0..400 {
        let mut bytes = whole.clone();
        for _ in 0..3 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (seed >> 20) % header;
            bytes[at] = (seed >> 50) as u8;
        }
        bytes.truncate(if seed.is_multiple_of(3) { seed % whole.len() } else { whole.len() });
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("model.gguf"), &bytes).unwrap();
        let opened = Checkpoint::open(Files::Folder(folder.path().to_owned()));
        drop(opened.and_then(|checkpoint| checkpoint.tokenizer()));
    }
}
