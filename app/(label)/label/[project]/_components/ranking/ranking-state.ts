/**
 * What the annotator has said of one task so far: a pure state machine, so that every key, click, drag and test goes
 * through the same rules.
 *
 * Pairs and rankings share one shape: `groups` holds the placed responses, best first; a group of several is a tie.
 * In a pair the 7-point strength follows from the groups and back; in a ranking of three and more there is no strength.
 */
export type TieKind = 'none' | 'equal' | 'both_good' | 'both_bad';

export type RankingState = {
  /** response ids in the order this person sees them */
  shown: readonly string[];
  /** pairs only: does the project ask how much better */
  asksStrength: boolean;
  groups: readonly (readonly string[])[];
  /** -3..3, negative = first shown is better; null when not asked, not decided, or not a pair */
  strength: number | null;
  tieKind: TieKind;
  notRankable: boolean;
  flags: Readonly<Record<string, readonly string[]>>;
  rationale: string;
  /** the response that arrows, flags and tie act on */
  selected: string | null;
};

export type RankingAction =
  | { type: 'pick'; id: string }
  | { type: 'select'; id: string }
  | { type: 'select-next'; step: 1 | -1 }
  | { type: 'shift'; step: 1 | -1 }
  | { type: 'reorder'; id: string; index: number }
  | { type: 'unplace'; id: string }
  | { type: 'set-strength'; strength: number }
  | { type: 'tie' }
  | { type: 'all-bad' }
  | { type: 'not-rankable' }
  | { type: 'toggle-flag'; id: string; flag: string }
  | { type: 'set-rationale'; text: string }
  | { type: 'clear' };

export const MAX_STRENGTH = 3;
/** "better" on the scale, docs/decisions/010 */
const PICKED_STRENGTH = 2;

export function emptyRanking(shown: readonly string[], asksStrength: boolean): RankingState {
  return {
    shown,
    asksStrength: asksStrength && shown.length === 2,
    groups: [],
    strength: null,
    tieKind: 'none',
    notRankable: false,
    flags: {},
    rationale: '',
    selected: null,
  };
}

/** Response names are letters by the order shown: they say nothing about origin. */
export function letterOf(state: Pick<RankingState, 'shown'>, id: string): string {
  return String.fromCharCode(65 + state.shown.indexOf(id));
}

export function unplacedOf(state: RankingState): string[] {
  const placed = new Set(state.groups.flat());
  return state.shown.filter((id) => !placed.has(id));
}

/** Place of a response, 1 = best, counting everybody above it (1, 2, 2, 4); null when not placed. */
export function rankOf(state: RankingState, id: string): number | null {
  let above = 0;
  for (const group of state.groups) {
    if (group.includes(id)) return above + 1;
    above += group.length;
  }
  return null;
}

/** Null when it can be submitted, otherwise what is missing, as a sentence. */
export function missingFrom(state: RankingState, requireRationale: boolean): string | null {
  if (!state.notRankable) {
    const left = unplacedOf(state);
    if (left.length > 0 && state.shown.length === 2) return 'Pick the better response, a tie, or both bad.';
    if (left.length > 0)
      return `Place ${left.map((id) => letterOf(state, id)).join(', ')}, or mark the task as not rankable.`;
  }
  if (requireRationale && state.rationale.trim() === '')
    return 'This project asks for a reason: write one below.';
  return null;
}

export function reduceRanking(state: RankingState, action: RankingAction): RankingState {
  switch (action.type) {
    case 'pick':
      return pick(state, action.id);
    case 'select':
      return state.shown.includes(action.id) ? { ...state, selected: action.id } : state;
    case 'select-next':
      return selectNext(state, action.step);
    case 'shift':
      return state.shown.length === 2 ? shiftPair(state, action.step) : shiftSelected(state, action.step);
    case 'reorder':
      return reorder(state, action.id, action.index);
    case 'unplace':
      return rankOf(state, action.id) === null
        ? state
        : withGroups({ ...state, selected: action.id }, without(state.groups, action.id));
    case 'set-strength':
      return state.shown.length === 2 ? setPair(state, action.strength) : state;
    case 'tie':
      return tie(state);
    case 'all-bad':
      return state.tieKind === 'both_bad'
        ? withGroups(state, [])
        : withGroups({ ...state, tieKind: 'both_bad' }, [state.shown]);
    case 'not-rankable':
      return { ...state, notRankable: !state.notRankable };
    case 'toggle-flag':
      return toggleFlag(state, action.id, action.flag);
    case 'set-rationale':
      return { ...state, rationale: action.text };
    case 'clear':
      return {
        ...emptyRanking(state.shown, state.asksStrength),
        flags: state.flags,
        rationale: state.rationale,
      };
  }
}

/** Any placing takes back "not rankable"; `tieKind` is `none` exactly while not everything is one group. */
function withGroups(state: RankingState, groups: readonly (readonly string[])[]): RankingState {
  const isAllTied = groups.length === 1 && groups[0]?.length === state.shown.length;
  const tieKind = isAllTied ? (state.tieKind === 'none' ? 'equal' : state.tieKind) : 'none';
  const [first] = state.shown;
  let strength: number | null = null;
  if (state.asksStrength && groups.flat().length === 2) {
    const size = Math.max(1, Math.abs(state.strength ?? 1));
    strength = isAllTied ? 0 : groups[0]?.[0] === first ? -size : size;
  }
  return { ...state, groups, tieKind, strength, notRankable: false };
}

function without(groups: readonly (readonly string[])[], id: string): string[][] {
  return groups.map((group) => group.filter((other) => other !== id)).filter((group) => group.length > 0);
}

