import { Badge } from '@/app/_ui/badge.tsx';
import type { PromptDetail } from '@/server/prompts/schemas.ts';

type Props = { prompt: Pick<PromptDetail, 'externalId' | 'tags' | 'metadata' | 'fileName'> };

/** What came with a prompt in its file: name, tags and the other columns. */
export function PromptDetails({ prompt }: Props) {
  const { externalId, tags, metadata, fileName } = prompt;
  const facts = [
    ...(fileName === null ? [] : [['from', fileName] as const]),
    ...(externalId === null ? [] : [['id there', externalId] as const]),
    ...Object.entries(metadata).map(
      ([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)] as const,
    ),
  ];
  if (facts.length === 0 && tags.length === 0) return null;
  return (
    <section aria-label="What came with it" className="mt-4 grid gap-2 text-sm">
      {tags.length > 0 && (
        <ul aria-label="Tags" className="flex flex-wrap gap-1">
          {tags.map((tag) => (
            <li key={tag}>
              <Badge>{tag}</Badge>
            </li>
          ))}
        </ul>
      )}
      <dl className="grid grid-cols-[max-content_1fr] gap-x-4 gap-y-1">
        {facts.map(([name, text]) => (
          <div key={name} className="contents">
            <dt className="text-muted-foreground">{name}</dt>
            <dd className="max-h-40 overflow-y-auto whitespace-pre-wrap break-words">{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
