import { XIcon } from 'lucide-react';
import { Button } from '@/app/_ui/button.tsx';
import { Input, Select } from '@/app/_ui/input.tsx';
import type { ConfigIssue } from '@/server/runs/schemas.ts';
import { type ConditionDraft, figuresOfDraft, type StepDraft } from './step-draft.ts';

/** On what figures of earlier steps a step depends. All of them must hold, or it is skipped with all that starts from it. */
export function ConditionsEditor({
  draft,
  earlier,
  issues,
  onChange,
}: {
  draft: StepDraft;
  earlier: readonly StepDraft[];
  issues: ConfigIssue[];
  onChange: (draft: StepDraft) => void;
}) {
  const set = (place: number, change: Partial<ConditionDraft>) =>
    onChange({ ...draft, when: draft.when.map((c, i) => (i === place ? { ...c, ...change } : c)) });
  return (
    <div className="grid gap-2">
      {draft.when.map((condition, i) => {
        const wrong = issues.filter(({ path }) => path.startsWith(`when.${i}.`));
        const named = earlier.find(({ key }) => key === condition.step);
        const figuresId = `${draft.id}-figures-${i}`;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: conditions have no name of their own and are only added at the end
          <div key={i} className="grid gap-1">
            <div className="grid grid-cols-[1fr_auto] items-center gap-2">
              <span className="text-xs font-medium">Only if</span>
              <Button
                variant="ghost"
                size="icon"
                aria-label={`Remove condition ${i + 1} of ${draft.key}`}
                onClick={() => onChange({ ...draft, when: draft.when.filter((_, place) => place !== i) })}
              >
                <XIcon />
              </Button>
            </div>
            <div className="grid grid-cols-2 gap-2">
              <Input
                aria-label="Figure"
                className="font-mono"
                placeholder="low"
                spellCheck={false}
                list={figuresId}
                value={condition.figure}
                onChange={(event) => set(i, { figure: event.target.value })}
              />
              <datalist id={figuresId}>
                {Object.entries(named ? figuresOfDraft(named) : {}).map(([name, label]) => (
                  <option key={name} value={name}>
                    {label}
                  </option>
                ))}
              </datalist>
              <Select
                aria-label="Of step"
                value={condition.step}
                onChange={(event) => set(i, { step: event.target.value })}
              >
                {earlier.some(({ key }) => key === condition.step) ? null : (
                  <option value={condition.step}>choose a step …</option>
                )}
                {earlier.map(({ id, key }) => (
                  <option key={id} value={key}>
                    of {key}
                  </option>
                ))}
              </Select>
              <Select
                aria-label="Is"
                value={condition.is}
                onChange={(event) => set(i, { is: event.target.value as ConditionDraft['is'] })}
              >
                <option value="above">is above</option>
                <option value="below">is below</option>
              </Select>
              <Input
                aria-label="Value"
                inputMode="decimal"
                value={condition.value}
                onChange={(event) => set(i, { value: event.target.value })}
              />
            </div>
            {wrong.map(({ path, message }) => (
              <p key={path} className="text-xs text-destructive">
                {path.split('.').at(-1)}: {message}
              </p>
            ))}
          </div>
        );
      })}
      <div>
        <Button
          variant="outline"
          size="sm"
          onClick={() =>
            onChange({
              ...draft,
              when: [
                ...draft.when,
                { step: earlier.at(-1)?.key ?? '', figure: 'low', is: 'above', value: '0' },
              ],
            })
          }
        >
          Add a condition
        </Button>
      </div>
    </div>
  );
}