/**
 * A number key or a click on a response. In a pair: it is better, which is what the button says, and again: much better.
 * "Slightly better" is a step of the scale and of the arrows; a pick from there makes it better. In a ranking: next place.
 */
function pick(state: RankingState, id: string): RankingState {
  const index = state.shown.indexOf(id);
  if (index === -1) return state;
  if (state.shown.length === 2) {
    const sign = index === 0 ? -1 : 1;
    const isAgain = !state.notRankable && state.groups.length === 2 && state.groups[0]?.[0] === id;
    const size = isAgain ? Math.min(MAX_STRENGTH, Math.abs(state.strength ?? 1) + 1) : PICKED_STRENGTH;
    return { ...setPair(state, sign * size), selected: id };
  }
  if (rankOf(state, id) !== null) return { ...state, selected: id, notRankable: false };
  return { ...withGroups(state, [...state.groups, [id]]), selected: id };
}

function setPair(state: RankingState, strength: number): RankingState {
  const limited = Math.max(-MAX_STRENGTH, Math.min(MAX_STRENGTH, Math.round(strength)));
  const [first, second] = state.shown as [string, string];
  if (limited === 0) return withGroups({ ...state, strength: 0, tieKind: 'none' }, [[first, second]]);
  return withGroups({ ...state, strength: limited }, limited < 0 ? [[first], [second]] : [[second], [first]]);
}

/** One step along the scale; without asked strength the scale is first, tie, second. */
function shiftPair(state: RankingState, step: 1 | -1): RankingState {
  if (state.groups.length === 0) return setPair(state, step);
  const side = state.groups.length === 1 ? 0 : state.groups[0]?.[0] === state.shown[0] ? -1 : 1;
  const limit = state.asksStrength ? MAX_STRENGTH : 1;
  const from = state.strength ?? side;
  return setPair(state, Math.max(-limit, Math.min(limit, from + step)));
}

/** Moves the selected response one place (-1 = better). Out of a tie first, then past the neighbouring group. */
function shiftSelected(state: RankingState, step: 1 | -1): RankingState {
  const id = state.selected;
  const at = state.groups.findIndex((group) => id !== null && group.includes(id));
  if (id === null || at === -1) return state;
  const group = state.groups[at] as readonly string[];
  if (group.length > 1) {
    const rest = group.filter((other) => other !== id);
    const split = step === -1 ? [[id], rest] : [rest, [id]];
    return withGroups(state, [...state.groups.slice(0, at), ...split, ...state.groups.slice(at + 1)]);
  }
  const to = at + step;
  const neighbour = state.groups[to];
  if (neighbour === undefined) return state;
  const groups = [...state.groups];
  groups[at] = neighbour;
  groups[to] = group;
  return withGroups(state, groups);
}

/**
 * A drop: `index` counts single responses in the list without the dragged one. Between two members of one tie it joins
 * them, anywhere else it gets a place of its own.
 */
function reorder(state: RankingState, id: string, index: number): RankingState {
  if (!state.shown.includes(id)) return state;
  const groups = without(state.groups, id);
  const target = Math.max(0, Math.min(groups.flat().length, index));
  const next: string[][] = [];
  let passed = 0;
  let isIn = false;
  for (const group of groups) {
    if (!isIn && passed === target) {
      next.push([id]);
      isIn = true;
    }
    if (!isIn && target > passed && target < passed + group.length) {
      next.push([...group.slice(0, target - passed), id, ...group.slice(target - passed)]);
      isIn = true;
    } else {
      next.push(group);
    }
    passed += group.length;
  }
  if (!isIn) next.push([id]);
  return { ...withGroups(state, next), selected: id };
}

/**
 * Pair: both equal, again: both good, again: undecided. Ranking: ties the selected response (else the last placed) with
 * the group above it, or takes it out of its tie.
 */
function tie(state: RankingState): RankingState {
  if (state.shown.length === 2) {
    if (state.groups.length !== 1 || state.tieKind === 'both_bad')
      return withGroups({ ...state, tieKind: 'equal' }, [state.shown]);
    if (state.tieKind === 'equal') return withGroups({ ...state, tieKind: 'both_good' }, [state.shown]);
    return withGroups({ ...state, strength: null }, []);
  }
  const id =
    state.selected !== null && rankOf(state, state.selected) !== null
      ? state.selected
      : state.groups.at(-1)?.at(-1);
  if (id === undefined) return state;
  const at = state.groups.findIndex((group) => group.includes(id));
  const group = state.groups[at] as readonly string[];
  if (group.length > 1) {
    const split = [group.filter((other) => other !== id), [id]];
    return {
      ...withGroups(state, [...state.groups.slice(0, at), ...split, ...state.groups.slice(at + 1)]),
      selected: id,
    };
  }
  const above = state.groups[at - 1];
  if (above === undefined) return state;
  const groups = [...state.groups.slice(0, at - 1), [...above, id], ...state.groups.slice(at + 1)];
  return { ...withGroups(state, groups), selected: id };
}

function selectNext(state: RankingState, step: 1 | -1): RankingState {
  const at = state.selected === null ? -1 : state.shown.indexOf(state.selected);
  const from = at === -1 && step === -1 ? 0 : at;
  const to = (from + step + state.shown.length) % state.shown.length;
  return { ...state, selected: state.shown[to] ?? null };
}

function toggleFlag(state: RankingState, id: string, flag: string): RankingState {
  if (!state.shown.includes(id)) return state;
  const had = state.flags[id] ?? [];
  const has = had.includes(flag) ? had.filter((other) => other !== flag) : [...had, flag];
  const { [id]: _old, ...others } = state.flags;
  return { ...state, flags: has.length === 0 ? others : { ...others, [id]: has }, selected: id };
}
