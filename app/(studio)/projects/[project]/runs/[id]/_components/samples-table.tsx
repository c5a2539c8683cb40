'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Badge } from '@/app/_ui/badge.tsx';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Select } from '@/app/_ui/input.tsx';
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/app/_ui/table.tsx';
import { formatFigure } from '@/app/(studio)/projects/[project]/runs/_components/format-figure.ts';
import { metricAnchor } from '@/app/(studio)/projects/[project]/runs/metrics/_components/metric-sections.ts';
import type { Sample } from '@/trainer/events.ts';
import { figuresOf, SAMPLE_FIGURES, sortSamples } from './sample-figures.ts';

/**
 * What the model wrote at one step, with whatever the recipe measured of it; sorted by any of these figures.
 */
export function SamplesTable({
  projectId,
  runId,
  figuresHref,
}: {
  projectId: string;
  runId: string;
  /** the page that says what every figure means */
  figuresHref: string;
}) {
  const trpc = useTRPC();
  const [step, setStep] = useState<number | null>(null);
  const [order, setOrder] = useState('');
  const samples = useQuery({
    ...trpc.runs.samples.queryOptions({ projectId, runId, step }),
    placeholderData: keepPreviousData,
  });
  if (samples.error) return <CallError error={samples.error} />;
  const data = samples.data;
  if (!data) return <p className="text-sm text-muted-foreground">Reading the samples …</p>;
  if (data.steps.length === 0)
    return (
      <p className="rounded-lg border border-dashed p-8 text-center text-sm text-muted-foreground">
        No samples: this run has not written any, or its recipe does not write.
      </p>
    );
  const figures = figuresOf(data.samples.map(({ sample }) => sample));
  const [direction, figure] = order.split(/ (.*)/s) as ['highest' | 'lowest', string | undefined];
  const rows = figure === undefined ? data.samples : sortSamples(data.samples, { figure, direction });
  return (
    <Card>
      <CardHeader>
        <div>
          <CardTitle>Samples</CardTitle>
          <CardDescription>What the model wrote at this step, and what was measured of it.</CardDescription>
        </div>
        <div className="flex flex-wrap gap-2">
          <Select
            aria-label="Step of the samples"
            className="w-36"
            value={step ?? ''}
            onChange={(event) => setStep(event.target.value === '' ? null : Number(event.target.value))}
          >
            <option value="">newest ({formatFigure(data.steps[0])})</option>
            {data.steps.map((option) => (
              <option key={option} value={option}>
                step {formatFigure(option)}
              </option>
            ))}
          </Select>
          <Select
            aria-label="Order"
            className="w-44"
            value={order}
            onChange={(event) => setOrder(event.target.value)}
          >
            <option value="">as sampled</option>
            {figures.flatMap((name) =>
              (['highest', 'lowest'] as const).map((end) => (
                <option key={`${end} ${name}`} value={`${end} ${name}`}>
                  {labelOf(name)}, {end} first
                </option>
              )),
            )}
          </Select>
        </div>
      </CardHeader>
      <CardContent className="px-0 pb-1">
        <Table aria-label="Samples">
          <TableHeader>
            <tr>
              <TableHead>Prompt and response</TableHead>
              {figures.map((name) => (
                <TableHead key={name} className="text-right">
                  {name in SAMPLE_FIGURES ? (
                    <Link
                      href={`${figuresHref}#${metricAnchor('samples', name)}`}
                      className="hover:underline"
                      title="What it means"
                    >
                      {labelOf(name)}
                    </Link>
                  ) : (
                    name
                  )}
                </TableHead>
              ))}
            </tr>
          </TableHeader>
          <TableBody>
            {rows.map(({ id, sample }) => (
              <SampleRow key={id} sample={sample} figures={figures} />
            ))}
          </TableBody>
        </Table>
      </CardContent>
    </Card>
  );
}

function labelOf(name: string): string {
  return SAMPLE_FIGURES[name]?.label ?? name;
}

function SampleRow({ sample, figures }: { sample: Sample; figures: readonly string[] }) {
  return (
    <TableRow>
      <TableCell className="min-w-72 max-w-xl align-top">
        <p className="text-xs whitespace-pre-wrap text-muted-foreground">{sample.prompt}</p>
        <p className="mt-0.5 break-words whitespace-pre-wrap">
          {sample.response || <span className="text-muted-foreground">(nothing)</span>}
        </p>
      </TableCell>
      {figures.map((name) => (
        <TableCell key={name} className="text-right align-top">
          <Figure name={name} value={sample.figures[name] ?? null} />
        </TableCell>
      ))}
    </TableRow>
  );
}

function Figure({ name, value }: { name: string; value: number | null }) {
  if (SAMPLE_FIGURES[name]?.kind !== 'yes-no' || value === null) return formatFigure(value);
  return value === 1 ? <Badge>yes</Badge> : <Badge tone="warning">no</Badge>;
}
