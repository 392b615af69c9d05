/**
 * `node test/e2e/thousand-clients.ts [CLIENTS]`: so many dynamic clients (default 1,000) connect to one reflector
 * at once and get each other's routes; prints times and memory. Needs twice as many file descriptors.
 */
import { ClientBurst, describeBurst } from './support/client-burst.ts';

const count = Number(process.argv[2] ?? 1000);
const burst = await ClientBurst.open(count);
try {
  console.log(describeBurst(await burst.connect()));
} finally {
  await burst.close();
}
