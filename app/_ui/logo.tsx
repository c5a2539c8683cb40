import { cn } from './cn.ts';

/** The mark (a plumb bob on its line) and the name. */
export function Logo({ className }: { className?: string }) {
  return (
    <span className={cn('inline-flex items-center gap-2 font-semibold tracking-tight', className)}>
      <svg viewBox="0 0 16 16" className="size-[1.15em] text-primary" aria-hidden="true">
        <path d="M8 0v6" stroke="currentColor" strokeWidth="1.5" />
        <path d="M4.5 6h7l-1 4L8 16l-2.5-6z" fill="currentColor" />
      </svg>
      Plumbline
    </span>
  );
}
