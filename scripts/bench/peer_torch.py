"""The bare torch loop, transformers' generate, and the accuracy of a matrix product under the setting in force."""

import json
import time

import torch
from transformers import LlamaForCausalLM

from peer_protocol import answer, peak_rss_bytes, wait_for_round

PROBE_SIZE = 512


def probe(job):
    """Largest error of a float32 product against float64, relative to the largest element."""
    size = PROBE_SIZE
    with open(job["matrices"]) as file:
        values = json.load(file)
    left, right = (torch.tensor(values[key], dtype=torch.float32).reshape(size, size) for key in ("left", "right"))
    exact = left.double() @ right.double()
    error = ((left @ right).double() - exact).abs().max() / exact.abs().max()
    return {"error": error.item()}


def train(job, answers):
    """Forward, backward, clipping and fused AdamW on one batch after another, in a loop of its own."""
    model = LlamaForCausalLM.from_pretrained(job["model"], dtype=torch.float32)
    model.train()
    batches = [torch.tensor(batch) for batch in job["batches"]]
    params = list(model.parameters())
    optimizer = torch.optim.AdamW(
        params, lr=job["learningRate"], betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, fused=True
    )
    done = 0

    def step():
        nonlocal done
        ids = batches[done % len(batches)]
        done += 1
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=job["precision"] == "bfloat16"):
            loss = model(input_ids=ids, labels=ids, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, job["maxGradNorm"])
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss.item()

    losses = [step() for _ in range(job["firstSteps"])]
    answer(answers, losses=losses, peakRss=peak_rss_bytes())
    tokens = batches[0].numel() * job["stepsPerRound"]
    while (start := wait_for_round()) is not None:
        for _ in range(job["stepsPerRound"]):
            step()
        answer(answers, seconds=time.perf_counter() - start, tokens=tokens, peakRss=peak_rss_bytes())


def generate(job, answers):
    """Continues the prompts: greedily once, for comparison, then sampled in every round."""
    model = LlamaForCausalLM.from_pretrained(job["model"], dtype=torch.float32)
    model.eval()
    # nothing ends a row, so that the number of tokens is fixed
    model.generation_config.eos_token_id = None
    prompts = torch.tensor(job["prompts"])
    new_tokens = job["newTokens"]
    common = {
        "attention_mask": torch.ones_like(prompts),
        "min_new_tokens": new_tokens,
        "max_new_tokens": new_tokens,
        "use_cache": True,
        "pad_token_id": 0,
    }
    with torch.inference_mode():
        greedy = model.generate(
            prompts, do_sample=False, return_dict_in_generate=True, output_logits=True, **common
        )
        tokens = greedy.sequences[:, prompts.shape[1] :]
        log_probs = torch.stack(greedy.logits, 1).log_softmax(-1).gather(2, tokens.unsqueeze(2)).squeeze(2)
        answer(answers, greedy={"tokens": tokens.tolist(), "logProbs": log_probs.tolist()}, peakRss=peak_rss_bytes())
        del greedy, log_probs
        sampling = {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0}
        while (start := wait_for_round()) is not None:
            count = 0
            for _ in range(job["stepsPerRound"]):
                count += model.generate(prompts, **sampling, **common)[:, prompts.shape[1] :].numel()
            answer(answers, seconds=time.perf_counter() - start, tokens=count, peakRss=peak_rss_bytes())
