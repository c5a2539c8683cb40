import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/app/_ui/table.tsx';
import { formatFigure } from '../format-figure.ts';
import { alignSeries, type DrawnSeries } from './align-series.ts';
import { AXIS_NAMES, type CurveAxis } from './curve-view.ts';

const MAX_ROWS = 200;
const AXIS_HEADS: Record<CurveAxis, string> = { step: 'Step', tokens: 'Tokens', time: 'Seconds' };

/** The numbers of a chart, newest first. */
export function CurveTable({
  title,
  axis,
  drawn,
}: {
  title: string;
  axis: CurveAxis;
  drawn: readonly DrawnSeries[];
}) {
  const shown = drawn.filter(({ isFaint }) => !isFaint);
  const [steps, ...columns] = alignSeries(shown);
  const places = steps.map((_, place) => place).reverse();
  return (
    <div className="h-52 overflow-y-auto rounded-md border">
      <Table aria-label={`${title}, by ${AXIS_NAMES[axis]}`}>
        <TableHeader>
          <tr>
            <TableHead>{AXIS_HEADS[axis]}</TableHead>
            {shown.map(({ label }) => (
              <TableHead key={label} className="text-right">
                {label}
              </TableHead>
            ))}
          </tr>
        </TableHeader>
        <TableBody>
          {places.slice(0, MAX_ROWS).map((place) => (
            <TableRow key={steps[place]}>
              <TableCell>{formatFigure(steps[place])}</TableCell>
              {columns.map((column, index) => (
                <TableCell key={shown[index]?.label} className="text-right">
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
