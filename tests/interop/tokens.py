"""The Python side of tokens.test.ts: ids of texts and conversations as transformers gives them.

usage: python tokens.py <folder>

<folder>/requests.json is {"tokenizers": [names of folders beside it], "texts": [...], "chats": [...]}; the answer is
<folder>/answers.json: by tokenizer its name, "texts" (special tokens in a text are text) and "chats" (what the template writes and
its ids, with and without the generation prompt; or what it raises).
"""

import json
import sys
from pathlib import Path

import jinja2
from transformers import AutoTokenizer


def chat(tokenizer, messages, prompt):
    how = {"add_generation_prompt": prompt}
    try:
        text = tokenizer.apply_chat_template(messages, tokenize=False, **how)
    except jinja2.TemplateError as error:
        return {"raised": str(error)}
    return {"text": text, "ids": tokenizer.apply_chat_template(messages, tokenize=True, return_dict=True, **how)["input_ids"]}


def main():
    folder = Path(sys.argv[1])
    requests = json.loads((folder / "requests.json").read_text())
    answers = {}
    for name in requests["tokenizers"]:
        tokenizer = AutoTokenizer.from_pretrained(folder / name)
        encode = lambda text: tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        answers[name] = {
            "texts": [encode(text) for text in requests["texts"]],
            "chats": [[chat(tokenizer, messages, prompt) for prompt in (True, False)] for messages in requests["chats"]],
        }
    (folder / "answers.json").write_text(json.dumps(answers))


main()
