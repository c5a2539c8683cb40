import { describe, expect, it } from 'vitest';
import type { HostTensor } from '../../tensors/compile.ts';
import { fromFileLayout, toFileLayout } from './weight-layout.ts';

const floats = (shape: number[], ...values: number[]): HostTensor => ({
  shape,
  data: Float32Array.from(values),
});
const gpt2 = { family: 'gpt2' } as const;

/** What fromFileLayout makes of a file of these tensors. */
function read(tensors: Record<string, HostTensor>, family: 'gpt2' | 'llama' = 'gpt2') {
  const weights = fromFileLayout(
    {
      shapes: new Map(Object.entries(tensors).map(([name, { shape }]) => [name, shape])),
      read: (name) => tensors[name] as HostTensor,
      fileOf: () => 'model.safetensors',
      close: () => {},
    },
    { family },
  );
  const found = [...weights.shapes].map(([name, shape]) => {
    const tensor = weights.read(name);
    expect(tensor.shape).toEqual(shape);
    return [name, tensor];
  });
  return Object.fromEntries(found) as Record<string, HostTensor>;
}

describe('the layout of GPT-2 files', () => {
  it('turns Conv1D weights to [out, in] and leaves all else', () => {
    const tensors = {
      'transformer.h.0.mlp.c_fc.weight': floats([2, 3], 1, 2, 3, 4, 5, 6),
      'transformer.h.0.mlp.c_fc.bias': floats([3], 1, 2, 3),
      'transformer.wte.weight': floats([1, 2], 7, 8),
      'lm_head.weight': floats([1, 2], 7, 8),
      'score.weight': floats([1, 2], 7, 8),
    };
    expect(read(tensors)).toEqual({
      'transformer.h.0.mlp.c_fc.weight': floats([3, 2], 1, 4, 2, 5, 3, 6),
      'transformer.h.0.mlp.c_fc.bias': floats([3], 1, 2, 3),
      'transformer.wte.weight': floats([1, 2], 7, 8),
      'lm_head.weight': floats([1, 2], 7, 8),
      'score.weight': floats([1, 2], 7, 8),
    });
  });

  it('takes names without the prefix and reads past the masks of older exports', () => {
    const square = floats([1, 1], 9);
    const names = ['wte.weight', 'wpe.weight', 'h.11.attn.c_attn.weight', 'h.11.ln_1.bias', 'ln_f.bias'];
    const masks = ['h.0.attn.bias', 'transformer.h.3.attn.bias', 'h.0.attn.masked_bias'];
    const tensors = Object.fromEntries([...names, ...masks].map((name) => [name, square]));
    expect(Object.keys(read(tensors))).toEqual(names.map((name) => `transformer.${name}`));
  });

  it('goes back the same', () => {
    const tensors = {
      'transformer.h.0.attn.c_attn.weight': floats([6, 2], ...Array(12).keys()),
      'transformer.h.0.attn.c_proj.bias': floats([2], 1, 2),
    };
    const written = toFileLayout(tensors, gpt2);
    expect(written['transformer.h.0.attn.c_attn.weight']).toEqual(
      floats([2, 6], 0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11),
    );
    expect(read(written)).toEqual(tensors);
  });

  it('leaves a Conv1D weight that is no matrix for the check of shapes', () => {
    const odd = floats([2, 1, 2], 1, 2, 3, 4);
    const name = 'transformer.h.0.attn.c_proj.weight';
    expect(read({ [name]: odd })[name]).toEqual(odd);
  });
});

it('Llama files are as they are', () => {
  const tensors = { 'model.layers.0.mlp.c_proj.weight': floats([1, 2], 1, 2) };
  expect(toFileLayout(tensors, { family: 'llama' })).toEqual(tensors);
  expect(read(tensors, 'llama')).toEqual(tensors);
});
