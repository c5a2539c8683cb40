'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { CopyField } from '@/app/_ui/copy-field.tsx';
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogTitle,
  DialogTrigger,
} from '@/app/_ui/dialog.tsx';
import { CheckField } from '@/app/_ui/field.tsx';
import { Checkbox } from '@/app/_ui/input.tsx';
import { useToast } from '@/app/_ui/toast.tsx';

type Person = { userId: string; label: string };

/** Takes a member out of the project, after asking. */
export function RemoveMember({ projectId, userId, label }: Person & { projectId: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const router = useRouter();
  const toast = useToast();
  const remove = useMutation(
    useTRPC().projects.removeMember.mutationOptions({
      onSuccess() {
        setIsOpen(false);
        toast(`${label} removed`, { tone: 'success' });
        router.refresh();
      },
    }),
  );
  return (
    <Dialog open={isOpen} onOpenChange={setIsOpen}>
      <DialogTrigger asChild>
        <Button size="sm" variant="destructive" aria-label={`Remove ${label}`}>
          Remove
        </Button>
      </DialogTrigger>
      <DialogContent>
        <DialogTitle>Remove {label} from the project?</DialogTitle>
        <DialogDescription>
          The person sees nothing of this project any more, from now on. Their judgments stay, under their
          pseudonym; tasks they hold go back to the others. Whoever is invited again has the same pseudonym.
        </DialogDescription>
        <CallError error={remove.error} />
        <DialogFooter>
          <Button variant="outline" onClick={() => setIsOpen(false)}>
            Keep
          </Button>
          <Button
            variant="destructive"
            isBusy={remove.isPending}
            onClick={() => remove.mutate({ projectId, userId })}
          >
            Remove
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}

/** Makes the link by which a person sets a new password, and shows it once. */
export function ResetLink({ userId, label }: Person) {
  const [isOpen, setIsOpen] = useState(false);
  const [endsSecondFactor, setEndsSecondFactor] = useState(false);
  const make = useMutation(useTRPC().users.createResetLink.mutationOptions());
  const open = (next: boolean) => {
    setIsOpen(next);
    if (next) make.reset();
  };
  return (
    <Dialog open={isOpen} onOpenChange={open}>
      <DialogTrigger asChild>
        <Button size="sm" variant="outline" aria-label={`Reset link for ${label}`}>
          Reset
        </Button>
      </DialogTrigger>
      <DialogContent>
        <DialogTitle>A new password for {label}</DialogTitle>
        {make.data ? (
          <>
            <DialogDescription>
              Copy it now: it is not shown again. It works once, within 24 hours; send it by a safe way.
            </DialogDescription>
            <div className="mt-4">
              <CopyField label="Link" value={`${window.location.origin}/reset/${make.data.token}`} />
            </div>
            <DialogFooter>
              <Button onClick={() => setIsOpen(false)}>Done</Button>
            </DialogFooter>
          </>
        ) : (
          <>
            <DialogDescription>
              Whoever opens the link sets the password of {label}, whose sessions then end. Earlier links stop
              working.
            </DialogDescription>
            <div className="mt-4 grid gap-4">
              <CheckField
                label="Also turn the second factor off"
                hint="For somebody who lost the phone and the recovery codes."
              >
                <Checkbox
                  checked={endsSecondFactor}
                  onChange={(event) => setEndsSecondFactor(event.target.checked)}
                />
              </CheckField>
              <CallError error={make.error} />
            </div>
            <DialogFooter>
              <Button isBusy={make.isPending} onClick={() => make.mutate({ userId, endsSecondFactor })}>
                Make the link
              </Button>
            </DialogFooter>
          </>
        )}
      </DialogContent>
    </Dialog>
  );
}
