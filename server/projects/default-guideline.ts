/** The guideline a new project starts with. */
export const DEFAULT_GUIDELINE = `Read the prompt first, then every response to its end. Put the responses in the order in which you would want to receive them.

1. **Does what was asked.** A response that answers the question asked is better than one that answers another question well.
2. **True.** A false statement weighs more than a missing one.
3. **Harmless.** Flag what is harmful, whatever else is good about it.
4. **Clear and no longer than needed.** Length by itself is not worth anything.

Call it a tie only when you would not mind which one you get. Say "both bad" when you would want neither. Skip what you cannot judge.`;
