'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';

/** Takes a project out of the archive. */
export function BringBackButton({ projectId, name }: { projectId: string; name: string }) {
  const router = useRouter();
  const bringBack = useMutation(
    useTRPC().projects.bringBack.mutationOptions({ onSuccess: () => router.refresh() }),
  );
  return (
    <span className="inline-grid gap-1">
      <Button
        size="sm"
        variant="outline"
        aria-label={`Bring ${name} back`}
        isBusy={bringBack.isPending}
        onClick={() => bringBack.mutate({ projectId })}
      >
        Bring back
      </Button>
      <CallError error={bringBack.error} />
    </span>
  );
}
