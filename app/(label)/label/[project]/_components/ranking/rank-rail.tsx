'use client';

import {
  type Announcements,
  closestCenter,
  DndContext,
  type DragEndEvent,
  KeyboardSensor,
  PointerSensor,
  TouchSensor,
  useDraggable,
  useDroppable,
  useSensor,
  useSensors,
} from '@dnd-kit/core';
import {
  SortableContext,
  sortableKeyboardCoordinates,
  useSortable,
  verticalListSortingStrategy,
} from '@dnd-kit/sortable';
import { CSS } from '@dnd-kit/utilities';
import { ArrowDown, ArrowUp, Equal, GripVertical, X } from 'lucide-react';
import { keepFocus } from './keep-focus.ts';
import { letterOf, type RankingAction, type RankingState, rankOf, unplacedOf } from './ranking-state.ts';

const END = 'end-of-list';

type Props = {
  state: RankingState;
  dispatch: (action: RankingAction) => void;
  /** the page's own keys are silent while something is carried */
  onDragging: (isDragging: boolean) => void;
};

/** The order so far, best on top. Everything here can also be done by keys: numbers place, arrows move, T ties. */
export function RankRail({ state, dispatch, onDragging }: Props) {
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: 4 } }),
    // a short hold, so that a swipe over the list still scrolls the page
    useSensor(TouchSensor, { activationConstraint: { delay: 150, tolerance: 8 } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );
  const placed = state.groups.flat();
  const unplaced = unplacedOf(state);
  const drop = (event: DragEndEvent) => {
    onDragging(false);
    const { active, over } = event;
    if (over === null) return;
    const id = String(active.id);
    const index = over.id === END ? placed.length : placed.indexOf(String(over.id));
    if (index !== -1 && over.id !== active.id) dispatch({ type: 'reorder', id, index });
  };
  return (
    <DndContext
      id="ranking"
      sensors={sensors}
      collisionDetection={closestCenter}
      accessibility={{ announcements: announcementsFor(state) }}
      onDragStart={() => onDragging(true)}
      onDragCancel={() => onDragging(false)}
      onDragEnd={drop}
    >
      <div className="flex flex-col gap-2">
        <h2 className="font-semibold text-sm">Order, best first</h2>
        <SortableContext items={placed} strategy={verticalListSortingStrategy}>
          <ol className="flex flex-col gap-1" aria-label="Ranking, best first">
            {placed.map((id) => (
              <RankedItem key={id} id={id} state={state} dispatch={dispatch} />
            ))}
          </ol>
        </SortableContext>
        <EndOfList isEmpty={placed.length === 0} />
        {unplaced.length > 0 && (
          <ul className="flex flex-wrap gap-2" aria-label="Not placed yet">
            {unplaced.map((id) => (
              <UnplacedChip
                key={id}
                id={id}
                letter={letterOf(state, id)}
                onPlace={() => dispatch({ type: 'pick', id })}
              />
            ))}
          </ul>
        )}
      </div>
    </DndContext>
  );
}

