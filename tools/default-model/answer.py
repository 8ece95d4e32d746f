"""Answer a file of chat requests with SmolLM2-135M-Instruct on one GPU.

    python3 answer.py --gguf SmolLM2.gguf --tokenizer tokenizer.json batch.jsonl answers.jsonl

Requests and answers are lines of an OpenAI batch file: body.messages,
temperature and max_tokens in, choices[0].message.content and finish_reason out.
Temperature 0 takes the likeliest token, any other samples from all.  The
template is SmolLM2's own, with its default system message.  A request has at
most 1,024 tokens with its answer; a longer one gets an error.
"""

import argparse
import json
import time

import numpy as np
import torch
from tokenizers import Tokenizer

import sample
import smollm2 as lm

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
MOST = 256  # tokens of an answer without max_tokens


def chat(messages):
    """SmolLM2's chat template, ready for the answer"""
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": SYSTEM}, *messages]
    turns = [f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages]
    return "".join(turns) + "<|im_start|>assistant\n"


def line_of(request, error, content="", finish_reason=""):
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    body = {"error": error} if error else {"object": "chat.completion", "choices": [choice]}
    response = {"status_code": 400 if error else 200, "body": body}
    return json.dumps({"custom_id": request["custom_id"], "response": response, "error": None})


def answer(streams, batch, width):
    """[(prompt ids, temperature, most tokens)], one for each row -> tokens of the rows"""
    table = np.full((streams.rows, 1, width), -1, np.int32)
    table[:, 0, 0] = lm.END_OF_TEXT  # idle rows
    heat, min_p = np.ones((2, streams.rows), np.float32)
    limit = np.full(streams.rows, sample.LENGTH, np.int64)
    for row, (ids, temperature, most) in enumerate(batch):
        table[row, 0, : len(ids)] = ids
        heat[row], min_p[row] = (temperature, 0.0) if temperature else (1.0, 1.0)
        limit[row] = len(ids) + most
    streams.set_prompts(table, heat, min_p, limit)
    if not hasattr(streams, "replay"):
        streams.capture()
        streams.set_prompts(table, heat, min_p, limit)
    for _ in range(max(len(ids) + most for ids, _, most in batch) - 1):
        streams.replay()
    return streams.tokens.cpu().numpy()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--gguf", required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--rows", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("requests")
    parser.add_argument("answers")
    a = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(a.seed)
    tokenizer = Tokenizer.from_file(a.tokenizer)
    with open(a.requests, encoding="utf-8") as file:
        requests = [json.loads(line) for line in file]
    texts = [chat(r["body"]["messages"]) for r in requests]
    jobs = []
    for request, coded in zip(requests, tokenizer.encode_batch(texts, add_special_tokens=False)):
        body = request["body"]
        most = body.get("max_tokens", MOST)
        jobs.append((request, (coded.ids, body.get("temperature", 1.0), most)))
    fits = lambda job: len(job[1][0]) + job[1][2] <= sample.LENGTH
    width = max(len(job[1][0]) for job in jobs if fits(job))
    waiting = sorted(filter(fits, jobs), key=lambda job: len(job[1][0]))
    streams, start = sample.Streams(lm.Model(a.gguf, device), a.rows, device == "cuda"), time.time()
    with open(a.answers, "w", encoding="utf-8") as out:
        for request, _ in (job for job in jobs if not fits(job)):
            error = {"code": "context_length_exceeded", "message": f"over {sample.LENGTH} tokens"}
            out.write(line_of(request, error) + "\n")
        for i in range(0, len(waiting), a.rows):
            part = waiting[i : i + a.rows]
            tokens = answer(streams, [job for _, job in part], width)
            for row, (request, (ids, _, most)) in zip(tokens, part):
                said = row[len(ids) : len(ids) + most]
                ends = np.flatnonzero(said <= lm.TURN_END)
                said = said[: ends[0]] if len(ends) else said
                reason = "stop" if len(ends) else "length"
                out.write(line_of(request, None, tokenizer.decode(said.tolist()), reason) + "\n")
    seconds = time.time() - start
    print(f"{len(waiting)} answers, {len(jobs) - len(waiting)} too long, {seconds:.0f} s")


if __name__ == "__main__":
    main()
