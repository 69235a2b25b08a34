/**
 * How one calls the program.
 *
 * Decides which words an operator can paste: the name of the program where it is installed, or the script of npm where it
 * runs out of a checkout, which has no program of that name.
 */

/** Only a checkout has TypeScript. */
const IS_CHECKOUT = import.meta.filename.endsWith('.ts');

/**
 * A command as one types it.
 *
 * @param words the command and what stands after it
 * @param isCheckout whether the program runs out of a checkout; as it does when absent
 */
export function invocation(words: string, isCheckout = IS_CHECKOUT): string {
  if (!isCheckout) return `restanza ${words}`;
  const [script = '', ...rest] = words.split(' ');
  if (script.startsWith('-')) return `npx node src/main.ts ${words}`;
  return [`npm run -s ${script}`, ...(rest.length > 0 ? ['--', ...rest] : [])].join(' ');
}
