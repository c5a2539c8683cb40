import { ArrowDownIcon, ArrowUpIcon, Trash2Icon } from 'lucide-react';
import { useState } from 'react';
import { Button } from '@/app/_ui/button.tsx';
import { CheckField, Field } from '@/app/_ui/field.tsx';
import { Checkbox, Input, Select } from '@/app/_ui/input.tsx';
import { ConfigFields } from '@/app/(studio)/projects/[project]/runs/new/_components/config-fields.tsx';
import { toFormValues } from '@/app/(studio)/projects/[project]/runs/new/_components/form-groups.ts';
import { stepKinds } from '@/server/chains/schemas.ts';
import { type ConfigIssue, RECIPES, type RecipeName } from '@/server/runs/schemas.ts';
import { definitionOf } from '@/trainer/config/recipes.ts';
import { ConditionsEditor } from './conditions-editor.tsx';
import { type Choices, SourceSelect } from './source-select.tsx';
import { groupsOf, JUDGMENT_SOURCES, needsOfDraft, type StepDraft } from './step-draft.ts';

const MODEL_COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/** One step of the list: what it is called, what it starts from, its options, when it is taken. */
export function StepEditor({
  draft,
  position,
  earlier,
  isLast,
  wasSent,
  issues,
  choices,
  onChange,
  onRename,
  onMove,
  onRemove,
}: {
  draft: StepDraft;
  position: number;
  earlier: readonly StepDraft[];
  isLast: boolean;
  /** the form was sent: from then on everything that is wrong is said */
  wasSent: boolean;
  issues: ConfigIssue[];
  choices: Choices;
  onChange: (draft: StepDraft) => void;
  onRename: (key: string) => void;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}) {
  const { title, description } = stepKinds[draft.kind];
  /** fields that somebody has been in */
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const errorAt = (path: string) => issues.find((issue) => issue.path === path)?.message;
  return (
    <li className="grid gap-3 rounded-md border p-3" aria-label={`Step ${position + 1}: ${draft.key}`}>
      <div className="flex items-start justify-between gap-2">
        <div className="grid gap-0.5">
          <h4 className="text-sm font-semibold">
            {position + 1}. {title}
          </h4>
          <p className="text-xs text-muted-foreground">{description}</p>
        </div>
        <div className="flex gap-1">
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Move ${draft.key} up`}
            disabled={position === 0}
            onClick={() => onMove(-1)}
          >
            <ArrowUpIcon />
          </Button>
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Move ${draft.key} down`}
            disabled={isLast}
            onClick={() => onMove(1)}
          >
            <ArrowDownIcon />
          </Button>
          <Button variant="ghost" size="icon" aria-label={`Remove ${draft.key}`} onClick={onRemove}>
            <Trash2Icon />
          </Button>
        </div>
      </div>
      <Field label="Step name" error={errorAt('key')}>
        <Input
          className="font-mono"
          value={draft.key}
          spellCheck={false}
          onChange={(event) => onRename(event.target.value)}
        />
      </Field>
      <KindFields draft={draft} onChange={onChange} error={errorAt('sources')} />
      {needsOfDraft(draft).map(({ path, label, expects, need }) => {
        const isMissing = !draft.sources[path] && need === 'required';
        const error = isMissing ? 'Choose where it comes from.' : errorAt(path);
        return (
          <Field key={path} label={label} error={wasSent || left.has(path) ? error : undefined}>
            <SourceSelect
              expects={expects}
              earlier={earlier}
              choices={choices}
              none={need === 'required' ? 'Choose …' : 'nothing'}
              value={draft.sources[path] ?? ''}
              onBlur={() => setLeft((all) => new Set([...all, path]))}
              onChange={(event) =>
                onChange({ ...draft, sources: { ...draft.sources, [path]: event.target.value } })
              }
            />
          </Field>
        );
      })}
      <Options draft={draft} issues={issues} onChange={onChange} />
      {earlier.length > 0 ? (
        <ConditionsEditor draft={draft} earlier={earlier} issues={issues} onChange={onChange} />
      ) : null}
    </li>
  );
}

