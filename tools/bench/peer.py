"""A peer that waits to be timed: the losses of all tokens of one prompt.

usage: peer.py llama MODEL.gguf TOKENS THREADS
       peer.py torch HF_FOLDER[:bfloat16] TOKENS THREADS
       peer.py onnxruntime MODEL.onnx TOKENS THREADS
       peer.py openvino MODEL.onnx[:bf16] TOKENS THREADS

TOKENS is how many to draw at random, or a JSON file with their ids.  Prints
"ready" after a warm-up.  Then every line on standard input runs the prompt
once, and one line of JSON says how long it took:
    losses   seconds to the loss of every token
    logits   the part of it until the logits are there; not of PyTorch
    cpu      llama.cpp: seconds of all threads together
    values   the losses, where the ids come from a file
    peak     most memory so far, bytes
"""
import json
import resource
import sys
import time

import numpy as np
import torch


def prompt(tokens, n_vocab):
    if not tokens.isdigit():
        with open(tokens) as file:
            return json.load(file)
    generator = np.random.default_rng(0)
    return generator.integers(100, min(n_vocab, 30000), int(tokens)).tolist()


def count(tokens):
    return len(prompt(tokens, 1000))


def losses_of(logits, ids):
    """-log p(ids[i + 1]) out of the logits at i, in float32."""
    targets = torch.tensor(ids[1:])[:, None]
    rows = logits[:-1]
    return rows.logsumexp(1) - rows.gather(1, targets)[:, 0]


def llama(model, tokens, threads):
    import llama_cpp

    n_tokens = count(tokens)
    engine = llama_cpp.Llama(model, n_ctx=n_tokens, n_batch=n_tokens,
                             n_ubatch=n_tokens, n_threads=threads,
                             n_threads_batch=threads, logits_all=True,
                             verbose=False)
    n_vocab = engine.n_vocab()
    ids = prompt(tokens, n_vocab)
    # The C interface itself: no copies by the Python package are timed.
    batch = llama_cpp.llama_batch_init(n_tokens, 0, 1)
    batch.n_tokens = n_tokens
    for i, token in enumerate(ids):
        batch.token[i] = token
        batch.pos[i] = i
        batch.n_seq_id[i] = 1
        batch.seq_id[i][0] = 0
        batch.logits[i] = 1

    def run():
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(engine.ctx),
                                     True)
        start, cpu = time.perf_counter(), time.process_time()
        if llama_cpp.llama_decode(engine.ctx, batch) != 0:
            sys.exit("llama_decode failed")
        logits = np.ctypeslib.as_array(llama_cpp.llama_get_logits(engine.ctx),
                                       (n_tokens, n_vocab))
        middle = time.perf_counter()
        values = losses_of(torch.from_numpy(logits), ids)
        row = {"logits": middle - start, "losses": time.perf_counter() - start,
               "cpu": time.process_time() - cpu}
        return row if tokens.isdigit() else {**row, "values": values.tolist()}

    return run


def hugging_face(model, tokens, threads):
    from transformers import AutoModelForCausalLM

    folder, _, dtype = model.partition(":")
    engine = AutoModelForCausalLM.from_pretrained(
        folder, torch_dtype=getattr(torch, dtype or "float32")).eval()
    ids = prompt(tokens, engine.config.vocab_size)
    batch = torch.tensor([ids])

    def run():
        start = time.perf_counter()
        with torch.inference_mode():
            losses_of(engine(batch).logits[0].float(), ids)
        return {"losses": time.perf_counter() - start}

    return run


def timed(logits_of, ids):
    """A run of what gives logits (n, n_vocab) as a NumPy array."""

    def run():
        start = time.perf_counter()
        logits = logits_of()
        middle = time.perf_counter()
        losses_of(torch.from_numpy(logits), ids)
        return {"logits": middle - start, "losses": time.perf_counter() - start}

    return run


def onnx_runtime(model, tokens, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    engine = onnxruntime.InferenceSession(model, options,
                                          ["CPUExecutionProvider"])
    ids = prompt(tokens, engine.get_outputs()[0].shape[-1])
    batch = {"ids": np.array([ids])}
    return timed(lambda: engine.run(None, batch)[0][0], ids)


def open_vino(model, tokens, threads):
    import openvino

    path, _, kind = model.partition(":")
    core = openvino.Core()
    network = core.read_model(path)
    network.reshape([1, count(tokens)])
    engine = core.compile_model(network, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": kind or "f32"})
    ids = prompt(tokens, network.output().partial_shape[-1].get_length())
    request = engine.create_infer_request()
    batch = {"ids": np.array([ids])}

    def logits():
        request.infer(batch)
        return request.get_output_tensor().data[0]

    return timed(logits, ids)


kind, model, tokens, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
start = {"llama": llama, "torch": hugging_face, "onnxruntime": onnx_runtime,
         "openvino": open_vino}
run = start[kind](model, tokens, int(threads))
run()
print("ready", flush=True)
for line in sys.stdin:
    row = run()
    row["peak"] = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps(row), flush=True)
