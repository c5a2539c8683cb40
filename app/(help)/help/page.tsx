import type { Metadata } from 'next';
import Link from 'next/link';

export const metadata: Metadata = { title: 'Help' };

const GUIDES = [
  {
    name: 'annotator',
    title: 'Annotators',
    what: 'From your invitation to your first judgment, and all the keys.',
  },
  {
    name: 'researcher',
    title: 'Researchers',
    what: 'From a file of prompts to a policy trained on judgments.',
  },
  {
    name: 'auditor',
    title: 'Auditors',
    what: 'From a model back to single judgments, and how to check that they are what was given.',
  },
  { name: 'operator', title: 'Operators', what: 'Install, back up, let people in and out, upgrade.' },
];

export default function HelpPage() {
  return (
    <>
      <h1 className="text-2xl font-semibold">Help</h1>
      <p className="my-3">Four walks with pictures, one for each kind of work. Choose yours.</p>
      <ul className="grid gap-3 sm:grid-cols-2">
        {GUIDES.map(({ name, title, what }) => (
          <li key={name} className="rounded-lg border bg-card p-4">
            <Link href={`/help/${name}`} className="font-semibold text-primary hover:underline">
              {title}
            </Link>
            <p className="mt-1 text-sm text-muted-foreground">{what}</p>
          </li>
        ))}
      </ul>
    </>
  );
}
