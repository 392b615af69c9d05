/**
 * Metrics whose values are computed anew at each scrape. They are written as text directly (Prometheus text
 * format 0.0.4): prom-client keeps and hashes every label set, which for a thousand peers takes ten times as long.
 */

import { escapeControl } from '../output/escape.ts';

export interface Sample {
  /** From `labelText`; empty for none. */
  readonly labels: string;
  readonly value: number;
  /** Of a summary, behind its name. */
  readonly suffix?: '_sum' | '_count';
}

export class SampledMetric {
  readonly #head: string;
  readonly #name: string;
  samples: readonly Sample[] = [];

  /** @param help one line without a backslash */
  constructor(type: 'gauge' | 'counter' | 'summary', name: string, help: string) {
    this.#name = name;
    this.#head = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  }

  text(): string {
    let text = this.#head;
    for (const { labels, value, suffix = '' } of this.samples) {
      text += labels === '' ? `${this.#name}${suffix} ${value}\n` : `${this.#name}{${labels}} ${value}\n`;
    }
    return text;
  }
}

/** `peer="tor",family="ipv4"`, escaped; control characters become visible. */
export function labelText(labels: Readonly<Record<string, string | number>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeValue(String(value))}"`)
    .join(',');
}

function escapeValue(text: string): string {
  return escapeControl(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}
