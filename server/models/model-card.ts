import { eq } from 'drizzle-orm';
import { stringify } from 'yaml';
import { checkpoints, type ModelSource } from '../../db/schema/models.ts';
import { runs } from '../../db/schema/runs.ts';
import type { Ctx } from '../context.ts';
import { describeSnapshot } from '../runs/get.ts';
import { type Checkpoint, getCheckpointInProject } from './internal.ts';
import { checkpointLineage } from './lineage.ts';

/**
 * README.md of a downloaded checkpoint: a Hugging Face model card with its lineage, data, licence and the figures of the runs that
 * made it. A function of rows that never change, so that a download that broke off can go on. `models.read` is needed.
 */
export function modelCard(ctx: Ctx, input: { projectId: string; checkpointId: string }): string {
  const { checkpoint, model } = getCheckpointInProject(ctx, input);
  const { ancestors } = checkpointLineage({ ctx, input });
  const line: Link[] = [
    { relation: 'this checkpoint', name: model.name, checkpoint },
    ...ancestors.map(({ id, relation, modelName: name }) => ({
      ...{ relation, name },
      checkpoint: ctx.db.select().from(checkpoints).where(eq(checkpoints.id, id)).get() as Checkpoint,
    })),
  ];
  const origins = line.flatMap(({ checkpoint: { origin } }) => origin ?? []);
  const licences = [...new Set(origins.flatMap(({ licence }) => licence ?? []))];
  const bases = origins.flatMap(({ source }) => (source.from === 'hub' ? [source.name] : []));
  const kind = model.kind === 'reward-model' ? 'reward model' : 'language model';
  const front = {
    ...(licences.length > 0 ? { license: licences.length === 1 ? licences[0] : licences } : {}),
    ...(bases.length > 0 ? { base_model: bases } : {}),
    library_name: 'transformers',
    pipeline_tag: model.kind === 'reward-model' ? 'text-classification' : 'text-generation',
    tags: ['plumbline', 'rlhf', ...(model.kind === 'reward-model' ? ['reward-model'] : [])],
  };
  return [
    '---',
    stringify(front).trimEnd(),
    '---',
    '',
    `# ${plain(model.name)}`,
    '',
    `A ${kind}, step ${checkpoint.step}, checkpoint \`${checkpoint.id}\` of ${new Date(checkpoint.createdAt).toISOString()}.`,
    `The sha256 of manifest.json is \`${checkpoint.manifestSha256}\`; it lists every file but this one.`,
    '',
    '## Licence',
    '',
    licences.length > 0
      ? `As the models at its beginning name it: ${plain(licences.join('; '))}.`
      : 'None of the models at its beginning names one. Find out before you pass this on.',
    '',
    '## Lineage',
    '',
    ...line.map((link) => `- ${linkText(link, ctx)}`),
    '',
    '## Data',
    '',
    ...dataLines([
      describeSnapshot(ctx, checkpoint.snapshotId),
      ...ancestors.map(({ snapshot }) => snapshot),
    ]),
    '',
    '## Evaluation',
    '',
    ...line.flatMap((link) => evaluation(link, ctx)),
    'Figures are of held-out prompts where their names say so; those with an interval give it as 95 %. What they mean: docs/metrics.md.',
    '',
  ].join('\n');
}

type Link = { relation: string; name: string; checkpoint: Checkpoint };
type Snapshot = { number: number; manifestSha256: string; bySource: Partial<Record<string, number>> };

function linkText({ relation, name, checkpoint }: Link, ctx: Ctx): string {
  const { id, origin, runId, step, manifestSha256 } = checkpoint;
  const run = runId === null ? undefined : ctx.db.select().from(runs).where(eq(runs.id, runId)).get();
  const made = run
    ? `run \`${run.id}\` (${run.recipe})`
    : origin
      ? sourceText(origin.source, origin.revision)
      : 'comes with Plumbline';
  const base = origin?.baseManifestSha256 ? `, an adapter merged into \`${origin.baseManifestSha256}\`` : '';
  return `${relation}: **${plain(name)}**, step ${step}, \`${id}\`, ${made}${base}, manifest \`${manifestSha256}\``;
}

function sourceText(source: ModelSource, revision: string | null): string {
  if (source.from === 'hub') return `from the hub: ${source.name} at ${revision ?? source.revision}`;
  return source.from === 'folder' ? 'from a folder' : 'uploaded';
}

function dataLines(used: (Snapshot | null)[]): string[] {
  const snapshots = new Map(
    used.flatMap((snapshot) => (snapshot ? [[snapshot.number, snapshot] as const] : [])),
  );
  if (snapshots.size === 0) return ['No judgments of this project went into it.'];
  return [...snapshots.values()].flatMap(({ number, manifestSha256, bySource }) => {
    const counts = Object.entries(bySource)
      .sort()
      .map(([source, count]) => `${count} ${source}`);
    const simulated = bySource.simulated ?? 0;
    return [
      `- Snapshot ${number}: ${counts.join(', ')} judgments, manifest \`${manifestSha256}\`.`,
      ...(simulated > 0 ? [`  ${simulated} of them are of simulated annotators: programs, not people.`] : []),
    ];
  });
}

function evaluation({ name, checkpoint: { runId } }: Link, ctx: Ctx): string[] {
  const run = runId === null ? undefined : ctx.db.select().from(runs).where(eq(runs.id, runId)).get();
  const figures = Object.entries(run?.summary ?? {});
  if (!run || figures.length === 0) return [];
  const { low, high } = run.summary ?? {};
  const interval = (figure: string) =>
    figure === 'heldOutAccuracy' && low !== undefined && high !== undefined ? `${low} to ${high}` : '';
  return [
    `### ${plain(name)}: ${run.recipe}`,
    '',
    '| figure | value | 95 % interval |',
    '| --- | --- | --- |',
    ...figures
      .filter(([figure]) => figure !== 'low' && figure !== 'high')
      .map(([figure, value]) => `| ${figure} | ${value} | ${interval(figure)} |`),
    '',
  ];
}

/** Names are typed by people: on one line, and nothing that Markdown or HTML would read. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>|#]/g, '\\$&');
}
