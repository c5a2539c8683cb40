import type { Rng } from '../../lib/rng.ts';
import type { ModelConfig } from './config.ts';
import { scoreHeadStd } from './heads.ts';
import { paramShapes, SCORE_WEIGHT } from './param-shapes.ts';
import { newParam, type Params } from './params.ts';

const NORM_WEIGHT = /(norm|\.ln_[12f])\.weight$/;

/** New parameters: matrices N(0, initializerRange), norms 1, biases 0, a score head by training.md R9. */
export function initParams(config: ModelConfig, rng: Rng): Params {
  const params: Params = {};
  for (const [name, shape] of paramShapes(config)) {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    if (NORM_WEIGHT.test(name)) data.fill(1);
    else if (!name.endsWith('.bias')) {
      const std = stdOf(name, config);
      for (let i = 0; i < data.length; i++) data[i] = std * rng.normal();
    }
    params[name] = newParam(data, shape);
  }
  return params;
}

function stdOf(name: string, config: ModelConfig): number {
  if (name === SCORE_WEIGHT) return scoreHeadStd(config);
  // the two projections of each block that add to the residual stream (GPT-2, section 2.3)
  const addsToResidual = config.family === 'gpt2' && name.endsWith('.c_proj.weight');
  return config.initializerRange / (addsToResidual ? Math.sqrt(2 * config.numLayers) : 1);
}
