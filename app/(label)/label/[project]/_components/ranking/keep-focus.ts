/**
 * For buttons that a mouse presses in passing: focus stays where it was, so that Enter still submits afterwards instead
 * of pressing the same button again. Tab still reaches them.
 */
export function keepFocus(event: { preventDefault: () => void }): void {
  event.preventDefault();
}
