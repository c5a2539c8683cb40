import { LockKeyhole } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { EmptyState } from './empty-state.tsx';

/** The one card for a page that somebody may not see: why, whom to ask, and a way back. */
export function NotForYou({
  title,
  back,
  children,
}: {
  title: string;
  back: { href: string; label: string };
  children: ReactNode;
}) {
  return (
    <div data-testid="no-right" className="m-auto w-full max-w-2xl p-2">
      <h1 className="sr-only">Not for your role</h1>
      <EmptyState
        icon={LockKeyhole}
        title={title}
        action={
          <Button asChild variant="outline">
            <Link href={back.href}>{back.label}</Link>
          </Button>
        }
      >
        {children}
      </EmptyState>
    </div>
  );
}
