/** nftables on the kernel of this machine, in a network namespace of its own. */
import { execFileSync } from 'node:child_process';
import { systemClock } from '../../../felix-like/dataplane/clock.ts';
import type { CommandPort } from '../../../felix-like/kernel/command-port.ts';
import { createHostCommands } from '../../../felix-like/kernel/host-commands.ts';
import { NftManager } from '../../../felix-like/nft/nft-manager.ts';
import { nftTable } from '../../../felix-like/nft/nft-rules.ts';
import { describeWith, findCommand } from '../../support/requirements.ts';
import { NetworkNamespace } from '../support/network-namespace.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { until } from '../support/until.ts';

const PAUSE_MS = 10;
const NAT = {
  sources: ['10.244.0.0/16', 'fd00:10::/64'],
  exclusions: ['10.244.0.0/16', '10.250.0.1', 'fd00:10::/64'],
  address: { ipv4: '192.0.2.9', ipv6: 'fd99::9' },
  ports: { min: 20000, max: 20099 },
  outInterface: 'eth+',
};
const TUNNELS = {
  ipip: 'tunl0',
  vxlan: {
    ipv4: { interfaceName: 'vxlan.calico', port: 4789 },
    ipv6: { interfaceName: 'vxlan-v6.calico', port: 4789 },
  },
  sources: ['10.0.0.2', 'fd99::2', '172.16.0.0/12'],
  workloadInterfaces: ['cali'],
  vxlanPort: 4789,
  allowFromWorkloads: { ipip: false, vxlan: false },
  foreignSources: [{ interfaceName: 'cali1', prefixes: ['192.0.2.0/24', '2001:db8::/64'] }],
};
const NEEDED_FOR = ['natOutgoing'];
const FOREIGN = 'add table ip theirs; add chain ip theirs c { type filter hook forward priority 5; }';

jest.setTimeout(60_000);

