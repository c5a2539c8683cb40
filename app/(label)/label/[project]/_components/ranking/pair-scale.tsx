import { keepFocus } from './keep-focus.ts';
import type { RankingAction, RankingState } from './ranking-state.ts';
import { strengthWords } from './strength-words.ts';

const STEPS = [-3, -2, -1, 0, 1, 2, 3] as const;
const WITHOUT_STRENGTH = [-1, 0, 1] as const;

/** The place on the scale, also where strength is not asked: then -1, 0, 1. */
function scaleValue(state: RankingState): number | null {
  if (state.groups.length === 0 || state.notRankable) return null;
  if (state.strength !== null) return state.strength;
  return state.groups.length === 1 ? 0 : state.groups[0]?.[0] === state.shown[0] ? -1 : 1;
}

/** The scale of a pair, from "A much better" over the tie to "B much better"; symmetric, so that neither side is favoured. */
export function PairScale({
  state,
  dispatch,
}: {
  state: RankingState;
  dispatch: (action: RankingAction) => void;
}) {
  const value = scaleValue(state);
  const steps = state.asksStrength ? STEPS : WITHOUT_STRENGTH;
  return (
    <fieldset className="flex w-full min-w-0 items-center gap-2">
      <legend className="sr-only">Which response is better, and how much?</legend>
      <span aria-hidden className="font-semibold text-sm">
        A
      </span>
      <div className="flex grow">
        {steps.map((strength) => {
          const words = state.asksStrength ? strengthWords(strength) : strength === 0 ? 'tie' : 'better';
          const label = strength === 0 ? 'Tie' : `${strength < 0 ? 'A' : 'B'} ${words}`;
          return (
            <label
              key={strength}
              title={label}
              onMouseDown={keepFocus}
              className="flex min-h-10 flex-1 cursor-pointer items-center justify-center border border-border border-r-0 px-1 text-center text-xs first:rounded-l-md last:rounded-r-md last:border-r hover:bg-muted has-checked:border-primary has-checked:bg-primary has-checked:text-primary-foreground has-focus-visible:outline-2 has-focus-visible:outline-ring pointer-coarse:min-h-11 pointer-coarse:px-0.5"
            >
              <input
                type="radio"
                name="strength"
                className="sr-only"
                aria-label={label}
                checked={value === strength}
                onChange={() => dispatch({ type: 'set-strength', strength })}
              />
              <span aria-hidden>{state.asksStrength ? words : label}</span>
            </label>
          );
        })}
      </div>
      <span aria-hidden className="font-semibold text-sm">
        B
      </span>
    </fieldset>
  );
}
