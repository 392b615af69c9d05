/** What the driver of the scenario `kernel` is told, and what it tells. */

export interface KernelJob {
  readonly target: { readonly address: string; readonly port: number };
  readonly asn: number;
  readonly routes: number;
  readonly cutMs: number;
}

/** Between two phases, so that what is left to do after the last route does not count for the next. */
export const PHASE_PAUSE_MS = 600;

/** A daemon that has just started runs young code; so everything is done twice. */
export const ROUNDS = ['', ' again'] as const;

export interface KernelPhase {
  /** `ready` comes first, before anything is announced. */
  readonly phase: 'ready' | `${'add' | 'change' | 'delete'}${(typeof ROUNDS)[number]}`;
  /** Null: cut. */
  readonly seconds: number | null;
}

/** On the subnet of the namespace's interface. */
export const NEXT_HOPS = ['10.9.0.2', '10.9.0.3'] as const;
export function prefixText(index: number): string {
  const number = 0x01_00_00 + index;
  return `${number >> 16}.${(number >> 8) & 255}.${number & 255}.0/24`;
}
