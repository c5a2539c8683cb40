/**
 * Writes golden/model-variants.json from transformers: saves each variant as a model folder and has Python open it.
 * `npx tsx tests/trainer/write-model-variants.ts <python with torch and transformers>`
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { isRewardModel } from '../../trainer/model/config.ts';
import { savePretrained } from '../../trainer/model/files/save-pretrained.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { compared, modelVariants, NEW_TOKENS, PROMPT, rows, variantParams } from './model-variants.ts';

const SCRIPT = `
import json, sys, torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification
task = json.load(sys.stdin)
ids = torch.tensor(task["rows"])
mask = (ids != 0).long()
positions = (mask.cumsum(1) - 1).clamp(min=0)
golden = {}
for name, folder, is_reward in task["variants"]:
    auto = AutoModelForSequenceClassification if is_reward else AutoModelForCausalLM
    model = auto.from_pretrained(folder, attn_implementation="eager").eval()
    logits = model(input_ids=ids, attention_mask=mask, position_ids=positions).logits
    if is_reward:
        loss = -torch.nn.functional.logsigmoid(logits[0] - logits[1]).mean()
    else:
        log_probs = torch.log_softmax(logits[:, :-1], -1).gather(-1, ids[:, 1:, None])[..., 0]
        loss = -log_probs[(mask[:, :-1] * mask[:, 1:]).bool()].mean()
    loss.backward()
    norms = [p.grad.norm().item() for _, p in sorted(model.named_parameters())]
    golden[name] = {"logits": logits.flatten().tolist(), "greedy": [], "loss": loss.item(), "gradNorms": norms}
    if is_reward:
        continue
    golden[name]["logits"] = logits.reshape(-1, logits.shape[-1])[task["compared"]].flatten().tolist()
    with torch.no_grad():
        model = auto.from_pretrained(folder, attn_implementation="eager").eval()
        prompt = {"input_ids": ids[:, :task["prompt"]], "attention_mask": mask[:, :task["prompt"]]}
        out = model.generate(**prompt, do_sample=False, max_new_tokens=task["new"], pad_token_id=0)
        golden[name]["greedy"] = out[:, task["prompt"]:].tolist()
print(json.dumps(golden))
`;

async function main(python: string | undefined): Promise<void> {
  if (!python) throw new Error('name the python that has torch and transformers');
  await chooseBackend('cpu');
  const root = mkdtempSync(join(tmpdir(), 'plumbline-variants-'));
  try {
    const variants = Object.entries(modelVariants).map(([name, config], i) => {
      const folder = join(root, String(i));
      const params = variantParams(config);
      savePretrained({ folder, params, config });
      disposeParams(params);
      return [name, folder, isRewardModel(config)];
    });
    const input = JSON.stringify({ rows, variants, compared, prompt: PROMPT, new: NEW_TOKENS });
    const golden = JSON.parse(execFileSync(python, ['-c', SCRIPT], { input, encoding: 'utf8' }));
    const rounded = JSON.stringify(golden, (_key, value) =>
      typeof value === 'number' ? Number(value.toPrecision(7)) : value,
    );
    const path = join(import.meta.dirname, 'golden', 'model-variants.json');
    writeFileSync(path, `${rounded.replaceAll('},', '},\n')}\n`);
    console.log(`wrote ${path}`);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

await main(process.argv[2]);
