/** Frequencies against those of transformers 5.23: ROPE_INIT_FUNCTIONS and LlamaRotaryEmbedding for the configs below. */
import { beforeAll, describe, expect, it } from 'vitest';
import { withNative } from '../../../tests/support/tested-backends.ts';
import { chooseBackend } from '../../backends/choose.ts';
import { compile } from '../../tensors/compile.ts';
import { type Tensor, tf } from '../../tensors/tf.ts';
import { newModelConfig } from '../config.ts';
import { ropeFrequencies } from './rope-frequencies.ts';
import type { RopeScaling } from './rope-scaling.ts';
import { rotationAt } from './rope-tables.ts';

const DEFAULT = [
  1.0, 0.316227764, 0.100000001, 0.0316227786, 0.00999999978, 0.00316227786, 0.00100000005, 0.000316227786,
];
const GOLDEN: { scaling: RopeScaling | null; frequencies: number[] }[] = [
  { scaling: null, frequencies: DEFAULT },
  {
    scaling: { type: 'linear', factor: 3 },
    frequencies: [
      0.333333343, 0.105409257, 0.0333333351, 0.0105409259, 0.00333333318, 0.00105409266, 0.000333333359,
      0.000105409265,
    ],
  },
  {
    scaling: {
      type: 'llama3',
      factor: 8,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalMaxPositions: 256,
    },
    // three left alone, one blended, four divided by 8
    frequencies: [
      1.0, 0.316227764, 0.100000001, 0.00661310693, 0.00124999997, 0.000395284733, 0.000125000006,
      3.95284733e-5,
    ],
  },
];
/** factor 2, max_position_embeddings 64, by the length of the sequence */
const DYNAMIC: [number, number[]][] = [
  [40, DEFAULT],
  [64, DEFAULT],
  [
    65,
    [
      1.0, 0.314840704, 0.0991246626, 0.0312084779, 0.00982569903, 0.00309352996, 0.000973969174,
      0.000306645117,
    ],
  ],
  [
    100,
    [
      1.0, 0.283945143, 0.0806248412, 0.0228930302, 0.00650036521, 0.001845747, 0.000524090894,
      0.000148813066,
    ],
  ],
  [
    128,
    [
      1.0, 0.270296127, 0.0730599985, 0.0197478328, 0.00533776265, 0.00144277664, 0.000389976922,
      0.000105409257,
    ],
  ],
];
const configWith = (ropeScaling: RopeScaling | null) =>
  newModelConfig({
    ...{ vocabSize: 8, hiddenSize: 64, intermediateSize: 8, numLayers: 1, numHeads: 4, maxPositions: 128 },
    ropeScaling,
  });

describe('ropeFrequencies', () => {
  it.each(GOLDEN)('are those of transformers for $scaling', ({ scaling, frequencies }) => {
    const actual = ropeFrequencies(configWith(scaling));
    expect(actual).toHaveLength(frequencies.length);
    for (const [i, frequency] of frequencies.entries()) {
      expect(Math.abs((actual[i] as number) / frequency - 1)).toBeLessThan(3e-7);
    }
  });
});

describe.each(withNative(['cpu', 'simd']))('rotationAt on %s', (backend) => {
  beforeAll(async () => {
    await chooseBackend(backend);
  });

  /** cos and sin [N][K/2] of tokens at the given positions, taken from the tables as attention does. */
  async function rotationOf(scaling: RopeScaling | null, shape: number[], positions: number[]) {
    const config = configWith(scaling);
    const step = compile('rotation', (inputs: { positions: Tensor }) => {
      const { cos, sin, rows } = rotationAt(config, inputs.positions);
      const rowsN = tf.reshape(rows, [-1]) as never;
      return { cos: tf.gather(cos, rowsN), sin: tf.gather(sin, rowsN) };
    });
    const { cos, sin } = await step({ positions: { shape, data: Int32Array.from(positions) } });
    return { cos: cos.data, sin: sin.data };
  }

  function expectRotation(
    { cos, sin }: Awaited<ReturnType<typeof rotationOf>>,
    positions: number[],
    frequencies: number[],
  ): void {
    for (const [n, position] of positions.entries()) {
      for (const [i, frequency] of frequencies.entries()) {
        const at = n * frequencies.length + i;
        // 1e-7 of the frequency is that of the angle times the position
        expect(Math.abs((cos[at] as number) - Math.cos(position * frequency))).toBeLessThan(5e-5);
        expect(Math.abs((sin[at] as number) - Math.sin(position * frequency))).toBeLessThan(5e-5);
      }
    }
  }

  it.each(GOLDEN)('turns by position times frequency for $scaling', async ({ scaling, frequencies }) => {
    const positions = [0, 1, 5, 127, 0, 3];
    expectRotation(await rotationOf(scaling, [2, 3], positions), positions, frequencies);
  });

  it.each(DYNAMIC)(
    'dynamic: the base follows the longest sequence of the batch, here %i',
    async (length, frequencies) => {
      const scaling = { type: 'dynamic', factor: 2, originalMaxPositions: 64 } as const;
      const positions = [0, 1, 2, 7, 30, length - 1];
      expectRotation(await rotationOf(scaling, [2, 3], positions), positions, frequencies);
      // one new token of each row, as in decoding
      expectRotation(await rotationOf(scaling, [2], [3, length - 1]), [3, length - 1], frequencies);
    },
  );

  it('dynamic: a long batch leaves no trace in the next', async () => {
    const scaling = { type: 'dynamic', factor: 2, originalMaxPositions: 64 } as const;
    await rotationOf(scaling, [1], [127]);
    expectRotation(await rotationOf(scaling, [1], [63]), [63], DEFAULT);
  });
});
