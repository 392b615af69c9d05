/** Where metrics and the looking glass are served: said only after both have been fetched. */
import { reasonOf } from '../cli/command-error.ts';
import { DemoFailure } from './demo-failure.ts';
import type { Stage } from './stage.ts';

const SESSIONS_UP = /^manul_bgp_peers\{state="Established".*\} [1-9]\d*$/m;
const TITLE = /<title>([^<]+ · Manul)<\/title>/;

/** Fetches both of each service, and shows what came. */
export async function showServed(stage: Stage, urls: readonly string[]): Promise<void> {
  const width = Math.max(...urls.map((url) => `${url}/metrics`.length));
  const show = (url: string, what: string): void => {
    stage.screen.print(`GET ${url.padEnd(width)}  200  ${what}`);
  };
  for (const url of urls) {
    const metrics = await fetchText(stage, `${url}/metrics`);
    show(
      `${url}/metrics`,
      found(SESSIONS_UP.exec(metrics)?.[0], `${url}/metrics shows no established session`),
    );
    const page = await fetchText(stage, `${url}/`);
    show(`${url}/`, found(TITLE.exec(page)?.[1], `${url}/ is not the looking glass`));
  }
}

function found(text: string | undefined, problem: string): string {
  if (text === undefined) throw new DemoFailure(problem);
  return text;
}

async function fetchText({ signal }: Stage, url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal });
    if (response.status === 200) return await response.text();
    throw new DemoFailure(`answered with status ${response.status}`);
  } catch (error) {
    signal.throwIfAborted();
    throw new DemoFailure(`GET ${url}: ${reasonOf(causeOf(error))}`);
  }
}

/** `fetch` itself says no more than that it failed. */
function causeOf(error: unknown): unknown {
  return error instanceof TypeError ? (error.cause ?? error) : error;
}
