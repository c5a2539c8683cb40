import type { Metadata } from 'next';
import { requireProject } from '@/app/_trpc/server.ts';
import { PromptTable } from './_components/prompt-table.tsx';

export const metadata: Metadata = { title: 'Prompts' };

export default async function PromptsPage({ params }: { params: Promise<{ project: string }> }) {
  const { project, may } = await requireProject((await params).project);
  if (!may.includes('data.read')) return null;
  return <PromptTable projectId={project.id} slug={project.slug} />;
}
