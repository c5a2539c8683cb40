import type { ComponentProps } from 'react';
import { cn } from './cn.ts';

const look =
  'w-full rounded-md border border-input bg-card px-3 text-sm text-foreground placeholder:text-muted-foreground/80 disabled:cursor-not-allowed disabled:opacity-60 aria-invalid:border-destructive max-sm:text-base';

export function Input({ className, ...props }: ComponentProps<'input'>) {
  return <input dir="auto" className={cn(look, 'h-9', className)} {...props} />;
}

export function Textarea({ className, ...props }: ComponentProps<'textarea'>) {
  return <textarea dir="auto" className={cn(look, 'min-h-24 py-2', className)} {...props} />;
}

/** The browser's own select: the best one on phones and for screen readers. */
export function Select({ className, ...props }: ComponentProps<'select'>) {
  return <select className={cn(look, 'h-9 pr-8', className)} {...props} />;
}

export function Checkbox({ className, ...props }: Omit<ComponentProps<'input'>, 'type'>) {
  return <input type="checkbox" className={cn('size-4 shrink-0 accent-primary', className)} {...props} />;
}
