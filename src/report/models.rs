//! Which models can be run here, and what is known of one.

use serde_json::{Value, json};

use super::{
    quantity, summary,
    table::{Cell, Column, Look, Shape, Table},
    text,
};

/// Everything that can be run, and what is at hand.
#[derive(Clone, Debug)]
pub struct Models<'a> {
    /// Families of models with attention, by name.
    pub attention: Vec<&'a str>,
    /// Families of state-space models, by name.
    pub state_space: Vec<&'a str>,
    /// The folder of downloaded models, where one is known.
    pub cache: Option<String>,
    /// The built-in model, then those of the cache.
    pub models: Vec<Model>,
}

/// A checkpoint, as far as its config and the headers of its weights say.
#[derive(Clone, Debug)]
pub struct Model {
    /// Such as `openai-community/gpt2`.
    pub name: String,
    /// The commit of the repository.
    pub revision: Option<String>,
    /// As its config has it.
    pub family: Option<String>,
    /// Number formats of its tensors.
    pub dtypes: Vec<String>,
    /// Bytes of its files.
    pub bytes: u64,
    /// What keeps it from running.
    pub faults: Vec<Fault>,
}

/// What keeps a checkpoint from running.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Where, what, what was allowed, what was given.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// One checkpoint, looked at closely.
#[derive(Clone, Debug)]
pub struct Close {
    /// What is known of any.
    pub model: Model,
    /// Where all its parts fit together.
    pub size: Option<Size>,
    /// Where it can be used.
    pub tokenizer: Option<Tokenizer>,
    /// Bytes of memory that the machine can give, where it says so.
    pub available: Option<u64>,
    /// Keys of its config that are not read.
    pub unread: Vec<String>,
}

/// How large a model is.
#[derive(Clone, Debug)]
pub struct Size {
    /// Weights, those that are used twice counted once.
    pub parameters: u64,
    /// Bytes that they take in memory.
    pub memory: u64,
    /// The longest sequence in tokens, where there is a longest.
    pub context: Option<usize>,
    /// Rows of the embedding.
    pub vocabulary: usize,
}

/// What a tokenizer is.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    /// How it cuts.
    pub kind: String,
    /// What a text without a prompt is conditioned on.
    pub begins: Option<String>,
    /// Tokens that end a generated text.
    pub ends: Vec<String>,
}

impl Models<'_> {
    /// The models, one a row.
    pub fn table(&self) -> Table {
        let mut table = Table::new(vec![
            Column::new("model", "model", Shape::Name),
            Column::new("revision", "revision", Shape::Left),
            Column::new("family", "family", Shape::Left),
            Column::new("size", "bytes", Shape::Right),
            Column::new("weights", "dtypes", Shape::Left).droppable(0),
            Column::new("runs", "runs", Shape::Left),
        ]);
        table.rows.extend(self.models.iter().map(|model| {
            vec![
                Cell::Text(model.name.clone()),
                model.revision.clone().map_or(Cell::Empty, Cell::Text),
                model.family.clone().map_or(Cell::Empty, Cell::Text),
                Cell::count(usize::try_from(model.bytes).unwrap_or(usize::MAX)),
                Cell::Text(model.dtypes.join(", ")),
                model.runs(),
            ]
        }));
        table
    }

    /// For people: sizes are rounded, and a commit is cut.
    pub fn terminal(&self, look: &Look) -> String {
        let mut out = String::new();
        let mut paragraph = |line: String| {
            for line in text::wrap(&text::words(&line, look.charset), look.width, 2) {
                out.push_str(&line);
                out.push('\n');
            }
        };
        paragraph(format!("Families with attention: {}", self.attention.join(", ")));
        paragraph(format!("State-space families (texts of any length): {}", self.state_space.join(", ")));
        paragraph(String::new());
        let mut table = self.table();
        for (row, model) in table.rows.iter_mut().zip(&self.models) {
            row[1] = model
                .revision
                .as_ref()
                .map_or(Cell::Empty, |commit| Cell::Text(commit.chars().take(7).collect()));
            row[3] = Cell::Text(quantity::bytes(model.bytes));
        }
        out.push_str(&table.terminal(look));
        let note = match &self.cache {
            Some(cache) if self.models.len() == 1 => format!("The cache {cache} holds no model."),
            Some(cache) => format!("Downloaded models are in {cache}."),
            None => "No cache is known, for HOME is not set: set HF_HOME to a folder.".to_owned(),
        };
        out.push('\n');
        for line in text::wrap(&text::words(&format!(" {note}"), look.charset), look.width, 1) {
            out.push_str(&line);
            out.push('\n');
        }
        out
    }

    /// For scripts.
    pub fn json(&self) -> Value {
        let kind = |kind: &'static str| move |name: &&str| json!({ "family": name, "kind": kind });
        let attention = self.attention.iter().map(kind("attention"));
        let families: Vec<Value> =
            attention.chain(self.state_space.iter().map(kind("state-space"))).collect();
        let models: Vec<Value> = self.models.iter().map(Model::json).collect();
        json!({ "families": families, "cache": self.cache, "models": models })
    }
}

