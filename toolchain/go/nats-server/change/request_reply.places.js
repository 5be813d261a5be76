const { lines } = require("../../../places.js");

/** @type {readonly import("../../../places.js").Place[]} */
const places = [
	{
		file: "client.go",
		at: lines("			// Normally this code is not called.", "			nrr = c.pa.reply"),
		becomes: lines("			// Normally this code is not called.", "			nrr = requestReply(c.pa.reply, isResponse)"),
	},
];

module.exports = { places };
