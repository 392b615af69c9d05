import { listenErrorText } from '../../../../bgp/speaker/socket/socket-error.ts';

const denied = Object.assign(new Error('bind EACCES'), { code: 'EACCES' });

test('who may not listen below port 1024 is told what it takes; elsewhere it is something else', () => {
  expect(listenErrorText(denied, 179)).toContain('CAP_NET_BIND_SERVICE');
  expect(listenErrorText(denied, 1790)).toBe('permission denied');
  expect(listenErrorText(Object.assign(new Error(), { code: 'EADDRINUSE' }), 179)).toBe(
    'address already in use',
  );
});
