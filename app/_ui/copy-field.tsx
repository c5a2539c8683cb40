'use client';

import { CheckIcon, CopyIcon } from 'lucide-react';
import { useState } from 'react';
import { Button } from './button.tsx';
import { Field } from './field.tsx';
import { Textarea } from './input.tsx';

/** A value to be copied, such as a link that is shown once. It wraps: on a phone nothing of it is cut off. */
export function CopyField({ label, value }: { label: string; value: string }) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setIsCopied(true);
    } catch {
      // no clipboard (plain http from elsewhere): the field is selected on focus, the keyboard copies
    }
  };
  return (
    <div className="flex items-end gap-2">
      <Field label={label} className="min-w-0 flex-1">
        <Textarea
          readOnly
          rows={1}
          value={value}
          className="field-sizing-content min-h-9 resize-none font-mono text-xs break-all"
          onFocus={(event) => event.currentTarget.select()}
        />
      </Field>
      <Button variant="outline" onClick={copy}>
        {isCopied ? <CheckIcon aria-hidden /> : <CopyIcon aria-hidden />}
        <span aria-live="polite">{isCopied ? 'Copied' : 'Copy'}</span>
      </Button>
    </div>
  );
}