impl Model {
    fn runs(&self) -> Cell {
        match self.faults.as_slice() {
            [] => "yes".into(),
            // The rest is told of it alone.
            [first, ..] => Cell::Text(format!("no: {}", first.message.lines().next().unwrap_or_default())),
        }
    }

    fn json(&self) -> Value {
        let fault = |fault: &Fault| json!({ "message": fault.message, "remedy": fault.remedy });
        json!({
            "model": self.name,
            "revision": self.revision,
            "runs": self.faults.is_empty(),
            "family": self.family,
            "dtypes": self.dtypes,
            "bytes": self.bytes,
            "faults": self.faults.iter().map(fault).collect::<Vec<_>>(),
        })
    }
}

impl Close {
    /// What is known, one fact a row; what is not is left out.
    pub fn table(&self) -> Table {
        let mut table = Table::new(vec![
            Column::new("fact", "fact", Shape::Left),
            Column::new("value", "value", Shape::Left),
        ]);
        let mut fact = |name: &str, value: Option<Cell>| {
            table.rows.extend(value.map(|value| vec![name.into(), value]));
        };
        let Model { family, dtypes, bytes, faults, .. } = &self.model;
        fact("runs here", Some(if faults.is_empty() { "yes" } else { "no" }.into()));
        fact("family", family.clone().map(Cell::Text));
        fact("weights", (!dtypes.is_empty()).then(|| Cell::Text(dtypes.join(", "))));
        fact("files", Some(Cell::Text(quantity::bytes(*bytes))));
        let size = self.size.as_ref();
        fact("parameters", size.map(|size| number(size.parameters)));
        fact("memory needed", size.map(|size| Cell::Text(quantity::bytes(size.memory))));
        fact("memory available", self.available.map(|bytes| Cell::Text(quantity::bytes(bytes))));
        let context = |size: &Size| match size.context {
            Some(tokens) => Cell::Text(quantity::many(tokens, "token")),
            None => "any length".into(),
        };
        fact("context", size.map(context));
        fact("vocabulary", size.map(|size| Cell::Text(quantity::many(size.vocabulary, "token"))));
        let tokenizer = self.tokenizer.as_ref();
        fact("tokenizer", tokenizer.map(|tokenizer| Cell::Text(tokenizer.kind.clone())));
        let begins = |tokenizer: &Tokenizer| tokenizer.begins.clone().map_or("nothing".into(), Cell::Token);
        fact("begins a text", tokenizer.map(begins));
        let ends = |tokenizer: &Tokenizer| match tokenizer.ends.as_slice() {
            [] => "nothing".into(),
            ends => Cell::Token(ends.join(", ")),
        };
        fact("ends a text", tokenizer.map(ends));
        table
    }

    /// For people: the facts, then every reason why it does not run.
    pub fn terminal(&self, look: &Look) -> String {
        let title = summary::model(&self.model.name, self.model.revision.as_deref());
        let mut out = format!("{}\n\n", text::words(&title, look.charset));
        out.push_str(&self.table().terminal(look));
        let mut paragraph = |line: &str, indent: usize| {
            for line in text::wrap(&text::words(line, look.charset), look.width, indent) {
                out.push_str(&line);
                out.push('\n');
            }
        };
        if !self.unread.is_empty() {
            paragraph("", 0);
            paragraph(&format!(" {}", unread(&self.model.name, &self.unread)), 1);
        }
        for Fault { message, remedy } in &self.model.faults {
            paragraph("", 0);
            for line in message.lines() {
                paragraph(&format!(" {line}"), 3);
            }
            paragraph(&format!(" → {remedy}"), 3);
        }
        out
    }

    /// For scripts.
    pub fn json(&self) -> Value {
        let mut json = self.model.json();
        json["parameters"] = json!(self.size.as_ref().map(|size| size.parameters));
        json["memory"] = json!(self.size.as_ref().map(|size| size.memory));
        json["available_memory"] = json!(self.available);
        json["context"] = json!(self.size.as_ref().and_then(|size| size.context));
        json["vocabulary"] = json!(self.size.as_ref().map(|size| size.vocabulary));
        json["tokenizer"] = match &self.tokenizer {
            Some(Tokenizer { kind, begins, ends }) => json!({ "kind": kind, "begins": begins, "ends": ends }),
            None => Value::Null,
        };
        json["unread_config_keys"] = json!(self.unread);
        json
    }
}

/// Says of keys of a model's config that they are not read.
pub fn unread(model: &str, keys: &[String]) -> String {
    let keys = keys.join("`, `");
    format!(
        "config.json of {model} has what is not read here: `{keys}`. If the model's own code computes something by it, its \
         answers are others"
    )
}

fn number(count: u64) -> Cell {
    Cell::count(usize::try_from(count).unwrap_or(usize::MAX))
}
