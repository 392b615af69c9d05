/** Reads the routing table of the namespace that this process is in, without disturbing who writes to it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Routes in the IPv4 tables, from the kernel's own count. */
export function routeCount(): number {
  const counts = [...readFileSync('/proc/self/net/fib_triestat', 'utf8').matchAll(/Prefixes:\s+(\d+)/g)];
  return Math.max(0, ...counts.map((count) => Number(count[1])));
}

/** True when the route to `prefix` goes to `nextHop`. */
export function leadsTo(prefix: string, nextHop: string): boolean {
  return execFileSync('ip', ['route', 'show', prefix], { encoding: 'utf8' }).includes(`via ${nextHop} `);
}

/** Routes to `nextHop`, counted one by one. */
export function countVia(nextHop: string): number {
  const options = { encoding: 'utf8', maxBuffer: 1 << 28 } as const;
  return execFileSync('ip', ['route', 'show', 'via', nextHop], options).split('\n').length - 1;
}
