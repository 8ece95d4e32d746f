"""Each family of models that `pith convert` reads, as a tiny random model made
by transformers: its token ids and losses, from a Hugging Face folder and from
a GGUF file, are those of PyTorch in single precision.

usage: families.py PROGRAM FOLDER
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import numpy
import torch
from checkpoints import sample_text
from family_models import FAMILIES, random_model, write_gguf
from word_patterns import EOS, byte_level_tokenizer

PROGRAM, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
TEXT_BYTES = 1000
LIMIT = 1e-4  # the losses may differ by this much


def losses(model, ids):
    """Of each id after the first."""
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0, :-1]
    return torch.nn.functional.cross_entropy(
        logits, torch.tensor(ids[1:]), reduction="none").numpy()


# --- comparing ----------------------------------------------------------------


def run(*arguments, **more):
    done = subprocess.run([PROGRAM, *map(str, arguments)], text=True,
                          capture_output=True, timeout=60, **more)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def check_losses(name, source, model, fast, text):
    """The largest difference of a loss."""
    run("convert", source, WORK / "out.pith")
    scored = json.loads(run("score", "-m", WORK / "out.pith", "--precision",
                            "f32", "--format", "json", input=text))["tokens"]
    ids = fast.encode(text, add_special_tokens=False)
    assert [token["id"] for token in scored] == ids, name
    want = losses(model, [fast.convert_tokens_to_ids(EOS), *ids])
    got = numpy.array([token["loss"] for token in scored])
    worst = float(numpy.abs(got - want).max())
    assert worst < LIMIT, (name, worst)
    return worst


def check_family(name, config_class, tokenizer_name, arch, settings):
    model = random_model(config_class, settings)
    fast = byte_level_tokenizer(tokenizer_name)
    folder = WORK / name
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    text = "\n".join(sample_text()[32:])[:TEXT_BYTES]
    worst = check_losses(name, folder, model, fast, text)
    path = WORK / (name + ".gguf")
    write_gguf(path, model, arch, tokenizer_name, fast)
    worst_gguf = check_losses(name + ", GGUF", path, model, fast, text)
    print(f"{name}: losses within {worst:.1e} of PyTorch, {worst_gguf:.1e} "
          "from GGUF")


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    torch.set_num_threads(1)
    for family in FAMILIES:
        if not sys.argv[3:] or any(word in family[0] for word in sys.argv[3:]):
            check_family(*family)
    shutil.rmtree(WORK)


main()
