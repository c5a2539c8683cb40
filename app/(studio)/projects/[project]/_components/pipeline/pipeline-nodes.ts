import type { inferRouterOutputs } from '@trpc/server';
import { formatDuration } from '@/lib/format-duration.ts';
import type { Overview } from '@/server/projects/overview.ts';
import type { AppRouter } from '@/server/root.ts';
import { formatFigure } from '../../runs/_components/format-figure.ts';
import { headlineText, rangeText } from '../../runs/_components/headline-figure.tsx';
import type { PipelineNode } from './lay-out.ts';

export type Pipeline = inferRouterOutputs<AppRouter>['projects']['pipeline'];
type PipelineRun = Pipeline['runs'][number];

/** A thing of the drawing with what is said of it. */
export type DescribedNode = PipelineNode & {
  kind: 'data' | 'snapshot' | 'model' | 'run';
  title: string;
  /** one short line in its box */
  line: string;
  status: PipelineRun['status'] | null;
  /** one that is null is not there */
  facts: readonly (readonly [name: string, value: string | null])[];
  href: string;
  linkText: string;
};

const count = (n: number) => n.toLocaleString('en-US');

/** Data, snapshots, models and runs in words; what a run made is part of it. */
export function describeNodes(
  pipeline: Pipeline,
  { slug, project }: { slug: string; project: NonNullable<Overview['project']> },
): DescribedNode[] {
  const base = `/projects/${slug}`;
  const { annotator, simulated, imported } = project.judgments;
  return [
    {
      ...{ id: 'data', kind: 'data', from: [], status: null },
      title: 'Data',
      line: `${count(project.prompts)} prompts, ${count(annotator + simulated + imported)} judgments`,
      facts: [
        ['Prompts', count(project.prompts)],
        ['Judgments by people', count(annotator)],
        ['Simulated judgments', simulated > 0 ? count(simulated) : null],
        ['Imported comparisons', imported > 0 ? count(imported) : null],
      ],
      ...{ href: `${base}/data`, linkText: 'Open the data' },
    },
    ...pipeline.snapshots.map(
      (snapshot): DescribedNode => ({
        ...{ id: snapshot.id, kind: 'snapshot', from: ['data'], status: null },
        title: `Snapshot ${snapshot.number}`,
        line: `${count(snapshot.kept)} judgments`,
        facts: [['Holds', snapshot.name.replace(/^[^:]*: /, '')]],
        ...{ href: `${base}/exports#${snapshot.id}`, linkText: 'Open the snapshot' },
      }),
    ),
    ...pipeline.models.map(
      (model): DescribedNode => ({
        ...{ id: model.id, kind: 'model', from: [], status: null },
        title: model.name,
        line: model.isBundled ? 'comes with Plumbline' : model.runId ? 'of an earlier run' : 'added',
        facts: [
          ['Kind', model.kind === 'reward-model' ? 'reward model' : 'language model'],
          ['Step', model.runId ? count(model.step) : null],
        ],
        ...{ href: `${base}/models#${model.id}`, linkText: 'Open the model' },
      }),
    ),
    ...pipeline.runs.map(
      (run): DescribedNode => ({
        ...{ id: run.id, kind: 'run', from: run.from, status: run.status },
        title: run.name,
        line: run.headline
          ? `${run.recipe}: ${headlineText(run.headline.value, run.headline.unit)}`
          : `${run.recipe}, step ${count(run.step)}${run.totalSteps === null ? '' : ` of ${count(run.totalSteps)}`}`,
        facts: factsOf(run),
        ...{ href: `${base}/runs/${run.id}`, linkText: 'Open the run' },
      }),
    ),
  ];
}

function factsOf(run: PipelineRun): DescribedNode['facts'] {
  const { headline, loss, firstLoss, tokens, seconds, device } = run;
  return [
    ['Recipe', run.recipe],
    [
      'Result',
      headline === null
        ? null
        : `${headline.label} ${headlineText(headline.value, headline.unit)}${
            headline.interval === null ? '' : ` (${rangeText(headline.interval, headline.unit)})`
          }`,
    ],
    [
      'Loss',
      loss === null
        ? null
        : firstLoss === null
          ? formatFigure(loss)
          : `${formatFigure(firstLoss)} to ${formatFigure(loss)}`,
    ],
    ['Data', tokens === null ? null : `${formatFigure(Math.round(tokens))} tokens`],
    ['Steps', formatFigure(run.step)],
    ['Cost', seconds === null ? null : `${formatDuration(seconds)}${device === null ? '' : ` on ${device}`}`],
  ];
}
