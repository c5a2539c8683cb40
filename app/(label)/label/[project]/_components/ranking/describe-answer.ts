import { letterOf, type RankingState, unplacedOf } from './ranking-state.ts';
import { strengthWords } from './strength-words.ts';

/** The answer so far as one sentence: shown under the panes and read out by screen readers. */
export function describeAnswer(state: RankingState): string {
  if (state.notRankable) return 'Not rankable.';
  if (state.groups.length === 0) return 'Nothing chosen yet.';
  const everybody = state.shown.length === 2 ? 'Both' : 'All';
  if (state.tieKind === 'both_bad') return `${everybody} bad.`;
  if (state.tieKind === 'both_good') return `${everybody} good, a tie.`;
  if (state.tieKind === 'equal') return `A tie: ${everybody.toLowerCase()} the same.`;
  const letters = state.groups.map((group) => group.map((id) => letterOf(state, id)).join(' = '));
  if (state.shown.length === 2) {
    const words = state.strength === null ? 'better' : strengthWords(state.strength);
    return `${letters[0]} is ${words} than ${letters[1]}.`;
  }
  const left = unplacedOf(state).map((id) => letterOf(state, id));
  const order = `Best first: ${letters.join(' > ')}.`;
  return left.length === 0 ? order : `${order} Not placed yet: ${left.join(', ')}.`;
}
