/** Which suites must not run beside others: they start processes, make namespaces or measure time. */

const SERIAL_FOLDERS = ['/test/interop/', '/test/e2e/', '/test/kernel/', '/test/bench/'];

/**
 * Of those, suites that wait most of the time, for API servers and for the timers of routing daemons, have names of
 * their own for all they make, and judge no times but by the minute: two of them beside each other disturb nobody.
 */
const PATIENT = [
  '/test/e2e/helm/',
  '/test/e2e/kubernetes/',
  '/test/interop/',
  '/test/harness/daemons/',
  '/test/harness/kubernetes/',
  '/test/config/datastore/kubernetes/',
  '/test/config/chart-definitions',
];

export function isPatient(path: string): boolean {
  return PATIENT.some((part) => path.includes(part));
}

/** True when the suite at `path` needs the machine for itself: by its folder, or because it names requirements. */
export function isSerial(path: string, source: string): boolean {
  return SERIAL_FOLDERS.some((folder) => path.includes(folder)) || /\bdescribeWith\(/.test(source);
}