function RankedItem({ id, state, dispatch }: { id: string } & Pick<Props, 'state' | 'dispatch'>) {
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } =
    useSortable({ id });
  const letter = letterOf(state, id);
  const group = state.groups.find((members) => members.includes(id)) ?? [];
  const isTiedAbove = group.length > 1 && group[0] !== id;
  const act = (action: RankingAction) => {
    dispatch({ type: 'select', id });
    dispatch(action);
  };
  return (
    <li
      ref={setNodeRef}
      style={{ transform: CSS.Translate.toString(transform), transition }}
      aria-current={state.selected === id ? 'true' : undefined}
      className={`flex items-center gap-1 rounded-md border bg-card px-1 text-sm motion-reduce:transition-none! ${
        state.selected === id ? 'border-primary' : 'border-border'
      } ${isTiedAbove ? '-mt-1 rounded-t-none border-t-dashed' : ''} ${isDragging ? 'z-10 shadow-lg' : ''}`}
    >
      <button
        type="button"
        ref={setActivatorNodeRef}
        {...attributes}
        {...listeners}
        aria-label={`Move response ${letter}, place ${rankOf(state, id)}`}
        className="flex min-h-9 min-w-8 cursor-grab pointer-coarse:min-h-11 pointer-coarse:min-w-11 touch-none items-center justify-center text-muted-foreground"
      >
        <GripVertical aria-hidden className="size-4" />
      </button>
      <span className="w-5 text-muted-foreground tabular-nums">{isTiedAbove ? '=' : rankOf(state, id)}</span>
      <span className="grow font-semibold">{letter}</span>
      <RailButton
        label={`Move ${letter} up`}
        onClick={() => act({ type: 'shift', step: -1 })}
        Icon={ArrowUp}
      />
      <RailButton
        label={`Move ${letter} down`}
        onClick={() => act({ type: 'shift', step: 1 })}
        Icon={ArrowDown}
      />
      <RailButton
        label={group.length > 1 ? `Take ${letter} out of its tie` : `Tie ${letter} with the one above`}
        onClick={() => act({ type: 'tie' })}
        Icon={Equal}
      />
      <RailButton label={`Take ${letter} out`} onClick={() => act({ type: 'unplace', id })} Icon={X} />
    </li>
  );
}

function RailButton({ label, onClick, Icon }: { label: string; onClick: () => void; Icon: typeof X }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      onMouseDown={keepFocus}
      onClick={onClick}
      className="flex min-h-9 min-w-8 items-center justify-center rounded pointer-coarse:min-h-11 pointer-coarse:min-w-11 text-muted-foreground hover:bg-muted hover:text-foreground"
    >
      <Icon aria-hidden className="size-4" />
    </button>
  );
}

function EndOfList({ isEmpty }: { isEmpty: boolean }) {
  const { setNodeRef, isOver } = useDroppable({ id: END });
  return (
    <div
      ref={setNodeRef}
      className={`rounded-md border border-dashed px-3 text-muted-foreground text-xs ${
        isEmpty ? 'py-6 text-center' : 'py-1'
      } ${isOver ? 'border-primary' : 'border-border'}`}
    >
      {isEmpty && (
        <span className="pointer-coarse:hidden">Press 1–9 in order, best first, or drag here.</span>
      )}
      {isEmpty && (
        <span className="hidden pointer-coarse:inline">Place the best first, or drag the letters here.</span>
      )}
      {!isEmpty && 'worst'}
    </div>
  );
}

function UnplacedChip({ id, letter, onPlace }: { id: string; letter: string; onPlace: () => void }) {
  const { attributes, listeners, setNodeRef, transform } = useDraggable({ id });
  return (
    <li>
      <button
        type="button"
        ref={setNodeRef}
        {...attributes}
        {...listeners}
        onMouseDown={keepFocus}
        onClick={onPlace}
        style={{ transform: CSS.Translate.toString(transform) }}
        aria-label={`Place ${letter} next`}
        className="min-h-9 touch-none pointer-coarse:min-h-11 pointer-coarse:min-w-11 rounded-md border border-border bg-card px-4 font-semibold text-sm hover:bg-muted"
      >
        {letter}
      </button>
    </li>
  );
}

/** What a screen reader hears while carrying: letters and places, never ids. */
function announcementsFor(state: RankingState): Announcements {
  const place = (id: unknown) =>
    id === END ? 'the last place' : `place ${state.groups.flat().indexOf(String(id)) + 1}`;
  const name = (id: unknown) => `Response ${letterOf(state, String(id))}`;
  return {
    onDragStart: ({ active }) => `Picked up ${name(active.id)}.`,
    onDragOver: ({ active, over }) =>
      over === null
        ? `${name(active.id)} is outside the list.`
        : `${name(active.id)} is over ${place(over.id)}.`,
    onDragEnd: ({ active, over }) =>
      over === null
        ? `${name(active.id)} was put back.`
        : `${name(active.id)} was dropped at ${place(over.id)}.`,
    onDragCancel: ({ active }) => `Moving ${name(active.id)} was cancelled.`,
  };
}
