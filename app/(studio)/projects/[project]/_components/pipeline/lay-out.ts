/** What is drawn: a thing, and what it was made of. */
export type PipelineNode = { id: string; from: readonly string[] };
export type Placed = { id: string; column: number; row: number };
export type Layout = {
  places: Map<string, Placed>;
  columns: number;
  rows: number;
  edges: { from: string; to: string }[];
};

/**
 * Columns by how many steps a thing is from the beginning (the longest way), rows in the order given, each beside what it was
 * made of where there is room. Names in `from` that are not drawn are passed over; so is what would lead back.
 */
export function layOut(nodes: readonly PipelineNode[]): Layout {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const depths = new Map<string, number>();
  const depthOf = (id: string, path: readonly string[]): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    const parents = (byId.get(id)?.from ?? []).filter((from) => byId.has(from) && !path.includes(from));
    const depth = parents.reduce((most, from) => Math.max(most, 1 + depthOf(from, [...path, id])), 0);
    depths.set(id, depth);
    return depth;
  };
  const places = new Map<string, Placed>();
  const taken = new Map<number, Set<number>>();
  for (const { id, from } of [...nodes].sort((a, b) => depthOf(a.id, []) - depthOf(b.id, []))) {
    const column = depthOf(id, []);
    const parents = from.flatMap((parent) => places.get(parent) ?? []);
    const wanted = parents.length === 0 ? 0 : Math.min(...parents.map(({ row }) => row));
    const used = taken.get(column) ?? new Set();
    let row = wanted;
    while (used.has(row)) row += 1;
    taken.set(column, used.add(row));
    places.set(id, { id, column, row });
  }
  const edges = nodes.flatMap(({ id, from }) =>
    [...new Set(from)]
      .filter(
        (parent) =>
          parent !== id &&
          (places.get(parent)?.column ?? Number.POSITIVE_INFINITY) < (places.get(id)?.column ?? 0),
      )
      .map((parent) => ({ from: parent, to: id })),
  );
  const all = [...places.values()];
  return {
    places,
    columns: 1 + Math.max(-1, ...all.map(({ column }) => column)),
    rows: 1 + Math.max(-1, ...all.map(({ row }) => row)),
    edges,
  };
}

/** Everything that a thing was made of, and everything made of it, the thing itself included. */
export function lineOf(id: string, edges: Layout['edges']): Set<string> {
  const line = new Set([id]);
  for (const [near, far] of [
    ['to', 'from'],
    ['from', 'to'],
  ] as const) {
    const waiting = [id];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const edge of edges) {
        if (edge[near] !== next || line.has(edge[far])) continue;
        line.add(edge[far]);
        waiting.push(edge[far]);
      }
    }
  }
  return line;
}
