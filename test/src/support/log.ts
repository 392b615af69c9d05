/** A logger that keeps its lines: `warn message {"field":1}`. */
import type { Logger } from '@manul/bgp';

export interface KeptLog {
  readonly logger: Logger;
  readonly lines: readonly string[];
}

export function keepLog(): KeptLog {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (message: string, fields?: object): void => {
      lines.push(`${level} ${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}`);
    };
  return {
    lines,
    logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
  };
}
