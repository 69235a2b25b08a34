/**
 * HTTP load by `wrk`: as many requests as a server takes, over a fixed number of connections.
 *
 * Decides how a request becomes a script for it and how its summary is read.
 */
import { spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HttpTarget } from './http-target.ts';

/** Connections of a load, each with one request at a time. */
export const CONNECTIONS = 64;
/** Is replaced by a number of its own in each request. */
export const UNIQUE = '@UNIQUE@';

/** What a load came to. */
export interface Load {
  readonly requests: number;
  /** Requests per second, answered in any way. */
  readonly rate: number;
  /** Answers of 400 and above, and connections that failed. */
  readonly faults: Readonly<Record<string, number>>;
}

/** ASCII text that stands in Lua as it stands in JSON. */
const lua = (text: string) => JSON.stringify(text);

function script({ method = 'POST', headers, body }: HttpTarget): string {
  const fields = Object.entries(headers).map(([name, value]) => `wrk.headers[${lua(name)}] = ${lua(value)}`);
  const counting = `
local n = 0
request = function()
  n = n + 1
  return wrk.format(nil, nil, nil, (wrk.body:gsub(${lua(UNIQUE)}, n)))
end`;
  return `
wrk.method = ${lua(method)}
wrk.body = ${lua(body)}
${fields.join('\n')}
${body.includes(UNIQUE) ? counting : ''}
done = function(summary)
  local e = summary.errors
  io.write(string.format('\\nRESULT [%d,%d,%d,%d,%d,%d,%d]\\n', summary.requests, summary.duration, e.status, e.connect, e.read, e.write, e.timeout))
end
`;
}

const FAULTS = ['status', 'connect', 'read', 'write', 'timeout'] as const;

/**
 * Runs a load.
 *
 * @param folder where its script is written for that time
 * @throws Error when it could not be run
 */
export async function runWrk(
  target: HttpTarget,
  seconds: number,
  folder: string,
  connections: number = CONNECTIONS,
): Promise<Load> {
  const file = join(folder, `${target.port}-${Math.random().toString(36).slice(2)}.lua`);
  await writeFile(file, script(target));
  try {
    const args = ['-t1', `-c${connections}`, `-d${Math.ceil(seconds) + 5}s`, '--timeout', '10s', '-s', file];
    return read(await output([...args, `http://127.0.0.1:${target.port}${target.path}`], seconds));
  } finally {
    await rm(file);
  }
}

/** It only knows whole seconds; at SIGINT it stops and sums up. */
async function output(args: readonly string[], seconds: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn('/usr/bin/wrk', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const end = setTimeout(() => child.kill('SIGINT'), seconds * 1000);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  child.on('close', () => resolve()).on('error', reject);
  try {
    await promise;
    return text;
  } finally {
    clearTimeout(end);
  }
}

function read(text: string): Load {
  const values: unknown = JSON.parse(/^RESULT (.*)$/m.exec(text)?.[1] ?? 'null');
  if (!Array.isArray(values)) throw new Error(`wrk says: ${text.slice(0, 500)}`);
  const [requests = 0, microseconds = 1, ...counts] = values.map(Number);
  const faults = FAULTS.flatMap((name, place) => (counts[place] ? [[name, counts[place]] as const] : []));
  return { requests, rate: (requests * 1e6) / microseconds, faults: Object.fromEntries(faults) };
}
