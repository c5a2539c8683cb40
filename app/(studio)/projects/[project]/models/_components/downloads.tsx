'use client';

import { useQuery } from '@tanstack/react-query';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';

/** A checkpoint as one archive, its adapter alone, or file by file; a download that broke off can go on. */
export function Downloads({ projectId, checkpointId }: { projectId: string; checkpointId: string }) {
  const trpc = useTRPC();
  const { data, error } = useQuery(trpc.models.files.queryOptions({ projectId, checkpointId }));
  if (error) return <CallError error={error} />;
  if (!data) return <p className="mt-3 text-sm text-muted-foreground">Listing the files …</p>;
  const address = (file = '', part = '') =>
    `/api/checkpoints/${checkpointId}${file}?project=${projectId}${part}`;
  const hasAdapter = data.some(({ name }) => name.startsWith('adapter/'));
  return (
    <div className="mt-3 grid gap-2 rounded-md bg-muted/60 p-4 text-sm">
      <p className="flex flex-wrap gap-x-5 gap-y-1">
        <a className="font-medium text-primary hover:underline" href={address()} download>
          {hasAdapter ? 'Everything, adapter merged (zip)' : 'Everything (zip)'}
        </a>
        {hasAdapter ? (
          <a
            className="font-medium text-primary hover:underline"
            href={address('', '&part=adapter')}
            download
          >
            The adapter alone (zip)
          </a>
        ) : null}
      </p>
      <ul className="flex flex-wrap gap-x-5 gap-y-1" aria-label="Single files">
        {data.map(({ name, bytes }) => (
          <li key={name}>
            <a className="text-primary hover:underline" href={address(`/${name}`)} download>
              {name}
            </a>{' '}
            <span className="text-xs text-muted-foreground">{bytes.toLocaleString('en')} bytes</span>
          </li>
        ))}
      </ul>
      <p className="text-xs text-muted-foreground">
        README.md is a model card made of the lineage. Each download is in the audit log.
      </p>
    </div>
  );
}
