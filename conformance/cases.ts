/** The table of cases of the conformance suite, in the order in which they run. */
import type { Case } from './case.ts';
import { ECHO } from './cases/echo.ts';
import { MSG } from './cases/msg.ts';
import { QUERYING } from './cases/queries.ts';
import { REFUSALS } from './cases/refusals.ts';
import { SENDING } from './cases/sending.ts';

/** Every case; names are unique. */
export const CASES: readonly Case[] = [...SENDING, ...ECHO, ...QUERYING, ...REFUSALS, ...MSG];
