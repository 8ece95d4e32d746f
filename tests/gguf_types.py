"""GGUF's quantised types against the gguf package, which is PyPI's: random
blocks of each type, of all scales, in files that its GGUFWriter writes.

As f32 the weights are those that its dequantize() gives, bit for bit.  By
default they are held in q8 or q4: exactly where that type has their numbers,
else within its steps; and what `pith convert --verbose` says of the errors is
what numpy finds.

usage: gguf_types.py PROGRAM FOLDER             (the check)
       gguf_types.py --goldens > tests/goldens/gguf-blocks.txt
"""
import pathlib
import re
import subprocess
import sys

import gguf
import numpy
from gguf import GGMLQuantizationType as Type
from gguf.constants import GGML_QUANT_SIZES

TYPES = [Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.Q2_K,
         Type.Q3_K, Type.Q4_K, Type.Q5_K, Type.Q6_K, Type.Q8_K, Type.IQ4_NL,
         Type.IQ4_XS]
HELD_AS_Q4 = {Type.Q4_0, Type.Q4_1, Type.Q4_K}
# Where the halves of a block are: scales, then minima.
HALVES = {Type.Q2_K: (80, 82), Type.Q3_K: (108,), Type.Q6_K: (208,),
          Type.Q4_1: (0, 2), Type.Q5_1: (0, 2), Type.Q4_K: (0, 2),
          Type.Q5_K: (0, 2), Type.Q8_K: ()}
WIDTH, INNER, ROWS, LAYERS = 256, 512, 1500, 2


def dequantize(blocks, kind):
    if kind != Type.Q8_K:
        return gguf.quants.dequantize(blocks, kind)
    # The package cannot: a float, 256 signed bytes, and sums that say nothing.
    parts = blocks.reshape(-1, GGML_QUANT_SIZES[kind][1])
    values = parts[:, :4].copy().view("<f4") * parts[:, 4:260].view("i1")
    return values.reshape(*blocks.shape[:-1], -1)


def random_blocks(kind, n, rng, extreme):
    """n blocks of random bytes; the scales as models have them, or with
    `extreme` any half that is finite."""
    block = numpy.frombuffer(
        rng.bytes(n * GGML_QUANT_SIZES[kind][1]), numpy.uint8).copy()
    block = block.reshape(n, -1)

    def put(at, values, dtype):
        block[:, at:at + dtype().itemsize] = \
            values.astype(dtype).view(numpy.uint8).reshape(n, -1)

    def halves():
        if not extreme:
            return rng.normal(0, 1e-3, n)
        bits = rng.integers(0, 0x7C00, n) | rng.integers(0, 2, n) << 15
        return bits.astype(numpy.uint16).view(numpy.float16)

    for at in HALVES.get(kind, (0,)):
        put(at, halves(), numpy.float16)
    if kind == Type.Q8_K:
        scales = rng.normal(0, 1e-3, n)
        if extreme:
            scales *= 2.0 ** rng.integers(-120, 100, n)
        put(0, scales, numpy.float32)
    return block


def shapes():
    yield "token_embd.weight", ROWS, WIDTH
    for layer in range(LAYERS):
        for name in ["attn_q", "attn_k", "attn_v", "attn_output"]:
            yield f"blk.{layer}.{name}.weight", WIDTH, WIDTH
        yield f"blk.{layer}.ffn_gate.weight", INNER, WIDTH
        yield f"blk.{layer}.ffn_up.weight", INNER, WIDTH
        yield f"blk.{layer}.ffn_down.weight", WIDTH, INNER


def write_model(path, kinds, rng, extreme):
    """kinds: of the matrices in turn.  The blocks, by our names."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(4)
    writer.add_layer_norm_rms_eps(1e-5)
    ones = numpy.ones(WIDTH, numpy.float32)
    writer.add_tensor("output_norm.weight", ones)
    for layer in range(LAYERS):
        writer.add_tensor(f"blk.{layer}.attn_norm.weight", ones)
        writer.add_tensor(f"blk.{layer}.ffn_norm.weight", ones)
    tensors = {}
    for i, (name, rows, cols) in enumerate(shapes()):
        kind = kinds[i % len(kinds)]
        blocks = random_blocks(
            kind, rows * cols // GGML_QUANT_SIZES[kind][0], rng, extreme)
        writer.add_tensor(name, blocks.reshape(rows, -1), raw_dtype=kind)
        tensors[our_name(name)] = kind, blocks.reshape(rows, -1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return tensors


def our_name(name):
    return (name.replace("token_embd", "token_embedding")
            .replace("blk.", "layers.").replace("attn_output", "attn_out"))


def rotary_order(name, values, n_heads=4):
    """Rows as pith wants them: a pair's elements half a head apart."""
    if not name.endswith(("attn_q.weight", "attn_k.weight")):
        return values
    rows, cols = values.shape
    return values.reshape(n_heads, -1, 2, cols).swapaxes(1, 2) \
                 .reshape(rows, cols)


def half(values):
    return values.view(numpy.float16).astype(numpy.float32)


