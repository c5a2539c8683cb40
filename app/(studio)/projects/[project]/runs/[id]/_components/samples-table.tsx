'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Badge } from '@/app/_ui/badge.tsx';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { FormError } from '@/app/_ui/field.tsx';
import { Select } from '@/app/_ui/input.tsx';
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/app/_ui/table.tsx';
import { formatFigure } from '@/app/(studio)/projects/[project]/runs/_components/format-figure.ts';
import type { Episode } from '@/trainer/events.ts';

/** Sampled episodes of one step with every part of their reward, best score first when sorted so. */
export function SamplesTable({ projectId, runId }: { projectId: string; runId: string }) {
  const trpc = useTRPC();
  const [step, setStep] = useState<number | null>(null);
  const [order, setOrder] = useState<'sampled' | 'best' | 'worst'>('sampled');
  const samples = useQuery({
    ...trpc.runs.samples.queryOptions({ projectId, runId, step }),
    placeholderData: keepPreviousData,
  });
  if (samples.error) return <FormError>{samples.error.message}</FormError>;
  const data = samples.data;
  if (!data || data.steps.length === 0) {
    return (
      <p className="text-sm text-muted-foreground">
        No samples yet; they come with the first logged rollout.
      </p>
    );
  }
  const hasTrueReward = data.episodes.some(({ episode }) => episode.trueReward !== null);
  const rows = [...data.episodes];
  if (order !== 'sampled') {
    const sign = order === 'best' ? -1 : 1;
    rows.sort((a, b) => sign * (a.episode.totalReward - b.episode.totalReward));
  }
  return (
    <Card>
      <CardHeader>
        <div>
          <CardTitle>Sampled episodes</CardTitle>
          <CardDescription>Total reward = score after the rules + KL penalty.</CardDescription>
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
            className="w-36"
            value={order}
            onChange={(event) => setOrder(event.target.value as typeof order)}
          >
            <option value="sampled">as sampled</option>
            <option value="best">best first</option>
            <option value="worst">worst first</option>
          </Select>
        </div>
      </CardHeader>
      <CardContent className="px-0 pb-1">
        <Table aria-label="Sampled episodes">
          <TableHeader>
            <tr>
              <TableHead>Prompt and response</TableHead>
              <TableHead className="text-right">Score</TableHead>
              <TableHead className="text-right">KL</TableHead>
              <TableHead className="text-right">KL penalty</TableHead>
              <TableHead className="text-right">Total</TableHead>
              {hasTrueReward ? <TableHead className="text-right">True reward</TableHead> : null}
              <TableHead className="text-right">Tokens</TableHead>
              <TableHead>End</TableHead>
            </tr>
          </TableHeader>
          <TableBody>
            {rows.map(({ id, episode }) => (
              <EpisodeRow key={id} episode={episode} hasTrueReward={hasTrueReward} />
            ))}
          </TableBody>
        </Table>
      </CardContent>
    </Card>
  );
}

function EpisodeRow({ episode, hasTrueReward }: { episode: Episode; hasTrueReward: boolean }) {
  const isRuled = episode.finalScore !== episode.score;
  return (
    <TableRow>
      <TableCell className="min-w-72 max-w-xl align-top">
        <p className="text-xs whitespace-pre-wrap text-muted-foreground">{episode.prompt}</p>
        <p className="mt-0.5 break-words whitespace-pre-wrap">
          {episode.response || <span className="text-muted-foreground">(nothing)</span>}
        </p>
      </TableCell>
      <TableCell className="text-right align-top">
        {formatFigure(episode.finalScore)}
        {isRuled ? (
          <span className="block text-xs whitespace-nowrap text-muted-foreground">
            model {formatFigure(episode.score)}
          </span>
        ) : null}
      </TableCell>
      <TableCell className="text-right align-top">{formatFigure(episode.kl)}</TableCell>
      <TableCell className="text-right align-top">{formatFigure(episode.klPenalty)}</TableCell>
      <TableCell className="text-right align-top font-medium">{formatFigure(episode.totalReward)}</TableCell>
      {hasTrueReward ? (
        <TableCell className="text-right align-top">{formatFigure(episode.trueReward)}</TableCell>
      ) : null}
      <TableCell className="text-right align-top">{formatFigure(episode.numTokens)}</TableCell>
      <TableCell className="align-top">
        {episode.ended ? <Badge>ended</Badge> : <Badge tone="warning">cut off</Badge>}
      </TableCell>
    </TableRow>
  );
}
