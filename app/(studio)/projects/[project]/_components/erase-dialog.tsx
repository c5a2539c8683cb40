'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type ComponentProps, type ReactNode, useState } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Field } from '@/app/_ui/field.tsx';
import { Textarea } from '@/app/_ui/input.tsx';
import { useToast } from '@/app/_ui/toast.tsx';
import { FormDialog } from './form-dialog.tsx';

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
      call={erase}
      onErase={(reason) => erase.mutate({ projectId, kind, subjectId, reason })}
    />
  );
}

/** The same for a person. */
export function ErasePerson({ userId, ...words }: Words & { userId: string }) {
  const after = useAfterErasing();
  const erase = useMutation(useTRPC().erasures.person.mutationOptions({ onSuccess: after }));
  return <EraseDialog {...words} call={erase} onErase={(reason) => erase.mutate({ userId, reason })} />;
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
  call,
  onErase,
}: Words & Pick<ComponentProps<typeof FormDialog>, 'call'> & { onErase: (reason: string) => void }) {
  const [reason, setReason] = useState('');
  return (
    <FormDialog
      trigger={
        <Button size="sm" variant="destructive">
          {button}
        </Button>
      }
      title={title}
      description={children}
      call={call}
      onSubmit={() => onErase(reason)}
      submit={{ variant: 'destructive', children: 'Erase for good' }}
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
    </FormDialog>
  );
}
