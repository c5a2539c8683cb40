'use client';

import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { CheckField, Field } from '@/app/_ui/field.tsx';
import { Checkbox, Input, Select } from '@/app/_ui/input.tsx';
import { RESPONSE_FLAGS } from '@/lib/response-flags.ts';
import type { QueryDraft } from './query-draft.ts';

const FLAG_CHOICES = [
  { name: 'flagsAny', title: 'Only where a response is flagged as' },
  { name: 'flagsNone', title: 'Not where a response is flagged as' },
] as const;
const STRENGTHS = ['0: tied', '1: slightly better', '2: better', '3: much better'];

/** A field for each condition of a query beside the source. */
export function QueryFields({
  projectId,
  draft,
  imports,
  onChange,
}: {
  projectId: string;
  draft: QueryDraft;
  imports: { importId: string; fileName: string }[];
  onChange: (draft: QueryDraft) => void;
}) {
  const trpc = useTRPC();
  const guidelines = useQuery(trpc.projects.guidelines.queryOptions({ projectId }));
  const set = <Key extends keyof QueryDraft>(key: Key, value: QueryDraft[Key]) =>
    onChange({ ...draft, [key]: value });
  const text = (
    key: { [K in keyof QueryDraft]: QueryDraft[K] extends string ? K : never }[keyof QueryDraft],
  ) => ({
    value: draft[key],
    onChange: (event: { target: { value: string } }) => onChange({ ...draft, [key]: event.target.value }),
  });
  const strength = (key: 'strengthMin' | 'strengthMax', none: string) => (
    <Select {...text(key)}>
      <option value="">{none}</option>
      {STRENGTHS.map((title, value) => (
        <option key={title} value={String(value)}>
          {title}
        </option>
      ))}
    </Select>
  );
  return (
    <div className="grid gap-5">
      <Group title="Who and when">
        <Field label="People" hint="Pseudonyms such as A1, or names out of files; commas between">
          <Input {...text('annotators')} maxLength={5000} />
        </Field>
        <Field label="Import">
          <Select {...text('importId')}>
            <option value="">any, or judged here</option>
            {imports.map(({ importId, fileName }) => (
              <option key={importId} value={importId}>
                {fileName}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Guideline version">
          <Select {...text('guidelineVersion')}>
            <option value="">any</option>
            {guidelines.data?.map(({ version }) => (
              <option key={version} value={String(version)}>
                {version}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="From day">
          <Input type="date" {...text('from')} />
        </Field>
        <Field label="To day">
          <Input type="date" {...text('to')} />
        </Field>
      </Group>
      <Group title="Of which prompts">
        <Field label="Side of the split" hint="Held-out prompts are never trained on">
          <Select
            {...text('split')}
            onChange={(event) => set('split', event.target.value as QueryDraft['split'])}
          >
            <option value="">both</option>
            <option value="train">training</option>
            <option value="heldout">held out</option>
          </Select>
        </Field>
        <Field label="Tagged" hint="One of these; commas between">
          <Input {...text('tagsAny')} maxLength={5000} />
        </Field>
        <Field label="Not tagged" hint="None of these">
          <Input {...text('tagsNone')} maxLength={5000} />
        </Field>
        <Field label="Column" hint="Any other column of the file, by name">
          <Input {...text('column')} maxLength={500} />
        </Field>
        <Field label="Value of the column">
          <Input {...text('columnValue')} maxLength={2000} />
        </Field>
      </Group>
      <Group title="What was said">
        <Field label="Strength from">{strength('strengthMin', 'any, or none')}</Field>
        <Field label="Strength up to">{strength('strengthMax', 'any')}</Field>
        <Field label="Agreement from, %" hint="Of the others who judged the same task">
          <Input type="number" min={0} max={100} step="any" {...text('agreementMin')} />
        </Field>
        <Field label="Agreement up to, %">
          <Input type="number" min={0} max={100} step="any" {...text('agreementMax')} />
        </Field>
        <Field label="Seconds at the task from">
          <Input type="number" min={0} step="any" {...text('secondsMin')} />
        </Field>
        <Field label="Seconds at the task up to">
          <Input type="number" min={0} step="any" {...text('secondsMax')} />
        </Field>
      </Group>
      <div className="grid gap-4 sm:grid-cols-2">
        {FLAG_CHOICES.map(({ name, title }) => (
          <fieldset key={name} className="flex flex-wrap gap-x-5 gap-y-2">
            <legend className="mb-1.5 font-medium text-sm">{title}</legend>
            {RESPONSE_FLAGS.map((flag) => (
              <CheckField key={flag} label={flag.replaceAll('_', ' ')}>
                <Checkbox
                  checked={draft[name].includes(flag)}
                  onChange={(event) =>
                    set(
                      name,
                      event.target.checked
                        ? [...draft[name], flag]
                        : draft[name].filter((other) => other !== flag),
                    )
                  }
                />
              </CheckField>
            ))}
          </fieldset>
        ))}
      </div>
    </div>
  );
}

function Group({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <fieldset>
      <legend className="mb-2 text-muted-foreground text-xs uppercase tracking-wide">{title}</legend>
      <div className="grid items-start gap-3 sm:grid-cols-2 xl:grid-cols-3">{children}</div>
    </fieldset>
  );
}
