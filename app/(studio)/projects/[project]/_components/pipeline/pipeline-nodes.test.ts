import { expect, it } from 'vitest';
import { describeNodes, type Pipeline } from './pipeline-nodes.ts';

it('leads from a snapshot to the card that has its id', () => {
  const pipeline = {
    snapshots: [{ id: 'snp_1', number: 3, name: 'Snapshot 3: 12 judgments', kept: 12 }],
    models: [],
    runs: [],
  } as unknown as Pipeline;
  const project = { prompts: 2, judgments: { annotator: 12, simulated: 0, imported: 0 } };
  const nodes = describeNodes(pipeline, { slug: 'p', project: project as never });
  expect(nodes.map(({ id, href }) => [id, href])).toEqual([
    ['data', '/projects/p/data'],
    ['snp_1', '/projects/p/exports#snp_1'],
  ]);
});
