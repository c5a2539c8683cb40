import Link from 'next/link';
import type { ReactNode } from 'react';
import { Logo } from '@/app/_ui/logo.tsx';
import { HELP_PAGES } from '@/lib/help-pages.ts';

/** The help is there for everybody, before they sign in too: there is nothing in it but the program's own documents. */
export default function HelpLayout({ children }: { children: ReactNode }) {
  return (
    <div className="mx-auto grid w-full max-w-5xl gap-x-8 px-4 py-5 lg:grid-cols-[12rem_minmax(0,1fr)]">
      <header className="mb-5 grid content-start gap-4 lg:sticky lg:top-5 lg:self-start">
        <Link href="/" aria-label="Plumbline: all projects">
          <Logo />
        </Link>
        <nav aria-label="Help" className="flex flex-wrap gap-x-4 gap-y-1 text-sm lg:grid">
          {Object.entries(HELP_PAGES).map(([name, { title }]) => (
            <Link
              key={name}
              href={`/help/${name}`}
              className="py-1 text-muted-foreground hover:text-foreground hover:underline"
            >
              {title}
            </Link>
          ))}
        </nav>
      </header>
      <main id="main" tabIndex={-1} className="min-w-0 max-w-3xl outline-none">
        {children}
      </main>
    </div>
  );
}
