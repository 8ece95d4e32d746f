"""Makes tests/goldens/families: for each member of the LLaMA family whose layers
differ from LLaMA's a tiny model with random weights, as a Hugging Face folder,
with the losses and gradients of transformers in double precision.

golden.json: rows of token ids, the mean loss of every token that follows one,
but those of row 1 after positions 0 to 9; grads.safetensors: its gradient.

usage: families.py (transformers 4.53 and PyTorch)
"""
import json
import pathlib

import torch
import transformers
from safetensors.torch import save_file

WORK = pathlib.Path(__file__).resolve().parent / "families"
VOCAB = 40
SIZES = {"vocab_size": VOCAB, "hidden_size": 16, "intermediate_size": 24,
         "num_hidden_layers": 2, "num_attention_heads": 2,
         "num_key_value_heads": 1, "max_position_embeddings": 64,
         "tie_word_embeddings": True, "rms_norm_eps": 1e-5,
         "rope_theta": 1000.0}
FAMILIES = {
    "qwen2": ("Qwen2Config", {"use_sliding_window": False}),
    "qwen3": ("Qwen3Config", {"head_dim": 12}),
    "mistral": ("MistralConfig", {"sliding_window": 5, "head_dim": 8}),
    "llama3": ("LlamaConfig", {"rope_scaling": {
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 32}}),
    "smollm3": ("SmolLM3Config", {
        "num_hidden_layers": 3, "bos_token_id": 0, "eos_token_id": 0,
        "pad_token_id": 0, "no_rope_layers": [1, 0, 1],
        "no_rope_layer_interval": 2}),
}


def make(name, config_class, settings):
    torch.manual_seed(3)
    config = getattr(transformers, config_class)(**{**SIZES, **settings})
    model = transformers.AutoModelForCausalLM.from_config(
        config, attn_implementation="eager").double()
    with torch.no_grad():
        for values in model.parameters(): # sixteenths: exact in every type
            values.copy_(torch.randint(-8, 9, values.shape) / 16)
            if values.dim() == 1:
                values.add_(1)
    ids = [torch.randint(0, VOCAB, (n,)) for n in (21, 14, 9)]
    losses = []
    for row, tokens in enumerate(ids):
        logits = model(tokens[None]).logits[0, :-1]
        loss = torch.nn.functional.cross_entropy(logits, tokens[1:],
                                                 reduction="none")
        losses.append(loss[10:] if row == 1 else loss)
    loss = torch.cat(losses).mean()
    loss.backward()
    folder = WORK / name
    gradients = {key: values.grad.float() for key, values
                 in model.named_parameters()}
    model.zero_grad()
    model.half().save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    save_file(gradients,
              folder / "grads.safetensors", metadata={"format": "pt"})
    (folder / "golden.json").write_text(json.dumps(
        {"ids": [tokens.tolist() for tokens in ids],
         "masked_loss": loss.item()}) + "\n")


for family in FAMILIES:
    make(family, *FAMILIES[family])
