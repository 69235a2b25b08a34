/**
 * The style of the pages.
 *
 * Decides how they look by light and by dark, with contrasts of at least 4.5 to 1 (WCAG 2.2 §1.4.3), a focus that can be seen and
 * targets that can be hit. An operator's own style sheet comes after it: the colours are variables for him to set.
 */

/** The style sheet. */
export const STYLE = `:root {
  color-scheme: light dark;
  --page: #f3f4f6;
  --paper: #ffffff;
  --ink: #1c2430;
  --quiet: #51596a;
  --line: #8089997a;
  --field: #767f8f;
  --accent: #1b5fb8;
  --on-accent: #ffffff;
  --problem: #a4161a;
  --problem-paper: #fdecec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161d;
    --paper: #1c222c;
    --ink: #e8ebf0;
    --quiet: #aab3c2;
    --line: #5a64767a;
    --field: #8a94a6;
    --accent: #8ab8f5;
    --on-accent: #0d1b2e;
    --problem: #ffb3b0;
    --problem-paper: #3a1a1c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--page);
  color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif;
}
main {
  max-width: 27rem;
  margin: 8vh auto;
  padding: 1.75rem;
  background: var(--paper);
  border: 1px solid var(--line);
  border-radius: 0.75rem;
}
.site { margin: 0; color: var(--quiet); overflow-wrap: anywhere; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
p, ul, form { margin: 0 0 1rem; overflow-wrap: anywhere; }
ul { padding-left: 1.25rem; }
label { display: block; margin-bottom: 0.25rem; font-weight: 600; }
input {
  width: 100%;
  min-height: 2.75rem;
  margin-bottom: 1rem;
  padding: 0.5rem 0.75rem;
  font: inherit;
  color: inherit;
  background: var(--paper);
  border: 1px solid var(--field);
  border-radius: 0.375rem;
}
input[aria-invalid] { border-color: var(--problem); }
.user-code { font: 1.25rem ui-monospace, monospace; letter-spacing: 0.1em; text-transform: uppercase; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 0; }
button {
  flex: 1 1 8rem;
  min-height: 2.75rem;
  padding: 0.5rem 1rem;
  font: inherit;
  font-weight: 600;
  color: var(--on-accent);
  background: var(--accent);
  border: 2px solid var(--accent);
  border-radius: 0.375rem;
  cursor: pointer;
}
button.other { color: var(--accent); background: transparent; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
a { color: var(--accent); }
.problem {
  padding: 0.75rem;
  color: var(--problem);
  background: var(--problem-paper);
  border-left: 4px solid var(--problem);
}
.note { color: var(--quiet); font-size: 0.9375rem; }
main > :last-child { margin-bottom: 0; }
output {
  display: block;
  margin-bottom: 1rem;
  padding: 0.75rem;
  font: 1rem/1.5 ui-monospace, monospace;
  overflow-wrap: anywhere;
  background: var(--page);
  border-radius: 0.375rem;
  user-select: all;
}
@media (max-width: 30rem) { main { margin: 0; min-height: 100vh; border: 0; border-radius: 0; } }
@media (forced-colors: active) { button, input, main { border-color: CanvasText; } }
`;
