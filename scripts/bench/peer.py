"""One peer process of `npm run bench -- --peer`: peer.py <job.json>. The job says what to run and on which data."""

import json
import os
import sys

from peer_protocol import answer, open_lines, versions


def main():
    with open(sys.argv[1]) as file:
        job = json.load(file)
    answers = open_lines()

    import torch

    torch.set_num_threads(job["threads"])
    torch.manual_seed(0)
    if precision := os.environ.get("PLUMBLINE_BENCH_MATMUL_PRECISION"):
        torch.set_float32_matmul_precision(precision)
    kind = job["kind"]
    if kind == "probe":
        from peer_torch import probe

        answer(answers, **probe(job), versions=versions())
    elif kind == "train":
        from peer_torch import train

        train(job, answers)
    elif kind == "generate":
        from peer_torch import generate

        generate(job, answers)
    elif kind == "sft":
        from peer_trl import sft

        sft(job, answers)
    elif kind == "reward":
        from peer_trl import reward

        reward(job, answers)
    elif kind == "dpo":
        from peer_trl import dpo

        dpo(job, answers)
    else:
        raise SystemExit(f"peer: unknown kind {kind!r}, expected probe, train, generate, sft, reward or dpo")


main()
