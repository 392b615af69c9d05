/** YAML output; text that a terminal would act on is double-quoted and escaped. */
import { Document, Scalar, visit } from 'yaml';
import { escapeControl, escapeJsonText } from './escape.ts';

/** One value as YAML text, ended by a line feed. */
export function formatYaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && escapeControl(node.value) !== node.value) {
        node.type = Scalar.QUOTE_DOUBLE;
      }
    },
  });
  // What is left unsafe stands inside double quotes, where YAML knows the escapes of JSON.
  return escapeJsonText(document.toString({ lineWidth: 0 }));
}

/** The items of a sequence, to be written one batch after the other. */
export function formatYamlItems(items: readonly unknown[]): string {
  return items.length === 0 ? '' : formatYaml(items);
}
