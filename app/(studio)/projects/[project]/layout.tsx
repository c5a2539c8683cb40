import type { ReactNode } from 'react';
import { requireProject } from '@/app/_trpc/server.ts';

/** Strangers get a real 404 here, before anything is sent; the pages below stream. */
export default async function ProjectLayout({
  children,
  params,
}: {
  children: ReactNode;
  params: Promise<{ project: string }>;
}) {
  await requireProject((await params).project);
  return children;
}
