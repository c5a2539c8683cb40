/** Calls back whenever light gives way to dark or back: by the system, or by the person's own choice. @returns what ends it */
export function onSchemeChange(callback: () => void): () => void {
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', callback);
  const choice = new MutationObserver(callback);
  choice.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  return () => {
    system.removeEventListener('change', callback);
    choice.disconnect();
  };
}
