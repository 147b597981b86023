//! GPT-BigCode, the form of SantaCoder and StarCoder (Li et al. 2023): GPT-2 with one key for all queries.

use super::{
    Family,
    arch::Arch,
    gpt2::{Form, of_form},
    tensors::Fused,
};
use crate::engine::local::config::Config;

pub(super) const FAMILY: Family = Family { name: "gpt_bigcode", read };

fn read(config: &Config<'_>) -> Arch {
    config.aside(&["num_key_value_heads"]);
    // With one key, all queries come first; else each head has its query, key and value together.
    let one = config.flag_or("multi_query", true);
    of_form(config, |queries| Form {
        keys: if one { 1 } else { queries },
        fused: if one { Fused::Apart } else { Fused::Grouped },
        inputs_first: false,
        by_layer: false,
    })
}
