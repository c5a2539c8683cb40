'use client';

import { BoxIcon, DatabaseIcon, PackageIcon, PlayIcon } from 'lucide-react';
import Link from 'next/link';
import { useId, useMemo, useState } from 'react';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { cn } from '@/app/_ui/cn.ts';
import { StatusBadge } from '../../runs/_components/status-badge.tsx';
import { Facts } from '../detail.tsx';
import { type Layout, layOut, lineOf, type Placed } from './lay-out.ts';
import type { DescribedNode } from './pipeline-nodes.ts';

const WIDTH = 168;
const HEIGHT = 62;
const GAP_X = 40;
const GAP_Y = 14;

const ICONS = { data: DatabaseIcon, snapshot: PackageIcon, model: BoxIcon, run: PlayIcon } as const;

/**
 * What the project's newest models are made of: data, snapshots, models, runs, each with what came of it. A press on one shows its
 * line and its figures, and from there one walks to its neighbours. On narrow screens the same, stage below stage.
 */
export function PipelineCard({ nodes }: { nodes: readonly DescribedNode[] }) {
  const titleId = useId();
  const layout = useMemo(() => layOut(nodes), [nodes]);
  const [chosenId, setChosenId] = useState(() => nodes.at(-1)?.id ?? '');
  const chosen = nodes.find(({ id }) => id === chosenId);
  const line = useMemo(() => lineOf(chosenId, layout.edges), [chosenId, layout]);
  const box = { nodes, layout, line, chosenId, onChoose: setChosenId };
  return (
    <Card aria-labelledby={titleId}>
      <CardHeader>
        <div>
          <CardTitle id={titleId}>Pipeline</CardTitle>
          <CardDescription>
            What the newest models are made of. Press a stage to see its figures.
          </CardDescription>
        </div>
      </CardHeader>
      <CardContent className="grid min-w-0 gap-4 xl:grid-cols-[minmax(0,1fr)_17rem]">
        <Drawing {...box} />
        <Stages {...box} />
        {chosen ? <Details node={chosen} nodes={nodes} layout={layout} onChoose={setChosenId} /> : null}
      </CardContent>
    </Card>
  );
}

type BoxProps = {
  nodes: readonly DescribedNode[];
  layout: Layout;
  line: ReadonlySet<string>;
  chosenId: string;
  onChoose: (id: string) => void;
};

const left = ({ column }: Placed) => column * (WIDTH + GAP_X);
const top = ({ row }: Placed) => row * (HEIGHT + GAP_Y);

function Drawing({ nodes, layout, line, chosenId, onChoose }: BoxProps) {
  const { places, edges, columns, rows } = layout;
  const width = columns * (WIDTH + GAP_X) - GAP_X;
  const height = rows * (HEIGHT + GAP_Y) - GAP_Y;
  return (
    <section
      aria-label="Drawing of the pipeline"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable box must be reachable by keyboard
      tabIndex={0}
      className="overflow-x-auto p-0.5 max-md:hidden"
    >
      <div className="relative" style={{ width, height }}>
        <svg className="absolute inset-0" width={width} height={height} aria-hidden>
          {edges.map(({ from, to }) => {
            const [start, end] = [places.get(from), places.get(to)];
            if (!start || !end) return null;
            const [x1, y1] = [left(start) + WIDTH, top(start) + HEIGHT / 2];
            const [x2, y2] = [left(end), top(end) + HEIGHT / 2];
            const isInLine = line.has(from) && line.has(to);
            return (
              <path
                key={`${from} ${to}`}
                d={`M ${x1} ${y1} C ${x1 + GAP_X / 2} ${y1}, ${x2 - GAP_X / 2} ${y2}, ${x2} ${y2}`}
                fill="none"
                className={isInLine ? 'stroke-primary' : 'stroke-border'}
                strokeWidth={isInLine ? 2 : 1.5}
              />
            );
          })}
        </svg>
        {nodes.map((node) => {
          const place = places.get(node.id);
          return place ? (
            <NodeButton
              key={node.id}
              node={node}
              isChosen={node.id === chosenId}
              isInLine={line.has(node.id)}
              onChoose={onChoose}
              className="absolute"
              style={{ left: left(place), top: top(place), width: WIDTH, height: HEIGHT }}
            />
          ) : null;
        })}
      </div>
    </section>
  );
}

