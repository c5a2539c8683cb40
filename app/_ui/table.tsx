import type { ComponentProps } from 'react';
import { cn } from './cn.ts';

/**
 * Scrolls sideways in its own box on narrow screens; the box can be reached by keyboard. Give it an aria-label. The box is
 * positioned, so that hidden texts in its cells do not widen the page.
 */
export function Table({ className, 'aria-label': label, ...props }: ComponentProps<'table'>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable box must be reachable by keyboard (axe: scrollable-region-focusable)
    <section className="relative w-full overflow-x-auto" aria-label={label} tabIndex={0}>
      <table className={cn('w-full border-collapse text-sm', className)} {...props} />
    </section>
  );
}

export function TableHeader({ className, ...props }: ComponentProps<'thead'>) {
  return <thead className={cn('border-b text-xs text-muted-foreground', className)} {...props} />;
}

export function TableBody({ className, ...props }: ComponentProps<'tbody'>) {
  return <tbody className={cn('[&_tr:last-child]:border-0', className)} {...props} />;
}

export function TableRow({ className, ...props }: ComponentProps<'tr'>) {
  return <tr className={cn('border-b transition-colors hover:bg-muted/50', className)} {...props} />;
}

export function TableHead({ className, scope, ...props }: ComponentProps<'th'>) {
  return (
    <th
      scope={scope ?? 'col'}
      className={cn('h-8 px-3 text-left font-medium whitespace-nowrap first:pl-4 last:pr-4', className)}
      {...props}
    />
  );
}

export function TableCell({ className, ...props }: ComponentProps<'td'>) {
  return <td className={cn('px-3 py-2 align-middle first:pl-4 last:pr-4', className)} {...props} />;
}
