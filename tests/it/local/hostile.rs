//! Checkpoints that somebody made to do harm: nothing in them is run, nothing takes more memory than it says, and where
//! numbers overflow, the place in the model is named.

use std::{
    fs,
    io::{Cursor, Write as _},
    path::Path,
};

use serde_json::{Value, json};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::faults::{MODEL, copy, edit, fault, says};
use crate::cli::{Results, output, spec, text};

/// What `torch.save` would write: a pickle, and a storage.
fn pytorch(folder: &Path, pickle: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in [("m/data.pkl", pickle), ("m/data/0", &[0; 64])] {
        zip.start_file(name, stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    fs::remove_file(folder.join("model.safetensors")).unwrap();
    fs::write(folder.join("pytorch_model.bin"), &bytes).unwrap();
    bytes
}

#[test]
fn a_pickle_is_read_and_never_run() {
    let ran = tempfile::tempdir().unwrap();
    let file = ran.path().join("ran");
    let command = format!("touch {}", file.display());
    let call = |module: &str, name: &str| {
        let mut pickle = format!("\x02c{module}\n{name}\n(X").into_bytes();
        pickle.insert(0, 0x80);
        pickle.extend((command.len() as u32).to_le_bytes());
        pickle.extend(command.as_bytes());
        pickle.extend(b"tR.");
        pickle
    };
    for (module, name) in
        [("os", "system"), ("posix", "system"), ("builtins", "eval"), ("subprocess", "getoutput")]
    {
        let said = fault(|folder| drop(pytorch(folder, &call(module, name))));
        says(&said, &["`pytorch_model.bin` is not a dictionary of tensors"]);
    }
    // What builds an instance of any class, or asks for an extension.
    for (instruction, number) in [(b'i', "0x69"), (b'o', "0x6f"), (0x82, "0x82"), (0x92, "0x92")] {
        let pickle = [b"\x80\x02}", [instruction].as_slice(), b"os\nsystem\n."].concat();
        let said = fault(|folder| drop(pytorch(folder, &pickle)));
        says(&said, &["has a pickle that uses instruction", number, "no dictionary of tensors needs"]);
    }
    assert!(!file.exists());
}

#[test]
fn a_zip_that_unpacks_into_more_is_not_unpacked() {
    let said = fault(|folder| {
        let mut bytes = pytorch(folder, b"\x80\x02}.");
        // Both places that say how the first file is packed: deflated, by number 8.
        for (mark, at) in [(b"PK\x03\x04", 8), (b"PK\x01\x02", 10)] {
            let begin = bytes.windows(4).position(|part| part == mark).unwrap();
            bytes[begin + at] = 8;
        }
        fs::write(folder.join("pytorch_model.bin"), bytes).unwrap();
    });
    says(&said, &["`pytorch_model.bin` does not give `m/data.pkl`", "ompression"]);
    // One byte of a value, a thousand times: tuples of tuples are kept as places in a list.
    let said = fault(|folder| {
        let doubled = [b"\x80\x02)".as_slice(), &b"q\x00h\x00\x86".repeat(1000), b"."].concat();
        drop(pytorch(folder, &doubled));
    });
    says(&said, &["is not a dictionary of tensors"]);
}

#[test]
fn texts_as_large_as_weights_are_refused_unread() {
    // They have no blocks on the disk.
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"] {
        let said = fault(|folder| fs::File::create(folder.join(name)).unwrap().set_len(100 << 30).unwrap());
        says(&said, &[name, "107374182400 bytes", "at most 256 MB are allowed"]);
    }
    let said = fault(|folder| {
        fs::remove_file(folder.join("model.safetensors")).unwrap();
        fs::File::create(folder.join("model.safetensors.index.json")).unwrap().set_len(100 << 30).unwrap();
    });
    says(&said, &["model.safetensors.index.json", "at most 256 MB are allowed"]);
}

#[test]
fn sizes_whose_product_is_absurd_are_refused_before_a_list_is_made_of_them() {
    let mixtral = |more: Value| {
        fault(move |folder| {
            edit(folder, |config| {
                *config = json!({ "model_type": "mixtral", "vocab_size": 2560, "hidden_size": 128 });
                config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            });
        })
    };
    let said = mixtral(json!({ "num_local_experts": 1 << 24, "num_hidden_layers": 9999 }));
    says(&said, &["16777216 experts; at most 13 are allowed in each of 9999 layers"]);
    assert_eq!(said.matches("experts; at most").count(), 1, "{said}");
    says(
        &mixtral(json!({ "num_hidden_layers": 1_000_000_000_000_u64 })),
        &["`num_hidden_layers` is 1000000000000"],
    );
    says(&mixtral(json!({ "num_hidden_layers": 1 << 24 })), &["at most 10000 are allowed"]);
    says(
        &mixtral(json!({ "hidden_size": 1.5, "vocab_size": -1 })),
        &["`hidden_size` is 1.5", "`vocab_size` is -1"],
    );
}

#[test]
fn a_tokenizer_that_is_none_is_refused() {
    let not = |text: &'static [u8]| fault(|folder| fs::write(folder.join("tokenizer.json"), text).unwrap());
    for text in [&b"[]"[..], b"{}", b"null", b"\xff", b"{\"model\": {\"type\": \"BPE\"}}", b"{\"model\": 3}"]
    {
        says(&not(text), &["`tokenizer.json` cannot be read"]);
    }
    let deep = fault(|folder| fs::write(folder.join("tokenizer.json"), "[".repeat(100_000)).unwrap());
    says(&deep, &["`tokenizer.json` cannot be read"]);
}

/// The built-in model, with one tensor of the largest numbers that f32 has.
fn overflowing(folder: &Path, name: &str) {
    let path = folder.join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    let len = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
    let header: Value = serde_json::from_slice(&bytes[8..8 + len]).unwrap();
    let (mut tensors, mut data) = (serde_json::Map::new(), Vec::new());
    for (own, tensor) in header.as_object().unwrap().iter().filter(|(own, _)| *own != "__metadata__") {
        let offset = |end: usize| usize::try_from(tensor["data_offsets"][end].as_u64().unwrap()).unwrap();
        let mut tensor = tensor.clone();
        let begin = data.len();
        if own == name {
            let count: u64 =
                tensor["shape"].as_array().unwrap().iter().map(|len| len.as_u64().unwrap()).product();
            let signs = [3.0e38_f32, -3.0e38].into_iter().cycle().take(usize::try_from(count).unwrap());
            data.extend(signs.flat_map(f32::to_le_bytes));
            tensor["dtype"] = json!("F32");
        } else {
            data.extend(&bytes[8 + len + offset(0)..8 + len + offset(1)]);
        }
        tensor["data_offsets"] = json!([begin, data.len()]);
        tensors.insert(own.clone(), tensor);
    }
    let header = Value::Object(tensors).to_string();
    fs::write(path, [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()).unwrap();
}

#[test]
fn numbers_that_overflow_name_the_model_the_item_and_the_place() {
    const SPEC: &str = "benchmark: b\ntasks:\n  - cloze: c\n    allow: [few-items]\n    items:\n      - {id: sky, prompt: The sky is, correct: blue, incorrect: red}\n";
    assert!(Path::new(MODEL).join("model.safetensors").is_file());
    for (tensor, place) in [
        ("transformer.h.2.mlp.c_fc.weight", "in the feed-forward part of layer 3 of 4"),
        ("transformer.h.1.attn.c_proj.weight", "in the attention of layer 2 of 4"),
    ] {
        let folder = copy();
        overflowing(folder.path(), tensor);
        let results = Results::new();
        let spec = spec(folder.path(), SPEC);
        let model = folder.path().to_str().unwrap();
        let ran = output(&["run", &spec, "--model", model, "--out", results.path()]);
        let said = text(&ran.stdout);
        let name = folder.path().file_name().unwrap().to_str().unwrap();
        for words in [name, "1 item without an answer (not finite), such as c sky", "overflow f32"] {
            assert!(said.replace("\n   ", "").contains(words), "`{words}` is missing in\n{said}");
        }
        let items = fs::read_to_string(results.run().join("items.jsonl")).unwrap();
        let item: Value = serde_json::from_str(items.lines().next().unwrap()).unwrap();
        assert_eq!((&item["item"], &item["correct"]), (&json!("sky"), &Value::Null));
        assert_eq!(item["error"]["kind"], "not_finite");
        let message = item["error"]["message"].as_str().unwrap();
        assert!(message.contains(place), "{message}");
    }
}
