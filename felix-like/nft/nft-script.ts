/** Desired table against the one in the kernel → the script of `nft -f` that makes the difference good. Pure. */
import type { ActualTable } from './nft-listing.ts';
import { type NftChain, type NftSet, type NftTable, ruleComment, TABLE } from './nft-table.ts';

const NAME = `${TABLE.family} ${TABLE.name}`;
/** Elements in one line of a script: `nft` takes long lines, people who read logs do not. */
const ELEMENTS_PER_LINE = 500;

/**
 * One transaction. What stands as wanted is not touched, so counters and the sets that packets are looked up in stay.
 * @param desired null: the table is to go
 * @param actual null: there is no such table
 * @returns null when nothing is to be done
 */
export function nftScript(desired: NftTable | null, actual: ActualTable | null): string | null {
  if (desired === null) return actual === null ? null : `delete table ${NAME}\n`;
  if (actual === null) return tableScript(desired);
  if (!hasSameShape(desired, actual)) return `delete table ${NAME}\n${tableScript(desired)}`;
  const lines = [
    ...desired.sets.flatMap((set) => setChanges(set, actual)),
    ...desired.chains.flatMap((chain) => chainChanges(chain, actual)),
  ];
  return lines.length === 0 ? null : `${lines.join('\n')}\n`;
}

/** Sets, counters and chains are those that are wanted; what is in them may differ. */
function hasSameShape(desired: NftTable, actual: ActualTable): boolean {
  const isSet = ({ name, type }: NftSet): boolean => {
    const set = actual.sets.get(name);
    return set !== undefined && set.type === type && set.isInterval;
  };
  const isChain = ({ name, type, hook, priority }: NftChain): boolean => {
    const chain = actual.chains.get(name);
    if (chain === undefined || chain.type !== type || chain.hook !== hook) return false;
    return chain.priority === priority && chain.policy === 'accept';
  };
  return (
    !actual.hasForeignObjects &&
    actual.sets.size === desired.sets.length &&
    actual.chains.size === desired.chains.length &&
    actual.counters.size === desired.counters.length &&
    desired.sets.every(isSet) &&
    desired.chains.every(isChain) &&
    desired.counters.every((name) => actual.counters.has(name))
  );
}

function tableScript({ sets, counters, chains }: NftTable): string {
  return [
    `add table ${NAME}`,
    ...sets.map(({ name, type }) => `add set ${NAME} ${name} { type ${type}; flags interval; }`),
    ...sets.flatMap(({ name, elements }) => elementLines('add', name, elements)),
    ...counters.map((name) => `add counter ${NAME} ${name}`),
    ...chains.map(({ name, type, hook, priority }) => {
      return `add chain ${NAME} ${name} { type ${type} hook ${hook} priority ${priority}; policy accept; }`;
    }),
    ...chains.flatMap(ruleLines),
    '',
  ].join('\n');
}

function ruleLines({ name, rules }: NftChain): string[] {
  return rules.map((rule) => `add rule ${NAME} ${name} ${rule.text} comment "${ruleComment(rule)}"`);
}

function setChanges({ name, elements }: NftSet, actual: ActualTable): string[] {
  const wanted = new Set(elements);
  const present = actual.sets.get(name)!.elements;
  return [
    // Deletions first: an element that is added may hold one that goes.
    ...elementLines(
      'delete',
      name,
      [...present].filter((element) => !wanted.has(element)),
    ),
    ...elementLines(
      'add',
      name,
      elements.filter((element) => !present.has(element)),
    ),
  ];
}

function elementLines(verb: 'add' | 'delete', set: string, elements: readonly string[]): string[] {
  const lines: string[] = [];
  for (let start = 0; start < elements.length; start += ELEMENTS_PER_LINE) {
    const part = elements.slice(start, start + ELEMENTS_PER_LINE).join(', ');
    lines.push(`${verb} element ${NAME} ${set} { ${part} }`);
  }
  return lines;
}

function chainChanges(chain: NftChain, actual: ActualTable): string[] {
  const present = actual.chains.get(chain.name)!.comments;
  const wanted = chain.rules.map(ruleComment);
  if (wanted.length === present.length && wanted.every((comment, i) => comment === present[i])) return [];
  return [`flush chain ${NAME} ${chain.name}`, ...ruleLines(chain)];
}
