'use client';

import { Dialog, DialogContent, DialogDescription, DialogTitle } from '@/app/_ui/dialog.tsx';
import { Kbd } from '@/app/_ui/kbd.tsx';
import { FLAG_NAMES } from '../ranking/flag-names.ts';
import { letterOf, type RankingAction, type RankingState } from '../ranking/ranking-state.ts';

type Props = {
  state: RankingState;
  dispatch: (action: RankingAction) => void;
  /** the response flagged; null = closed */
  id: string | null;
  onChange: (id: string | null) => void;
};

/** Flags of one response; its own keys: numbers toggle, left and right go to the next response, F closes. */
export function FlagsDialog({ state, dispatch, id, onChange }: Props) {
  const press = (event: React.KeyboardEvent) => {
    if (id === null || event.altKey || event.ctrlKey || event.metaKey) return;
    const flag = /^[1-9]$/.test(event.key) ? FLAG_NAMES[Number(event.key) - 1]?.flag : undefined;
    if (flag !== undefined) dispatch({ type: 'toggle-flag', id, flag });
    else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
      const step = event.key === 'ArrowRight' ? 1 : -1;
      onChange(state.shown[(state.shown.indexOf(id) + step + state.shown.length) % state.shown.length] ?? id);
    } else if (event.key.toLowerCase() === 'f' || event.key === 'Enter') onChange(null);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog open={id !== null} onOpenChange={(isOpen) => !isOpen && onChange(null)}>
      {id !== null && (
        <DialogContent onKeyDown={press} data-testid="flags-dialog">
          <DialogTitle>Flags of response {letterOf(state, id)}</DialogTitle>
          <DialogDescription>
            Flags say what is wrong with a response, whatever its place.{' '}
            <span className="pointer-coarse:hidden">
              <Kbd>←</Kbd> <Kbd>→</Kbd> other responses, <Kbd>F</Kbd> done.
            </span>
          </DialogDescription>
          <ul className="mt-4 grid gap-1">
            {FLAG_NAMES.map(({ flag, name, meaning }, index) => (
              <li key={flag}>
                <label className="flex min-h-11 cursor-pointer items-center gap-3 rounded-md px-2 hover:bg-muted">
                  <input
                    type="checkbox"
                    className="size-4 accent-primary"
                    checked={(state.flags[id] ?? []).includes(flag)}
                    onChange={() => dispatch({ type: 'toggle-flag', id, flag })}
                  />
                  <span className="grow">
                    <span className="font-medium">{name}</span>{' '}
                    <span className="text-muted-foreground text-xs">{meaning}</span>
                  </span>
                  <Kbd>{index + 1}</Kbd>
                </label>
              </li>
            ))}
          </ul>
        </DialogContent>
      )}
    </Dialog>
  );
}
