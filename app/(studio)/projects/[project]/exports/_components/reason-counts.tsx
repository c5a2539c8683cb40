import { Count } from '@/app/_ui/count.tsx';
import { DROP_REASONS, DROP_WORDS, type DropReason } from '@/lib/snapshot-query.ts';

/** How many judgments are left out, by reason, in words; the most frequent first. */
export function ReasonCounts({ dropped, label }: { dropped: Record<string, number>; label: string }) {
  const counts = Object.entries(dropped).sort(([, one], [, other]) => other - one);
  return (
    <ul aria-label={label} className="grid gap-1 text-sm">
      {counts.map(([reason, n]) => (
        <li key={reason} className="flex items-baseline gap-2" data-reason={reason}>
          <span className="min-w-12 text-right font-medium">
            <Count value={n} />
          </span>
          <span className="text-muted-foreground">{wordsOf(reason)}</span>
        </li>
      ))}
    </ul>
  );
}

export function wordsOf(reason: string): string {
  if ((DROP_REASONS as readonly string[]).includes(reason)) return DROP_WORDS[reason as DropReason];
  return reason === 'recorded-later' ? 'recorded while it was being made' : reason.replaceAll(/[-_]/g, ' ');
}
