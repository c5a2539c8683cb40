import type { LoraOptions } from '../../config/lora.ts';
import { isRewardModel, type ModelConfig } from '../config.ts';
import type { LoraConfig } from './lora-config.ts';

/** Names of both families; those that a model does not have match nothing. */
const MODULES = {
  'all-linear': 'all-linear',
  attention: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'attn.c_attn', 'attn.c_proj'],
  'query-value': ['q_proj', 'v_proj', 'attn.c_attn'],
};

/** The adapter that a run's options mean for a model, or null where every weight is trained. A score head is trained whole. */
export function loraConfigOf(options: LoraOptions | undefined, config: ModelConfig): LoraConfig | null {
  if (!options || options.rank === null) return null;
  const { rank, alpha, rankStabilized, targetModules } = options;
  return {
    rank,
    alpha,
    rankStabilized,
    targetModules: MODULES[targetModules],
    rankPattern: {},
    alphaPattern: {},
    modulesToSave: isRewardModel(config) ? ['score'] : [],
  };
}