function KindFields({
  draft,
  error,
  onChange,
}: {
  draft: StepDraft;
  error: string | undefined;
  onChange: (draft: StepDraft) => void;
}) {
  const anew = (change: Partial<StepDraft>) => {
    const next = { ...draft, ...change };
    onChange({ ...next, values: toFormValues(groupsOf(next), {}) });
  };
  switch (draft.kind) {
    case 'snapshot':
      return (
        <div className="flex flex-wrap gap-x-5 gap-y-2">
          {JUDGMENT_SOURCES.map((source) => (
            <CheckField key={source} label={`${source} judgments`}>
              <Checkbox
                checked={draft.judgments.includes(source)}
                onChange={({ target }) =>
                  onChange({
                    ...draft,
                    judgments: JUDGMENT_SOURCES.filter((s) =>
                      s === source ? target.checked : draft.judgments.includes(s),
                    ),
                  })
                }
              />
            </CheckField>
          ))}
          {error ? <p className="text-xs text-destructive">{error}</p> : null}
        </div>
      );
    case 'train':
      return (
        <Field label="Recipe">
          <Select
            value={draft.recipe}
            onChange={(event) => anew({ recipe: event.target.value as RecipeName })}
          >
            {RECIPES.map((recipe) => (
              <option key={recipe}>{recipe}</option>
            ))}
          </Select>
        </Field>
      );
    case 'generate':
      return (
        <Field label="Number of models" hint="Several give tasks that compare them.">
          <Select
            value={draft.numModels}
            onChange={(event) => onChange({ ...draft, numModels: Number(event.target.value) })}
          >
            {MODEL_COUNTS.map((count) => (
              <option key={count}>{count}</option>
            ))}
          </Select>
        </Field>
      );
    case 'evaluate':
      return (
        <Field label="Measure">
          <Select
            value={draft.measure}
            onChange={(event) => anew({ measure: event.target.value as StepDraft['measure'] })}
          >
            <option value="score">score of a model’s answers to all held-out prompts</option>
            <option value="accuracy">accuracy of a reward model on held-out judgments</option>
          </Select>
        </Field>
      );
  }
}

/** The generated form of the recipe or step, folded away: most steps go with the defaults or a preset. */
function Options({
  draft,
  issues,
  onChange,
}: {
  draft: StepDraft;
  issues: ConfigIssue[];
  onChange: (draft: StepDraft) => void;
}) {
  const groups = groupsOf(draft);
  if (groups.length === 0) return null;
  const prefix = draft.kind === 'train' ? 'config.' : draft.kind === 'evaluate' ? 'evaluation.' : '';
  const paths = new Set(groups.flatMap((group) => group.fields.map((field) => prefix + field.path)));
  const own = issues.flatMap(({ path, message }) =>
    paths.has(path) ? [{ path: path.slice(prefix.length), message }] : [],
  );
  const presets = draft.kind === 'train' ? definitionOf(draft.recipe).presets : {};
  return (
    <div className="grid gap-2">
      {Object.keys(presets).length > 0 ? (
        <Field label="Fill in a preset">
          <Select
            value=""
            onChange={({ target }) =>
              onChange({ ...draft, values: toFormValues(groups, presets[target.value]?.config ?? {}) })
            }
          >
            <option value="">Choose …</option>
            <option value="defaults">defaults</option>
            {Object.keys(presets).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </Select>
        </Field>
      ) : null}
      {own.length > 0 ? (
        <p className="text-xs text-destructive">
          {own.length === 1 ? 'One option is' : `${own.length} options are`} not valid.
        </p>
      ) : null}
      <details>
        <summary className="text-sm text-primary">All options</summary>
        <div className="mt-3 grid gap-5 [&_fieldset>div]:grid-cols-1">
          <ConfigFields
            groups={groups}
            values={draft.values}
            issues={own}
            onChange={(path, value) => onChange({ ...draft, values: { ...draft.values, [path]: value } })}
          />
        </div>
      </details>
    </div>
  );
}
