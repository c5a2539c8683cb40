import type { ReactNode } from 'react';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';

/** The head of a page about one thing: what it is, and its id to be copied. */
export function DetailHeader({ title, id, level }: { title: ReactNode; id: string; level: 1 | 2 }) {
  const Heading = level === 1 ? 'h1' : 'h2';
  return (
    <header className="grid gap-0.5">
      <Heading className={level === 1 ? 'text-xl font-semibold' : 'text-base font-semibold'}>{title}</Heading>
      <p className="font-mono text-xs break-all text-muted-foreground">{id}</p>
    </header>
  );
}

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card>
      <CardHeader>
        <CardTitle>{title}</CardTitle>
      </CardHeader>
      <CardContent>{children}</CardContent>
    </Card>
  );
}

/** Named facts; one that is null or empty is not there. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[minmax(6rem,max-content)_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm">
      {facts
        .filter(([, value]) => value !== null && value !== '')
        .map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted-foreground">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ))}
    </dl>
  );
}

export function SplitText({ split }: { split: 'train' | 'heldout' }) {
  return split === 'heldout' ? 'held out: never trained on' : 'in the training part';
}
