'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';

/** The pages about data; one about a single prompt, task or judgment belongs to its list. */
export function DataNav({ slug }: { slug: string }) {
  const pathname = usePathname();
  const base = `/projects/${slug}/data`;
  const pages = [
    { href: base, label: 'Imports' },
    { href: `${base}/prompts`, label: 'Prompts' },
    { href: `${base}/tasks`, label: 'Tasks' },
    { href: `${base}/judgments`, label: 'Judgments' },
  ];
  return (
    <nav aria-label="Data" className="flex gap-1 overflow-x-auto border-b">
      {pages.map(({ href, label }) => (
        <Link
          key={href}
          href={href}
          aria-current={
            pathname === href || (href !== base && pathname.startsWith(`${href}/`)) ? 'page' : undefined
          }
          className="-mb-px border-transparent border-b-2 px-3 py-2 font-medium text-muted-foreground text-sm hover:text-foreground aria-[current=page]:border-primary aria-[current=page]:text-foreground"
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
