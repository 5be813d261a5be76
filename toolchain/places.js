/**
 * A place in the server's sources where a change is put in, stated by the text that is there.
 *
 * @typedef {object} Place
 * @property {string} file in the folder `server` of nats-server
 * @property {string} at text that is there exactly once
 * @property {string} becomes
 */

/**
 * How often something stands in the server's sources, tests aside: once more is a place that nobody has looked at.
 *
 * @typedef {Readonly<Record<string, number>>} Mentions
 */

/** @param {string[]} all */
const lines = (...all) => `${all.join("\n")}\n`;

module.exports = { lines };
