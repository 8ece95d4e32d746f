"""The families of models that `pith convert` reads, as tiny random models made
by transformers, and the GGUF files that llama.cpp's converter makes of them.
"""
import gguf
import numpy
import torch
import transformers
from word_patterns import write_gguf_tokenizer

WIDTH, HEADS, POSITIONS, VOCAB = 64, 4, 640, 700

# --- models -------------------------------------------------------------------

LLAMA3_ROPE = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
               "high_freq_factor": 4.0,
               "original_max_position_embeddings": 64}

# Family: what of it, class of the configuration, tokenizer, GGUF's
# architecture, settings.
FAMILIES = [
    ("gpt2 medium to XL", "GPT2Config", "gpt2", "gpt2", {"n_layer": 4}),
    ("distilgpt2", "GPT2Config", "gpt2", "gpt2", {"n_layer": 1}),
    ("llama 2", "LlamaConfig", "gpt2", "llama", {}),
    ("codellama", "LlamaConfig", "gpt2", "llama",
     {"rope_theta": 1e6, "vocab_size": 716}),
    ("tinyllama", "LlamaConfig", "gpt2", "llama",
     {"num_key_value_heads": 1, "num_hidden_layers": 5}),
    ("llama, linear", "LlamaConfig", "gpt2", "llama",
     {"rope_scaling": {"rope_type": "linear", "factor": 4.0}}),
    ("llama 3", "LlamaConfig", "llama3", "llama",
     {"rope_theta": 5e5, "rms_norm_eps": 1e-5}),
    ("llama 3.1", "LlamaConfig", "llama3", "llama",
     {"rope_theta": 5e5, "rope_scaling": LLAMA3_ROPE}),
    ("llama 3.2, tied", "LlamaConfig", "llama3", "llama",
     {"rope_theta": 5e5, "rope_scaling": {**LLAMA3_ROPE, "factor": 32.0},
      "tie_word_embeddings": True, "head_dim": 32}),
    ("mistral 0.1", "MistralConfig", "gpt2", "llama", {"sliding_window": 7}),
    ("mistral, wide window", "MistralConfig", "gpt2", "llama",
     {"sliding_window": 200}),
    ("mistral 0.3", "MistralConfig", "gpt2", "llama",
     {"sliding_window": None, "head_dim": 32}),
    ("qwen2", "Qwen2Config", "qwen2", "qwen2", {"use_sliding_window": False}),
    ("qwen2.5, tied", "Qwen2Config", "qwen2", "qwen2",
     {"rope_theta": 1e6, "tie_word_embeddings": True}),
    ("qwen3", "Qwen3Config", "qwen2", "qwen3", {"head_dim": 32}),
    ("qwen3, tied", "Qwen3Config", "qwen2", "qwen3",
     {"head_dim": 24, "tie_word_embeddings": True}),
    ("smollm2", "LlamaConfig", "smollm", "llama",
     {"tie_word_embeddings": True}),
    ("smollm3", "SmolLM3Config", "llama3, by merges", "smollm3",
     {"num_hidden_layers": 9, "pad_token_id": 0}),
]


def random_model(config_class, settings):
    torch.manual_seed(1)
    sizes = ({"n_embd": WIDTH, "n_head": HEADS, "n_positions": POSITIONS}
             if config_class == "GPT2Config" else
             {"hidden_size": WIDTH, "intermediate_size": 96,
              "num_hidden_layers": 2, "num_attention_heads": HEADS,
              "num_key_value_heads": 2, "max_position_embeddings": POSITIONS})
    config = getattr(transformers, config_class)(
        **{"vocab_size": VOCAB, **sizes, **settings})
    model = transformers.AutoModelForCausalLM.from_config(
        config, attn_implementation="eager").float().eval()
    with torch.no_grad():
        for name, values in model.named_parameters():
            if name.endswith("bias"):
                values.normal_(0, 0.3)
            elif values.dim() == 1:
                values.normal_(1, 0.2)
            else:
                values.normal_(0, 0.15)
    return model


# --- GGUF ---------------------------------------------------------------------

GPT2_NAMES = {"wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm",
              "ln_1": "attn_norm", "ln_2": "ffn_norm", "attn.c_attn": "attn_qkv",
              "attn.c_proj": "attn_output", "mlp.c_fc": "ffn_up",
              "mlp.c_proj": "ffn_down"}
LLAMA_NAMES = {"embed_tokens": "token_embd", "norm": "output_norm",
               "lm_head": "output", "self_attn.q_proj": "attn_q",
               "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
               "self_attn.q_norm": "attn_q_norm",
               "self_attn.k_norm": "attn_k_norm",
               "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate",
               "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
               "input_layernorm": "attn_norm",
               "post_attention_layernorm": "ffn_norm"}


def gguf_tensors(model, arch):
    """Names and values as llama.cpp's converter has them."""
    config = model.config
    names = GPT2_NAMES if arch == "gpt2" else LLAMA_NAMES
    for name, values in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        parts = name.removeprefix("transformer.").removeprefix("model.")
        stem, kind = parts.rsplit(".", 1)
        at = ""
        if stem.startswith(("h.", "layers.")):
            _, layer, stem = stem.split(".", 2)
            at = f"blk.{layer}."
        values = values.numpy()
        if arch == "gpt2" and ".c_" in "." + stem and values.ndim == 2:
            values = values.T
        if (stem in ("self_attn.q_proj", "self_attn.k_proj") and
                arch in ("llama", "smollm3")):
            dim = model.model.layers[0].self_attn.head_dim
            values = (values.reshape(-1, 2, dim // 2, WIDTH).swapaxes(1, 2)
                      .reshape(values.shape))
        yield at + names[stem] + "." + kind, numpy.ascontiguousarray(values)


def add_scaling(writer, config):
    scaling = getattr(config, "rope_scaling", None) or {}
    if scaling.get("rope_type") == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(scaling["factor"])
    if scaling.get("rope_type") == "llama3":
        dim = getattr(config, "head_dim", None) or WIDTH // HEADS
        frequency = config.rope_theta ** -(numpy.arange(0, dim, 2) / dim)
        waves = 2 * numpy.pi / frequency
        old = scaling["original_max_position_embeddings"]
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        smooth = numpy.clip((old / waves - low) / (high - low), 0, 1)
        writer.add_tensor("rope_freqs.weight", (
            1 / ((1 - smooth) / scaling["factor"] + smooth)).astype("float32"))


def write_gguf(path, model, arch, tokenizer_name, fast):
    config = model.config
    writer = gguf.GGUFWriter(path, arch)
    writer.add_context_length(POSITIONS)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(HEADS)
    if arch == "gpt2":
        writer.add_feed_forward_length(4 * WIDTH)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
    else:
        dim = model.model.layers[0].self_attn.head_dim
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_rope_freq_base(config.rope_theta)
        writer.add_rope_dimension_count(dim)
        writer.add_key_length(dim)
        writer.add_value_length(dim)
        if config.model_type == "mistral" and config.sliding_window:
            writer.add_sliding_window(config.sliding_window)
        add_scaling(writer, config)
    write_gguf_tokenizer(writer, fast, tokenizer_name)
    for name, values in gguf_tensors(model, arch):
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
