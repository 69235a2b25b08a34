/**
 * The curl lines of documents, and running them as a user pastes them.
 *
 * Decides what a curl line is: `curl` at the beginning of a command, with the lines that it goes on in, by a backslash at
 * the end or inside quotation marks. Whose words in it have to be others here is for the test to say.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** What a command printed. */
export interface Printed {
  /** The body of the answer. */
  readonly output: string;
  /** Its status. */
  readonly status: number;
}

const COMMAND = /^[ \t]*(?:\$ )?(?=curl\s)/;
/** A command up to its end: words, quoted texts, and line ends behind a backslash. */
const WHOLE = /^curl(?:\\[\s\S]|'[^']*'|"(?:\\[\s\S]|[^"\\])*"|[^\n'"\\])+/;
const SECONDS = 20;
/** A line with `-N` reads a stream that has no end; it is cut off after so many seconds, with curl's exit code for that. */
const STREAM = { line: /^curl -N\s/, seconds: 2, code: 28 } as const;

/**
 * All curl lines of a document.
 *
 * @param page Markdown, or plain text with commands in it
 * @throws Error for a line that has no end
 */
export function curlLines(page: string): readonly string[] {
  const lines = page.split('\n');
  return lines.flatMap((line, at) => {
    const [before] = COMMAND.exec(line) ?? [];
    if (before === undefined) return [];
    const command = WHOLE.exec([line, ...lines.slice(at + 1)].join('\n').slice(before.length));
    assert.ok(command !== null, `this line cannot be read: ${line}`);
    return [command[0].trimEnd()];
  });
}

/**
 * Runs a command line in a shell.
 *
 * @throws Error when it fails, or takes more than 20 seconds; a stream (`-N`) is cut off
 */
export async function paste(line: string): Promise<Printed> {
  // What is added stands at the end: the status, on a line of its own, and a bound.
  const isStream = STREAM.line.test(line);
  const bound = isStream ? STREAM.seconds : SECONDS;
  const command = `${line} -sS --max-time ${bound} -w '\\n%{http_code}'`;
  const shell = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [printed, complaint, [code]] = await Promise.all([text(shell.stdout), text(shell.stderr), once(shell, 'exit')]);
  assert.equal(code, isStream ? STREAM.code : 0, `${line} ended with ${code}: ${complaint}`);
  const end = printed.lastIndexOf('\n');
  return { output: printed.slice(0, end), status: Number(printed.slice(end + 1)) };
}
