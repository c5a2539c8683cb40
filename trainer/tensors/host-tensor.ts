/** A tensor outside the engine: its elements in row-major order. Float32Array is float32, Int32Array is int32. */
export type HostTensor = { shape: number[]; data: Float32Array | Int32Array };
