import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { GuideText } from '@/app/(help)/help/_components/guide-text.tsx';
import { HELP_PAGES, isHelpPage } from '@/lib/help-pages.ts';

type Props = { params: Promise<{ page: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { page } = await params;
  return { title: isHelpPage(page) ? HELP_PAGES[page].title : 'Help' };
}

export default async function HelpDocument({ params }: Props) {
  const { page } = await params;
  if (!isHelpPage(page)) notFound();
  // one of the names above: nothing that a request says enters the path
  const text = await readFile(
    path.join(/* turbopackIgnore: true */ process.cwd(), HELP_PAGES[page].file),
    'utf8',
  );
  return <GuideText page={page} text={text} />;
}
