'use client';

import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
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
import { CheckField, Field } from '@/app/_ui/field.tsx';
import { Select } from '@/app/_ui/input.tsx';
import { ROLES, type Role } from '@/lib/roles.ts';
import { ROLE_MEANING } from '@/server/projects/schemas.ts';

/** Chooses a role, makes the link, shows it once. */
export function InviteDialog({ projectId, onCreated }: { projectId: string; onCreated: () => void }) {
  const [isOpen, setIsOpen] = useState(false);
  const [role, setRole] = useState<Role>('annotator');
  const [days, setDays] = useState(7);
  const invite = useMutation(useTRPC().projects.invite.mutationOptions({ onSuccess: onCreated }));
  const open = (next: boolean) => {
    setIsOpen(next);
    if (next) invite.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate({ projectId, role, days });
  };
  return (
    <Dialog open={isOpen} onOpenChange={open}>
      <DialogTrigger asChild>
        <Button size="sm">Invite</Button>
      </DialogTrigger>
      <DialogContent>
        <DialogTitle>{invite.data ? 'The invitation link' : 'Invite into the project'}</DialogTitle>
        {invite.data ? (
          <>
            <DialogDescription>
              Copy it now: it is not shown again. It makes one person {role} of this project.
            </DialogDescription>
            <div className="mt-4">
              <CopyField label="Link" value={`${window.location.origin}/invite/${invite.data.token}`} />
            </div>
            <DialogFooter>
              <Button variant="outline" onClick={() => invite.reset()}>
                Make another
              </Button>
              <Button onClick={() => setIsOpen(false)}>Done</Button>
            </DialogFooter>
          </>
        ) : (
          <form onSubmit={submit}>
            <DialogDescription>What should the person be able to do?</DialogDescription>
            <fieldset className="mt-4 grid gap-3">
              <legend className="sr-only">Role</legend>
              {ROLES.map((choice) => (
                <CheckField key={choice} label={choice} hint={ROLE_MEANING[choice]}>
                  <input
                    type="radio"
                    name="role"
                    className="size-4 accent-primary"
                    checked={role === choice}
                    onChange={() => setRole(choice)}
                  />
                </CheckField>
              ))}
            </fieldset>
            <Field label="Valid for" className="mt-4">
              <Select value={days} onChange={(event) => setDays(Number(event.target.value))}>
                <option value={1}>1 day</option>
                <option value={7}>7 days</option>
                <option value={30}>30 days</option>
              </Select>
            </Field>
            <div className="mt-4">
              <CallError error={invite.error} />
            </div>
            <DialogFooter>
              <Button type="submit" isBusy={invite.isPending}>
                Make the link
              </Button>
            </DialogFooter>
          </form>
        )}
      </DialogContent>
    </Dialog>
  );
}
