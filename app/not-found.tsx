import type { Metadata } from 'next';
import Link from 'next/link';
import { Button } from './_ui/button.tsx';
import { EmptyState } from './_ui/empty-state.tsx';

export const metadata: Metadata = { title: 'Not found' };

/** Unknown addresses and what belongs to others look alike: a stranger does not learn which projects exist. */
export default function NotFound() {
  return (
    <div className="mx-auto grid min-h-[60dvh] max-w-lg content-center p-6">
      <h1 className="sr-only">Not found</h1>
      <EmptyState
        title="This page could not be found"
        action={
          <Button asChild>
            <Link href="/">All projects</Link>
          </Button>
        }
      >
        The address may be mistyped, or it belongs to a project that you are not a member of.
      </EmptyState>
    </div>
  );
}
