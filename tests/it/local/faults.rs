//! Checkpoints that cannot be run: each says what is wrong, before anything is scored, and none is a panic.

use std::{fs, path::Path};

use serde_json::{Value, json};
use yardstick::engine::local::{Checkpoint, CheckpointError, Files, Local, Options, Origin};

use super::data;

pub(super) const MODEL: &str = "src/reference/model";

/// The built-in model's files in a folder of their own.
pub(super) fn copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
        fs::copy(Path::new(MODEL).join(name), folder.path().join(name)).unwrap();
    }
    folder
}

/// What is said of the built-in model after some damage.
#[track_caller]
pub(super) fn fault(damage: impl FnOnce(&Path)) -> String {
    let folder = copy();
    damage(folder.path());
    message(folder.path())
}

#[track_caller]
pub(super) fn message(folder: &Path) -> String {
    let origin = Origin { source: "a test".into(), revision: None };
    let opened = Checkpoint::open(Files::Folder(folder.to_owned()));
    let error =
        opened.and_then(|checkpoint| Local::load("model", origin, &checkpoint, Options::default())).err();
    error.expect("a fault was made").to_string().replace(&folder.display().to_string(), "FOLDER")
}

pub(super) fn edit(folder: &Path, change: impl FnOnce(&mut Value)) {
    let file = folder.join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    change(&mut config);
    fs::write(file, config.to_string()).unwrap();
}

/// Replaces the header of the weights.
fn edit_header(folder: &Path, change: impl FnOnce(&mut Value)) {
    let file = folder.join("model.safetensors");
    let bytes = fs::read(&file).unwrap();
    let len = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
    let mut header: Value = serde_json::from_slice(&bytes[8..8 + len]).unwrap();
    change(&mut header);
    let header = header.to_string();
    let parts = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &bytes[8 + len..]];
    fs::write(file, parts.concat()).unwrap();
}

#[track_caller]
pub(super) fn says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in:\n{message}");
    }
}

#[test]
fn files_that_are_missing_are_named_with_what_was_found() {
    let folder = tempfile::tempdir().unwrap();
    says(&message(&folder.path().join("nowhere")), &["FOLDER: No such file"]);
    says(&message(folder.path()), &["no `config.json`", "found: nothing"]);
    let weights = fault(|folder| fs::remove_file(folder.join("model.safetensors")).unwrap());
    says(&weights, &["no weights", "pytorch_model.bin.index.json", "found: `config.json`, `tokenizer.json`"]);
    let tokenizer = fault(|folder| fs::remove_file(folder.join("tokenizer.json")).unwrap());
    says(&tokenizer, &["FOLDER has no `tokenizer.json`", "`model.safetensors`"]);
}

#[test]
fn configs_that_cannot_be_are_refused_with_all_their_faults() {
    says(
        &fault(|folder| fs::write(folder.join("config.json"), "{\"a\": ").unwrap()),
        &["`config.json`", "line 1"],
    );
    says(&fault(|folder| fs::write(folder.join("config.json"), "[]").unwrap()), &["not a JSON object"]);
    says(
        &fault(|folder| fs::write(folder.join("config.json"), [0xff, 0xfe]).unwrap()),
        &["not a JSON object"],
    );
    says(
        &fault(|folder| edit(folder, |config| config["model_type"] = json!("rwkv"))),
        &["`model_type: rwkv`", "gpt2", "llama", "mamba2", "vLLM, TGI or llama.cpp"],
    );
    says(&fault(|folder| fs::write(folder.join("config.json"), "{}").unwrap()), &["`model_type: nothing`"]);
    let faults = fault(|folder| {
        edit(folder, |config| {
            config["n_head"] = json!(0);
            config["n_embd"] = json!(-3);
            config["layer_norm_epsilon"] = json!("small");
            config["activation_function"] = json!("gelo");
            config["n_layer"] = json!(3_000_000);
            config["quantization_config"] = json!({ "quant_method": "gptq" });
        });
    });
    says(
        &faults,
        &["`n_head` is 0", "`n_embd` is -3", "\"small\"", "\"gelo\"", "gelu_new", "3000000 layers", "gptq"],
    );
    says(
        &fault(|folder| edit(folder, |config| config["n_head"] = json!(7))),
        &["`n_embd` (128)", "`n_head` (7)"],
    );
    says(&fault(|folder| edit(folder, |config| config["vocab_size"] = json!(u64::MAX))), &["`vocab_size`"]);
}

