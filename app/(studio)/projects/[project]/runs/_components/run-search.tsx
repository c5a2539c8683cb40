'use client';

import { SearchIcon } from 'lucide-react';
import { useEffect, useState } from 'react';
import { cn } from '@/app/_ui/cn.ts';
import { Input } from '@/app/_ui/input.tsx';

/** What runs are searched by, as it is typed; ask for it once it has settled. */
export function RunSearch({
  value,
  className,
  onChange,
}: {
  value: string;
  className?: string;
  onChange: (search: string) => void;
}) {
  return (
    <div className={cn('relative', className)}>
      <SearchIcon
        className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-muted-foreground"
        aria-hidden
      />
      <Input
        type="search"
        aria-label="Search runs"
        placeholder="Name, notes, tag or id"
        className="pl-8"
        value={value}
        maxLength={200}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}

/** A value that has not changed for a moment: nobody is asked at every key. */
export function useSettled<Value>(value: Value): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), 250);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
