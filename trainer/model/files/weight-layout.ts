/**
 * How weights lie in a model's files, where that differs from the parameters here: every linear weight here is [out, in];
 * GPT-2's files hold its Conv1D weights as [in, out], and may leave out the prefix `transformer.`.
 */
import type { HostTensor } from '../../tensors/compile.ts';
import type { ModelConfig } from '../config.ts';
import type { ModelWeights } from './model-weights.ts';
import type { TensorToWrite } from './safetensors.ts';

const CONV1D_WEIGHT = /\.(c_attn|c_proj|c_fc)\.weight$/;
/** The causal masks that older exports carry as tensors; transformers reads past them, too. */
const MASK_BUFFER = /\.attn\.(bias|masked_bias)$/;
const WITHOUT_PREFIX = /^(wte|wpe|ln_f|h\.\d+)\./;

/** The weights of a folder by the names and in the layout of the parameters. */
export function fromFileLayout(weights: ModelWeights, { family }: Pick<ModelConfig, 'family'>): ModelWeights {
  if (family !== 'gpt2') return weights;
  const shapes = new Map<string, number[]>();
  const fileNames = new Map<string, string>();
  for (const [fileName, shape] of weights.shapes) {
    const name = WITHOUT_PREFIX.test(fileName) ? `transformer.${fileName}` : fileName;
    if (MASK_BUFFER.test(name)) continue;
    shapes.set(name, isTurned(name, shape) ? shape.toReversed() : shape);
    fileNames.set(name, fileName);
  }
  const fileName = (name: string) => fileNames.get(name) ?? name;
  return {
    shapes,
    read(name) {
      const tensor = weights.read(fileName(name));
      return isTurned(name, tensor.shape) ? transposed(tensor) : tensor;
    },
    fileOf: (name) => weights.fileOf(fileName(name)),
    close: weights.close,
  };
}

/** Parameters as a file holds them; those that are fetched when their turn comes are turned around then. */
export function toFileLayout<T extends TensorToWrite>(
  tensors: Record<string, T>,
  { family }: Pick<ModelConfig, 'family'>,
): Record<string, T> {
  if (family !== 'gpt2') return tensors;
  const turned = Object.entries(tensors).map(([name, tensor]) => {
    if (!isTurned(name, tensor.shape)) return [name, tensor];
    if ('data' in tensor) return [name, transposed(tensor)];
    const { shape, readFloats } = tensor;
    const values = () => transposed({ shape, data: readFloats() }).data;
    return [name, { shape: shape.toReversed(), readFloats: values }];
  });
  return Object.fromEntries(turned);
}

/** What is no matrix is left for the check of shapes to name. */
function isTurned(name: string, shape: number[]): boolean {
  return CONV1D_WEIGHT.test(name) && shape.length === 2;
}

function transposed(tensor: HostTensor): HostTensor {
  const [rows, columns] = tensor.shape as [number, number];
  const { data } = tensor;
  const turned = data instanceof Float32Array ? new Float32Array(data.length) : new Int32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) turned[j * rows + i] = data[i * columns + j] as number;
  }
  return { shape: [columns, rows], data: turned };
}
