import type { Rng } from '../rng.ts';
import type { ModelConfig } from './config.ts';
import { scoreHeadStd } from './heads.ts';
import { paramShapes, SCORE_WEIGHT } from './param-shapes.ts';
import { newParam, type Params } from './params.ts';

/** New parameters: matrices N(0, initializerRange), norms 1, biases 0, a score head by training.md R9. */
export function initParams(config: ModelConfig, rng: Rng): Params {
  const params: Params = {};
  for (const [name, shape] of paramShapes(config)) {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    if (name.endsWith('norm.weight')) data.fill(1);
    else if (!name.endsWith('.bias')) {
      const std = name === SCORE_WEIGHT ? scoreHeadStd(config) : config.initializerRange;
      for (let i = 0; i < data.length; i++) data[i] = std * rng.normal();
    }
    params[name] = newParam(data, shape);
  }
  return params;
}
