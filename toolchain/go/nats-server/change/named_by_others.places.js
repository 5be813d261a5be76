const { lines } = require("../../../places.js");

/** @type {readonly import("../../../places.js").Place[]} */
const places = [
	{
		file: "client.go",
		at: lines("	if c.kind == CLIENT && len(c.pa.reply) > 0 && isReservedReply(c.pa.reply) {"),
		becomes: lines(
			"	if c.kind == CLIENT && len(c.pa.reply) > 0 && (isReservedReply(c.pa.reply) || !c.mayHear(c.pa.reply)) {",
		),
	},
	{
		file: "stream.go",
		at: lines("		if tsubj != _EMPTY_ && !IsValidPublishSubject(tsubj) {"),
		becomes: lines("		if tsubj != _EMPTY_ && (!IsValidPublishSubject(tsubj) || isOfServer(tsubj)) {"),
	},
];

module.exports = { places };
