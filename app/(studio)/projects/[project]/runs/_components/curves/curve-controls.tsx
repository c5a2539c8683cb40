'use client';

import { useId } from 'react';
import { CheckField } from '@/app/_ui/field.tsx';
import { Checkbox, Select } from '@/app/_ui/input.tsx';
import type { CurveAxis, CurveView } from './curve-view.ts';

const AXIS_CHOICES: Record<CurveAxis, string> = {
  step: 'by step',
  tokens: 'by tokens',
  time: 'by time',
};

/** How all curves of the page are drawn: along what, how smooth, on which scale. */
export function CurveControls({
  view,
  axes,
  onChange,
}: {
  view: CurveView;
  /** those that the runs have figures for */
  axes: readonly CurveAxis[];
  onChange: (view: CurveView) => void;
}) {
  const smoothingId = useId();
  return (
    <fieldset className="flex flex-wrap items-center gap-x-5 gap-y-2 text-sm">
      <legend className="sr-only">How the curves are drawn</legend>
      <Select
        aria-label="Horizontal axis"
        className="w-32"
        value={view.axis}
        onChange={(event) => onChange({ ...view, axis: event.target.value as CurveAxis })}
      >
        {axes.map((axis) => (
          <option key={axis} value={axis}>
            {AXIS_CHOICES[axis]}
          </option>
        ))}
      </Select>
      <div className="flex items-center gap-2">
        <label htmlFor={smoothingId}>Smoothing</label>
        <input
          id={smoothingId}
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={view.smoothing}
          className="w-28 accent-primary pointer-coarse:h-11"
          onChange={(event) => onChange({ ...view, smoothing: Number(event.target.value) })}
        />
        <output htmlFor={smoothingId} className="w-8 text-xs text-muted-foreground">
          {view.smoothing === 0 ? 'off' : view.smoothing.toFixed(2)}
        </output>
      </div>
      <CheckField label="Logarithmic">
        <Checkbox
          checked={view.isLog}
          onChange={(event) => onChange({ ...view, isLog: event.target.checked })}
        />
      </CheckField>
    </fieldset>
  );
}
