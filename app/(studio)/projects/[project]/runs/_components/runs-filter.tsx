'use client';

import { Input, Select } from '@/app/_ui/input.tsx';
import { RECIPES, type RecipeName, RUN_SORTS, RUN_STATES, type RunSort } from '@/server/runs/schemas.ts';
import { RunSearch } from './run-search.tsx';
import { STATUS_LABELS } from './status-badge.tsx';

/** What the list of runs is asked for; empty texts ask for nothing. */
export type RunsFilter = {
  search: string;
  recipe: RecipeName | '';
  status: (typeof RUN_STATES)[number] | '';
  tag: string;
  sort: RunSort;
};
export const NO_FILTER: RunsFilter = { search: '', recipe: '', status: '', tag: '', sort: 'newest' };

const SORT_LABELS: Record<RunSort, string> = {
  newest: 'Newest first',
  oldest: 'Oldest first',
  name: 'By name',
  'highest-result': 'Highest result first',
  'lowest-result': 'Lowest result first',
};

/** Search, filters and order of the list; all of it is done on the server. */
export function RunsFilterBar({
  filter,
  onChange,
}: {
  filter: RunsFilter;
  onChange: (filter: RunsFilter) => void;
}) {
  return (
    <search className="mb-4 grid gap-2 sm:flex sm:flex-wrap">
      <RunSearch
        className="sm:w-72"
        value={filter.search}
        onChange={(search) => onChange({ ...filter, search })}
      />
      <div className="grid grid-cols-2 gap-2 sm:flex">
        <Select
          aria-label="Recipe"
          className="sm:w-36"
          value={filter.recipe}
          onChange={(event) => onChange({ ...filter, recipe: event.target.value as RunsFilter['recipe'] })}
        >
          <option value="">All recipes</option>
          {RECIPES.map((recipe) => (
            <option key={recipe}>{recipe}</option>
          ))}
        </Select>
        <Select
          aria-label="Status"
          className="sm:w-36"
          value={filter.status}
          onChange={(event) => onChange({ ...filter, status: event.target.value as RunsFilter['status'] })}
        >
          <option value="">Any status</option>
          {RUN_STATES.map((status) => (
            <option key={status} value={status}>
              {STATUS_LABELS[status]}
            </option>
          ))}
        </Select>
        <Input
          aria-label="Tag"
          placeholder="Tag"
          className="sm:w-32"
          value={filter.tag}
          maxLength={40}
          onChange={(event) => onChange({ ...filter, tag: event.target.value })}
        />
        <Select
          aria-label="Order"
          className="sm:w-48"
          value={filter.sort}
          onChange={(event) => onChange({ ...filter, sort: event.target.value as RunSort })}
        >
          {RUN_SORTS.map((sort) => (
            <option key={sort} value={sort}>
              {SORT_LABELS[sort]}
            </option>
          ))}
        </Select>
      </div>
    </search>
  );
}
