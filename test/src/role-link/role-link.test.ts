import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { serveRoleLink } from '../../../src/role-link/agent-end.ts';
import { linkInProcess } from '../../../src/role-link/in-process-link.ts';
import { LINK_VERSION } from '../../../src/role-link/link-message.ts';
import type { LinkSpeaker, RoleLink } from '../../../src/role-link/role-link.ts';
import { connectRoleLink } from '../../../src/role-link/speaker-end.ts';
import { FakeAgent } from '../support/fake-agent.ts';
import { FakeSpeaker } from '../support/fake-speaker.ts';
import { keepLog } from '../support/log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const folder = temporaryFolder();
const links: RoleLink[] = [];
let number = 0;

afterEach(async () => {
  for (const link of links.splice(0)) await link.close();
});

function newPath(): string {
  number += 1;
  return join(folder, `agent-${number}.sock`);
}

interface SpeakerSide {
  readonly speaker: FakeSpeaker;
  /** Every set that the agent announced, in order. */
  readonly announced: (readonly string[])[];
  readonly end: LinkSpeaker;
}

function speakerSide(): SpeakerSide {
  const speaker = new FakeSpeaker();
  const announced: (readonly string[])[] = [];
  return {
    speaker,
    announced,
    end: {
      subscribeBestRoutes: (...subscription) => speaker.subscribeBestRoutes(...subscription),
      onOriginated: (prefixes) => announced.push(prefixes),
      onNextHops: (routes) => speaker.setNextHops(routes),
    },
  };
}

async function agentAt(path: string, agent: FakeAgent, node = 'node-1'): Promise<RoleLink> {
  const link = await serveRoleLink({ agent, node, path, logger: keepLog().logger });
  links.push(link);
  return link;
}

function speakerAt(path: string, end: LinkSpeaker, log = keepLog()): RoleLink {
  const retryMs = { first: 5, longest: 20 };
  const link = connectRoleLink({ speaker: end, node: 'node-1', path, logger: log.logger, retryMs });
  links.push(link);
  return link;
}

