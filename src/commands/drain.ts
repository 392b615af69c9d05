/** `manul drain` and `manul undrain`: takes the speaker out of use, and back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDurationSec } from '@manul/config';
import type { CommandContext } from '../cli/command.ts';
import { CommandError, usageError } from '../cli/command-error.ts';
import { DRAIN_PATH, type DrainRequest, UNDRAIN_PATH } from '../control/drain-routes.ts';
import { type DrainReport, MAX_GRACE_SEC } from '../daemon/drain.ts';
import { drainText } from '../output/drain-text.ts';
import { writeValue } from '../output/format.ts';
import { controlClient, outputFormat } from './connect.ts';

const DEFAULT_GRACE = '30s';
/** How often a drain that goes on is looked at, milliseconds. */
const LOOK_MS = 500;

/**
 * Returns when the routes are withdrawn. The daemon goes on by itself where the command is interrupted.
 * @throws CommandError when somebody ends the drain meanwhile
 */
export async function drain(context: CommandContext): Promise<void> {
  const client = controlClient(context);
  const request: DrainRequest = { graceSeconds: readGrace(context.arguments.text('grace')) };
  let report = (await client.post(DRAIN_PATH, request)) as DrainReport;
  while (report.state === 'graceful') {
    const left = report.withdrawAt === null ? 0 : Date.parse(report.withdrawAt) - Date.now();
    await sleep(Math.min(LOOK_MS, Math.max(left, 10)));
    report = (await client.get(DRAIN_PATH)) as DrainReport;
  }
  if (report.state === 'none') throw new CommandError('the drain was ended before routes were withdrawn');
  await write(context, report);
}

export async function undrain(context: CommandContext): Promise<void> {
  await write(context, (await controlClient(context).post(UNDRAIN_PATH, {})) as DrainReport);
}

function write(context: CommandContext, report: DrainReport): Promise<void> {
  const line = (): string => `Drain: ${drainText(report)}\n`;
  return writeValue(process.stdout, outputFormat(context.arguments), report, line);
}

/** @throws CommandError (usage) */
function readGrace(text = DEFAULT_GRACE): number {
  const seconds = parseDurationSec(text);
  if (seconds !== null && seconds <= MAX_GRACE_SEC) return seconds;
  throw usageError(`--grace: "${text}" is no duration up to 24h, such as 30s`);
}
