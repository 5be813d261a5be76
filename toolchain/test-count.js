const { readIfThere } = require("./paths.js");

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */

/**
 * Counts from vitest's JSON report. A file that could not even be loaded counts as one failure, for vitest counts no
 * test in it.
 *
 * @param {string} file
 * @returns {Count} a run without a report is one failure
 */
function countTests(file) {
	/** @type {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, testResults: { status: string, assertionResults: unknown[] }[] }} */
	let report;
	try {
		report = JSON.parse(readIfThere(file) ?? "");
	} catch {
		return { passed: 0, failed: 1, skipped: 0 };
	}
	const broken = report.testResults.filter(
		({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
	);
	return {
		passed: report.numPassedTests,
		failed: report.numFailedTests + broken.length,
		skipped: report.numPendingTests + report.numTodoTests,
	};
}

/** @param {Count} count */
function countLine({ passed, failed, skipped }) {
	return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

module.exports = { countTests, countLine };
