import type { Metadata } from 'next';
import { requireProject } from '@/app/_trpc/server.ts';
import { JudgmentTable } from './_components/judgment-table.tsx';

export const metadata: Metadata = { title: 'Judgments' };

export default async function JudgmentsPage({ params }: { params: Promise<{ project: string }> }) {
  const { project, may } = await requireProject((await params).project);
  if (!may.includes('judgments.read')) return null;
  return <JudgmentTable projectId={project.id} slug={project.slug} />;
}
