'use client';

import type { ComponentProps, ReactNode } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { Button } from '@/app/_ui/button.tsx';
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogFooter,
  DialogTitle,
  DialogTrigger,
} from '@/app/_ui/dialog.tsx';

/** A button, and the form that it opens: fields, what went wrong with the call, and the button that makes it. */
export function FormDialog({
  trigger,
  title,
  description,
  children,
  call,
  onSubmit,
  submit,
  ...opening
}: {
  trigger: ReactNode;
  title: ReactNode;
  description: ReactNode;
  children: ReactNode;
  call: { error: { message: string } | null; isPending: boolean };
  onSubmit: () => void;
  /** the button that sends the form */
  submit: Pick<ComponentProps<typeof Button>, 'children' | 'variant' | 'disabled'>;
} & Pick<ComponentProps<typeof Dialog>, 'open' | 'onOpenChange'>) {
  return (
    <Dialog {...opening}>
      <DialogTrigger asChild>{trigger}</DialogTrigger>
      <DialogContent>
        <DialogTitle>{title}</DialogTitle>
        <DialogDescription asChild>
          <div className="grid gap-2">{description}</div>
        </DialogDescription>
        <form
          className="mt-4 grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            onSubmit();
          }}
        >
          {children}
          <CallError error={call.error} />
          <DialogFooter>
            <Button type="submit" isBusy={call.isPending} {...submit} />
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
