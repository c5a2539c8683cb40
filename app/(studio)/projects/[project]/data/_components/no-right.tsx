import { LockKeyhole } from 'lucide-react';
import Link from 'next/link';
import { Button } from '@/app/_ui/button.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';

/** A page for members whose role lacks the right: says which role they have and whom to ask. */
export function NoRight({ role, slug, what }: { role: string; slug: string; what: string }) {
  return (
    <div data-testid="no-right">
      <h1 className="sr-only">Not for your role</h1>
      <EmptyState
        icon={LockKeyhole}
        title={`Your role in this project is ${role}, which may not ${what}`}
        action={
          <Button asChild variant="outline">
            <Link href={`/projects/${slug}`}>Back to the project</Link>
          </Button>
        }
      >
        An owner of the project can change roles on its members page.
      </EmptyState>
    </div>
  );
}
