const { lines } = require("../../../places.js");

/** @type {readonly import("../../../places.js").Place[]} */
const places = [
	{
		file: "consumer.go",
		at: lines(
			"	o.adflr, o.asflr = o.dseq-1, o.sseq-1",
			"	o.ldt, o.lat = time.Time{}, time.Time{}",
			"	return recalcPending",
		),
		becomes: lines(
			"	o.adflr, o.asflr = o.dseq-1, o.sseq-1",
			"	o.ldt, o.lat = time.Time{}, time.Time{}",
			"	o.forgetFlowControl()",
			"	return recalcPending",
		),
	},
];

module.exports = { places };
