const { lines } = require("../../../places.js");

/** @type {readonly import("../../../places.js").Place[]} */
const places = [
	{
		file: "leafnode.go",
		at: lines(
			"	// If we have permissions bound to this leafnode we need to send then back to the",
			"	// origin server for local enforcement.",
			"	s.sendPermsAndAccountInfo(c)",
		),
		becomes: lines(
			"	if s.tooManyLeafsOfUser(c) {",
			"		c.maxAccountConnExceeded()",
			"		return ErrTooManyAccountConnections",
			"	}",
			"	// If we have permissions bound to this leafnode we need to send then back to the",
			"	// origin server for local enforcement.",
			"	s.sendPermsAndAccountInfo(c)",
		),
	},
];

module.exports = { places };
