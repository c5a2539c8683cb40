import type { ComponentProps } from 'react';
import { cn } from './cn.ts';

/** A key, shown beside the action that it does; not where a finger is the main pointer. */
export function Kbd({ className, ...props }: ComponentProps<'kbd'>) {
  return (
    <kbd
      className={cn(
        'inline-flex h-5 min-w-5 items-center justify-center rounded-sm border border-b-2 bg-muted px-1 font-mono text-[0.6875rem] text-muted-foreground pointer-coarse:hidden',
        className,
      )}
      {...props}
    />
  );
}
