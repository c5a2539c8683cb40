/**
 * How weights lie in a model's files, where that differs from the parameters here: every linear weight here is [out, in];
 * GPT-2's files hold its Conv1D weights as [in, out], and may leave out the prefix `transformer.`.
 */
import type { HostTensor } from '../backend/compile.ts';
import type { ModelConfig } from './config.ts';

const CONV1D_WEIGHT = /\.(c_attn|c_proj|c_fc)\.weight$/;
/** The causal masks that older exports carry as tensors; transformers reads past them, too. */
const MASK_BUFFER = /\.attn\.(bias|masked_bias)$/;
const WITHOUT_PREFIX = /^(wte|wpe|ln_f|h\.\d+)\./;

/** Tensors as they were read from a file, by the names and in the layout of the parameters. */
export function fromFileLayout(
  tensors: ReadonlyMap<string, HostTensor>,
  { family }: Pick<ModelConfig, 'family'>,
): Map<string, HostTensor> {
  if (family !== 'gpt2') return new Map(tensors);
  const renamed = new Map<string, HostTensor>();
  for (const [fileName, tensor] of tensors) {
    const name = WITHOUT_PREFIX.test(fileName) ? `transformer.${fileName}` : fileName;
    if (!MASK_BUFFER.test(name)) renamed.set(name, CONV1D_WEIGHT.test(name) ? transposed(tensor) : tensor);
  }
  return renamed;
}

/** Parameters as a file holds them. */
export function toFileLayout(
  tensors: Record<string, HostTensor>,
  { family }: Pick<ModelConfig, 'family'>,
): Record<string, HostTensor> {
  if (family !== 'gpt2') return tensors;
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [
      name,
      CONV1D_WEIGHT.test(name) ? transposed(tensor) : tensor,
    ]),
  );
}

/** A matrix turned around; what is no matrix is left for the check of shapes to name. */
function transposed(tensor: HostTensor): HostTensor {
  const [rows, columns, ...more] = tensor.shape;
  if (rows === undefined || columns === undefined || more.length > 0) return tensor;
  const { data } = tensor;
  const turned = data instanceof Float32Array ? new Float32Array(data.length) : new Int32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) turned[j * rows + i] = data[i * columns + j] as number;
  }
  return { shape: [columns, rows], data: turned };
}