describe('over a socket', () => {
  test('the agent hears the best routes, changes and End-of-RIB; the speaker hears the announced set', async () => {
    const path = newPath();
    const agent = new FakeAgent();
    agent.becomeReady(['10.0.0.0/26']);
    const side = speakerSide();
    side.speaker.learn('10.1.0.0/26', '192.0.2.1');
    const server = await agentAt(path, agent);
    const client = speakerAt(path, side.end);
    await until(() => side.announced.length === 1 && agent.heard.length === 2);
    side.speaker.endOfRib('ipv4');
    await until(() => agent.heard.includes('end ipv4'));
    side.speaker.learn('fd00::/122', 'fd00:1::1');
    side.speaker.learn('10.1.0.0/26', null);
    await until(() => agent.heard.length === 5);
    expect(agent.heard).toEqual([
      'start',
      '10.1.0.0/26 via 192.0.2.1',
      'end ipv4',
      '10.1.0.0/26 gone',
      'fd00::/122 via fd00:1::1',
    ]);
    agent.announce(['10.0.0.0/26', '10.0.9.0/26']);
    await until(() => side.announced.length === 2);
    expect(side.announced).toEqual([['10.0.0.0/26'], ['10.0.0.0/26', '10.0.9.0/26']]);
    expect(client.status()).toMatchObject({ kind: 'socket', path, connected: true });
    expect(server.status().connected).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('the speaker is told how next hops are reached, as soon as the agent knows it, and of every change', async () => {
    const path = newPath();
    const agent = new FakeAgent();
    const side = speakerSide();
    await agentAt(path, agent);
    speakerAt(path, side.end);
    await until(() => agent.heard.includes('start'));
    expect(side.speaker.nextHops).toBeNull();
    const ways = [
      { prefix: '10.0.0.0/24', metric: 0, interfaceName: 'eth0' },
      { prefix: '192.0.2.0/24', metric: 5, interfaceName: null, isUnreachable: true },
    ] as const;
    agent.reach(ways);
    await until(() => side.speaker.nextHops !== null);
    expect(side.speaker.nextHops).toEqual(ways);
    agent.reach(null);
    await until(() => side.speaker.nextHops === null);
  });

  test('an agent that has not applied anything yet announces nothing: not even the empty set', async () => {
    const path = newPath();
    const agent = new FakeAgent();
    const side = speakerSide();
    await agentAt(path, agent);
    speakerAt(path, side.end);
    await until(() => agent.heard.includes('start'));
    agent.announce([]);
    agent.becomeReady([]);
    await until(() => side.announced.length > 0);
    expect(side.announced).toEqual([[]]);
  });

  test('the speaker waits for an agent, and finds it again after a restart with a full resync', async () => {
    const path = newPath();
    const side = speakerSide();
    side.speaker.learn('10.1.0.0/26', '192.0.2.1');
    const client = speakerAt(path, side.end);
    expect(client.status().connected).toBe(false);
    const first = new FakeAgent();
    first.becomeReady(['10.0.0.0/26']);
    const server = await agentAt(path, first);
    await until(() => side.announced.length === 1);

    await server.close();
    await until(() => !client.status().connected);
    expect(side.speaker.bestListeners.size).toBe(0);
    expect(side.announced).toHaveLength(1);

    const second = new FakeAgent();
    second.becomeReady(['10.0.5.0/26']);
    await agentAt(path, second);
    await until(() => side.announced.length === 2 && second.heard.length === 2);
    expect(second.heard).toEqual(['start', '10.1.0.0/26 via 192.0.2.1']);
    expect(side.announced.at(-1)).toEqual(['10.0.5.0/26']);
  });

  test('a restarted speaker starts the stream anew, and takes the place of the one before it', async () => {
    const path = newPath();
    const agent = new FakeAgent();
    agent.becomeReady(['10.0.0.0/26']);
    const server = await agentAt(path, agent);
    const before = speakerSide();
    const old = speakerAt(path, before.end);
    await until(() => before.announced.length === 1);
    await old.close();
    await until(() => !server.status().connected);
    expect(agent.heard).toEqual(['start']);
    const after = speakerSide();
    after.speaker.learn('10.1.0.0/26', '192.0.2.1');
    speakerAt(path, after.end);
    await until(() => agent.heard.length === 3);
    expect(agent.heard).toEqual(['start', 'start', '10.1.0.0/26 via 192.0.2.1']);
  });

  test('many routes to a slow agent wait once per prefix', async () => {
    const path = newPath();
    const socketOf = slowServer(path);
    const side = speakerSide();
    speakerAt(path, side.end);
    const socket = await socketOf;
    socket.write(`${JSON.stringify({ type: 'hello', version: LINK_VERSION, node: 'node-1' })}\n`);
    await until(() => side.speaker.bestListeners.size === 1);
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 2000; i++) side.speaker.learn(`10.${i >> 8}.${i & 255}.0/24`, `192.0.2.${round}`);
    }
    side.speaker.endOfRib('ipv4');
    const text = await readUntil(socket, '"endOfRib"');
    const routes = text
      .split('\n')
      .flatMap((line) => (line.includes('"routes"') ? JSON.parse(line).changes : []));
    expect(routes.length).toBeLessThan(10_000);
    expect(new Map(routes).get('10.7.207.0/24')).toBe('192.0.2.49');
    socket.destroy();
  });

  test('an agent of another node is refused, and the reason is told', async () => {
    const path = newPath();
    const agent = new FakeAgent();
    await agentAt(path, agent, 'node-2');
    const client = speakerAt(path, speakerSide().end);
    await until(() => client.status().lastError !== null);
    expect(agent.heard).toEqual([]);
    expect(client.status().connected).toBe(false);
  });

  test('bytes that are no message end the connection and change nothing', async () => {
    const path = newPath();
    const agent = new FakeAgent();
    const server = await agentAt(path, agent);
    const socket = connect({ path });
    socket.on('error', () => {});
    socket.resume();
    socket.write('GET / HTTP/1.1\n\n');
    await once(socket, 'close');
    await until(() => server.status().lastError !== null);
    expect(agent.heard).toEqual([]);
  });
});

test('in process the same is said by plain calls', async () => {
  const agent = new FakeAgent();
  const side = speakerSide();
  side.speaker.learn('10.1.0.0/26', '192.0.2.1');
  agent.ways = [{ prefix: '0.0.0.0/0', metric: 7, interfaceName: 'eth0' }];
  const link = linkInProcess(side.end, agent, false);
  expect(side.speaker.nextHops).toEqual(agent.ways);
  side.speaker.endOfRib('ipv4');
  agent.becomeReady(['10.0.0.0/26']);
  expect(agent.heard).toEqual(['start', '10.1.0.0/26 via 192.0.2.1', 'end ipv4']);
  expect(side.announced).toEqual([[], ['10.0.0.0/26']]);
  expect(link.status()).toEqual({ kind: 'in-process', path: null, connected: true, lastError: null });
  await link.close();
  side.speaker.learn('10.2.0.0/26', '192.0.2.1');
  agent.announce([]);
  expect(agent.heard).toHaveLength(3);
  expect(side.announced).toHaveLength(2);
});

test('in process a speaker that was started again goes on announcing what the resources say, until the agent is ready', async () => {
  const agent = new FakeAgent();
  const side = speakerSide();
  const link = linkInProcess(side.end, agent, true);
  expect(side.announced).toEqual([]);
  agent.becomeReady(['10.0.0.0/26']);
  expect(side.announced).toEqual([['10.0.0.0/26']]);
  await link.close();
});

/** Accepts one connection and does not read. */
function slowServer(path: string): Promise<Socket> {
  return new Promise((resolve) => {
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      server.close();
      socket.on('error', () => {});
      resolve(socket);
    });
    server.listen(path);
  });
}

async function readUntil(socket: Socket, sign: string): Promise<string> {
  let text = '';
  for await (const chunk of socket) {
    text += chunk;
    if (text.includes(sign)) return text;
  }
  return text;
}
