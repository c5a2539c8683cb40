"""TRL's trainers on rows that are tokenised already; their loop is held between rounds by a callback."""

import time

import torch
from datasets import Dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer, LlamaForCausalLM, TrainerCallback
from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer, SFTConfig, SFTTrainer

from peer_protocol import answer, peak_rss_bytes, wait_for_round


class Rounds(TrainerCallback):
    """Answers when the steps of a round are done and logged, then waits inside the loop for the next."""

    def __init__(self, job, answers, tokens_per_step):
        self.job, self.answers, self.tokens_per_step = job, answers, tokens_per_step
        self.losses, self.left, self.start = [], job["firstSteps"], None

    def on_log(self, args, state, control, logs=None, **kwargs):
        if "loss" not in (logs or {}):
            return
        self.losses.append(logs["loss"])
        self.left -= 1
        if self.left > 0:
            return
        if self.start is None:
            answer(self.answers, losses=self.losses, peakRss=peak_rss_bytes())
        else:
            steps = self.job["stepsPerRound"]
            seconds = time.perf_counter() - self.start
            answer(self.answers, seconds=seconds, tokens=steps * self.tokens_per_step, peakRss=peak_rss_bytes())
        self.start = wait_for_round()
        self.left = self.job["stepsPerRound"]
        if self.start is None:
            control.should_training_stop = True


def settings(job, batch_size):
    return {
        "output_dir": job["folder"],
        "per_device_train_batch_size": batch_size,
        "max_steps": job["firstSteps"] + job["rounds"] * job["stepsPerRound"] + 1,
        "learning_rate": job["learningRate"],
        "lr_scheduler_type": "constant",
        "adam_beta1": 0.9,
        "adam_beta2": 0.999,
        "adam_epsilon": 1e-8,
        "weight_decay": 0.0,
        "max_grad_norm": job["maxGradNorm"],
        "max_length": job["length"],
        "gradient_checkpointing": False,
        "bf16": False,
        "use_cpu": True,
        "train_sampling_strategy": "sequential",
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": [],
        "disable_tqdm": True,
    }


def rows_of(job):
    """The rows of every step of the run, in order: the batches again and again."""
    count = job["firstSteps"] + job["rounds"] * job["stepsPerRound"] + 1
    return [row for step in range(count) for row in job["batches"][step % len(job["batches"])]]


def sft(job, answers):
    model = LlamaForCausalLM.from_pretrained(job["model"], dtype=torch.float32)
    batch = job["batches"][0]
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(**settings(job, len(batch))),
        train_dataset=Dataset.from_dict({"input_ids": rows_of(job)}),
        processing_class=AutoTokenizer.from_pretrained(job["model"]),
        callbacks=[Rounds(job, answers, sum(map(len, batch)))],
    )
    trainer.train()


def reward(job, answers):
    """A batch's rows are chosen and rejected in turn."""
    model = AutoModelForSequenceClassification.from_pretrained(job["model"], num_labels=1, dtype=torch.float32)
    batch, rows = job["batches"][0], rows_of(job)
    trainer = RewardTrainer(
        model=model,
        args=RewardConfig(**settings(job, len(batch) // 2)),
        train_dataset=Dataset.from_dict({"chosen_ids": rows[0::2], "rejected_ids": rows[1::2]}),
        processing_class=AutoTokenizer.from_pretrained(job["model"]),
        callbacks=[Rounds(job, answers, sum(map(len, batch)))],
    )
    trainer.train()


class TokenisedDPOTrainer(DPOTrainer):
    """TRL's trainer on rows that are tokenised already: its own preparation would ask for text."""

    def _prepare_dataset(self, dataset, *args, **kwargs):
        return dataset


def dpo(job, answers):
    """A batch's rows are chosen and rejected in turn; what they begin with alike is the prompt."""
    model = LlamaForCausalLM.from_pretrained(job["model"], dtype=torch.float32)
    batch, rows, prompt = job["batches"][0], rows_of(job), job["promptLength"]
    chosen, rejected = rows[0::2], rows[1::2]
    trainer = TokenisedDPOTrainer(
        model=model,
        args=DPOConfig(**settings(job, len(batch) // 2), beta=0.1, precompute_ref_log_probs=True),
        train_dataset=Dataset.from_dict(
            {
                "prompt_ids": [row[:prompt] for row in chosen],
                "chosen_ids": [row[prompt:] for row in chosen],
                "rejected_ids": [row[prompt:] for row in rejected],
            }
        ),
        processing_class=AutoTokenizer.from_pretrained(job["model"]),
        callbacks=[Rounds(job, answers, sum(map(len, batch)))],
    )
    trainer.train()
