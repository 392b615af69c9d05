/**
 * A strict reader of the Prometheus text exposition format 0.0.4: what a scraper would refuse, or a person would
 * stumble over (a sample without its HELP and TYPE, a series that occurs twice, a histogram that does not add
 * up), is an error here.
 */

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary';

export interface MetricFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Value by series, written `name{label="value",…}` as in the text. */
  readonly samples: ReadonlyMap<string, number>;
}

interface OpenFamily {
  readonly name: string;
  readonly help: string;
  type: MetricType | null;
  readonly samples: Map<string, number>;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;
const VALUE = /^(?:[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|[-+]?Inf|NaN)$/i;
const TYPES: readonly string[] = ['counter', 'gauge', 'histogram', 'summary'];

/** @throws Error naming the line that is wrong */
export function parseExposition(text: string): ReadonlyMap<string, MetricFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no line feed');
  const families = new Map<string, MetricFamily>();
  let open: OpenFamily | null = null;
  const finish = (): void => {
    if (open !== null) families.set(open.name, closeFamily(open));
  };
  text
    .slice(0, -1)
    .split('\n')
    .forEach((line, index) => {
      try {
        const help = /^# HELP (\S+) (.*)$/.exec(line);
        if (help !== null) {
          finish();
          const name = help[1]!;
          if (!NAME.test(name)) throw new Error('bad metric name');
          if (families.has(name)) throw new Error('the family occurs twice');
          open = { name, help: help[2]!, type: null, samples: new Map() };
        } else if (line.startsWith('# TYPE ')) {
          setType(open, line);
        } else if (line !== '') {
          addSample(open, line);
        }
      } catch (error) {
        throw new Error(`line ${index + 1}: ${(error as Error).message}: ${line}`);
      }
    });
  finish();
  return families;
}

/** The value of one series. @throws Error when it is not there */
export function sampleOf(families: ReadonlyMap<string, MetricFamily>, series: string): number {
  const name = series.replace(/\{.*$/, '');
  const family = families.get(name) ?? families.get(name.replace(/_(?:bucket|sum|count)$/, ''));
  const value = family?.samples.get(series);
  if (value === undefined) throw new Error(`no sample ${series}`);
  return value;
}

function setType(open: OpenFamily | null, line: string): void {
  const [, , name, type = ''] = line.split(' ');
  if (open === null || open.name !== name) throw new Error('TYPE without its HELP');
  if (open.type !== null || open.samples.size > 0) throw new Error('TYPE twice, or behind a sample');
  if (!TYPES.includes(type)) throw new Error('unknown type');
  open.type = type as MetricType;
}

function addSample(open: OpenFamily | null, line: string): void {
  const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error('no sample');
  if (open?.type == null || !belongsTo(open, name)) throw new Error('a sample outside its family');
  if (!VALUE.test(value)) throw new Error('bad value');
  checkLabels(labels);
  const series = labels === '' ? name : `${name}{${labels}}`;
  if (open.samples.has(series)) throw new Error('the series occurs twice');
  open.samples.set(series, numberOf(value));
}

function belongsTo({ name, type }: OpenFamily, sample: string): boolean {
  if (sample === name) return type !== 'histogram';
  const suffix = sample.startsWith(name) ? sample.slice(name.length) : '';
  if (type === 'histogram') return ['_bucket', '_sum', '_count'].includes(suffix);
  return type === 'summary' && ['_sum', '_count'].includes(suffix);
}

function checkLabels(labels: string): void {
  const seen = new Set<string>();
  for (LABEL.lastIndex = 0; LABEL.lastIndex < labels.length; ) {
    const at = LABEL.lastIndex;
    const label = LABEL.exec(labels);
    if (label === null) throw new Error(`bad label at "${labels.slice(at)}"`);
    if (seen.has(label[1]!)) throw new Error(`label ${label[1]} occurs twice`);
    seen.add(label[1]!);
  }
}

function numberOf(text: string): number {
  if (/inf$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return Number(text);
}

function closeFamily({ name, type, help, samples }: OpenFamily): MetricFamily {
  if (type === null) throw new Error(`${name} has no TYPE`);
  if (help === '') throw new Error(`${name} has an empty HELP`);
  if (type === 'counter') checkCounter(name, samples);
  if (type === 'histogram') checkHistogram(name, samples);
  return { name, type, help, samples };
}

function checkCounter(name: string, samples: ReadonlyMap<string, number>): void {
  for (const [series, value] of samples) if (!(value >= 0)) throw new Error(`counter ${series} is ${value}`);
  if (!name.endsWith('_total')) throw new Error(`counter ${name} does not end in _total`);
}

/** In each group of labels the buckets rise, and the last is +Inf and equals the count. */
function checkHistogram(name: string, samples: ReadonlyMap<string, number>): void {
  const groups = new Map<string, { le: string; count: number }[]>();
  for (const [series, count] of samples) {
    if (!series.startsWith(`${name}_bucket{`)) continue;
    const labels = series.slice(`${name}_bucket{`.length, -1);
    const [, le = ''] = /(?:^|,)le="([^"]+)"/.exec(labels) ?? [];
    const others = labels.replace(/(?:^|,)le="[^"]+"/, '').replace(/^,/, '');
    groups.set(others, [...(groups.get(others) ?? []), { le, count }]);
  }
  for (const [labels, buckets] of groups) {
    const falls = buckets.some(({ count }, index) => index > 0 && count < buckets[index - 1]!.count);
    const total = samples.get(labels === '' ? `${name}_count` : `${name}_count{${labels}}`);
    const last = buckets.at(-1);
    if (falls || last?.le !== '+Inf' || last.count !== total) {
      throw new Error(`histogram ${name}{${labels}} does not add up`);
    }
  }
}
