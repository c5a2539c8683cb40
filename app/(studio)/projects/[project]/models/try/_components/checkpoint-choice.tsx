'use client';

import { Badge } from '@/app/_ui/badge.tsx';
import { CheckField } from '@/app/_ui/field.tsx';
import { Checkbox } from '@/app/_ui/input.tsx';

export type TryChoice = {
  id: string;
  name: string;
  kind: 'language-model' | 'reward-model';
  isCurrent: boolean;
};

/** Which checkpoints take part, a few at most. */
export function CheckpointChoice({
  legend,
  choices,
  chosen,
  most,
  onChange,
}: {
  legend: string;
  choices: readonly TryChoice[];
  chosen: readonly string[];
  most: number;
  onChange: (chosen: readonly string[]) => void;
}) {
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1.5 text-sm font-medium">{legend}</legend>
      <div className="grid max-h-56 gap-2 overflow-y-auto">
        {choices.map(({ id, name, isCurrent }) => {
          const isChosen = chosen.includes(id);
          return (
            <CheckField
              key={id}
              label={
                <span className="font-normal">
                  {name} {isCurrent ? <Badge tone="success">current</Badge> : null}
                </span>
              }
            >
              <Checkbox
                checked={isChosen}
                disabled={!isChosen && chosen.length >= most}
                onChange={() => onChange(isChosen ? chosen.filter((other) => other !== id) : [...chosen, id])}
              />
            </CheckField>
          );
        })}
      </div>
    </fieldset>
  );
}
