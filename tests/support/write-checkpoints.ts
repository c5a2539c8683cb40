/**
 * A process for the kill test: writes checkpoint-1, checkpoint-2, ... into the folder given until it is killed, and says
 * each number once that checkpoint is whole. About 20 MB each, so that a kill lands in the middle of a write.
 */

import { createRng } from '../../lib/rng.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { checkpointFolder, writeCheckpoint } from '../../trainer/checkpoint.ts';
import { newModelConfig } from '../../trainer/model/config.ts';
import { initParams } from '../../trainer/model/init-params.ts';
import { createAdamW } from '../../trainer/optim/adamw.ts';

const outFolder = process.argv[2];
if (!outFolder) throw new Error('usage: write-checkpoints.ts <folder>');
await chooseBackend('cpu');
const config = newModelConfig({
  vocabSize: 4000,
  hiddenSize: 256,
  intermediateSize: 512,
  numLayers: 1,
  numHeads: 4,
  maxPositions: 32,
});
const params = initParams(config, createRng(1, 'init'));
const optimizer = createAdamW(params, {
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0,
  maxGradNorm: 1,
});
for (let step = 1; ; step++) {
  const training = { state: { step }, optimizers: { policy: optimizer.exportState() } };
  writeCheckpoint({ folder: checkpointFolder(outFolder, step), model: { params, config }, training });
  process.stdout.write(`${step}\n`);
}
