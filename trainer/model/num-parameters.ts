/** How many scalars a model's parameters have, from its config alone. */
import type { NewModel } from '../config/definition.ts';
import { type ModelConfig, newModelConfig } from './config.ts';
import { loadModelConfig } from './files/load-pretrained.ts';
import { paramShapes } from './param-shapes.ts';

export function numParametersOf(config: ModelConfig): number {
  const shapes = [...paramShapes(config).values()];
  return shapes.reduce((sum, shape) => sum + shape.reduce((size, length) => size * length, 1), 0);
}

/** Of the model in a folder, by its config.json. */
export function numParametersIn(folder: string): number {
  return numParametersOf(loadModelConfig(folder));
}

/** Of a model that a recipe will make, if its tokenizer reaches the size asked for. */
export function numParametersOfNew(model: NewModel): number {
  return numParametersOf(newModelConfig(model));
}
