'use client';

import { XIcon } from 'lucide-react';
import { CheckField, Field } from '@/app/_ui/field.tsx';
import { Checkbox, Input, Select } from '@/app/_ui/input.tsx';

export type Filter = {
  action?: string;
  actor?: string;
  subject?: string;
  from?: number;
  until?: number;
  search?: string;
  hideOwnReads?: boolean;
};

const DOMAINS = [
  'projects',
  'users',
  'imports',
  'tasks',
  'judgments',
  'snapshots',
  'models',
  'runs',
  'schedules',
  'chains',
  'withdrawals',
  'erasures',
  'audit',
];
const DAY = 86_400_000;

/** What to show: what is searched, a kind of action and a span of days; actor and subject are picked in the table. */
export function AuditFilter({ filter, onChange }: { filter: Filter; onChange: (filter: Filter) => void }) {
  const { action = '', actor, subject } = filter;
  const isOneAction = action !== '' && !action.endsWith('.');
  const day = (value: string, shift: number) => {
    const at = new Date(`${value}T00:00:00`).getTime();
    return Number.isNaN(at) ? undefined : at + shift;
  };
  return (
    <form
      className="flex flex-wrap items-end gap-3"
      aria-label="Filter"
      onSubmit={(event) => event.preventDefault()}
    >
      <Field label="Search" className="min-w-56 flex-[2] sm:max-w-md">
        <Input
          type="search"
          placeholder="Person, id, hash, action or #number"
          maxLength={200}
          value={filter.search ?? ''}
          onChange={(event) => onChange({ ...filter, search: event.target.value || undefined })}
        />
      </Field>
      <Field label="Actions" className="min-w-36 flex-1 sm:max-w-44">
        <Select
          value={action}
          onChange={(event) => onChange({ ...filter, action: event.target.value || undefined })}
        >
          <option value="">all</option>
          {isOneAction ? <option value={action}>{action}</option> : null}
          {DOMAINS.map((domain) => (
            <option key={domain} value={`${domain}.`}>
              {domain}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="From" className="min-w-40 flex-1 sm:max-w-44">
        <Input type="date" onChange={(event) => onChange({ ...filter, from: day(event.target.value, 0) })} />
      </Field>
      <Field label="To" className="min-w-40 flex-1 sm:max-w-44">
        <Input
          type="date"
          onChange={(event) => onChange({ ...filter, until: day(event.target.value, DAY) })}
        />
      </Field>
      <div className="flex h-9 items-center pointer-coarse:h-11">
        <CheckField label="Hide that I looked">
          <Checkbox
            checked={filter.hideOwnReads ?? false}
            onChange={(event) => onChange({ ...filter, hideOwnReads: event.target.checked || undefined })}
          />
        </CheckField>
      </div>
      {actor ? <Chip label={actor} onRemove={() => onChange({ ...filter, actor: undefined })} /> : null}
      {subject ? <Chip label={subject} onRemove={() => onChange({ ...filter, subject: undefined })} /> : null}
    </form>
  );
}

function Chip({ label, onRemove }: { label: string; onRemove: () => void }) {
  return (
    <button
      type="button"
      onClick={onRemove}
      aria-label={`Remove the filter ${label}`}
      className="inline-flex h-9 max-w-60 items-center gap-1.5 rounded-md border bg-card px-2.5 font-mono text-xs hover:bg-accent"
    >
      <span className="truncate">{label}</span>
      <XIcon className="size-3.5 shrink-0" aria-hidden />
    </button>
  );
}
