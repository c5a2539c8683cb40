/**
 * `npm run bundled`: makes trainer/bundled/toy-sft again, from nothing but the toy world: pretrains a small language model
 * on its texts, fine-tunes it on answers of mixed quality, measures it on held-out prompts, writes the loss curves to
 * docs/experiments/. Another model than the one that is there needs a folder of its own, since data folders name the old one
 * (server/models/register-bundled.test.ts). Takes some minutes; `npm run bundled -- --out <folder>` leaves the repository's model alone.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chooseBackend } from '../trainer/backends/choose.ts';
import { createProgress } from '../trainer/cli/progress.ts';
import { parseConfig, recipes } from '../trainer/config/recipes.ts';
import type { TrainEvent } from '../trainer/events.ts';
import { pretrain } from '../trainer/recipes/pretrain/recipe.ts';
import { sft } from '../trainer/recipes/sft/recipe.ts';
import { toySftExamples, toyTexts } from '../trainer/toy-world/datasets.ts';
import { measurePolicy } from '../trainer/toy-world/measure-policy.ts';
import { lineChart } from './experiments/line-chart.ts';

const SEED = 1;
const TEXTS = 40_000;
const SFT_ROWS = 10_000;

const { values } = parseArgs({ options: { out: { type: 'string' } } });
const repository = new URL('..', import.meta.url).pathname;
const target = values.out ?? join(repository, 'trainer/bundled/toy-sft');
const docs = values.out ?? join(repository, 'docs/experiments');
const work = mkdtempSync(join(tmpdir(), 'bundled-model-'));
const progress = createProgress(process.stderr);
const startedAt = performance.now();

type Curve = { step: number; loss: number; heldOutLoss: number | null }[];

async function follow(
  events: AsyncGenerator<TrainEvent>,
): Promise<{ curve: Curve; folder: string; seconds: number }> {
  const from = performance.now();
  const curve: Curve = [];
  let folder = '';
  for await (const event of events) {
    if (event.type === 'plan') progress.start(event.recipe, event.totalSteps);
    if (event.type === 'step') {
      const loss = event.metrics.loss ?? Number.NaN;
      curve.push({ step: event.step, loss, heldOutLoss: null });
      progress.update(event.step, `loss ${loss.toFixed(3)}`);
    }
    if (event.type === 'eval') {
      const at = curve.at(-1);
      if (at) at.heldOutLoss = event.metrics.eval_loss ?? null;
      else
        curve.push({
          step: 0,
          loss: event.metrics.eval_loss ?? Number.NaN,
          heldOutLoss: event.metrics.eval_loss ?? null,
        });
    }
    if (event.type === 'done') folder = event.folder;
  }
  progress.stop();
  return { curve, folder, seconds: Math.round((performance.now() - from) / 1000) };
}

// what lies in the repository must not depend on what is installed here
const backend = await chooseBackend('simd');
const shared = { backend, signal: new AbortController().signal };
const out = (name: string) => ({ reward: null, out: join(work, name), resumeFrom: null });
const base = await follow(
  pretrain({
    ...shared,
    config: parseConfig('pretrain', recipes.pretrain.presets.toy.config),
    folders: { ...out('base'), model: null },
    data: { texts: toyTexts(TEXTS, SEED) },
  }),
);
const policy = await follow(
  sft({
    ...shared,
    config: parseConfig('sft', recipes.sft.presets.toy.config),
    folders: { ...out('sft'), model: base.folder },
    data: { examples: toySftExamples(SFT_ROWS, SEED) },
  }),
);
const measured = await measurePolicy({ modelFolder: policy.folder, numPrompts: 512, seed: SEED, backend });

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const file of readdirSync(policy.folder)) cpSync(join(policy.folder, file), join(target, file));

mkdirSync(docs, { recursive: true });
const stages = { pretrain: base, sft: policy };
for (const [name, { curve }] of Object.entries(stages)) {
  const svg = lineChart({
    title: name === 'pretrain' ? 'Bundled model: pretraining' : 'Bundled model: supervised fine-tuning',
    xLabel: 'step',
    yLabel: 'loss (nats per token)',
    lines: [
      { name: 'training', color: '#6b8afd', points: curve.map(({ step, loss }) => [step, loss]) },
      {
        name: 'held out',
        color: '#e0803a',
        points: curve.flatMap(({ step, heldOutLoss }) =>
          heldOutLoss === null ? [] : [[step, heldOutLoss] as const],
        ),
      },
    ],
  });
  writeFileSync(join(docs, `bundled-${name}.svg`), svg);
}
const record = {
  seed: SEED,
  backend,
  seconds: {
    pretrain: base.seconds,
    sft: policy.seconds,
    total: Math.round((performance.now() - startedAt) / 1000),
  },
  heldOutLoss: Object.fromEntries(
    Object.entries(stages).map(([name, { curve }]) => [
      name,
      curve
        .filter((point) => point.heldOutLoss !== null)
        .map(({ step, heldOutLoss }) => [step, rounded(heldOutLoss ?? 0)]),
    ]),
  ),
  measured,
};
writeFileSync(join(docs, 'bundled-model.json'), `${JSON.stringify(record, null, 2)}\n`);
process.stdout.write(`${JSON.stringify({ folder: target, ...measured, seconds: record.seconds })}\n`);
rmSync(work, { recursive: true, force: true });

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
