import { type TensorInfo, tf } from '../../tensors/tf.ts';
import type { NativeBackend } from './backend.ts';
import type { NodeOutput } from './graph-writer.ts';
import type { Nodes } from './nodes.ts';

/** What a kernel adds nodes with. */
export type KernelContext = {
  nodes: Nodes;
  /** the node of an input */
  node(info: TensorInfo): NodeOutput;
  /** the tensor that stands for a node */
  tensor: NativeBackend['symbol'];
  trace: NativeBackend['trace'];
};
export type GraphKernel = (
  inputs: Record<string, TensorInfo>,
  context: KernelContext,
  // biome-ignore lint/suspicious/noExplicitAny: the attributes of tfjs' kernels, each kernel knows its own
  attributes: Record<string, any>,
) => TensorInfo | TensorInfo[];

/** Kernels that pass their data on, symbolic or not. */
const PASS_ON = new Set(['Identity']);

/**
 * Registers every kernel of the cpu backend for native. Outside of a trace the cpu kernel runs. Inside, a kernel whose
 * inputs are all known runs at once and gives a constant; the others add nodes.
 */
export function registerKernels(graphKernels: ReadonlyMap<string, GraphKernel>): void {
  for (const config of tf.getKernelsForBackend('cpu')) {
    const { kernelName, kernelFunc } = config;
    const graphKernel = graphKernels.get(kernelName);
    tf.registerKernel({
      ...config,
      backendName: 'native',
      kernelFunc: (call) => {
        const backend = call.backend as NativeBackend;
        const infos = Object.values(call.inputs).flat() as (TensorInfo | undefined)[];
        const inputs = infos.filter((info) => info !== undefined);
        if (!backend.isTracing) {
          backend.bringToHost(inputs);
          return kernelFunc(call);
        }
        const { trace } = backend;
        const isKnown = !inputs.some(({ dataId }) => trace.isSymbolic(dataId));
        if (isKnown || PASS_ON.has(kernelName)) return kernelFunc(call);
        if (!graphKernel)
          throw new Error(`native backend: ${kernelName} cannot be part of a compiled step yet`);
        const context: KernelContext = {
          nodes: trace.nodes,
          trace,
          node: (info) => backend.node(info),
          tensor: (node, shape, dtype) => backend.symbol(node, shape, dtype),
        };
        return graphKernel(call.inputs as Record<string, TensorInfo>, context, call.attrs ?? {});
      },
    });
  }
}
