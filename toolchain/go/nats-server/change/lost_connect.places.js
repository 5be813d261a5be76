const { lines } = require("../../../places.js");

/** @type {readonly import("../../../places.js").Place[]} */
const places = [
	{
		file: "leafnode.go",
		at: lines("				// Done for now, will get back another INFO protocol...", "				return", "			}"),
		becomes: lines(
			"				// Done for now, will get back another INFO protocol...",
			"				c.closeLost()",
			"				return",
			"			}",
		),
	},
];

module.exports = { places };
