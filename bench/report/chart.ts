/**
 * The chart of the rates, as SVG.
 *
 * Decides that bars are compared within a row only, because each row has its own scale: Restanza in colour, its peers in
 * grey, limits as an outline. Every bar has its figure beside it.
 */
import { escapeAttribute, escapeText } from '../../src/xml/write.ts';
import type { Outcome, Standing } from '../row.ts';
import { figure } from './text.ts';

const WIDTH = 880;
const LABEL = 350;
const BAR = { left: LABEL + 16, most: 400, height: 16, step: 24 } as const;
const HEAD = { before: 26, after: 12 } as const;
const MARGIN = 20;

/** How a bar looks, by how its name begins; the others are peers. */
const LOOKS: Readonly<Record<string, string>> = {
  Restanza: "fill='#1f6feb'",
  'limit:': "fill='none' stroke='#6e7781' stroke-dasharray='4 3'",
};
const PEER = "fill='#8c959f'";

/** Draws the rows whose unit is a rate. */
export function drawChart(outcomes: readonly Outcome[]): string {
  let [y, body] = [MARGIN, ''];
  for (const { title, unit, standings } of outcomes.filter(outcome => outcome.unit.endsWith('/s'))) {
    const measured = standings.filter(({ samples }) => samples.length > 0);
    const most = Math.max(...measured.map(({ median }) => median));
    y += HEAD.before;
    body += `<text x='${MARGIN}' y='${y}' font-weight='600'>${escapeText(`${title}, ${unit}`)}</text>\n`;
    y += HEAD.after;
    for (const standing of measured) {
      body += bar(standing, most, y);
      y += BAR.step;
    }
  }
  const height = y + MARGIN;
  const size = `viewBox='0 0 ${WIDTH} ${height}' width='${WIDTH}' height='${height}'`;
  const font = "font-family='system-ui, sans-serif' font-size='13' fill='#1f2328'";
  const name = escapeAttribute('Rates of Restanza, its peers and the limits, row by row');
  return `<svg xmlns='http://www.w3.org/2000/svg' ${size} ${font} role='img' aria-label='${name}'>
<rect width='100%' height='100%' fill='#ffffff'/>
${body}</svg>
`;
}

function bar({ name, median }: Standing, most: number, y: number): string {
  const width = Math.max(1, Math.round((median / most) * BAR.most));
  const look = Object.entries(LOOKS).find(([begin]) => name.startsWith(begin))?.[1] ?? PEER;
  const middle = y + BAR.height - 3;
  return `<text x='${LABEL}' y='${middle}' text-anchor='end'>${escapeText(name)}</text>
<rect x='${BAR.left}' y='${y}' width='${width}' height='${BAR.height}' rx='2' ${look}/>
<text x='${BAR.left + width + 6}' y='${middle}'>${figure(median)}</text>
`;
}
