'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Field } from '@/app/_ui/field.tsx';
import { Input } from '@/app/_ui/input.tsx';

const DEFAULT_DAYS = 30;

/** Archives the project: its name has to be typed, since it is deleted in the end. */
export function ArchiveCard({ projectId, name }: { projectId: string; name: string }) {
  const router = useRouter();
  const [typed, setTyped] = useState('');
  const [days, setDays] = useState(DEFAULT_DAYS);
  const archive = useMutation(
    useTRPC().projects.archive.mutationOptions({ onSuccess: () => router.refresh() }),
  );
  return (
    <Card aria-labelledby="archive-project">
      <CardHeader>
        <CardTitle id="archive-project">Archive</CardTitle>
      </CardHeader>
      <CardContent>
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            archive.mutate({ projectId, days });
          }}
        >
          <p className="text-sm text-muted-foreground">
            An archived project can be read and exported; nothing in it is written, and lists leave it out.
            After the waiting time it is deleted with its data, models and files. Until then it can be brought
            back.
          </p>
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Waiting time, days">
              <Input
                type="number"
                min={1}
                max={365}
                step={1}
                required
                value={days}
                onChange={(event) => setDays(Number(event.target.value))}
              />
            </Field>
            <Field label="Name of the project" hint={`Type ${name}.`}>
              <Input value={typed} onChange={(event) => setTyped(event.target.value)} required />
            </Field>
          </div>
          <CallError error={archive.error} />
          <Button
            type="submit"
            variant="destructive"
            className="justify-self-start"
            disabled={typed !== name}
            isBusy={archive.isPending}
          >
            Archive the project
          </Button>
        </form>
      </CardContent>
    </Card>
  );
}
