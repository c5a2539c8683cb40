'use client';

import { CheckField, Field } from '@/app/_ui/field.tsx';
import { Checkbox, Input, Select } from '@/app/_ui/input.tsx';
import type { ConfigIssue } from '@/server/runs/schemas.ts';
import type { FormField, FormGroup, FormValues } from './form-groups.ts';

/** The fields of a config, group by group, each with its help, limits, default and what is wrong with it. */
export function ConfigFields({
  groups,
  values,
  issues,
  onChange,
}: {
  groups: FormGroup[];
  values: FormValues;
  issues: ConfigIssue[];
  onChange: (path: string, value: string | boolean) => void;
}) {
  return groups.map((group) => (
    <fieldset key={group.path} className="grid min-w-0 gap-4">
      <legend className="mb-3 w-full border-b pb-1 text-sm font-semibold">{group.label}</legend>
      <div className="grid items-start gap-x-5 gap-y-4 sm:grid-cols-2 2xl:grid-cols-3">
        {group.fields.map((field) => (
          <ConfigField
            key={field.path}
            field={field}
            value={values[field.path] ?? ''}
            error={issues.find((issue) => issue.path === field.path)?.message}
            onChange={(value) => onChange(field.path, value)}
          />
        ))}
      </div>
    </fieldset>
  ));
}

function ConfigField({
  field,
  value,
  error,
  onChange,
}: {
  field: FormField;
  value: string | boolean;
  error: string | undefined;
  onChange: (value: string | boolean) => void;
}) {
  const hint = <Hint field={field} isChanged={value !== shownDefault(field)} />;
  if (field.kind === 'boolean') {
    return (
      <CheckField label={field.label} hint={hint}>
        <Checkbox checked={value === true} onChange={(event) => onChange(event.target.checked)} />
      </CheckField>
    );
  }
  if (field.kind === 'choice') {
    return (
      <Field label={field.label} hint={hint} error={error}>
        <Select value={String(value)} onChange={(event) => onChange(event.target.value)}>
          {field.choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </Select>
      </Field>
    );
  }
  return (
    <Field label={field.label} hint={hint} error={error}>
      <Input
        // text, not number: a number field hides what was typed when it is no number, and forbids 1e-4 on phones
        inputMode={field.kind === 'integer' ? 'numeric' : 'decimal'}
        value={String(value)}
        placeholder={field.isNullable ? 'off' : undefined}
        autoComplete="off"
        spellCheck={false}
        className="font-mono"
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  );
}

function Hint({ field, isChanged }: { field: FormField; isChanged: boolean }) {
  const fallback = defaultInWords(field.defaultValue);
  return (
    <>
      {field.help}
      {field.limits ? `; ${field.limits}` : ''}.{' '}
      <span className={isChanged ? 'font-medium text-primary' : undefined}>
        Default {fallback}
        {isChanged ? ', changed' : ''}.
      </span>
    </>
  );
}

function defaultInWords(value: FormField['defaultValue']): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return value === null ? 'off' : String(value);
}

function shownDefault(field: FormField): string | boolean {
  if (typeof field.defaultValue === 'boolean') return field.defaultValue;
  return field.defaultValue === null ? '' : String(field.defaultValue);
}
