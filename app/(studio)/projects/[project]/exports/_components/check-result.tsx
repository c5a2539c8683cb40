import { CircleCheckIcon, CircleXIcon } from 'lucide-react';
import type { RouterOutputs } from './router-outputs.ts';

type Report = RouterOutputs['snapshots']['check'];

/** What verifying found: whole, or the first file and line that is not as it was written. */
export function CheckResult({ report }: { report: Report }) {
  if (!report.ok)
    return (
      <p role="alert" className="flex items-start gap-2 text-destructive text-sm">
        <CircleXIcon aria-hidden className="mt-0.5 size-4 shrink-0" />
        <span>
          Altered: {report.file}
          {report.line !== null && `, line ${report.line}`}: {report.message}
        </span>
      </p>
    );
  const lines = report.files.reduce((sum, file) => sum + file.lines, 0);
  return (
    <p role="status" className="flex items-start gap-2 text-sm text-success">
      <CircleCheckIcon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span>
        Whole: {report.files.length} files with {lines.toLocaleString('en-US')} lines are as they were
        written, byte by byte.
      </span>
    </p>
  );
}