/** The same for narrow screens: one stage below the other. */
function Stages({ nodes, layout, line, chosenId, onChoose }: BoxProps) {
  const stages = Array.from({ length: layout.columns }, (_, column) =>
    nodes.filter(({ id }) => layout.places.get(id)?.column === column),
  );
  return (
    <ol className="grid gap-3 md:hidden">
      {stages.map((stage) => (
        <li key={stage[0]?.id} className="grid gap-2 border-l-2 pl-3">
          {stage.map((node) => (
            <NodeButton
              key={node.id}
              node={node}
              isChosen={node.id === chosenId}
              isInLine={line.has(node.id)}
              onChoose={onChoose}
            />
          ))}
        </li>
      ))}
    </ol>
  );
}

function NodeButton({
  node,
  isChosen,
  isInLine,
  onChoose,
  className,
  style,
}: {
  node: DescribedNode;
  isChosen: boolean;
  isInLine: boolean;
  onChoose: (id: string) => void;
  className?: string;
  style?: React.CSSProperties;
}) {
  const Icon = ICONS[node.kind];
  return (
    <button
      type="button"
      aria-pressed={isChosen}
      onClick={() => onChoose(node.id)}
      style={style}
      className={cn(
        'grid content-center gap-0.5 overflow-hidden rounded-md border bg-card px-3 py-2 text-left hover:bg-accent',
        isInLine && 'border-primary/60',
        isChosen && 'border-primary bg-primary/8 ring-1 ring-primary',
        className,
      )}
    >
      <span className="flex min-w-0 items-center gap-1.5 text-sm font-medium">
        <Icon className="size-3.5 shrink-0 text-muted-foreground" aria-hidden />
        <bdi className="truncate">{node.title}</bdi>
      </span>
      <span className="truncate text-xs text-muted-foreground">{node.line}</span>
    </button>
  );
}

function Details({
  node,
  nodes,
  layout,
  onChoose,
}: {
  node: DescribedNode;
  nodes: readonly DescribedNode[];
  layout: Layout;
  onChoose: (id: string) => void;
}) {
  const near = (ids: readonly string[]) => nodes.filter(({ id }) => ids.includes(id));
  const before = near(layout.edges.filter(({ to }) => to === node.id).map(({ from }) => from));
  const after = near(layout.edges.filter(({ from }) => from === node.id).map(({ to }) => to));
  return (
    <div aria-live="polite" className="grid content-start gap-3 rounded-md border p-3 text-sm">
      <h3 className="flex flex-wrap items-center gap-2 font-semibold">
        <bdi>{node.title}</bdi>
        {node.status === null ? null : <StatusBadge status={node.status} />}
      </h3>
      <Facts facts={node.facts} />
      <Neighbours title="Made of" nodes={before} onChoose={onChoose} />
      <Neighbours title="Used by" nodes={after} onChoose={onChoose} />
      <Button asChild variant="outline" size="sm" className="justify-self-start">
        <Link href={node.href}>{node.linkText}</Link>
      </Button>
    </div>
  );
}

function Neighbours({
  title,
  nodes,
  onChoose,
}: {
  title: string;
  nodes: readonly DescribedNode[];
  onChoose: (id: string) => void;
}) {
  if (nodes.length === 0) return null;
  return (
    <div className="grid gap-1">
      <h4 className="text-xs text-muted-foreground">{title}</h4>
      <ul className="flex flex-wrap gap-1.5">
        {nodes.map((node) => (
          <li key={node.id} className="min-w-0">
            <Button variant="outline" size="sm" className="max-w-full" onClick={() => onChoose(node.id)}>
              <bdi className="truncate">{node.title}</bdi>
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}
