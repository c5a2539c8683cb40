import type { ReactNode } from 'react';
import { requireProject } from '@/app/_trpc/server.ts';
import { requireKnown } from './_components/require-known.server.ts';

/** Strangers, and who asks for what is not there, get a real 404 here, before anything is sent; the pages below stream. */
export default async function ProjectLayout({
  children,
  params,
}: {
  children: ReactNode;
  params: Promise<{ project: string }>;
}) {
  const { project, may } = await requireProject((await params).project);
  // who may not see the page is told so by it, whether there is such a thing or not
  if (may.includes('runs.read')) await requireKnown({ projectId: project.id, slug: project.slug });
  return children;
}
