//! Keys of a `config.json` that have no say in what a model computes for a text that it is given.

/// Whether a key is one of them.
pub(super) fn has_no_say(key: &str) -> bool {
    // Private ones are notes of the library that wrote the file.
    key.starts_with('_')
        || ENDS.iter().any(|end| key.ends_with(end))
        || [&FILE[..], &TRAINING, &GENERATION, &ROUNDING, &UNUSED].iter().any(|keys| keys.contains(&key))
}

/// Of keys that only matter in training, in whatever place of the model.
const ENDS: [&str; 5] = ["_dropout", "_pdrop", "_dropout_prob", "_dropout_rate", "_loss_coef"];

/// About the file, the program that loads it, and what it gives back.
const FILE: [&str; 45] = [
    "add_cross_attention",
    "architectures",
    "attn_implementation",
    "auto_map",
    "bos_token",
    "chunk_size_feed_forward",
    "cross_attention_hidden_size",
    "decoder_start_token_id",
    "dtype",
    "finetuning_task",
    "flash_attn",
    "gradient_checkpointing",
    "id2label",
    "is_decoder",
    "is_encoder_decoder",
    "label2id",
    "model_type",
    "name_or_path",
    "num_labels",
    "output_attentions",
    "output_hidden_states",
    "output_router_logits",
    "pad_token_id",
    "prefix",
    "pretraining_tp",
    "problem_type",
    "pruned_heads",
    "quantization_config",
    "return_dict",
    "sep_token_id",
    "task_specific_params",
    "tf_legacy_loss",
    "tie_encoder_decoder",
    "tokenizer_class",
    "torch_dtype",
    "torchscript",
    "transformers_version",
    "unsloth_fixed",
    "unsloth_version",
    "use_bfloat16",
    "use_cache",
    "use_cache_quantization",
    "use_flash_attention",
    "use_flash_attention_2",
    "use_flash_attn",
];

/// About training, how it began, and other heads than that over the vocabulary.
const TRAINING: [&str; 22] = [
    "activation_dropout",
    "attention_dropout",
    "classifier_dropout",
    "dropout",
    "hidden_dropout",
    "init_device",
    "init_std",
    "initializer",
    "initializer_cutoff_factor",
    "initializer_range",
    "layerdrop",
    "rescale_prenorm_residual",
    "router_jitter_noise",
    "summary_activation",
    "summary_proj_to_labels",
    "summary_type",
    "summary_use_proj",
    "time_step_floor",
    "time_step_init_scheme",
    "time_step_max",
    "time_step_min",
    "time_step_scale",
];

/// About generating, which a spec decides.
const GENERATION: [&str; 30] = [
    "bad_words_ids",
    "begin_suppress_tokens",
    "diversity_penalty",
    "do_sample",
    "early_stopping",
    "encoder_no_repeat_ngram_size",
    "epsilon_cutoff",
    "eta_cutoff",
    "exponential_decay_length_penalty",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "length_penalty",
    "max_length",
    "max_new_tokens",
    "min_length",
    "min_new_tokens",
    "no_repeat_ngram_size",
    "num_beam_groups",
    "num_beams",
    "num_return_sequences",
    "output_scores",
    "penalty_alpha",
    "remove_invalid_values",
    "repetition_penalty",
    "return_dict_in_generate",
    "suppress_tokens",
    "temperature",
    "top_k",
    "top_p",
    "typical_p",
];

/// About the order or the width of the same computation; it is done in f32 here.
const ROUNDING: [&str; 8] = [
    "attention_softmax_in_fp32",
    "chunk_size",
    "reorder_and_upcast_attn",
    "residual_in_fp32",
    "scale_attention_softmax_in_fp32",
    "slow_but_exact",
    "use_associative_scan",
    "use_mambapy",
];

/// About nothing: transformers writes them and does not use them.
const UNUSED: [&str; 7] = [
    "embedding_fraction",
    "expansion_ratio",
    "learned_pos_emb",
    "n_ctx",
    "no_bias",
    "norm_type",
    "qk_head_dim",
];