#[test]
fn tensors_that_do_not_fit_the_config_are_all_named() {
    let shapes = fault(|folder| edit(folder, |config| config["n_inner"] = json!(100)));
    says(
        &shapes,
        &["`transformer.h.0.mlp.c_fc.weight` has shape [128, 512]; the config makes it [128, 100]", "and "],
    );
    let missing = fault(|folder| edit(folder, |config| config["n_layer"] = json!(5)));
    says(&missing, &["missing: `transformer.h.4.attn.c_attn.weight`", "and 4 more", "the files hold"]);
    let dtype = fault(|folder| {
        edit_header(folder, |header| {
            for tensor in header.as_object_mut().unwrap().values_mut() {
                if tensor["dtype"] == "F16" {
                    tensor["dtype"] = json!("I16");
                }
            }
        });
    });
    says(&dtype, &["I16", "f32, f16, bf16"]);
}

#[test]
fn weights_that_are_damaged_are_refused() {
    let cut = |len: usize| {
        move |folder: &Path| {
            let file = folder.join("model.safetensors");
            let bytes = fs::read(&file).unwrap();
            fs::write(file, &bytes[..len]).unwrap();
        }
    };
    says(&fault(cut(0)), &["`model.safetensors` has 0 bytes", "download"]);
    says(&fault(cut(100)), &["its header ends at byte", "download"]);
    says(&fault(cut(2_000_000)), &["download"]);
    says(
        &fault(|folder| fs::write(folder.join("model.safetensors"), [0xff; 64]).unwrap()),
        &["header has 18446744073709551615 bytes"],
    );
    says(
        &fault(|folder| fs::write(folder.join("model.safetensors"), b"\x02\0\0\0\0\0\0\0{]").unwrap()),
        &["not valid JSON"],
    );
    let first = |header: &mut Value, change: fn(&mut Value)| {
        let tensors = header.as_object_mut().unwrap();
        change(tensors.iter_mut().find(|(name, _)| *name != "__metadata__").unwrap().1);
    };
    let lies: [(fn(&mut Value), &str); 4] = [
        (|tensor| tensor["data_offsets"] = json!([0, 1_u64 << 60]), "download"),
        (|tensor| tensor["data_offsets"] = json!([9, 3]), "bytes 9 to 3"),
        (|tensor| tensor["shape"] = json!([1_u64 << 40, 1_u64 << 40]), "is not what shape"),
        (|tensor| tensor["shape"] = json!("many"), "not understood"),
    ];
    for (change, said) in lies {
        says(&fault(|folder| edit_header(folder, |header| first(header, change))), &[said]);
    }
    let overlap = fault(|folder| {
        edit_header(folder, |header| {
            let (a, b) = ("transformer.h.0.ln_1.weight", "transformer.h.0.ln_2.weight");
            header[a]["data_offsets"] = header[b]["data_offsets"].clone();
        });
    });
    assert!(overlap.contains("where another one lies") || overlap.contains("belong to none"), "{overlap}");
    let nan = fault(|folder| {
        let file = folder.join("model.safetensors");
        let mut bytes = fs::read(&file).unwrap();
        let last = bytes.len() - 2;
        bytes[last..].copy_from_slice(&0x7e00_u16.to_le_bytes());
        fs::write(file, bytes).unwrap();
    });
    says(&nan, &["not finite", "tensor `transformer."]);
}

