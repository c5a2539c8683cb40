import type { ComponentProps } from 'react';
import { Select } from '@/app/_ui/input.tsx';
import type { StepResult } from '@/server/chains/schemas.ts';
import { resultOfDraft, type StepDraft } from './step-draft.ts';

export type Choices = {
  models: {
    id: string;
    name: string;
    kind: string;
    checkpoints: { id: string; step: number; run: { name: string } | null }[];
  }[];
  snapshots: { snapshotId: string; number: number; counts: { kept: number } }[];
};

/** Where a step finds what it starts from: an earlier step, a model as it stands when the chain begins, or one thing for good. */
export function SourceSelect({
  expects,
  earlier,
  choices,
  none,
  ...props
}: {
  expects: StepResult;
  earlier: readonly StepDraft[];
  choices: Choices;
  /** what the empty choice says */
  none: string;
} & ComponentProps<'select'>) {
  const fromSteps = earlier.filter((draft) => resultOfDraft(draft) === expects);
  const models = choices.models.filter((model) => model.kind === expects);
  return (
    <Select {...props}>
      <option value="">{none}</option>
      {fromSteps.length > 0 ? (
        <optgroup label="From an earlier step">
          {fromSteps.map(({ id, key }) => (
            <option key={id} value={`step:${key}`}>
              result of {key}
            </option>
          ))}
        </optgroup>
      ) : null}
      {models.length > 0 ? (
        <optgroup label="Current checkpoint when the chain begins">
          {models.map((model) => (
            <option key={model.id} value={`model:${model.id}`}>
              {model.name}, current
            </option>
          ))}
        </optgroup>
      ) : null}
      {models.map((model) => (
        <optgroup key={model.id} label={`${model.name}, always the same`}>
          {model.checkpoints.map((checkpoint) => (
            <option key={checkpoint.id} value={`checkpoint:${checkpoint.id}`}>
              {model.name},{' '}
              {checkpoint.run ? `${checkpoint.run.name}, step ${checkpoint.step}` : 'registered'}
            </option>
          ))}
        </optgroup>
      ))}
      {expects === 'snapshot' && choices.snapshots.length > 0 ? (
        <optgroup label="Always the same">
          {choices.snapshots.map((snapshot) => (
            <option key={snapshot.snapshotId} value={`snapshot:${snapshot.snapshotId}`}>
              {snapshot.number}: {snapshot.counts.kept} judgments
            </option>
          ))}
        </optgroup>
      ) : null}
    </Select>
  );
}
