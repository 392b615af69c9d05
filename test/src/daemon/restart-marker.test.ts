import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgetSpeakerRun, isBootForgotten, noteSpeakerRun } from '../../../src/daemon/restart-marker.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'manul-marker-'));
  writeFileSync(join(folder, 'boot'), 'one\n');
});

afterEach(() => rmSync(folder, { recursive: true }));

test('the first run since the machine was started is told from the later ones', () => {
  const control = join(folder, 'run/control.sock');
  const boot = join(folder, 'boot');
  expect([noteSpeakerRun(control, boot), noteSpeakerRun(control, boot)]).toEqual([false, true]);
  writeFileSync(boot, 'two\n');
  expect([noteSpeakerRun(control, boot), noteSpeakerRun(control, boot)]).toEqual([false, true]);
  expect(forgetSpeakerRun(control)).toBe(true);
  expect(forgetSpeakerRun(control)).toBe(false);
  expect(noteSpeakerRun(control, boot)).toBe(false);
});

test('where nothing can be read or noted every run counts as the first', () => {
  expect(noteSpeakerRun(join(folder, 'control.sock'), join(folder, 'nothing'))).toBe(false);
  expect(noteSpeakerRun(join(folder, 'boot/control.sock'), join(folder, 'boot'))).toBe(false);
});

test('a machine that has run for five minutes has told its peers everything that they keep', () => {
  expect([isBootForgotten(299), isBootForgotten(301)]).toEqual([false, true]);
});
