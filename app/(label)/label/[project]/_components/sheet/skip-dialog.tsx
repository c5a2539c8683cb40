'use client';

import { useState } from 'react';
import { Button } from '@/app/_ui/button.tsx';
import { Dialog, DialogContent, DialogDescription, DialogFooter, DialogTitle } from '@/app/_ui/dialog.tsx';
import { Field } from '@/app/_ui/field.tsx';
import { Input } from '@/app/_ui/input.tsx';

type Props = { isOpen: boolean; onClose: () => void; onSkip: (reason: string) => void };

/** A skipped task does not come back to this person, so the key alone is not enough: S, then Enter. */
export function SkipDialog({ isOpen, onClose, onSkip }: Props) {
  const [reason, setReason] = useState('');
  return (
    <Dialog open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <DialogContent>
        <DialogTitle>Skip this task?</DialogTitle>
        <DialogDescription>Somebody else may judge it. It is not shown to you again.</DialogDescription>
        <form
          className="mt-4"
          onSubmit={(event) => {
            event.preventDefault();
            onSkip(reason.trim());
            setReason('');
          }}
        >
          <Field label="Why (optional)">
            <Input value={reason} maxLength={1000} onChange={(event) => setReason(event.target.value)} />
          </Field>
          <DialogFooter>
            <Button variant="outline" onClick={onClose}>
              Stay
            </Button>
            <Button type="submit">Skip</Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
