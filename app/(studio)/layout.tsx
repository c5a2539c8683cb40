import type { ReactNode } from 'react';
import { serverCaller } from '@/app/_trpc/server.ts';
import { requireSession } from '@/server/auth/require-session.ts';
import { StudioNav } from './_components/studio-nav.tsx';

export default async function StudioLayout({ children }: { children: ReactNode }) {
  const session = await requireSession();
  const projects = await (await serverCaller()).projects.list();
  return (
    <div className="lg:grid lg:min-h-dvh lg:grid-cols-[14rem_minmax(0,1fr)]">
      <StudioNav
        person={{ name: session.name, isInstanceOwner: session.isInstanceOwner }}
        projects={projects.map(({ slug, name, may }) => ({ slug, name, may }))}
      />
      <main id="main" tabIndex={-1} className="min-w-0 px-4 py-5 outline-none sm:px-6 lg:px-8 lg:py-7">
        {children}
      </main>
    </div>
  );
}