#[test]
fn an_index_names_files_beside_it() {
    let index = |map: Value| {
        fault(move |folder| {
            fs::remove_file(folder.join("model.safetensors")).unwrap();
            fs::write(folder.join("model.safetensors.index.json"), json!({ "weight_map": map }).to_string())
                .unwrap();
        })
    };
    says(
        &index(json!({ "a": "model-1.safetensors", "b": "model-2.safetensors" })),
        &["missing: model-1.safetensors, model-2.safetensors"],
    );
    says(&index(json!({ "a": "../../secret.safetensors" })), &["a file beside it"]);
    says(&index(json!({ "a": 3 })), &["a file beside it"]);
    says(&index(json!([])), &["no object `weight_map`"]);
}

#[test]
fn tokenizers_that_do_not_belong_to_the_model_are_refused() {
    says(
        &fault(|folder| fs::write(folder.join("tokenizer.json"), "{").unwrap()),
        &["`tokenizer.json` cannot be read"],
    );
    let large = fault(|folder| {
        let file = folder.join("tokenizer.json");
        let mut tokenizer: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        tokenizer["model"]["vocab"]["tooLarge"] = json!(9999);
        fs::write(file, tokenizer.to_string()).unwrap();
    });
    says(&large, &["ids up to 9999", "`tooLarge`", "2560 rows"]);
}

#[test]
fn a_description_needs_no_weights() {
    let description = Checkpoint::reference().unwrap().description();
    // 2560 × 128 + 256 × 128 + 4 × (12 × 128² + 13 × 128) + 2 × 128.
    assert_eq!(description.parameters, 1_153_792);
    assert_eq!((description.family, description.context, description.vocabulary), ("gpt2", Some(256), 2560));
    assert_eq!(description.dtypes, ["f16"]);
    assert_eq!(
        description.file_bytes,
        fs::metadata(Path::new(MODEL).join("model.safetensors")).unwrap().len()
    );
    assert!(
        description.memory >= 4 * (description.parameters - 10_000)
            && description.memory < 5 * description.parameters
    );
}

/// Flips some bytes of a file and looks at the checkpoint; any answer but a panic is right.
#[test]
fn no_damage_to_a_file_is_a_panic() {
    let Some(families) = data("families") else { return };
    let mut seed = 7_u64;
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap()
    };
    let mut refused = 0;
    for (family, name) in [
        ("gpt2-hub-bin", "pytorch_model.bin"),
        ("llama-tied", "model.safetensors"),
        ("llama-rope-yarn", "config.json"),
        ("llama-sharded", "model.safetensors.index.json"),
        ("gpt2", "tokenizer.json"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(families.join(family)).unwrap() {
            let path = entry.unwrap().path();
            fs::write(folder.path().join(path.file_name().unwrap()), fs::read(&path).unwrap()).unwrap();
        }
        let whole = fs::read(families.join(family).join(name)).unwrap();
        for _ in 0..60 {
            let mut bytes = whole.clone();
            for _ in 0..=random() % 4 {
                // Most of what is read first lies at the ends.
                let len = bytes.len();
                let at = if random() % 2 == 0 {
                    random() % len.min(3000)
                } else {
                    len - 1 - random() % len.min(6000)
                };
                bytes[at] = u8::try_from(random() % 256).unwrap();
            }
            if random() % 8 == 0 {
                bytes.truncate(random() % whole.len());
            }
            fs::write(folder.path().join(name), bytes).unwrap();
            let opened = Checkpoint::open(Files::Folder(folder.path().to_owned()));
            let loaded = opened.and_then(|checkpoint| {
                let origin = Origin { source: "a test".into(), revision: None };
                Local::load("model", origin, &checkpoint, Options::default())
            });
            refused += usize::from(loaded.is_err());
        }
    }
    println!("{refused} of 300 damaged checkpoints were refused");
    assert!(refused > 100);
    assert!(matches!(
        Checkpoint::open(Files::Folder("nowhere at all".into())),
        Err(CheckpointError::Folder { .. })
    ));
}
