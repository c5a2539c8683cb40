"""The Python side of chatml.test.ts: opens a model folder and says how it writes a conversation.

usage: python chat.py <folder> <messages as JSON> <file for the result>
"""

import json
import sys
from pathlib import Path

from transformers import AutoModelForCausalLM, AutoTokenizer


def main():
    folder, messages, result = sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    chat = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=True)
    model, report = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    answer = {
        "ids": chat["input_ids"],
        "problems": {key: sorted(map(str, value)) for key, value in report.items() if value},
        "rows": model.get_input_embeddings().weight.shape[0],
        "special": [tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id],
        "eos": model.generation_config.eos_token_id,
    }
    result.write_text(json.dumps(answer))


main()
