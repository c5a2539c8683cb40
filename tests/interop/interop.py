"""The Python side of interop.test.ts: makes models with transformers and PEFT, and opens what Plumbline wrote.

usage: python interop.py make|open <folder>

<folder>/cases.json lists the cases and the tokens. `make` writes <folder>/theirs/<case> (a model folder, for an adapter its
base and `<case>.adapter`) with what it gives for the tokens in <case>.output.safetensors; `open` does the same for the models
in <folder>/ours, or at a case's own path.
"""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def auto_class(case):
    return AutoModelForSequenceClassification if case["reward"] else AutoModelForCausalLM


def randomize(model, only=""):
    """Values far from any initialisation, so that no weight can be missed."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if only in name:
                parameter.copy_(torch.randn(parameter.shape) * 0.1 + (1.0 if "norm" in name or ".ln_" in name else 0.0))


def write_output(model, tokens, path):
    model.eval()
    with torch.no_grad():
        logits = model(input_ids=tokens["ids"], attention_mask=tokens["mask"]).logits
    save_file({"logits": logits.float().contiguous()}, path)


def make(case, tokens, folder):
    torch.manual_seed(case["seed"])
    model = auto_class(case).from_config(AutoConfig.for_model(**case["config"])).float()
    randomize(model)
    model.tie_weights()
    dtype = DTYPES[case.get("dtype", "float32")]
    target = folder / case["name"]
    model.to(dtype).save_pretrained(target, max_shard_size=case.get("maxShardSize", "5GB"))
    # the stored values, computed with in float32; casting back would leave the rotary frequencies rounded
    model = auto_class(case).from_pretrained(target, dtype=torch.float32)
    if "lora" in case:
        model = get_peft_model(model, LoraConfig(**case["lora"]))
        randomize(model, "lora_")
        randomize(model, "modules_to_save")
        model.save_pretrained(folder / f"{case['name']}.adapter")
    write_output(model, tokens, folder / f"{case['name']}.output.safetensors")


def reopen(case, tokens, folder):
    target = Path(case.get("path", folder / case["name"]))
    model, report = auto_class(case).from_pretrained(target, dtype=torch.float32, output_loading_info=True)
    # transformers only warns about tensors that it did not find or could not place
    problems = {key: sorted(map(str, value)) for key, value in report.items() if value}
    if problems:
        raise SystemExit(f"{target}: {problems}")
    adapter = folder / f"{case['name']}.adapter"
    if adapter.exists():
        model = PeftModel.from_pretrained(model, adapter)
    write_output(model, tokens, folder / f"{case['name']}.output.safetensors")


def main():
    command, root = sys.argv[1], Path(sys.argv[2])
    given = json.loads((root / "cases.json").read_text())
    tokens = {key: torch.tensor(given["tokens"][key]) for key in ("ids", "mask")}
    folder = root / ("theirs" if command == "make" else "ours")
    folder.mkdir(exist_ok=True)
    for case in given["cases"]:
        if command == "make":
            make(case, tokens, folder)
        else:
            reopen(case, tokens, folder)


main()
