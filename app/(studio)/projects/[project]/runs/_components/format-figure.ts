const whole = new Intl.NumberFormat('en-US');

/** A logged number in four significant digits: 0.0123, 3.142, 1,234,567, 1.2e-7. */
export function formatFigure(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (Number.isInteger(value) && Math.abs(value) < 1e12) return whole.format(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2);
  return size >= 1000 ? whole.format(Math.round(value)) : String(Number(value.toPrecision(4)));
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** Bytes in powers of 1024 with one decimal. */
export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}
