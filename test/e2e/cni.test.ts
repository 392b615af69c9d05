/** Pods by CNI on a node of its own: the executable, what it installs, many pods at once, and sudden deaths. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pollUntil } from '../harness/deadline.ts';
import { describeWith } from '../support/requirements.ts';
import { CniRuntime, cachedResults } from './support/cni-runtime.ts';

jest.setTimeout(600_000);

const NOTHING = { interfaces: [], addresses: [], attachments: [] };
const PARALLEL = 200;
const KILLS = 40;
const AGENT_KILLS = 10;
/** Under way when the agent is killed. */
const CALLS = 6;

describeWith(
  { root: true, commands: ['ip', 'go', 'setpriv'], kubernetesTools: ['cni'] },
  'a node with CNI',
  () => {
    let runtime: CniRuntime;
    let cached: readonly string[];

    beforeAll(async () => {
      cached = cachedResults();
      runtime = await CniRuntime.start();
    });

    afterAll(async () => {
      runtime.removeCachedResults(cached);
      await runtime.stop();
    });

    async function installed(): Promise<void> {
      const path = join(runtime.configFolder, '10-manul.conflist');
      await pollUntil(async () => existsSync(path) || null, 'the network configuration is installed');
    }

    test('the configuration is installed, and all that it names', async () => {
      await installed();
      expect(readdirSync(runtime.binFolder).sort()).toEqual(['host-local', 'loopback', 'manul', 'portmap']);
      expect(readdirSync(runtime.configFolder)).toEqual(['10-manul.conflist']);
    });

    test('cnitool goes through the verbs with what is installed', async () => {
      await installed();
      const [netns] = runtime.newPods(1);
      for (const verb of ['status', 'add', 'check', 'del', 'del', 'gc']) {
        const { status, stderr } = await runtime.cnitool(verb, netns!);
        expect({ verb, status, stderr }).toEqual({ verb, status: 0, stderr: '' });
      }
      expect(runtime.leftovers()).toEqual(NOTHING);
    });

    test(`${PARALLEL} ADD at once, then ${PARALLEL} DEL: an address each, a route each, then nothing`, async () => {
      await installed();
      const pods = runtime.newPods(PARALLEL);
      const added = await Promise.all(pods.map((netns) => runtime.cnitool('add', netns)));
      expect(added.filter(({ status }) => status !== 0).map(({ stderr }) => stderr)).toEqual([]);
      const addresses = added.map(({ stdout }) => {
        return (JSON.parse(stdout) as { ips: { address: string }[] }).ips.map(({ address }) => address);
      });
      expect(new Set(addresses.flat()).size).toBe(2 * PARALLEL);
      expect(runtime.routes().sort()).toEqual(addresses.map(([ipv4]) => ipv4!.split('/')[0]).sort());
      expect(runtime.leftovers().interfaces).toHaveLength(PARALLEL);
      const deleted = await Promise.all(pods.map((netns) => runtime.cnitool('del', netns)));
      expect(deleted.filter(({ status }) => status !== 0).map(({ stderr }) => stderr)).toEqual([]);
      expect(runtime.leftovers()).toEqual(NOTHING);
      expect(runtime.routes()).toEqual([]);
    });

    test(`the plugin killed ${KILLS} times anywhere in ADD: nothing is left, and no DEL is needed for that`, async () => {
      const pods = runtime.newPods(KILLS);
      let killed = 0;
      for (const [i, netns] of pods.entries()) {
        const delayMs = (i * 60) / KILLS;
        const run = await runtime.plugin('ADD', `plugin-${i}`, netns, (kill) => setTimeout(kill, delayMs));
        if (run.status === null) killed += 1;
        else await runtime.plugin('DEL', `plugin-${i}`, netns);
      }
      expect(killed).toBeGreaterThan(KILLS / 4);
      await pollUntil(async () => runtime.leftovers().attachments.length === 0 || null, 'all is undone');
      expect(runtime.leftovers()).toEqual(NOTHING);
    });

    test(`the agent killed ${AGENT_KILLS} times amid ADDs and DELs: the next one undoes, or the pod is whole`, async () => {
      const pods = runtime.newPods(AGENT_KILLS * CALLS);
      let failed = 0;
      for (let round = 0; round < AGENT_KILLS; round++) {
        const containers = pods.slice(round * CALLS, (round + 1) * CALLS).map((netns, i) => {
          return { netns, id: `agent-${round}-${i}`, verb: i % 2 === 0 ? 'ADD' : 'DEL' };
        });
        for (const { id, netns, verb } of containers) {
          if (verb === 'DEL') expect(await runtime.plugin('ADD', id, netns)).toMatchObject({ status: 0 });
        }
        const runs = containers.map(({ id, netns, verb }) => runtime.plugin(verb, id, netns));
        await sleep((round * 300) / AGENT_KILLS);
        runtime.daemon.signal('SIGKILL');
        const results = await Promise.all(runs);
        await runtime.daemon.startAgain();
        const { interfaces, addresses, attachments } = runtime.leftovers();
        expect({ interfaces: interfaces.length, addresses: addresses.length }).toEqual({
          interfaces: attachments.length,
          addresses: 2 * attachments.length,
        });
        expect(attachments.every((state) => state === 'attached')).toBe(true);
        for (const [i, { status, output }] of results.entries()) {
          if (status !== 0) {
            failed += 1;
            expect(JSON.parse(output)).toMatchObject({ code: 11 });
          }
          const { id, netns } = containers[i]!;
          // As runtimes do after a failure, and for the pods that are whole.
          expect(await runtime.plugin('DEL', id, netns)).toEqual({ status: 0, output: '' });
        }
        expect(runtime.leftovers()).toEqual(NOTHING);
      }
      expect(failed).toBeGreaterThan(0);
    });

    test('a program or configuration that somebody removes is back', async () => {
      for (const path of [
        join(runtime.binFolder, 'manul'),
        join(runtime.configFolder, '10-manul.conflist'),
      ]) {
        rmSync(path);
        await pollUntil(async () => existsSync(path) || null, `${path} is back`);
      }
    });
  },
);
