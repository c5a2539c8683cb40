const format = new Intl.NumberFormat('en-US');

/** A count with thousands separators. */
export function Count({ value }: { value: number }) {
  return <span className="tabular-nums">{format.format(value)}</span>;
}
