/** Names of an adapter's entries for the layer at `path`. */
export const loraNames = (path: string) =>
  ({ a: `${path}.lora_A.weight`, b: `${path}.lora_B.weight`, scaling: `${path}.lora_scaling` }) as const;

/** Whether an entry of a params record belongs to an adapter, not to the base. */
export function isLoraName(name: string): boolean {
  return /\.lora_(A\.weight|B\.weight|scaling)$/.test(name);
}
