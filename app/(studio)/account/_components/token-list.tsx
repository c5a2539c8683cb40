'use client';

import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { CopyField } from '@/app/_ui/copy-field.tsx';
import { Field } from '@/app/_ui/field.tsx';
import { Input, Select } from '@/app/_ui/input.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { useToast } from '@/app/_ui/toast.tsx';
import type { ListedToken } from '@/server/users/list-tokens.ts';

export function TokenList({ initial }: { initial: ListedToken[] }) {
  const trpc = useTRPC();
  const toast = useToast();
  const [mayWrite, setMayWrite] = useState(false);
  const tokens = useQuery(trpc.users.tokens.queryOptions(undefined, { initialData: initial }));
  const create = useMutation(trpc.users.createToken.mutationOptions({ onSuccess: () => tokens.refetch() }));
  const revoke = useMutation(
    trpc.users.revokeToken.mutationOptions({
      onSuccess: () => toast('Token revoked', { tone: 'success' }),
      onSettled: () => tokens.refetch(),
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const name = String(new FormData(form).get('name'));
    create.mutate(
      { name, scopes: mayWrite ? ['read', 'write'] : ['read'] },
      { onSuccess: () => form.reset() },
    );
  };
  return (
    <Card aria-labelledby="tokens">
      <CardHeader>
        <div>
          <CardTitle id="tokens">API tokens</CardTitle>
          <CardDescription>
            For scripts, in the header <code className="font-mono text-xs">Authorization: Bearer plb_…</code>{' '}
            of every request. A token acts as you, within its scopes.
          </CardDescription>
        </div>
      </CardHeader>
      <CardContent className="grid gap-4">
        <form onSubmit={submit} className="grid gap-4 sm:grid-cols-[1fr_10rem_auto] sm:items-end">
          <Field label="What is it for?">
            <Input name="name" required maxLength={80} placeholder="nightly export" />
          </Field>
          <Field label="Scope">
            <Select
              value={mayWrite ? 'write' : 'read'}
              onChange={(event) => setMayWrite(event.target.value === 'write')}
            >
              <option value="read">read</option>
              <option value="write">read and write</option>
            </Select>
          </Field>
          <Button type="submit" isBusy={create.isPending}>
            Make a token
          </Button>
        </form>
        <CallError error={create.error ?? revoke.error} />
        {create.data ? (
          <div className="grid gap-2 rounded-md border border-primary/40 bg-primary/5 p-3">
            <p className="text-sm">Copy it now: it is not shown again.</p>
            <CopyField label="Token" value={create.data.token} />
          </div>
        ) : null}
        {tokens.data.length === 0 ? (
          <p className="text-sm text-muted-foreground">You have no tokens.</p>
        ) : (
          <ul className="divide-y rounded-md border">
            {tokens.data.map(({ id, name, scopes, createdAt, lastUsedAt }) => (
              <li key={id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2">
                <div className="min-w-0 flex-1">
                  <p className="flex flex-wrap items-center gap-2 font-medium">
                    {name}
                    {scopes.map((scope) => (
                      <Badge key={scope}>{scope}</Badge>
                    ))}
                  </p>
                  <p className="text-xs text-muted-foreground">
                    <span className="whitespace-nowrap">
                      made <Time at={createdAt} />,
                    </span>{' '}
                    <span className="whitespace-nowrap">
                      {lastUsedAt === null ? (
                        'never used'
                      ) : (
                        <>
                          used <Time at={lastUsedAt} />
                        </>
                      )}
                    </span>
                  </p>
                </div>
                <Button
                  size="sm"
                  variant="destructive"
                  aria-label={`Revoke ${name}`}
                  onClick={() => revoke.mutate({ tokenId: id })}
                >
                  Revoke
                </Button>
              </li>
            ))}
          </ul>
        )}
      </CardContent>
    </Card>
  );
}