describeWith(
  { root: true, commands: ['ip', 'nft', 'nsenter', 'iptables-nft', 'iptables-legacy'] },
  'nftables',
  () => {
    let namespace: NetworkNamespace;
    let manager: NftManager;
    let commands: CommandPort;
    let errors: string[];
    let writes: string[];

    function start(): void {
      errors = [];
      writes = [];
      manager = new NftManager({
        commands,
        clock: systemClock,
        logger: new RecordingLogger(),
        onError: ({ object, text }) => errors.push(`${object}: ${text}`),
        onWrite: (result) => writes.push(result),
      });
    }

    function run(program: string, ...args: string[]): string {
      const path = findCommand(program) ?? program;
      // iptables-legacy has one lock for the whole machine, and the manager uses it too.
      const wait = program.includes('tables') ? ['-w', '20'] : [];
      return execFileSync('nsenter', [`--net=${namespace.path}`, path, ...wait, ...args], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    }

    function set(overrides: Partial<typeof NAT> = {}, forwardPrefixes: readonly string[] = []): void {
      const table = nftTable({ ...NAT, ...overrides }, TUNNELS);
      manager.setDesired({ table, neededFor: NEEDED_FOR, forwardPrefixes });
    }

    async function inState(state: string): Promise<void> {
      await until(state, () => manager.status().state === state, PAUSE_MS);
    }

    const settled = (isTrue: () => boolean): Promise<void> => {
      manager.onChange();
      return until('settled', isTrue, PAUSE_MS);
    };

    const forwardRules = (program: string): string[] =>
      run(program, '-S', 'FORWARD')
        .split('\n')
        .filter((line) => line !== '');

    beforeEach(() => {
      namespace = new NetworkNamespace();
      commands = createHostCommands({ networkNamespace: namespace.path });
      start();
      run('nft', FOREIGN);
    });

    afterEach(async () => {
      await manager.close();
      namespace.remove();
    });

    test('the kernel takes every rule, and reads back as it was given: nothing is written twice', async () => {
      set();
      await inState('inSync');
      expect(writes).toEqual(['ok']);
      await manager.close();
      start();
      set();
      await inState('inSync');
      expect(writes).toEqual([]);
      expect(errors).toEqual([]);
      expect(run('nft', 'list', 'table', 'ip', 'theirs')).toContain('chain c');
    });

    test('a set changes element by element, and counters go on', async () => {
      set();
      await inState('inSync');
      const before = run('nft', '-a', 'list', 'chain', 'inet', 'manul', 'nat_postrouting');
      set({ exclusions: ['10.244.0.0/16', '10.250.0.2', 'fd00:10::/64'] });
      await inState('inSync');
      const elements = run('nft', 'list', 'set', 'inet', 'manul', 'nat_exclusions_4');
      expect(elements).toContain('10.250.0.2');
      expect(elements).not.toContain('10.250.0.1');
      expect(run('nft', '-a', 'list', 'chain', 'inet', 'manul', 'nat_postrouting')).toBe(before);
      expect(manager.status()).toMatchObject({ repairs: 0, error: null });
    });

    test.each([
      ['deletes the table', 'delete table inet manul'],
      ['flushes all rules', 'flush table inet manul'],
      ['flushes a chain', 'flush chain inet manul tunnel_input'],
      ['adds an element', 'add element inet manul tunnel_sources_4 { 203.0.113.1 }'],
      ['changes a policy', 'add chain inet manul tunnel_input { policy drop; }'],
      ['adds a rule', 'add rule inet manul tunnel_input accept'],
    ])('what someone does to the table is undone: one that %s', async (_, command) => {
      set();
      await inState('inSync');
      const rules = (): string => run('nft', '-s', 'list', 'table', 'inet', 'manul');
      const wanted = rules();
      run('nft', command);
      await settled(() => manager.status().repairs === 1);
      expect(rules()).toBe(wanted);
    });

    test('a table that nothing asks for any more goes, and that of others stays', async () => {
      set();
      await inState('inSync');
      manager.setDesired({ table: null, neededFor: [], forwardPrefixes: [] });
      await inState('off');
      expect(run('nft', 'list', 'tables')).toBe('table ip theirs\n');
    });

    test('a refusal is named, and tried again', async () => {
      const nft = commands;
      let refusals = 0;
      commands = {
        run: (program, args, input) => {
          if (args[0] === '-f' && refusals++ < 2)
            return nft.run(program, args, 'add rule inet nowhere c accept\n');
          return nft.run(program, args, input);
        },
      };
      start();
      set();
      await inState('failed');
      expect(manager.status().error).toBe(
        'nft: No such file or directory: without it there is no natOutgoing',
      );
      await inState('inSync');
      expect(manager.status().error).toBeNull();
      expect(writes).toEqual(['error', 'error', 'ok']);
    });

    test('a machine without nft says so, unless nothing is wanted of it', async () => {
      commands = { run: async () => null };
      start();
      set();
      await inState('failed');
      expect(errors).toEqual(['nftables: nft is not installed: without it there is no natOutgoing']);
      manager.setDesired({
        table: nftTable({ ...NAT, sources: [] }, TUNNELS),
        neededFor: [],
        forwardPrefixes: [],
      });
      await inState('unavailable');
      expect(manager.status().error).toBe(
        'nft is not installed: packets of workloads are not filtered, all else works',
      );
      manager.setDesired({ table: null, neededFor: [], forwardPrefixes: ['cali'] });
      await inState('off');
    });

    describe('a host chain that drops what is forwarded', () => {
      test('of iptables-nft gets one accept rule for each direction, which iptables can read', async () => {
        run('iptables-nft', '-P', 'FORWARD', 'DROP');
        run('iptables-nft', '-A', 'FORWARD', '-i', 'docker0', '-j', 'ACCEPT');
        set({}, ['cali']);
        await inState('inSync');
        const wanted = [
          '-P FORWARD DROP',
          '-A FORWARD -o cali+ -m comment --comment "manul: to workloads cali+" -j ACCEPT',
          '-A FORWARD -i cali+ -m comment --comment "manul: from workloads cali+" -j ACCEPT',
          '-A FORWARD -i docker0 -j ACCEPT',
        ];
        expect(forwardRules('iptables-nft')).toEqual(wanted);
        expect(manager.status().hostForward).toEqual([
          {
            chain: 'ip filter FORWARD',
            state: 'accepted',
            text: 'drops by its policy; 2 rules of ours accept',
          },
        ]);
        run('iptables-nft', '-D', 'FORWARD', '1');
        await settled(() => forwardRules('iptables-nft').length === 4);
        manager.setDesired({ table: null, neededFor: [], forwardPrefixes: [] });
        await inState('off');
        expect(forwardRules('iptables-nft')).toEqual([wanted[0], wanted[3]]);
      });

      test('of iptables-legacy gets them too, and loses them when it accepts again', async () => {
        run('iptables-legacy', '-P', 'FORWARD', 'DROP');
        run('ip6tables-legacy', '-P', 'FORWARD', 'DROP');
        set({}, ['cali', 'veth']);
        const accepted = (): number =>
          manager.status().hostForward.filter(({ state }) => state === 'accepted').length;
        await until('accepted', () => accepted() === 2, PAUSE_MS);
        expect(forwardRules('iptables-legacy')).toHaveLength(5);
        expect(forwardRules('ip6tables-legacy')).toEqual(forwardRules('iptables-legacy'));
        run('iptables-legacy', '-P', 'FORWARD', 'ACCEPT');
        run('ip6tables-legacy', '-P', 'FORWARD', 'ACCEPT');
        await settled(() => forwardRules('ip6tables-legacy').length === 1);
        expect(forwardRules('iptables-legacy')).toEqual(['-P FORWARD ACCEPT']);
        await until('no longer shown', () => manager.status().hostForward.length === 0, PAUSE_MS);
      });

      test('that cannot be written is named, and tried again soon', async () => {
        run('iptables-legacy', '-P', 'FORWARD', 'DROP');
        const host = commands;
        let refusals = 0;
        commands = {
          run: async (program, args, input) => {
            const isWrite = program === 'iptables-legacy' && args.includes('-I');
            if (!isWrite || refusals++ > 0) return host.run(program, args, input);
            return { status: 4, stdout: '', stderr: 'Another app is currently holding the xtables lock.' };
          },
        };
        start();
        set({}, ['cali']);
        await until('named', () => errors.length > 0, PAUSE_MS);
        expect(errors).toEqual([
          'chain iptables-legacy FORWARD: iptables-legacy: Another app is currently holding the xtables lock.',
        ]);
        await until('accepted', () => manager.status().hostForward[0]?.state === 'accepted', PAUSE_MS);
        expect(forwardRules('iptables-legacy')).toHaveLength(3);
      });

      test('that accepts is left alone', async () => {
        run('iptables-nft', '-P', 'FORWARD', 'ACCEPT');
        set({}, ['cali']);
        await inState('inSync');
        expect(forwardRules('iptables-nft')).toEqual(['-P FORWARD ACCEPT']);
        expect(manager.status().hostForward).toEqual([]);
      });

      test('that is none of iptables is named and not touched', async () => {
        run(
          'nft',
          'add table inet admin; add chain inet admin through { type filter hook forward priority 0; policy drop; }',
        );
        set({}, ['cali']);
        await inState('inSync');
        const text =
          'drops by its policy, and is not one of iptables: accept rules for workloads must be added there';
        expect(manager.status().hostForward).toEqual([
          { chain: 'inet admin through', state: 'blocked', text },
        ]);
        expect(errors).toEqual([`chain inet admin through: ${text}`]);
      });
    });
  },
);
