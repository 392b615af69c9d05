/** A RIB with sessions whose far ends decode what they are sent: for tests of single rules. */
import type { RibSession, UpdateVerdict } from '../../../bgp/rib/rib-port.ts';
import { createRib } from '../../../bgp/routing/create-rib.ts';
import type { RouteQuery, RouteStatus } from '../../../bgp/speaker/speaker-status.ts';
import { DecodingOutput } from './decoding-output.ts';
import { CLUSTER_ID, OWN_AS, OWN_ID, receive, ribSession, settle } from './rib-sessions.ts';

export interface FixtureSession {
  readonly slot: number;
  readonly session: RibSession;
  readonly output: DecodingOutput;
}

export class RibFixture {
  readonly rib = createRib({ delay: () => undefined });
  readonly sessions = new Map<string, FixtureSession>();

  constructor(clusterId: string | null = CLUSTER_ID) {
    this.rib.configure({ asn: OWN_AS, routerId: OWN_ID, clusterId });
  }

  /** Session `peer-<number>`, an iBGP client unless `overrides` say otherwise. */
  up(number: number, overrides: Partial<RibSession> = {}): FixtureSession {
    const session = ribSession(number, overrides);
    const output = new DecodingOutput(session.addPathSend, session.fourOctetAs ? 4 : 2);
    const one = { session, output, slot: this.rib.addSession(session, output) };
    this.sessions.set(session.name, one);
    return one;
  }

  /** Hands over whole messages and settles. @returns the verdict on the last. */
  receive({ slot }: FixtureSession, ...messages: readonly Uint8Array[]): UpdateVerdict {
    let verdict: UpdateVerdict | null = null;
    for (const message of messages) verdict = receive(this.rib, slot, message);
    settle(this.rib);
    return verdict!;
  }

  down({ slot, session }: FixtureSession): void {
    this.rib.removeSession(slot);
    this.sessions.delete(session.name);
    settle(this.rib);
  }

  settle(): void {
    settle(this.rib);
  }

  routes(query: RouteQuery = {}): RouteStatus[] {
    const found: RouteStatus[] = [];
    const iterator = this.rib.routes(query, (name) => this.sessions.get(name)?.slot ?? null);
    for (let step = iterator.next(); step.done !== true; step = iterator.next()) found.push(...step.value);
    return found;
  }

  received({ session }: FixtureSession): RouteStatus[] {
    return this.routes({ received: session.name });
  }

  /** Ends every session and withdraws what is originated; nothing may be left. */
  expectNothingLeft(): void {
    for (const one of [...this.sessions.values()]) this.down(one);
    this.rib.setOriginated([]);
    settle(this.rib);
    expect(this.rib.summary()).toEqual({ prefixes: { ipv4: 0, ipv6: 0 }, paths: { ipv4: 0, ipv6: 0 } });
    expect(this.rib.footprint()).toEqual({ attributeSets: 0, nets: 0, paths: 0, sessions: 0 });
  }
}
