import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/app/_ui/table.tsx';
import { formatFigure } from '@/app/(studio)/projects/[project]/runs/_components/format-figure.ts';
import type { DrawnSeries } from './align-series.ts';

const MAX_ROWS = 200;

/** The numbers of a chart, newest first. */
export function CurveTable({
  title,
  drawn,
  data,
}: {
  title: string;
  drawn: readonly DrawnSeries[];
  data: [number[], ...(number | null | undefined)[][]];
}) {
  const [steps, ...columns] = data;
  const places = steps.map((_, place) => place).reverse();
  return (
    <div className="h-52 overflow-y-auto rounded-md border">
      <Table aria-label={`${title}, by step`}>
        <TableHeader>
          <tr>
            <TableHead>Step</TableHead>
            {drawn.map(({ label, isOther }) => (
              <TableHead key={`${label}${isOther}`} className="text-right">
                {label}
                {isOther ? ' (other)' : ''}
              </TableHead>
            ))}
          </tr>
        </TableHeader>
        <TableBody>
          {places.slice(0, MAX_ROWS).map((place) => (
            <TableRow key={steps[place]}>
              <TableCell>{formatFigure(steps[place])}</TableCell>
              {columns.map((column, index) => (
                <TableCell key={`${drawn[index]?.label}${drawn[index]?.isOther}`} className="text-right">
                  {formatFigure(column[place])}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {places.length > MAX_ROWS ? (
        <p className="px-4 py-2 text-xs text-muted-foreground">
          The newest {MAX_ROWS} of {formatFigure(places.length)} points.
        </p>
      ) : null}
    </div>
  );
}
