/** A plan for people: one line for each change, `+` for what comes, `-` for what goes, `~` for what is otherwise. */
import { warningLine } from '../daemon/problem-log.ts';
import { escapeControl } from '../output/escape.ts';
import type { Plan, SettingChange } from './plan-shape.ts';

const MARKS = { added: '+', removed: '-', reset: '!', changed: '~' } as const;
/** Of a long list so many are shown. */
const MAX_SHOWN = 20;

export function planTable(plan: Plan): string {
  if (!plan.changes && plan.warnings.length === 0) return `${plan.node}: no change\n`;
  return [
    ...section(
      'Node',
      plan.settings.map((change) => `~ ${fieldText(change)}`),
    ),
    ...section(
      'Sessions (! ends and comes back)',
      plan.sessions.flatMap(({ name, change, address, port, asn, fields }) => [
        `${MARKS[change]} ${name}: ${address} port ${port}, AS ${asn}`,
        ...fields.map((field) => `    ${fieldText(field)}`),
      ]),
    ),
    ...section(
      'Dynamic neighbors (! clients are reset)',
      plan.dynamic.flatMap(({ name, change, fields }) => [
        `${MARKS[change]} ${name}`,
        ...fields.map((field) => `    ${fieldText(field)}`),
      ]),
    ),
    ...section(
      'Own routes by session',
      plan.routes.flatMap(({ peer, announced, withdrawn, changed }) => [
        `${peer}:`,
        ...shortened(announced, '    + '),
        ...shortened(withdrawn, '    - '),
        ...shortened(changed, '    ~ '),
      ]),
    ),
    ...section('Kernel routes', [
      ...shortened(plan.kernel.added, '+ '),
      ...shortened(plan.kernel.removed, '- '),
    ]),
    ...section('New warnings', plan.warnings.map(warningLine)),
  ]
    .map((line) => `${escapeControl(line)}\n`)
    .join('');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

function shortened(lines: readonly string[], mark: string): string[] {
  const shown = lines.slice(0, MAX_SHOWN).map((line) => mark + line);
  return lines.length <= MAX_SHOWN ? shown : [...shown, `${mark}${lines.length - MAX_SHOWN} more`];
}

function fieldText({ field, before, after }: SettingChange): string {
  const [old, fresh] = [JSON.stringify(before), JSON.stringify(after)];
  return old === fresh ? `${field} changes` : `${field}: ${old} -> ${fresh}`;
}
