'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Field } from '@/app/_ui/field.tsx';
import { Textarea } from '@/app/_ui/input.tsx';
import { Markdown } from '@/app/_ui/markdown.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { useToast } from '@/app/_ui/toast.tsx';
import type { Guideline } from '@/server/projects/list-guidelines.ts';

/** The guideline in force, an editor that writes the next version, and the older ones. */
export function GuidelineEditor({
  projectId,
  versions,
  mayWrite,
}: {
  projectId: string;
  versions: Guideline[];
  mayWrite: boolean;
}) {
  const newest = versions[0] ?? { version: 0, text: '', createdAt: 0 };
  const router = useRouter();
  const toast = useToast();
  /** null while nobody edits; the version is remembered so that another editor's work is not overwritten */
  const [draft, setDraft] = useState<{ text: string; basedOn: number } | null>(null);
  const write = useMutation(
    useTRPC().projects.writeGuideline.mutationOptions({
      onSuccess: ({ version }) => {
        setDraft(null);
        toast(`Version ${version} is in force`, { tone: 'success' });
        router.refresh();
      },
    }),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (draft) write.mutate({ projectId, ...draft });
  };
  return (
    <Card aria-labelledby="guideline">
      <CardHeader>
        <div>
          <CardTitle id="guideline">
            Guideline <Badge className="ml-1">version {newest.version}</Badge>
          </CardTitle>
          <CardDescription>
            What annotators are told. A judgment records the version it was made under.
          </CardDescription>
        </div>
        {mayWrite && draft === null ? (
          <Button
            size="sm"
            variant="outline"
            onClick={() => setDraft({ text: newest.text, basedOn: newest.version })}
          >
            Edit
          </Button>
        ) : null}
      </CardHeader>
      <CardContent>
        {draft === null ? (
          <Markdown text={newest.text} />
        ) : (
          <form onSubmit={submit} className="grid gap-3">
            <Field label="Text" hint="Markdown.">
              <Textarea
                value={draft.text}
                onChange={(event) => setDraft({ ...draft, text: event.target.value })}
                className="min-h-80 font-mono text-xs"
                required
                maxLength={50_000}
                autoFocus
              />
            </Field>
            <CallError error={write.error} />
            <div className="flex gap-2">
              <Button
                type="submit"
                isBusy={write.isPending}
                disabled={draft.text.trim() === newest.text || !draft.text.trim()}
              >
                Save as version {draft.basedOn + 1}
              </Button>
              <Button variant="ghost" onClick={() => setDraft(null)}>
                Cancel
              </Button>
            </div>
          </form>
        )}
        {versions.length > 1 ? (
          <div className="mt-5 grid gap-2 border-t pt-4">
            <h3 className="text-sm font-medium">Earlier versions</h3>
            {versions.slice(1).map(({ version, text, createdAt }) => (
              <details key={version} className="rounded-md border px-3 py-2">
                <summary className="text-sm">
                  Version {version}, <Time at={createdAt} />
                </summary>
                <div className="mt-2 border-t pt-2">
                  <Markdown text={text} />
                </div>
              </details>
            ))}
          </div>
        ) : null}
      </CardContent>
    </Card>
  );
}
