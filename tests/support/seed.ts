import fc from "fast-check";

/**
 * Properties are tried with the same values in every run, so that a landing is judged by its change and not by luck.
 * `LEAFLINE_SEED=<number> npm test` looks for others.
 */
const wanted = Number(process.env.LEAFLINE_SEED ?? 1);
if (!Number.isInteger(wanted)) throw new Error(`LEAFLINE_SEED is ${process.env.LEAFLINE_SEED}: give a whole number`);
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: wanted });
