import Link from 'next/link';

/** Where what an id names can be looked at, below the project's address, by the letters that the id begins with. */
const PLACES: Record<string, (id: string) => string> = {
  prm: (id) => `/data/prompts/${id}`,
  tsk: (id) => `/data/tasks/${id}`,
  jdg: (id) => `/data/judgments/${id}`,
  usr: (id) => `/members/${id}`,
  run: (id) => `/runs/${id}`,
  imp: () => '/data',
  snp: () => '/exports',
  exp: () => '/exports',
  mdl: () => '/models',
  ckp: () => '/models',
  reg: () => '/models',
  sch: () => '/schedules',
  exe: () => '/schedules',
};

/** An id, as a link to the page that is about it where there is one. */
export function IdLink({ slug, id, children }: { slug: string; id: string; children?: React.ReactNode }) {
  const place = PLACES[/^([a-z]{3})_/.exec(id)?.[1] ?? '']?.(id);
  const text = children ?? <span className="font-mono text-xs break-all">{id}</span>;
  if (place === undefined) return <span>{text}</span>;
  return (
    <Link href={`/projects/${slug}${place}`} className="text-primary underline-offset-2 hover:underline">
      {text}
    </Link>
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
