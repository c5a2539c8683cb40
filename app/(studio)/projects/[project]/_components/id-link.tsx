import Link from 'next/link';
import { Fragment, type ReactNode } from 'react';

/** Where what an id names can be looked at, below the project's address, by the letters that the id begins with. */
const PLACES: Record<string, (id: string) => string> = {
  prm: (id) => `/data/prompts/${id}`,
  tsk: (id) => `/data/tasks/${id}`,
  jdg: (id) => `/data/judgments/${id}`,
  usr: (id) => `/members/${id}`,
  run: (id) => `/runs/${id}`,
  imp: (id) => `/data#${id}`,
  snp: (id) => `/exports#${id}`,
  mdl: (id) => `/models#${id}`,
  ckp: (id) => `/models#${id}`,
  reg: (id) => `/models#${id}`,
  sch: (id) => `/schedules#${id}`,
  exe: (id) => `/schedules#${id}`,
  prj: () => '',
  // whose they are is not in the id: the server knows, and sends on
  rsp: (id) => `/id/${id}`,
  sea: (id) => `/id/${id}`,
  exp: (id) => `/id/${id}`,
  stp: (id) => `/id/${id}`,
};

/** As newId makes them. */
const IN_TEXT = /\b([a-z]{3}_[0-9a-z]{25})\b/;

/** An id, as a link to the page that is about it where there is one. */
export function IdLink({ slug, id, children }: { slug: string; id: string; children?: ReactNode }) {
  const place = PLACES[/^([a-z]{3})_/.exec(id)?.[1] ?? '']?.(id);
  const text = children ?? <span className="font-mono text-xs break-all">{id}</span>;
  if (place === undefined) return <span>{text}</span>;
  return (
    <Link
      href={`/projects/${slug}${place}`}
      // a page of them has a hundred, and each would be read ahead
      prefetch={false}
      className="text-primary underline-offset-2 hover:underline"
    >
      {text}
    </Link>
  );
}

/** A text whose ids are links: a payload of the audit log, say. */
export function TextWithIds({ slug, text }: { slug: string; text: string }) {
  return text.split(IN_TEXT).map((part, index) =>
    index % 2 === 0 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no name but their place
      <Fragment key={index}>{part}</Fragment>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: as above
      <IdLink key={index} slug={slug} id={part}>
        <span className="underline decoration-dotted">{part}</span>
      </IdLink>
    ),
  );
}

/** A person by pseudonym or name; a link where it is a member and not a name out of a file. */
export function PersonLink({
  slug,
  person,
}: {
  slug: string;
  person: { userId: string | null; label: string };
}) {
  if (person.userId === null) return <bdi>{person.label}</bdi>;
  return (
    <IdLink slug={slug} id={person.userId}>
      <bdi>{person.label}</bdi>
    </IdLink>
  );
}
