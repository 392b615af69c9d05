/**
 * `node test/e2e/prefix-flood.ts [PREFIXES [LIMIT]]`: one client announces so many prefixes (default 5,000,000)
 * against its limit (default 1,000,000); prints what others noticed of it.
 */
import { describeFlood, PrefixFlood } from './support/prefix-flood.ts';

const [prefixes = 5_000_000, limit = 1_000_000] = process.argv.slice(2).map(Number);
const flood = await PrefixFlood.open({ prefixes, limit });
try {
  console.log(describeFlood(await flood.run()));
} finally {
  await flood.close();
}
