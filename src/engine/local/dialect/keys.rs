//! Reads the values of a GGUF header into the keys of a config, and collects everything that is wrong with them.

use serde_json::{Map, Value as Json, json};

use crate::engine::local::{
    checkpoint::MOST_LAYERS,
    family::MOST_EXPERTS,
    weights::{
        Weights,
        gguf::{Metadata, Value},
    },
};

/// A config that is being made.
pub(super) struct Keys<'a> {
    architecture: &'a str,
    metadata: &'a Metadata,
    weights: &'a Weights,
    config: Map<String, Json>,
    faults: Vec<String>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(architecture: &'a str, metadata: &'a Metadata, weights: &'a Weights) -> Self {
        Self { architecture, metadata, weights, config: Map::new(), faults: Vec::new() }
    }

    /// The config, or all that is wrong.
    pub(super) fn finish(self) -> Result<Map<String, Json>, Vec<String>> {
        if self.faults.is_empty() { Ok(self.config) } else { Err(self.faults) }
    }

    /// Notes what is wrong.
    pub(super) fn fault(&mut self, fault: impl Into<String>) {
        self.faults.push(fault.into());
    }

    /// Writes a key of the config.
    pub(super) fn put(&mut self, key: &str, value: impl Into<Json>) {
        self.config.insert(key.to_owned(), value.into());
    }

    /// Whether there is a tensor.
    pub(super) fn has(&self, tensor: &str) -> bool {
        self.weights.get(tensor).is_some()
    }

    /// What every architecture has: sizes, special tokens, and whether the embedding is the head too.
    pub(super) fn common(&mut self) {
        self.size("embedding_length", "hidden_size");
        self.size("block_count", "num_hidden_layers");
        self.size("feed_forward_length", "intermediate_size");
        self.size("attention.head_count", "num_attention_heads");
        self.size("context_length", "max_position_embeddings");
        match self.weights.get("token_embd.weight").map(|tensor| tensor.shape.as_slice()) {
            Some([rows, _]) => self.put("vocab_size", *rows),
            Some(shape) => {
                self.fault(format!("tensor `token_embd.weight` has shape {shape:?}; a matrix is needed"));
            }
            None => self.fault("tensor `token_embd.weight` is missing"),
        }
        self.put("tie_word_embeddings", !self.has("output.weight"));
        let id = |key: &str| self.metadata.unsigned(&format!("tokenizer.ggml.{key}"));
        let ends: Vec<u64> = ["eos_token_id", "eot_token_id"].into_iter().filter_map(id).collect();
        let begin = id("bos_token_id");
        self.put("bos_token_id", begin);
        self.put("eos_token_id", ends);
    }

    /// How many experts there are, where there are some.
    pub(super) fn experts(&mut self) -> Option<usize> {
        let count = usize::try_from(self.whole("expert_count")?).unwrap_or(usize::MAX);
        if count > MOST_EXPERTS {
            self.fault(format!("{count} experts; at most {MOST_EXPERTS} are allowed"));
            return None;
        }
        (count > 0).then_some(count)
    }

    /// How experts are chosen and weighted; `normed` is whether the weights of the chosen ones are made to add up to 1, where
    /// no key says so.
    pub(super) fn mixture(&mut self, normed: bool) {
        for key in ["num_experts", "num_local_experts"] {
            self.size("expert_count", key);
        }
        self.size("expert_used_count", "num_experts_per_tok");
        let normed = match self.own("expert_weights_norm") {
            Some(Value::Flag(said)) => *said,
            _ => normed,
        };
        self.put("norm_topk_prob", normed);
        // Layers without experts are those whose tensors say so.
        let layers = self.whole("block_count").unwrap_or_default().min(MOST_LAYERS as u64);
        let dense = (0..layers).filter(|layer| !self.has(&format!("blk.{layer}.ffn_gate_inp.weight")));
        let dense: Vec<u64> = dense.collect();
        self.put("mlp_only_layers", dense);
        // 1 is a softmax over all experts, and 0 says nothing.
        let gating = self.whole("expert_gating_func").filter(|given| *given > 1).map(|given| given as f64);
        let scale = self.number("expert_weights_scale").filter(|given| given.abs() > 0.0);
        let scale = scale.filter(|given| (given - 1.0).abs() > 1e-6);
        for (key, given) in [("expert_gating_func", gating), ("expert_weights_scale", scale)] {
            if let Some(given) = given {
                self.fault(format!("`{}.{key}` is {given}; 1 is read", self.architecture));
            }
        }
    }

    /// Heads for keys, and the size of each.
    pub(super) fn heads(&mut self) {
        let queries = self.whole("attention.head_count").unwrap_or(1).max(1);
        let keys = self.whole("attention.head_count_kv").unwrap_or(queries);
        self.put("num_key_value_heads", keys);
        if let Some(dim) = self.head_dim() {
            self.put("head_dim", dim);
            let values = self.whole("attention.value_length").unwrap_or(dim);
            if values != dim {
                self.fault(format!(
                    "heads have {dim} values of a key and {values} of a value; only equal sizes are read"
                ));
            }
        }
    }

    /// Values of a head, where they can be known.
    pub(super) fn head_dim(&self) -> Option<u64> {
        let (hidden, heads) = (self.whole("embedding_length")?, self.whole("attention.head_count")?.max(1));
        self.whole("attention.key_length").or_else(|| hidden.is_multiple_of(heads).then_some(hidden / heads))
    }

    /// The rotation, in the words of transformers 4; a part of each head only where the family can do that.
    pub(super) fn rotation(&mut self, part: bool) {
        let base = self.number("rope.freq_base").unwrap_or(10_000.0);
        self.put("rope_theta", base);
        if let (Some(rotated), Some(dim)) = (self.whole("rope.dimension_count"), self.head_dim())
            && rotated != dim
        {
            if part {
                self.put("partial_rotary_factor", rotated as f64 / dim as f64);
            } else {
                self.fault(format!(
                    "{rotated} of the {dim} values of a head are rotated; all of them are in this family"
                ));
            }
        }
        let factor = self.number("rope.scaling.factor").or_else(|| self.number("rope.scale_linear"));
        let trained = self.whole("rope.scaling.original_context_length");
        let key = format!("{}.rope.scaling.type", self.architecture);
        let kind = self.metadata.text(&key).or(factor.map(|_| "linear"));
        match (kind, factor) {
            (None | Some("none"), _) => {}
            (Some("linear"), Some(factor)) => {
                self.put("rope_scaling", json!({ "rope_type": "linear", "factor": factor }));
            }
            (Some("yarn"), Some(factor)) => {
                let mut scaling = json!({ "rope_type": "yarn", "factor": factor });
                if let Some(trained) = trained {
                    scaling["original_max_position_embeddings"] = trained.into();
                }
                self.put("rope_scaling", scaling);
            }
            // The factors are in tensors of their own.
            (Some("longrope"), _) => {}
            (Some(kind), factor) => self.fault(format!("`{key}` is `{kind}` with the factor {factor:?}; `none`, `linear`, `yarn` and `longrope` are read")),
        }
        if let Some(trained) = trained {
            self.put("original_max_position_embeddings", trained);
        }
    }

    /// What each frequency is divided by, under the name that the list has in the config.
    pub(super) fn put_factors(&mut self, name: &str, factors: &[f32]) {
        let kind = if name == "factors" { "factors" } else { "longrope" };
        let scaling = self.config.entry("rope_scaling").or_insert_with(|| json!({}));
        scaling["rope_type"] = kind.into();
        scaling[name] = json!(factors);
        if let Some(factor) = self.number("rope.scaling.attn_factor") {
            self.config["rope_scaling"]["attention_factor"] = factor.into();
        }
    }

    /// A size that must be there.
    pub(super) fn size(&mut self, own: &str, key: &str) {
        match self.whole(own) {
            Some(size) => self.put(key, size),
            None => self.wrong(own, "a whole number"),
        }
    }

    /// A number that must be there.
    pub(super) fn float(&mut self, own: &str, key: &str) {
        match self.number(own) {
            Some(number) => self.put(key, number),
            None => self.wrong(own, "a number"),
        }
    }

    /// A number that may be there.
    pub(super) fn optional_float(&mut self, own: &str, key: &str) {
        if let Some(number) = self.number(own) {
            self.put(key, number);
        }
    }

    /// A whole number of the architecture's; a list of the same number for every layer is that number.
    pub(super) fn whole(&self, own: &str) -> Option<u64> {
        match self.own(own)? {
            Value::Unsigned(number) => Some(*number),
            Value::Signed(number) => u64::try_from(*number).ok(),
            Value::Integers(numbers) => {
                let first = numbers.first()?;
                numbers.iter().all(|number| number == first).then(|| u64::try_from(*first).ok())?
            }
            _ => None,
        }
    }

    /// A number of the architecture's.
    pub(super) fn number(&self, own: &str) -> Option<f64> {
        match self.own(own)? {
            Value::Float(number) => Some(*number),
            Value::Unsigned(number) => Some(*number as f64),
            Value::Signed(number) => Some(*number as f64),
            _ => None,
        }
    }

    fn own(&self, own: &str) -> Option<&'a Value> {
        self.metadata.get(&format!("{}.{own}", self.architecture))
    }

    fn wrong(&mut self, own: &str, allowed: &str) {
        let key = format!("{}.{own}", self.architecture);
        let given = match self.own(own) {
            None => "missing".to_owned(),
            Some(Value::Texts(_) | Value::Integers(_) | Value::Floats(_) | Value::Others { .. }) => {
                "a list that differs by layer".to_owned()
            }
            Some(value) => format!("{value:?}"),
        };
        self.fault(format!("`{key}` is {given}; {allowed} is needed"));
    }
}
