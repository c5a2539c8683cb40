/**
 * How rotary positions are stretched beyond the length a model was pretrained at: read from and written to the fields
 * `rope_parameters` (transformers 5) and `rope_scaling` (4), as transformers' modeling_rope_utils.py has them.
 */
import { z } from 'zod';
import { count, refuse } from '../config-fields.ts';

export type RopeScaling =
  /** every frequency divided by `factor` */
  | { type: 'linear'; factor: number }
  /** NTK: a larger base for sequences longer than `originalMaxPositions`, the longer the larger */
  | { type: 'dynamic'; factor: number; originalMaxPositions: number }
  /** low frequencies divided by `factor`, high ones left alone, those between blended */
  | {
      type: 'llama3';
      factor: number;
      lowFreqFactor: number;
      highFreqFactor: number;
      originalMaxPositions: number;
    };

const ropeSchema = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: z.number().positive().nullish(),
  partial_rotary_factor: z.literal(1).nullish(),
  factor: z.number().min(1).nullish(),
  low_freq_factor: z.number().positive().nullish(),
  high_freq_factor: z.number().positive().nullish(),
  original_max_position_embeddings: count.nullish(),
});

export const ropeFields = {
  max_position_embeddings: count,
  original_max_position_embeddings: count.nullish(),
  rope_theta: z.number().positive().nullish(),
  rope_parameters: ropeSchema.nullish(),
  rope_scaling: ropeSchema.nullish(),
};
type RopeFields = z.infer<z.ZodObject<typeof ropeFields>>;

/**
 * Base, scaling and the longest sequence. With both objects in one file `rope_scaling` counts, as in transformers. Dynamic
 * scaling sets no bound of its own; here it ends at factor * max_position_embeddings.
 * @throws Error naming the field that is not supported or is missing
 */
export function readRope(
  fields: RopeFields,
  source: string,
): { ropeTheta: number; ropeScaling: RopeScaling | null; maxPositions: number } {
  const key = fields.rope_scaling ? 'rope_scaling' : 'rope_parameters';
  const rope = fields[key] ?? {};
  const ropeTheta = rope.rope_theta ?? fields.rope_parameters?.rope_theta ?? fields.rope_theta ?? 10_000;
  const type = rope.rope_type ?? rope.type ?? 'default';
  const maxPositions = fields.max_position_embeddings;
  const needed = (field: 'factor' | 'low_freq_factor' | 'high_freq_factor'): number =>
    rope[field] ?? refuse(source, `${key}.${field}`, undefined, `expected a number for rope_type '${type}'`);
  const originalMaxPositions =
    fields.original_max_position_embeddings ?? rope.original_max_position_embeddings ?? maxPositions;
  switch (type) {
    case 'default':
      return { ropeTheta, ropeScaling: null, maxPositions };
    case 'linear':
      return { ropeTheta, ropeScaling: { type, factor: needed('factor') }, maxPositions };
    case 'dynamic': {
      const factor = needed('factor');
      const ropeScaling = { type, factor, originalMaxPositions: maxPositions } as const;
      return { ropeTheta, ropeScaling, maxPositions: Math.floor(factor * maxPositions) };
    }
    case 'llama3': {
      const lowFreqFactor = needed('low_freq_factor');
      const highFreqFactor = needed('high_freq_factor');
      if (highFreqFactor <= lowFreqFactor) {
        const expected = `expected more than low_freq_factor = ${lowFreqFactor}`;
        refuse(source, `${key}.high_freq_factor`, highFreqFactor, expected);
      }
      const factors = { factor: needed('factor'), lowFreqFactor, highFreqFactor };
      return { ropeTheta, ropeScaling: { type, ...factors, originalMaxPositions }, maxPositions };
    }
    default:
      return refuse(
        source,
        `${key}.rope_type`,
        type,
        "expected one of 'default', 'linear', 'dynamic', 'llama3'",
      );
  }
}

/** The fields of a config.json, for transformers 5 (`rope_parameters`) and 4 (`rope_theta`, `rope_scaling`). */
export function writeRope(config: {
  ropeTheta: number;
  ropeScaling: RopeScaling | null;
  maxPositions: number;
}): Record<string, unknown> {
  const { ropeTheta, ropeScaling, maxPositions } = config;
  const isDynamic = ropeScaling?.type === 'dynamic';
  const scaling = ropeScaling ? scalingFields(ropeScaling) : null;
  return {
    max_position_embeddings: isDynamic ? ropeScaling.originalMaxPositions : maxPositions,
    rope_parameters: { rope_theta: ropeTheta, ...(scaling ?? { rope_type: 'default' }) },
    ...(scaling ? { rope_scaling: scaling } : {}),
    rope_theta: ropeTheta,
  };
}

function scalingFields(scaling: RopeScaling): Record<string, unknown> {
  const { type, factor } = scaling;
  if (type !== 'llama3') return { rope_type: type, factor };
  return {
    rope_type: type,
    factor,
    low_freq_factor: scaling.lowFreqFactor,
    high_freq_factor: scaling.highFreqFactor,
    original_max_position_embeddings: scaling.originalMaxPositions,
  };
}
