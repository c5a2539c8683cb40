'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { errorText } from '@/app/_trpc/error-text.ts';
import { Button } from '@/app/_ui/button.tsx';
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogTitle,
  DialogTrigger,
} from '@/app/_ui/dialog.tsx';
import { Field, FormError } from '@/app/_ui/field.tsx';
import { Textarea } from '@/app/_ui/input.tsx';
import { useToast } from '@/app/_ui/toast.tsx';

type Words = { button: string; title: string; children: ReactNode };

/** Asks for the reason, then for a text of the project to be erased. */
export function EraseText({
  projectId,
  kind,
  subjectId,
  ...words
}: Words & { projectId: string; kind: 'prompt' | 'response'; subjectId: string }) {
  const after = useAfterErasing();
  const erase = useMutation(useTRPC().erasures.text.mutationOptions({ onSuccess: after }));
  return (
    <EraseDialog
      {...words}
      error={erase.error ? errorText(erase.error) : null}
      isBusy={erase.isPending}
      onErase={(reason) => erase.mutate({ projectId, kind, subjectId, reason })}
    />
  );
}

/** The same for a person. */
export function ErasePerson({ userId, ...words }: Words & { userId: string }) {
  const after = useAfterErasing();
  const erase = useMutation(useTRPC().erasures.person.mutationOptions({ onSuccess: after }));
  return (
    <EraseDialog
      {...words}
      error={erase.error ? errorText(erase.error) : null}
      isBusy={erase.isPending}
      onErase={(reason) => erase.mutate({ userId, reason })}
    />
  );
}

function useAfterErasing(): () => void {
  const router = useRouter();
  const toast = useToast();
  return () => {
    toast('It is being erased', { tone: 'success' });
    router.refresh();
  };
}

function EraseDialog({
  button,
  title,
  children,
  error,
  isBusy,
  onErase,
}: Words & { error: string | null; isBusy: boolean; onErase: (reason: string) => void }) {
  const [reason, setReason] = useState('');
  return (
    <Dialog>
      <DialogTrigger asChild>
        <Button size="sm" variant="destructive">
          {button}
        </Button>
      </DialogTrigger>
      <DialogContent>
        <DialogTitle>{title}</DialogTitle>
        <DialogDescription asChild>
          <div className="grid gap-2">{children}</div>
        </DialogDescription>
        <form
          className="mt-4 grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            onErase(reason);
          }}
        >
          <Field label="Reason" hint="It stays in the audit log for good: no names, and nothing of the text.">
            <Textarea
              value={reason}
              onChange={(event) => setReason(event.target.value)}
              required
              minLength={3}
              maxLength={500}
            />
          </Field>
          <FormError>{error}</FormError>
          <DialogFooter>
            <Button type="submit" variant="destructive" isBusy={isBusy}>
              Erase for good
            </Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
