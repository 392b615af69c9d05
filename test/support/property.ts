/**
 * fast-check with a seed that stays the same, so that a test which is green stays green until code changes. To look
 * further: `MANUL_FUZZ_SEED=random`, or the number that a failure names.
 */
import fc from 'fast-check';

const SEED = 20_261_121;

const wanted = process.env['MANUL_FUZZ_SEED'];
if (wanted !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(wanted ?? SEED) });

export default fc;