def read_pith(path):
    """Name -> (type, floats) of a .pith file, by docs/FORMAT.md."""
    data = numpy.fromfile(path, numpy.uint8)
    n_tensors = int(data[88:92].view("<u4")[0])
    tensors = {}
    for i in range(n_tensors):
        entry = data[128 + 104 * i:232 + 104 * i]
        name = bytes(entry[:64]).rstrip(b"\0").decode()
        kind = int(entry[64:68].view("<u4")[0])
        rows, cols, offset, size = entry[72:104].view("<u8").tolist()
        stored = data[offset:offset + size]
        if kind == 0:
            values = stored.view("<f4")
        elif kind == 3:
            stored = stored.reshape(-1, 34)
            values = half(stored[:, :2].copy()) * stored[:, 2:].view("i1")
        elif kind == 4:
            stored = stored.reshape(-1, 20)
            numbers = numpy.hstack([stored[:, 4:] & 15, stored[:, 4:] >> 4])
            values = half(stored[:, :2].copy()) * numbers.astype("f4") + \
                half(stored[:, 2:4].copy())
        tensors[name] = ["f32", "f16", "bf16", "q8", "q4"][kind], \
            values.reshape(rows, cols)
    return tensors


def run(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], text=True,
                          capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stderr


def check_exact(name, kinds, extreme, rng):
    source, target = WORK / "types.gguf", WORK / "types.pith"
    tensors = write_model(source, kinds, rng, extreme)
    run("convert", "--dtype", "f32", source, target)
    converted = read_pith(target)
    n = 0
    for tensor, (kind, raw) in tensors.items():
        wanted = rotary_order(tensor, dequantize(raw, kind))
        found = converted[tensor][1]
        # A zero may have another sign: w = d (q - 8) is d q - 8 d here.
        assert numpy.array_equal(found, wanted) and (
            kind in (Type.Q4_0, Type.Q4_1) or
            numpy.array_equal(found.view("u4"), wanted.view("u4"))), \
            (name, tensor, kind)
        n += raw.size // GGML_QUANT_SIZES[kind][1]
    print(f"{name}: {n} blocks equal, bit for bit")


def steps(kind, wanted):
    """The largest error that the type of ours may make, for each weight."""
    runs = wanted.reshape(-1, 32).astype("f8")
    if kind in HELD_AS_Q4:
        # Scale and minimum lose 2^-12 of themselves; nothing else changes.
        spread = runs.max(1) - runs.min(1)
        most = (spread + abs(runs).max(1)) * 2.0 ** -11
    else:
        most = abs(runs).max(1) * (0.5 / 127 + 2.0 ** -10)
    most += 128 * 2.0 ** -25 # halves below 2^-14 have fewer bits
    return numpy.repeat(most, 32).reshape(wanted.shape)


def check_held(name, kinds, rng):
    source, target = WORK / "types.gguf", WORK / "types.pith"
    tensors = write_model(source, kinds, rng, extreme=False)
    said = {}
    for line in run("convert", "--verbose", source, target).splitlines():
        found = re.fullmatch(r"pith: (\S+): (\S+) as (\S+): largest error "
                             r"(\S+), mean (\S+) \(.* of the mean weight\)",
                             line)
        if found:
            said[found[1]] = found.groups()[1:]
    converted = read_pith(target)
    worst = {}
    for tensor, (kind, raw) in tensors.items():
        wanted = rotary_order(tensor, dequantize(raw, kind))
        held, found = converted[tensor]
        assert held == ("q4" if kind in HELD_AS_Q4 else "q8"), (tensor, held)
        error = abs(found.astype("f8") - wanted)
        assert (error <= steps(kind, wanted)).all(), (name, tensor, kind)
        if error.max() == 0:
            assert tensor not in said, said[tensor]
            worst[kind] = held, 0, 0
        else:
            type_name, ours, largest, mean = said[tensor]
            assert (type_name, ours) == (kind.name, held)
            assert abs(float(largest) / error.max() - 1) < 0.01, said[tensor]
            assert abs(float(mean) / error.mean() - 1) < 0.01, said[tensor]
            worst[kind] = held, error.mean() / abs(wanted).mean(), \
                error.max() / abs(wanted).max()
    for kind, (held, mean, largest) in worst.items():
        print(f"{name}: {kind.name} as {held}: mean error {mean:.2%} of the "
              f"mean weight, largest {largest:.2%} of the largest")


def write_goldens():
    """A line for each type: name, number, its block, its weights."""
    rng = numpy.random.default_rng(12)
    for kind in TYPES:
        if kind in (Type.Q4_1, Type.Q8_0): # ours, byte for byte
            continue
        blocks = random_blocks(kind, 1, rng, extreme=False)
        weights = dequantize(blocks, kind).astype("<f4")
        print(kind.name, int(kind), blocks.tobytes().hex(),
              weights.tobytes().hex())


if sys.argv[1] == "--goldens":
    write_goldens()
    sys.exit()
PROGRAM, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
WORK.mkdir(parents=True, exist_ok=True)
seeds = numpy.random.default_rng(5)
for kind in TYPES:
    check_exact(kind.name, [kind], False, seeds)
    check_exact(kind.name + ", any scale", [kind], True, seeds)
check_exact("all types in one file", TYPES, False, seeds)
for kind in TYPES:
    check_held("alone", [kind], seeds)
check_held("mixed", [Type.Q4_K, Type.Q6_K, Type.Q5_0], seeds)
